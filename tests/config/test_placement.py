from pathlib import Path
from typing import Any

import pytest
from tests.config.documents import document, findings

from vestibule.config.document import merged, put
from vestibule.config.hooks import Hook
from vestibule.config.placement import FLOWS, METHODS, placed
from vestibule.config.points import CAPABILITIES, Point
from vestibule.config.tree import keys, variants

FLOW = "/selfservice/flows"
ENABLED = {
    "selfservice": {
        "flows": {flow: {"enabled": True} for flow in ("recovery", "verification")},
        "methods": {
            "code": {"passwordless_enabled": True},
            **{method: {"enabled": True} for method in ("webauthn", "passkey", "oidc", "totp", "lookup_secret")},
        },
    }
}


def web_hook(**config: Any) -> dict[str, Any]:
    return {
        "hook": "web_hook",
        "config": {"url": "https://example.org/", "method": "POST", "body": "file://body.jsonnet", **config},
    }


def said(path: str, *hooks: dict[str, Any], **more: Any) -> list[tuple[str, str, str]]:
    """Severity, path and message of what is said of the list, with verification and all methods enabled."""
    content = merged(document(), ENABLED)
    content = put(content, path.split("/")[1:], list(hooks))
    for key, value in more.items():
        content = put(content, key.split("__"), value)
    return [(finding.severity, finding.path, finding.message) for finding in placed(content)]


def places() -> list[tuple[str, str, str | None]]:
    found: list[tuple[str, str, str | None]] = []
    for flow in FLOWS:
        found += [(flow, "before", None), (flow, "after", None)]
        found += [(flow, "after", method) for method in METHODS.get(flow, ())]
    return found


SETTINGS = {
    "web_hook": web_hook(),
    "notify_previous_addresses": {"hook": "notify_previous_addresses", "config": {"recipients": "all"}},
}

EVERYWHERE = {"web_hook", "b2b_sso", "organization"}

RUNS: dict[tuple[str, str], set[str]] = {
    ("login", "after"): {
        *EVERYWHERE,
        *("revoke_active_sessions", "require_verified_address", "verification", "show_verification_ui"),
    },
    ("registration", "before"): {*EVERYWHERE, "two_step_registration"},
    ("registration", "after"): {
        *EVERYWHERE,
        *("session", "verification", "show_verification_ui", "two_step_registration"),
    },
    ("settings", "after"): {
        *EVERYWHERE,
        *("revoke_active_sessions", "verification", "show_verification_ui"),
    },
    ("recovery", "after"): {*EVERYWHERE, "revoke_active_sessions"},
}
"""What runs at a place; elsewhere it is what runs everywhere."""


@pytest.mark.parametrize("hook", sorted(CAPABILITIES))
@pytest.mark.parametrize(("flow", "moment", "method"), places())
def test_a_hook_that_never_runs_where_it_stands_is_an_error(flow: str, moment: str, method: str | None, hook: str):
    runs = hook in RUNS.get((flow, moment), EVERYWHERE)
    if (flow, moment) == ("settings", "after"):
        runs |= hook == "notify_previous_addresses" and method in (None, "profile")
        runs |= hook == "verify_new_address" and method == "profile"
        runs |= hook == "notify_authenticator_added" and method in (None, "webauthn", "passkey", "totp")
    path = "/".join((FLOW, flow, moment, *([method] if method else []), "hooks"))
    errors = [found for found in said(path, SETTINGS.get(hook, {"hook": hook})) if found[0] == "error"]
    assert [at for _, at, _ in errors] == ([] if runs else [f"{path}/0"])


def test_the_error_says_where_the_hook_runs():
    path = f"{FLOW}/login/after/hooks"
    assert said(path, {"hook": "session"}) == [
        ("error", f"{path}/0", "session never runs here, but after registration")
    ]
    path = f"{FLOW}/settings/after/password/hooks"
    assert said(path, {"hook": "verify_new_address"})[0][2] == (
        "verify_new_address never runs here, but after settings (profile)"
    )


def test_every_name_that_the_models_take_has_capabilities():
    names = {name for entry in variants(Hook) for kind in [keys(entry)["hook"]] for name in kind.__args__}
    assert names == set(CAPABILITIES)


def test_every_point_is_asked_for_by_some_list():
    assert {point for points in CAPABILITIES.values() for point in points} == set(Point)


@pytest.mark.parametrize(
    "path",
    [
        f"{FLOW}/login/after/hooks",
        f"{FLOW}/login/before/hooks",
        f"{FLOW}/registration/before/hooks",
        f"{FLOW}/registration/after/hooks",
        f"{FLOW}/registration/after/password/hooks",
        f"{FLOW}/settings/after/hooks",
        f"{FLOW}/settings/after/profile/hooks",
        f"{FLOW}/recovery/after/hooks",
        f"{FLOW}/verification/after/hooks",
    ],
)
def test_hooks_that_parse_are_reachable_everywhere(path: str):
    assert said(path, web_hook(response={"parse": True})) == []


@pytest.mark.parametrize(
    "config", [{"response": {"ignore": True, "parse": True}}, {"response": {"ignore": True}, "can_interrupt": True}]
)
def test_an_ignored_answer_cannot_be_parsed(config: dict[str, Any]):
    path = f"{FLOW}/login/after/hooks"
    assert ("error", f"{path}/0/config/response/ignore", "an answer that is ignored cannot be parsed or interrupt") in (
        said(path, web_hook(**config))
    )


@pytest.mark.parametrize(
    ("config", "place", "word"),
    [
        ({"body": None}, "", "has no body"),
        ({"body": "template.jsonnet"}, "/body", "a bare path is deprecated"),
        ({"headers": {"content-type": "text/plain"}}, "/headers/content-type", "is none of application/json"),
    ],
)
def test_a_web_hook_that_will_fail_is_a_warning(config: dict[str, Any], place: str, word: str):
    path = f"{FLOW}/login/after/hooks"
    ((severity, at, message),) = said(path, web_hook(**config))
    assert (severity, at) == ("warning", f"{path}/0/config{place}")
    assert word in message


def test_a_trace_needs_no_body():
    assert said(f"{FLOW}/login/after/hooks", web_hook(body=None, method="TRACE")) == []


def test_a_hook_that_stands_twice_in_a_list_is_an_error():
    path = f"{FLOW}/login/after/hooks"
    assert said(path, web_hook(), {"hook": "revoke_active_sessions"}, web_hook()) == [
        ("error", f"{path}/2", "stands in this list twice")
    ]


def test_hooks_of_a_flow_that_is_not_enabled_are_a_warning():
    path = f"{FLOW}/recovery/after/hooks"
    ((severity, at, message),) = said(path, web_hook(), selfservice__flows__recovery__enabled=False)
    assert (severity, at, "never run" in message) == ("warning", path, True)


@pytest.mark.parametrize(
    ("method", "switch"),
    [("password", "enabled"), ("webauthn", "enabled"), ("code", "passwordless_enabled")],
)
def test_hooks_of_a_method_that_is_not_enabled_are_a_warning(method: str, switch: str):
    path = f"{FLOW}/login/after/{method}/hooks"
    off = {f"selfservice__methods__{method}__{switch}": False}
    ((severity, at, message),) = said(path, web_hook(), **off)
    assert (severity, at, "never run" in message) == ("warning", path, True)


def alone(flow: str, by_method: dict[str, Any], *everywhere: dict[str, Any]) -> list[str]:
    """Paths of warnings where the password is the only method."""
    after = {**{method: {"hooks": hooks} for method, hooks in by_method.items()}, "hooks": list(everywhere)}
    content = document(f"{FLOW}/{flow}/after", after)
    return [finding.path for finding in placed(content) if finding.severity == "warning"]


def test_global_hooks_behind_those_of_every_method_are_a_warning():
    own = {"password": [{"hook": "revoke_active_sessions"}]}
    assert alone("login", own, web_hook()) == [f"{FLOW}/login/after/hooks"]


def test_global_hooks_run_where_one_method_has_none_or_an_empty_list():
    assert alone("login", {"password": []}, web_hook()) == []
    assert alone("settings", {"password": [{"hook": "revoke_active_sessions"}]}, web_hook()) == []


def test_a_hook_for_before_the_identity_is_stored_shadows_nothing():
    own = {"password": [{"hook": "revoke_active_sessions"}], "profile": [{"hook": "verify_new_address"}]}
    assert alone("settings", own, web_hook()) == []


@pytest.mark.parametrize("hook", ["verification", "show_verification_ui", "require_verified_address"])
def test_hooks_about_verification_need_verification(hook: str):
    path = f"{FLOW}/login/after/hooks"
    ((severity, at, message),) = said(path, {"hook": hook}, selfservice__flows__verification__enabled=False)
    assert (severity, at) == ("warning", f"{path}/0")
    assert "verification/enabled" in message


def test_the_verification_hook_ignores_second_factors():
    path = f"{FLOW}/login/after/totp/hooks"
    assert said(path, {"hook": "verification"}) == [
        ("warning", f"{path}/0", "never runs: it acts on first factors only")
    ]


@pytest.mark.parametrize("hook", ["b2b_sso", "organization"])
def test_hooks_without_an_implementation_are_said_to_do_nothing(hook: str):
    path = f"{FLOW}/login/after/hooks"
    assert said(path, {"hook": hook}) == [("info", f"{path}/0", f"{hook} does nothing")]


@pytest.mark.parametrize(
    "hooks",
    [
        None,
        {},
        "session",
        [None],
        [[]],
        [{"hook": 5}],
        [{"hook": "web_hook", "config": "x"}],
        [{"hook": "web_hook", "config": {"headers": [], "response": 1, "body": {}}}],
    ],
)
def test_malformed_lists_are_left_to_the_models(tmp_path: Path, hooks: Any):
    found = findings(tmp_path, document(f"{FLOW}/login/after/hooks", hooks))
    assert "error" in {finding.severity for finding in found}


@pytest.mark.parametrize("place", ["login/after/password", "settings/after", "recovery/after", "login/before"])
def test_only_a_registration_can_be_taken_back(place: str):
    ((severity, path, _),) = said(f"{FLOW}/{place}/hooks", web_hook(on_error="compensate"))
    assert (severity, path) == ("error", f"{FLOW}/{place}/hooks/0/config/on_error")
    assert said(f"{FLOW}/registration/after/password/hooks", web_hook(on_error="compensate")) == []


def test_an_answer_that_nobody_waits_for_has_no_error_to_allow():
    ((severity, path, _),) = said(
        f"{FLOW}/login/after/password/hooks", web_hook(on_error="allow", response={"ignore": True})
    )
    assert (severity, path) == ("warning", f"{FLOW}/login/after/password/hooks/0/config/on_error")
