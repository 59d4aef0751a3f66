"""What a function imports until it can serve: a cold start pays for each of these, most phases need none of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.world import SCHEMA, configured

from vestibule.config import frozen
from vestibule.config.freezing import freeze

FUNCTIONS = Path(__file__).parents[2] / "functions"
DOORS = sorted(str(path.parent.relative_to(FUNCTIONS)) for path in FUNCTIONS.glob("*/*/app.py"))

HEAVY = {
    "pydantic",
    "ruamel",
    "httpcore",
    "jsonschema_rs",
    "argon2",
    "bcrypt",
    "phonenumbers",
    "jinja2",
    "gojsonnet",
    "joserfc",
    "webauthn",
    "cbor2",
}

NEEDED: dict[str, set[str]] = {
    "admin/config": {"pydantic", "ruamel", "jsonschema_rs"},
    "public/pages": {"jinja2"},
}
"""Door to what its phase needs: a configuration is checked by its models."""

LISTED = f"import sys; sys.modules['OpenSSL'] = None; import app; print(*sorted({HEAVY!r} & set(sys.modules)))"
"""pyOpenSSL stands beside webauthn in a layer of its own, which these doors start without."""


@pytest.fixture(scope="module")
def configuration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("layer") / "kratos.json"
    path.write_text(json.dumps(configured(SCHEMA)))
    path.with_name(frozen.NAME).write_text(freeze(path) or "")
    return path


@pytest.mark.parametrize("door", DOORS)
def test_a_function_imports_no_more_than_its_phase_needs(door: str, configuration: Path) -> None:
    environ = os.environ | {
        "AWS_LAMBDA_FUNCTION_NAME": "Function",
        "VESTIBULE_CONFIG": str(configuration),
        "VESTIBULE_SECRETS": json.dumps({"generated": "0123456789abcdef" * 4}),
        "DSN": "dynamodb://table?region=eu-central-1&endpoint=http://127.0.0.1:9",  # nobody answers there
        "PYDANTIC_DISABLE_PLUGINS": "__all__",
    }
    done = subprocess.run(
        [sys.executable, "-c", LISTED], cwd=FUNCTIONS / door, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) <= NEEDED.get(door, set())


def test_only_the_answer_of_a_key_imports_what_checks_it() -> None:
    """Forms with keys in them are drawn and sent without; so is a password where people could use a key."""
    done = subprocess.run(
        [sys.executable, "-c", WITH_KEYS], cwd=FUNCTIONS.parent, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["False", "True"]


WITH_KEYS = """
import sys, tests.keys as keys
sys.modules.pop("cbor2")
from tests.world import Spa
from vestibule.adapters.sqlite import SqliteTable
world = keys.build(SqliteTable(None), "second_factor", "passkey")
ann = Spa(world)
assert ann.sign_up("ann@example.org").status == 200
assert "passkey_register_trigger" in ann.start("settings").nodes
assert ann.submit(ann.start("settings"), method="password", password="green-ladder-17-comet").status == 200
assert Spa(world).sign_in("ann@example.org", "green-ladder-17-comet").status == 200
print(any(name in sys.modules for name in ("webauthn", "cbor2")))
keys.add_passkey(ann, keys.Authenticator())
print("webauthn" in sys.modules)
"""
