"""What a function imports until it can serve: a cold start pays for each of these, most phases need none of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.libraries import HEAVY
from tests.world import SCHEMA, configured

from vestibule.config import frozen
from vestibule.config.freezing import freeze

FUNCTIONS = Path(__file__).parents[2] / "functions"
DOORS = sorted(str(path.parent.relative_to(FUNCTIONS)) for path in FUNCTIONS.glob("*/*/app.py"))

NEEDED: dict[str, set[str]] = {
    "admin/config": {"pydantic", "ruamel", "jsonschema_rs"},
    "public/pages": {"jinja2"},
}
"""Door to what its phase needs: a configuration is checked by its models."""

WHOLE = {
    *("login", "registration", "settings", "recovery", "verification", "oidc", "public/pages", "sessions/exchange"),
    *("admin/actions", "admin/config", "workers/webhooks"),
}
"""Areas of doors, and doors, that draw forms with every method of their kind of flow, or know every hook."""

MOST = {True: 200, False: 140}
"""Modules of ours, by whether a door is one of these."""

MOST_OF_OTHERS = 370
"""Modules of the standard library and of others: 345 with Powertools for batches. Who needs more took another in."""

LISTED = f"""
import sys
sys.modules["OpenSSL"] = None  # stands beside webauthn in a layer of its own, which these doors start without
import app
ours = [name for name in sys.modules if name.startswith("vestibule.")]
print(len(ours), len(sys.modules) - len(ours), *sorted({set(HEAVY)!r} & set(sys.modules)))
"""


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
    ours, others, *heavy = done.stdout.split()
    assert set(heavy) <= NEEDED.get(door, set())
    assert int(ours) <= MOST[door in WHOLE or str(Path(door).parent) in WHOLE]
    assert int(others) <= MOST_OF_OTHERS or door in NEEDED
