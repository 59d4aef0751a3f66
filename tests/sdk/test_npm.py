"""The unmodified npm SDKs drive the server from Node: what is written in the `.test.mjs` files beside this one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest
from tests.provider_server import id_token
from tests.sdk.conftest import Addresses

HERE = Path(__file__).parent
NAMES = [
    (path.name, name)
    for path in sorted(HERE.glob("*.test.mjs"))
    for name in re.findall(r'^test\("(.+?)"', path.read_text("utf-8"), re.MULTILINE)
]
NONCE = "a-nonce-of-the-app"


@pytest.mark.parametrize("sdk", ["@ory/client", "@ory/kratos-client"])
@pytest.mark.parametrize(("file", "name"), NAMES)
def test_what_the_npm_sdk_is_used_for(file: str, name: str, sdk: str, served: Addresses, stepped: Addresses) -> None:
    said = _run(file, sdk, served, stepped)
    assert re.search(rf"^ok \d+ - {re.escape(name)}$", said, re.MULTILINE), said


@cache
def _run(file: str, sdk: str, served: Addresses, stepped: Addresses) -> str:
    """All tests of a file: TAP, with what went wrong under each. A SDK starts more slowly than its tests run."""
    node = shutil.which("node")
    if not node:
        pytest.skip("no Node here: install nodejs and npm")
    if not (HERE / "node_modules" / sdk).is_dir():
        pytest.skip(f"no {sdk} here: npm install --no-package-lock --prefix tests/sdk")
    environment = os.environ | {
        "SDK": sdk,
        "PUBLIC": served.public,
        "ADMIN": served.admin,
        "STEPPED_PUBLIC": stepped.public,
        "STEPPED_ADMIN": stepped.admin,
        "ID_TOKEN": id_token(stepped.issuer, sub=sdk, email=f"{sdk.partition('/')[2]}@example.org", nonce=NONCE),
        "ID_TOKEN_NONCE": NONCE,
    }
    command = [node, "--test-reporter=tap", file]
    return subprocess.run(command, cwd=HERE, env=environment, stdout=subprocess.PIPE, text=True, timeout=120).stdout
