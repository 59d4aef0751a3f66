from pathlib import Path
from typing import Any

import pytest
from tests.config.documents import MINIMAL, document, findings

from vestibule.config.document import merged
from vestibule.config.rules import ruled

METHODS = "/selfservice/methods"
PROVIDERS = f"{METHODS}/oidc/config/providers"


def provider(**keys: Any) -> dict[str, Any]:
    return {"id": "a", "provider": "generic", "client_id": "b", "client_secret": "c", "mapper_url": "file://d", **keys}


WRONG: list[tuple[str, Any, str]] = [
    ("/dsn", "postgres://db/kratos", "/dsn"),
    ("/dsn", "sqlite://", "/dsn"),
    ("/dsn", "dynamodb://a b", "/dsn"),
    ("/identity/default_schema_id", "other", "/identity/default_schema_id"),
    ("/identity/schemas/1", {"id": "person", "url": "file://b"}, "/identity/schemas/1/id"),
    (f"{METHODS}/code", {"passwordless_enabled": True, "mfa_enabled": True}, f"{METHODS}/code"),
    (
        f"{METHODS}/webauthn",
        {"enabled": True, "config": {"rp": {"id": "a"}}},
        f"{METHODS}/webauthn/config/rp/display_name",
    ),
    (f"{METHODS}/passkey", {"enabled": True}, f"{METHODS}/passkey/config/rp/id"),
    (
        f"{METHODS}/webauthn/config/rp",
        {"origin": "https://a.org", "origins": ["https://a.org"]},
        f"{METHODS}/webauthn/config/rp/origin",
    ),
    (f"{METHODS}/password/config/migrate_hook/enabled", True, f"{METHODS}/password/config/migrate_hook/config/url"),
    (PROVIDERS, [provider()], f"{PROVIDERS}/0/issuer_url"),
    (PROVIDERS, [provider(provider="salesforce")], f"{PROVIDERS}/0/issuer_url"),
    (PROVIDERS, [provider(provider="microsoft")], f"{PROVIDERS}/0/microsoft_tenant"),
    (PROVIDERS, [provider(microsoft_tenant="t")], f"{PROVIDERS}/0/microsoft_tenant"),
    (PROVIDERS, [provider(provider="apple", client_secret=None)], f"{PROVIDERS}/0/apple_team_id"),
    (PROVIDERS, [provider(provider="apple")], f"{PROVIDERS}/0/client_secret"),
    (PROVIDERS, [provider(apple_team_id="t")], f"{PROVIDERS}/0/apple_team_id"),
    (PROVIDERS, [provider(client_secret=None)], f"{PROVIDERS}/0/client_secret"),
    (PROVIDERS, [provider(), provider()], f"{PROVIDERS}/1/id"),
    ("/ciphers/algorithm", "aes", "/secrets/cipher"),
    ("/courier/delivery_strategy", "http", "/courier/http/request_config/url"),
    ("/courier/channels", [{"id": "sms", "request_config": {}}], "/courier/channels/0/request_config/url"),
    ("/secrets/cookie", ["s" * 16, "s" * 16], "/secrets/cookie/1"),
    ("/serve/public/cors/allowed_origins", ["https://a.org", "https://a.org"], "/serve/public/cors/allowed_origins/1"),
    ("/vestibule/guesses/cap", 5, "/vestibule/guesses/cap"),
    ("/vestibule/guesses", {"first_wait": "1h"}, "/vestibule/guesses/max_wait"),
]


@pytest.mark.parametrize(("path", "value", "at"), WRONG)
def test_what_contradicts_another_key_is_an_error(tmp_path: Path, path: str, value: Any, at: str):
    errors = [finding.path for finding in findings(tmp_path, document(path, value)) if finding.severity == "error"]
    assert at in errors


UNWISE: list[tuple[dict[str, Any], str]] = [
    ({"dev": False}, "/secrets/cookie"),
    ({"dev": False, "hashers": {"bcrypt": {"cost": 5}}}, "/hashers/bcrypt/cost"),
    (
        {"selfservice": {"flows": {"registration": {"enable_legacy_one_step": True, "style": "profile_first"}}}},
        "/selfservice/flows/registration/enable_legacy_one_step",
    ),
    ({"dev": False, "serve": {"public": {"base_url": "http://auth.example.org/"}}}, "/serve/public/base_url"),
    (
        {"dev": False, "cookies": {"secure": False}, "serve": {"public": {"base_url": "https://auth.example.org/"}}},
        "/cookies/secure",
    ),
    ({"selfservice": {"methods": {"oidc": {"enabled": True}}}}, f"{METHODS}/oidc"),
    (
        {"session": {"whoami": {"tokenizer": {"templates": {"jwt": {"jwks_url": "https://keys.example.org/"}}}}}},
        "/session/whoami/tokenizer/templates/jwt/ttl",
    ),
    ({"selfservice": {"allowed_return_urls": ["https://*.com"]}}, "/selfservice/allowed_return_urls/0"),
    ({"serve": {"public": {"cors": {"allowed_origins": ["*"]}}}}, "/serve/public/cors/allowed_origins/0"),
]


@pytest.mark.attack("cfg-04")
@pytest.mark.parametrize(("overlay", "at"), UNWISE)
def test_what_is_allowed_and_unwise_is_a_warning(overlay: dict[str, Any], at: str):
    warnings = [finding.path for finding in ruled(merged(MINIMAL, overlay)) if finding.severity == "warning"]
    assert at in warnings


@pytest.mark.parametrize(
    "overlay",
    [
        {},
        {"dsn": "sqlite:///var/lib/vestibule.sqlite?_fk=true"},
        {"dsn": "dynamodb://vestibule?region=eu-central-1&endpoint=http://127.0.0.1:8000"},
        {"dev": False, "secrets": {"default": ["s" * 16]}},
        {"dev": False, "secrets": {"cookie": ["s" * 16]}, "serve": {"public": {"base_url": "http://localhost:4433/"}}},
        {"cookies": {"secure": "false"}, "serve": {"public": {"base_url": "http://auth.example.org/"}}},
        {"selfservice": {"allowed_return_urls": ["https://*.example.org/"]}},
        {
            "selfservice": {"allowed_return_urls": ["https://*.com"]},
            "feature_flags": {"legacy_allow_insecure_origins": True},
        },
        {"ciphers": {"algorithm": "aes"}, "secrets": {"cipher": ["s" * 32]}},
    ],
)
def test_what_is_right_is_not_talked_about(overlay: dict[str, Any]):
    assert ruled(merged(MINIMAL, overlay)) == []


@pytest.mark.parametrize(
    "overlay",
    [
        {"identity": 5},
        {"selfservice": []},
        {"vestibule": {"guesses": {"max_wait": 5}}},
        {"selfservice": {"methods": {"oidc": {"config": {"providers": [5, None]}}}}},
    ],
)
def test_malformed_documents_are_left_to_the_models(tmp_path: Path, overlay: dict[str, Any]):
    assert "error" in {finding.severity for finding in findings(tmp_path, {**MINIMAL, **overlay})}
