"""Fragments of the shapes in which Kratos's documentation configures hooks: all of them load without an error."""

from pathlib import Path
from typing import Any

import pytest
from tests.config.documents import MINIMAL, document, loaded

from vestibule.config.document import put
from vestibule.config.model import Config


def hooks(*names: str) -> list[dict[str, str]]:
    return [{"hook": name} for name in names]


def web_hook(name: str) -> dict[str, Any]:
    return {
        "hook": "web_hook",
        "config": {"url": f"https://example.org/{name}", "method": "POST", "body": "base64://ZnVuY3Rpb24oY3R4KSBjdHg="},
    }


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("login/after/hooks", hooks("revoke_active_sessions")),
        ("login/after/password/hooks", hooks("revoke_active_sessions")),
        ("login/after/oidc/hooks", hooks("revoke_active_sessions")),
        ("login/after/webauthn/hooks", hooks("revoke_active_sessions")),
        ("login/after/password/hooks/0/hook", "require_verified_address"),
        ("login/after/hooks", hooks("show_verification_ui")),
        ("login/after/hooks", hooks("verification", "show_verification_ui")),
        ("registration/after/hooks", hooks("show_verification_ui")),
        ("registration/after/hooks", hooks("session")),
        ("registration/after/password/hooks", hooks("session", "show_verification_ui")),
        ("registration/after/password/hooks/0/hook", "show_verification_ui"),
        ("registration/after/oidc/hooks/0/hook", "show_verification_ui"),
        ("registration/after/webauthn/hooks/0/hook", "show_verification_ui"),
        ("settings/after/profile/hooks/0/hook", "show_verification_ui"),
        ("settings/after/hooks", [web_hook("settings")]),
        ("recovery/before/hooks", [web_hook("recovery")]),
        ("verification/after/hooks", [web_hook("verification")]),
    ],
)
def test_a_documented_placement_of_hooks_loads(tmp_path: Path, path: str, value: Any):
    content = document(f"/selfservice/flows/{path}", value)
    assert loaded(tmp_path, content).config == Config.model_validate(content)


def test_the_documented_example_of_precedence_loads(tmp_path: Path):
    login = {
        "before": {"hooks": [web_hook("1")]},
        "after": {"hooks": [web_hook("2")], "password": {"hooks": [web_hook("3")]}},
    }
    after = loaded(tmp_path, document("/selfservice/flows/login", login)).config.selfservice.flows.login.after
    assert after.method("password").hooks[0] != after.hooks[0]
    assert after.method("code").hooks == ()


@pytest.mark.parametrize("flag", ["legacy_require_verified_login_error", "legacy_continue_with_verification_ui"])
def test_a_documented_flag_loads(tmp_path: Path, flag: str):
    content = put(MINIMAL, ("feature_flags", flag), value=True)
    assert getattr(loaded(tmp_path, content).config.feature_flags, flag) is True
