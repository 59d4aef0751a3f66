"""What serving a request loads: a library stays away from whoever does not use it, however many methods are enabled."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.budget.test_methods import EVERY_METHOD, schema
from tests.libraries import HEAVY
from tests.world import PASSWORD, configured

from vestibule.config import frozen
from vestibule.config.document import merged
from vestibule.config.freezing import freeze

FUNCTIONS = Path(__file__).parents[2] / "functions"
ALICE = "alice@example.org"

SERVED = f"""
import json, sys
sys.modules["OpenSSL"] = None  # stands beside webauthn in a layer of its own
from app import handler
answer = handler(json.loads(sys.argv[1]), None)
loaded = sorted({set(HEAVY)!r} & set(sys.modules))
open(sys.argv[2], "w").write(json.dumps([answer["statusCode"], answer["body"], loaded]))
"""

SCHEMAS, HASHES = "jsonschema_rs", "argon2"
"""A form has to fit its schema, a password its hash."""


class Functions:
    """Each request meets a new process of its function, on one store."""

    def __init__(self, folder: Path, dsn: str) -> None:
        self._answer = folder / "answer.json"
        configuration = folder / "kratos.json"
        configuration.write_text(json.dumps(merged(configured(schema()), EVERY_METHOD)))
        configuration.with_name(frozen.NAME).write_text(freeze(configuration) or "")
        self._environ = os.environ | {
            "AWS_LAMBDA_FUNCTION_NAME": "Function",
            "VESTIBULE_CONFIG": str(configuration),
            "VESTIBULE_SECRETS": json.dumps({"generated": "0123456789abcdef" * 4}),
            "DSN": dsn,
            "PYDANTIC_DISABLE_PLUGINS": "__all__",
        }

    def __call__(self, door: str, method: str, path: str, token: str = "", form: Any = None) -> tuple[Any, set[str]]:
        """(the answer's document, the libraries that are loaded)"""
        headers = {"accept": "application/json", "content-type": "application/json"}
        raw, _, query = path.partition("?")
        event: dict[str, Any] = {
            "version": "2.0",
            "routeKey": f"{method} {raw}",
            "rawPath": raw,
            "rawQueryString": query,
            "headers": headers | ({"x-session-token": token} if token else {}),
            "requestContext": {"http": {"method": method, "path": raw, "sourceIp": "203.0.113.7"}, "requestId": "r"},
            "isBase64Encoded": False,
        } | ({"body": json.dumps(form)} if form is not None else {})
        command = [sys.executable, "-c", SERVED, json.dumps(event), self._answer]
        done = subprocess.run(command, cwd=FUNCTIONS / door, env=self._environ, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        status, body, loaded = json.loads(self._answer.read_text())
        assert status == 200, body
        return json.loads(body), set(loaded)


@pytest.fixture
def functions(tmp_path: Path, dynamodb_local: str, dynamodb_local_name: str) -> Functions:
    return Functions(tmp_path, f"dynamodb://{dynamodb_local_name}?region=eu-central-1&endpoint={dynamodb_local}")


def test_a_password_needs_no_library_of_another_method(functions: Functions) -> None:
    def flow(kind: str, token: str = "") -> str:
        document, loaded = functions(f"{kind}/start", "GET", f"/self-service/{kind}/api", token)
        assert loaded <= {SCHEMAS}, kind
        return document["id"]

    def submitted(kind: str, token: str = "", **form: Any) -> tuple[Any, set[str]]:
        path = f"/self-service/{kind}?flow={flow(kind, token)}"
        return functions(f"{kind}/submit", "POST", path, token, form)

    _, loaded = submitted("registration", method="password", password=PASSWORD, traits={"email": ALICE})
    assert loaded <= {SCHEMAS, HASHES}
    signed_in, loaded = submitted("login", method="password", identifier=ALICE, password=PASSWORD)
    assert loaded <= {HASHES}
    token = signed_in["session_token"]
    _, loaded = functions("sessions/whoami", "GET", "/sessions/whoami", token)
    assert not loaded
    _, loaded = submitted("settings", token, method="password", password="green-Lantern-17-comet")
    assert loaded <= {SCHEMAS, HASHES}
    _, loaded = submitted("settings", token, method="profile", traits={"email": ALICE, "name": {"first": "Ann"}})
    assert loaded <= {SCHEMAS}
