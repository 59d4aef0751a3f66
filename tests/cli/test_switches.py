"""Which lists a switch of the console changes, so that its hook runs where it is on, and nothing else stops running."""

from __future__ import annotations

from typing import Any

import pytest

from vestibule.cli.switches import SWITCHES, states, turned
from vestibule.config.document import dig
from vestibule.config.patch import applied

VERIFIED = {"hook": "require_verified_address"}
REVOKE = {"hook": "revoke_active_sessions"}
SWITCH = SWITCHES["require-verified-login"]
PLACE = ("selfservice", "flows", "login", "after")


def config(*flow: Any, **methods: list[Any]) -> dict[str, Any]:
    after = {"hooks": list(flow)} | {method: {"hooks": hooks} for method, hooks in methods.items()}
    return {"selfservice": {"flows": {"login": {"after": after}}}}


def after(document: dict[str, Any], *methods: str, on: bool) -> dict[str, list[Any]]:
    """Method to what runs after it, once the switch is turned."""
    result = dig(applied(document, turned(SWITCH, document, methods, on=on)), *PLACE, default={})
    return {method: result.get(method, {}).get("hooks") or result.get("hooks", []) for method in SWITCH.methods}


@pytest.mark.parametrize(
    "document", [{}, config(), config(REVOKE), config(REVOKE, password=[REVOKE]), config(VERIFIED, password=[REVOKE])]
)
def test_turned_on_it_runs_after_every_method_beside_what_ran_before(document: dict[str, Any]):
    before = after(document, on=False)
    for method, hooks in after(document, on=True).items():
        assert hooks.count(VERIFIED) == 1
        assert [hook for hook in hooks if hook != VERIFIED] == before[method]


@pytest.mark.parametrize("document", [config(VERIFIED), config(REVOKE, password=[VERIFIED, REVOKE])])
def test_turned_off_it_runs_nowhere(document: dict[str, Any]):
    assert not any(VERIFIED in hooks for hooks in after(document, on=False).values())


@pytest.mark.parametrize("document", [{}, config(REVOKE), config(VERIFIED), config(REVOKE, code=[VERIFIED])])
@pytest.mark.parametrize("on", [True, False])
def test_for_one_method_the_others_stay_as_they_are(document: dict[str, Any], on: bool):
    before = {method: hooks for method, hooks in states(SWITCH, document).items() if method != "password"}
    result = applied(document, turned(SWITCH, document, ["password"], on=on))
    now = states(SWITCH, result)
    assert now.pop("password") is on
    assert now == before


def test_what_is_so_already_needs_no_patch():
    assert turned(SWITCH, config(VERIFIED), [], on=True) == []
    assert turned(SWITCH, config(REVOKE), ["password"], on=False) == []
