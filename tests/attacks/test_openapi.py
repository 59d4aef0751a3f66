"""Schemathesis over Ory's OpenAPI document, which is not ours to keep: it is read where the recordings lie."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.starting import free_port, wait_until_listening
from tests.world import CONFIG, PASSWORD, ROOT, SCHEMA

from vestibule.config.document import merged

DOCUMENT = ROOT.parent / "shared" / "contract" / "schemas" / "openapi.json"
UNBUILT = ("/self-service/fed-cm/", "/self-service/login/test", "/admin/test-login-flows")
FLOWS = ("login", "registration", "recovery", "verification", "settings")
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
MORE = {
    "selfservice": {
        "methods": {name: {"enabled": True} for name in ("code", "link", "totp", "lookup_secret")},
        "flows": {"verification": {"enabled": True}, "recovery": {"enabled": True}},
    }
}
PUBLIC, OF_SOMEBODY, ADMIN = (
    r"^/(self-service/(login|registration|recovery|verification|errors)|schemas|version|health|\.well-known)",
    r"^/(sessions|self-service/(settings|logout))",
    r"^/admin/",
)

pytestmark = pytest.mark.skipif(not DOCUMENT.exists(), reason=f"{DOCUMENT} is not there: Ory's document is needed")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The addresses of `vestibule serve`, on a store in memory."""
    folder = tmp_path_factory.mktemp("openapi")
    (folder / "person.json").write_text(json.dumps(SCHEMA))
    schemas = {"default_schema_id": "person", "schemas": [{"id": "person", "url": "file://person.json"}]}
    served = {name: CONFIG[name] for name in CONFIG if name != "serve"} | {"identity": schemas}
    (folder / "kratos.json").write_text(json.dumps(merged(served, MORE)))
    ports = [free_port(), free_port()]
    with _started(folder, ports):
        yield f"http://127.0.0.1:{ports[0]}", f"http://127.0.0.1:{ports[1]}"


@pytest.mark.attack("flow-06")
def test_flows_answer_as_documented(served: tuple[str, str], tmp_path: Path) -> None:
    _conforms(served[0], PUBLIC, tmp_path)


@pytest.mark.attack("flow-06")
def test_what_needs_a_session_answers_as_documented(served: tuple[str, str], tmp_path: Path) -> None:
    with httpx.Client(base_url=served[0]) as client:
        form = client.get("/self-service/registration/api").json()["ui"]["action"]
        person = {"method": "password", "password": PASSWORD, "traits": {"email": "alice@example.org"}}
        token = client.post(form, json=person).json()["session_token"]
    _conforms(served[0], OF_SOMEBODY, tmp_path, "-H", f"X-Session-Token: {token}")


@pytest.mark.attack("flow-06")
def test_the_admin_api_answers_as_documented(served: tuple[str, str], tmp_path: Path) -> None:
    _conforms(served[1], ADMIN, tmp_path)


def _conforms(address: str, paths: str, folder: Path, *more: str) -> None:
    (folder / "openapi.json").write_text(json.dumps(_document()))
    (folder / "schemathesis.toml").write_text("[phases.coverage]\nunexpected-methods = []\n")  # they have tests
    command = [sys.executable, "-m", "schemathesis.cli", "run", "openapi.json", "--url", address, *more]
    command += ["--include-path-regex", paths, "--checks", ",".join(CHECKS), "--mode", "all", "--seed", "1"]
    command += ["--max-examples", "5", "--max-redirects", "0", "--warnings", "off"]
    command += ["-H", "Accept: application/json"]  # browsers are sent elsewhere, which the document is silent about
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def _document() -> dict[str, Any]:
    """Ory's, with what its author's own server answers beside it, values that fit, and links from step to step."""
    document = json.loads(DOCUMENT.read_text())
    document["paths"] = {path: steps for path, steps in document["paths"].items() if not path.startswith(UNBUILT)}
    paths, schemas = document["paths"], document["components"]["schemas"]
    schemas["genericError"]["properties"]["details"] = {"type": "object"}
    for name in ("identity", "devices"):  # what was not asked for, as recorded
        schemas["session"]["properties"][name] = {"nullable": True, "allOf": [schemas["session"]["properties"][name]]}
    javascript = paths["/.well-known/ory/webauthn.js"]["get"]["responses"]["200"]["content"]
    javascript["text/javascript"] = javascript.pop("application/json")
    for flow in FLOWS:
        submit = paths[f"/self-service/{flow}"]["post"]
        shown = submit["responses"]["400"]["content"]["application/json"]
        shown["schema"] = {"anyOf": [shown["schema"], {"$ref": "#/components/schemas/errorGeneric"}]}
        started = paths[f"/self-service/{flow}/api"]["get"]["responses"]["200"]
        fetch = paths[f"/self-service/{flow}/flows"]["get"]
        started["links"] = {
            "submit": {"operationId": submit["operationId"], "parameters": {"query.flow": "$response.body#/id"}},
            "fetch": {"operationId": fetch["operationId"], "parameters": {"query.id": "$response.body#/id"}},
        }
    for body in ("createIdentityBody", "updateIdentityBody"):
        schemas[body]["properties"]["schema_id"] |= {"enum": ["person"]}
        schemas[body]["properties"]["traits"] = SCHEMA["properties"]["traits"]
    made = paths["/admin/identities"]["post"]["responses"]["201"]
    made["links"] = {
        step["operationId"]: {"operationId": step["operationId"], "parameters": {"path.id": "$response.body#/id"}}
        for path, steps in paths.items()
        if path.startswith("/admin/identities/{id}")
        for step in steps.values()
    }
    return document


@contextmanager
def _started(folder: Path, ports: list[int]) -> Iterator[None]:
    command = [sys.executable, "-m", "vestibule.cli.main", "serve", "--dev", "-c", "kratos.json"]
    command += [f"--public-port={ports[0]}", f"--admin-port={ports[1]}", f"--template={ROOT / 'template.yaml'}"]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "layers" / "core")}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        wait_until_listening(process, ports[1], 30)
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)
