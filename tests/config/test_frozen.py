"""A configuration that the build has frozen says what the models say, or is left to them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.config.documents import MINIMAL

from vestibule.config import frozen, tree
from vestibule.config.document import merged
from vestibule.config.freezing import freeze
from vestibule.config.load import load
from vestibule.config.loaded import Loaded
from vestibule.config.model import Config
from vestibule.config.values import Section

DSN = {"DSN": "dynamodb://table?region=eu-central-1"}
SECRETS = {"secrets.cookie": ["c" * 64, "d" * 64], "secrets.cipher": ["e" * 32]}

WEB_HOOK = {
    "hook": "web_hook",
    "config": {
        "url": "https://hooks.example.org/",
        "method": "POST",
        "body": "base64://e30=",
        "headers": {"X-A": "b"},
        "auth": {"type": "api_key", "config": {"name": "X-Key", "value": "geheim", "in": "header"}},
        "response": {"parse": True},
    },
}
RICH: tuple[dict[str, Any], ...] = (
    {},
    {
        "dev": False,
        "selfservice": {
            "allowed_return_urls": ["https://a.example.org/", "https://b.example.org/"],
            "flows": {
                "login": {"lifespan": "10m", "style": "identifier_first", "before": {"hooks": [WEB_HOOK]}},
                "registration": {
                    "enable_legacy_one_step": True,
                    "after": {"hooks": [WEB_HOOK], "password": {"hooks": [{"hook": "session"}]}},
                },
                "settings": {"privileged_session_max_age": "1ms", "after": {"profile": {"hooks": [WEB_HOOK]}}},
                "verification": {"enabled": True, "use": "link"},
            },
            "methods": {"totp": {"enabled": True, "config": {"issuer": "Example"}}, "code": {"mfa_enabled": True}},
        },
    },
    {
        "courier": {
            "smtp": {"connection_uri": "smtp://relay.example.org/", "headers": {"X-B": "c"}},
            "templates": {"login_code": {"valid": {"email": {"subject": "base64://e30="}}}},
            "channels": [{"id": "sms", "request_config": {"url": "https://sms.example.org/"}}],
        },
        "serve": {"public": {"base_url": "https://id.example.org/", "cors": {"enabled": True}}},
        "session": {"cookie": {"domain": "example.org", "persistent": False}, "earliest_possible_extend": "1h"},
        "hashers": {"argon2": {"memory": "64MB"}},
        "vestibule": {"pages": {"light": {"accent": "#abc"}, "links": [{"label": "Help", "url": "/help"}]}},
        "tracing": {"provider": ["a", {"b": None}]},
    },
)


def written(folder: Path, overlay: dict[str, Any]) -> Path:
    path = folder / "kratos.json"
    path.write_text(json.dumps(merged(MINIMAL, overlay)))
    path.with_name(frozen.NAME).write_text(freeze(path) or "")
    return path


def thawed(path: Path, environ: dict[str, str] | None = None) -> Loaded | None:
    return frozen.read(path, DSN if environ is None else environ, SECRETS)


def leaves(value: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """Every attribute path with its value, whatever the section is made of."""
    if isinstance(value, Section | frozen.Section):
        for name, below in vars(value).items():
            yield from leaves(below, f"{at}.{name}")
    elif isinstance(value, tuple) and value:
        for position, below in enumerate(value):
            yield from leaves(below, f"{at}[{position}]")
    else:
        yield at, value


@pytest.mark.parametrize("overlay", RICH)
def test_every_attribute_is_what_the_models_make_of_it(tmp_path: Path, overlay: dict[str, Any]) -> None:
    path = written(tmp_path, overlay)
    light, full = thawed(path), load([path], DSN, overrides=SECRETS)
    assert light is not None
    assert dict(leaves(light.config)) == dict(leaves(full.config))
    assert light.document == full.document
    assert light.sources == full.sources


def test_sections_answer_what_the_models_answer(tmp_path: Path) -> None:
    light = thawed(written(tmp_path, RICH[1]))
    assert light is not None
    after = light.config.selfservice.flows.registration.after
    assert light.config.identity.schema_ids() == ("person",)
    assert after.method("password").hooks[0].hook == "session"
    assert after.method("nothing").hooks == after.method("method").hooks == ()
    assert after.hooks[0].config.parses is True  # pyright: ignore[reportAttributeAccessIssue]  # a web hook


def test_no_model_answers_more_than_a_thawed_section_does() -> None:
    known = {name for answers, _ in frozen._SECTIONS for name in vars(answers) if not name.startswith("_")}
    inherited = set(dir(Section))
    for model in _models(Config, set()):
        own = set(dir(model)) - inherited - set(model.model_fields)
        assert own <= known | {"_derived", "__signature__"}, model


def test_every_module_with_a_model_counts_for_the_digest() -> None:
    modules = {model.__module__.rpartition(".")[2] for model in _models(Config, set())}
    assert modules <= set(frozen.MODELS)


def _models(model: type[Section], seen: set[type[Section]]) -> set[type[Section]]:
    seen.add(model)
    waiting = [field.annotation for field in model.model_fields.values()]
    while waiting:
        for variant in tree.variants(waiting.pop()):
            if isinstance(variant, type) and issubclass(variant, Section):
                if variant not in seen:
                    _models(variant, seen)
            else:
                waiting += [each for each in getattr(variant, "__args__", ()) if each is not ...]
    return seen


def test_what_the_template_sets_goes_over_it(tmp_path: Path) -> None:
    environ = DSN | {
        "SERVE_PUBLIC_BASE_URL": "https://id.example.org/auth",
        "SERVE_ADMIN_BASE_URL": "https://admin.example.org",
        "SELFSERVICE_DEFAULT_BROWSER_RETURN_URL": "/ui/welcome",
        "SELFSERVICE_METHODS_PASSWORD_CONFIG_HAVEIBEENPWNED_ENABLED": "false",
        "VESTIBULE_CONFIG": "…",
        "PATH": "/bin",
    }
    path = written(tmp_path, {})
    light, full = thawed(path, environ), load([path], environ, overrides=SECRETS)
    assert light is not None
    assert dict(leaves(light.config)) == dict(leaves(full.config))
    assert light.document == full.document
    assert set(light.sources) == set(full.sources)


@pytest.mark.parametrize(
    "more",
    [
        {"SELFSERVICE_FLOWS_LOGIN_LIFESPAN": "5m"},
        {"IDENTITY_SCHEMAS_0_ID": "other"},
        {"SELFSERVICE_ALLOWED_RETURN_URLS": "https://a.example.org"},
        {"VESTIBULE_GUESSES_CAP": "5"},
        {"DSN": "memory"},
        {"DSN": "env://ELSEWHERE"},
        {"SERVE_PUBLIC_BASE_URL": "https://user@example.org/"},
        {"SERVE_PUBLIC_BASE_URL": ""},
        {"SELFSERVICE_DEFAULT_BROWSER_RETURN_URL": "/\\evil.example.org"},
        {"SELFSERVICE_METHODS_PASSWORD_CONFIG_HAVEIBEENPWNED_ENABLED": "perhaps"},
    ],
)
def test_anything_else_in_the_environment_is_left_to_the_models(tmp_path: Path, more: dict[str, str]) -> None:
    assert thawed(written(tmp_path, {}), DSN | more) is None


@pytest.mark.parametrize(
    "secrets",
    [
        {},
        {"secrets.cookie": ["c" * 64]},
        SECRETS | {"secrets.cookie": ["short"]},
        SECRETS | {"secrets.cookie": ["c" * 64, "c" * 64]},
        SECRETS | {"secrets.cookie": []},
        SECRETS | {"secrets.cipher": ["e" * 31]},
        SECRETS | {"secrets.cookie": ["secret://ssm/somewhere"]},
    ],
)
def test_secrets_that_the_models_might_refuse_are_left_to_them(tmp_path: Path, secrets: dict[str, Any]) -> None:
    assert frozen.read(written(tmp_path, {}), DSN, secrets) is None


def test_another_file_or_other_models_are_not_thawed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, {})
    assert thawed(path) is not None
    monkeypatch.setattr(frozen, "models_digest", lambda: "of another release")
    assert thawed(path) is None
    monkeypatch.undo()
    path.write_text(path.read_text() + " ")
    assert thawed(path) is None
    path.with_name(frozen.NAME).unlink()
    assert thawed(path) is None


def test_a_file_that_names_values_elsewhere_is_not_frozen(tmp_path: Path) -> None:
    path = tmp_path / "kratos.json"
    path.write_text(json.dumps(MINIMAL | {"dsn": "env://STORE"}))
    assert freeze(path) is None


def test_a_thawed_configuration_cannot_be_changed_and_shows_no_secret(tmp_path: Path) -> None:
    light = thawed(written(tmp_path, {}))
    assert light is not None
    with pytest.raises(AttributeError, match="frozen"):
        light.config.dsn = "memory"
    assert "cccc" not in f"{light!r} {light.config!r} {light.config.secrets!r}"
