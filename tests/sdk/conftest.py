"""`vestibule serve` as a process, and the SDK's clients for it."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ory_kratos_client as sdk
import pytest
from joserfc.jwk import ECKey
from tests.codes import schema
from tests.provider_server import provider
from tests.providers import CLIENT_ID, configured
from tests.starting import free_port
from tests.world import CONFIG

from vestibule.config.document import merged

ROOT = Path(__file__).resolve().parents[2]
KEY = ECKey.generate_key("P-256", {"alg": "ES256", "kid": "of-the-tests"})
KEYS = base64.b64encode(json.dumps({"keys": [KEY.as_dict(private=True)]}).encode()).decode()
FLOWS = {
    "selfservice": {
        "methods": {
            "code": {"enabled": True, "passwordless_enabled": True},
            "link": {"enabled": True},
            "totp": {"enabled": True},
            "lookup_secret": {"enabled": True},
        },
        "flows": {
            "verification": {"enabled": True},
            "recovery": {"enabled": True},
            "registration": {
                "after": {
                    "password": {"hooks": [{"hook": "show_verification_ui"}, {"hook": "session"}]},
                    "code": {"hooks": [{"hook": "session"}]},
                },
            },
        },
    },
    "session": {"whoami": {"tokenizer": {"templates": {"signed": {"ttl": "5m", "jwks_url": f"base64://{KEYS}"}}}}},
    "feature_flags": {"use_continue_with_transitions": True},  # or apps have to get back in through a browser
}
STEPS = {
    "selfservice": {
        "methods": {"code": {"enabled": True, "mfa_enabled": True}},
        "flows": {"registration": {"style": "profile_first"}, "login": {"style": "identifier_first"}},
    },
}


@dataclass(frozen=True)
class Addresses:
    public: str
    admin: str
    issuer: str = ""


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Addresses]:
    """A server with a store in memory, on two free ports; it ends with the tests."""
    with _serving(tmp_path_factory.mktemp("served"), FLOWS) as addresses:
        yield addresses


@pytest.fixture(scope="session")
def stepped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Addresses]:
    """Another one, that goes step by step, mails second factors and knows a provider."""
    with provider() as issuer, _serving(tmp_path_factory.mktemp("stepped"), merged(STEPS, _providers(issuer))) as where:
        yield Addresses(where.public, where.admin, issuer)


def _providers(issuer: str) -> dict[str, Any]:
    """The generic provider, and one whose tokens apps may bring themselves."""
    app = {"id": "app", "provider": "fedcm-test", "issuer_url": issuer, "client_id": CLIENT_ID}
    return configured({"issuer_url": issuer}, app)


@contextmanager
def _serving(folder: Path, changes: Mapping[str, Any]) -> Iterator[Addresses]:
    (folder / "person.schema.json").write_text(json.dumps(schema()))
    document = {name: CONFIG[name] for name in ("dsn", "secrets", "hashers", "selfservice")}
    document["identity"] = {
        "default_schema_id": "person",
        "schemas": [{"id": "person", "url": "file://person.schema.json"}],
    }
    (folder / "kratos.yml").write_text(json.dumps(merged(document, dict(changes))))  # YAML reads JSON
    ports = [free_port(), free_port()]
    command = [sys.executable, "-m", "vestibule.cli.main", "serve", "--dev", "-c", "kratos.yml"]
    command += [f"--public-port={ports[0]}", f"--admin-port={ports[1]}", f"--template={ROOT / 'template.yaml'}"]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "layers" / "core")}
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        _await_banner(process)
        yield Addresses(*(f"http://127.0.0.1:{port}" for port in ports))
    finally:
        process.terminate()
        process.communicate(timeout=20)


@pytest.fixture
def frontend(served: Addresses) -> Iterator[sdk.FrontendApi]:
    with sdk.ApiClient(sdk.Configuration(host=served.public)) as client:
        yield sdk.FrontendApi(client)


@pytest.fixture
def identities(served: Addresses) -> Iterator[sdk.IdentityApi]:
    with sdk.ApiClient(sdk.Configuration(host=served.admin)) as client:
        yield sdk.IdentityApi(client)


@pytest.fixture
def courier(served: Addresses) -> Iterator[sdk.CourierApi]:
    with sdk.ApiClient(sdk.Configuration(host=served.admin)) as client:
        yield sdk.CourierApi(client)


@pytest.fixture
def metadata(served: Addresses) -> Iterator[sdk.MetadataApi]:
    with sdk.ApiClient(sdk.Configuration(host=served.admin)) as client:
        yield sdk.MetadataApi(client)


def _await_banner(process: subprocess.Popen[bytes]) -> None:
    """The ports are open when the address to sign up is printed."""
    assert process.stdout
    said = b""
    for line in process.stdout:
        said += line
        if b"/self-service/registration/browser" in line:
            return
    raise AssertionError(said.decode())
