from pathlib import Path
from typing import Any

import pytest
from tests.config.documents import MINIMAL, document, findings, loaded, saved

from vestibule.config.load import load
from vestibule.config.model import Config


@pytest.mark.parametrize(
    ("name", "text", "read", "expected"),
    [
        ("DSN", "sqlite://x.db", lambda c: c.dsn, "sqlite://x.db"),
        ("DEV", "false", lambda c: c.dev, False),
        ("LOG_LEVEL", "debug", lambda c: c.log.level, "debug"),
        ("SELFSERVICE_FLOWS_LOGIN_LIFESPAN", "2h", lambda c: c.selfservice.flows.login.lifespan.seconds, 7200),
        ("SELFSERVICE_FLOWS_LOGIN_UI_URL", "/login", lambda c: c.selfservice.flows.login.ui_url, "/login"),
        ("SELFSERVICE_METHODS_CODE_PASSWORDLESS_ENABLED", "1", lambda c: c.selfservice.methods.code.enabled, True),
        (
            "SELFSERVICE_METHODS_LOOKUP_SECRET_ENABLED",
            "TRUE",
            lambda c: c.selfservice.methods.lookup_secret.enabled,
            True,
        ),
        ("SERVE_PUBLIC_PORT", "8080", lambda c: c.serve.public.port, 8080),
        ("HASHERS_ARGON2_MEMORY", "8MB", lambda c: c.hashers.argon2.memory, 8 * 1024 * 1024),
        ("COOKIES_SECURE", "true", lambda c: c.cookies.secure, True),
        ("SECRETS_COOKIE", f"{'a' * 16}, {'b' * 16}", lambda c: c.secrets.cookie, ("a" * 16, "b" * 16)),
        ("SECRETS_COOKIE", f'["{"a" * 16}"]', lambda c: c.secrets.cookie, ("a" * 16,)),
        (
            "SERVE_PUBLIC_CORS_ALLOWED_METHODS",
            "GET,POST",
            lambda c: c.serve.public.cors.allowed_methods,
            ("GET", "POST"),
        ),
        ("SERVE_PUBLIC_CORS_MAX_AGE", "600", lambda c: c.serve.public.cors.max_age, 600),
        ("IDENTITY_SCHEMAS_0_URL", "base64://e30=", lambda c: c.identity.schemas[0].url, "base64://e30="),
        ("COURIER_SMTP_HEADERS", '{"X-A": "b"}', lambda c: c.courier.smtp.headers, {"X-A": "b"}),
        ("VESTIBULE_GUESSES_FREE", "3", lambda c: c.vestibule.guesses.free, 3),
        ("SQA_OPT_OUT", "true", lambda c: c.sqa_opt_out, True),
    ],
)
def test_a_variable_sets_its_key(tmp_path: Path, name: str, text: str, read: Any, expected: Any):
    assert read(loaded(tmp_path, environ={name: text}).config) == expected


def test_a_mapping_of_json_merges_and_a_list_replaces(tmp_path: Path):
    content = document("/selfservice/methods/password/config", {"max_breaches": 3})
    environ = {
        "SELFSERVICE_METHODS_PASSWORD_CONFIG": '{"min_password_length": 9}',
        "IDENTITY_SCHEMAS": '[{"id": "a", "url": "file://a"}, {"id": "person", "url": "file://b"}]',
        "SELFSERVICE_FLOWS_REGISTRATION_AFTER_PASSWORD_HOOKS": '[{"hook": "session"}]',
    }
    config = load([saved(tmp_path, content)], environ).config
    password = config.selfservice.methods.password.config
    assert (password.max_breaches, password.min_password_length) == (3, 9)
    assert config.identity.schema_ids() == ("a", "person")
    assert [hook.hook for hook in config.selfservice.flows.registration.after.password.hooks] == ["session"]


def test_positions_append_in_order_whatever_the_order_of_variables(tmp_path: Path):
    environ = {
        "IDENTITY_SCHEMAS_2_URL": "file://c",
        "IDENTITY_SCHEMAS_2_ID": "c",
        "IDENTITY_SCHEMAS_1": '{"id": "b", "url": "file://b"}',
        "IDENTITY_DEFAULT_SCHEMA_ID": "c",
    }
    assert loaded(tmp_path, environ=environ).config.identity.schema_ids() == ("person", "b", "c")


def test_a_position_behind_the_end_is_an_error(tmp_path: Path):
    (error,) = findings(tmp_path, MINIMAL, {"IDENTITY_SCHEMAS_4_ID": "e"})
    assert (error.path, error.file) == ("/identity/schemas/4/id", "$IDENTITY_SCHEMAS_4_ID")


@pytest.mark.parametrize("text", ["[", "{", '[{"hook": "session"}', "[" * 100_000])
def test_a_value_that_is_no_json_is_an_error(tmp_path: Path, text: str):
    environ = {"SELFSERVICE_FLOWS_LOGIN_AFTER_HOOKS": text}
    (error,) = findings(tmp_path, MINIMAL, environ)
    assert (error.path, error.message) == ("/selfservice/flows/login/after/hooks", "the variable's value is no JSON")


@pytest.mark.parametrize(
    "name",
    [
        "PATH",
        "LOG_LEVELS",
        "DEVELOPMENT",
        "SELFSERVICE_FLOWS_LOGIN_FOO",
        "VERSION",
        "CONFIG",
        "HELP",
        "IDENTITY_SCHEMAS_X_ID",
        "lOG_LEVEL",
    ],
)
def test_other_variables_are_none_of_our_business(tmp_path: Path, name: str):
    environ = {name: "anything"}
    found = loaded(tmp_path, environ=environ)
    assert found.config == Config.model_validate(MINIMAL)
