"""The switches of the product's console, as patches: each puts one hook into the lists that run, or takes it out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from vestibule.config.document import dig, pointer
from vestibule.config.json_shapes import is_list

Operation = dict[str, Any]


class Switch(Struct, frozen=True):
    flow: str
    hook: str
    methods: tuple[str, ...]
    """Which may have a list of their own; it takes the place of the flow's list."""


SWITCHES: Mapping[str, Switch] = {
    "require-verified-login": Switch(
        "login",
        "require_verified_address",
        ("password", "oidc", "code", "webauthn", "passkey", "totp", "lookup_secret"),
    ),
    "sign-in-after-registration": Switch(
        "registration", "session", ("password", "oidc", "code", "webauthn", "passkey")
    ),
    "show-verification-after-registration": Switch(
        "registration", "show_verification_ui", ("password", "oidc", "code", "webauthn", "passkey")
    ),
}


def states(switch: Switch, config: Mapping[str, Any]) -> dict[str, bool]:
    """Method to whether the hook runs after it: in the method's own list, else in the flow's."""
    return {method: _has(switch, _effective(switch, config, method)) for method in switch.methods}


def turned(switch: Switch, config: Mapping[str, Any], methods: Sequence[str], *, on: bool) -> list[Operation]:
    """The patch that turns it on or off, for some methods or (none named) for all; empty when it is so already.

    For all methods it is the flow's list and every list that takes its place. Raises ValueError for a method that the
    flow does not have.
    """
    for method in methods:
        if method not in switch.methods:
            raise ValueError(f"{switch.flow} has no method {method}; there are {', '.join(switch.methods)}")
    if methods:
        return list(_for_methods(switch, config, methods, on=on))
    return list(_everywhere(switch, config, on=on))


def _everywhere(switch: Switch, config: Mapping[str, Any], *, on: bool) -> Iterator[Operation]:
    for method in (None, *switch.methods):
        hooks = _listed(switch, config, method)
        if (on and (hooks or method is None) and not _has(switch, hooks)) or (not on and _has(switch, hooks)):
            yield _setting(switch, method, _with(switch, hooks) if on else _without(switch, hooks))


def _for_methods(switch: Switch, config: Mapping[str, Any], methods: Sequence[str], *, on: bool) -> Iterator[Operation]:
    """A method that runs the flow's list gets one of its own, with the hook or without it.

    An empty list means the flow's: where nothing is left for a method, the hook leaves the flow's list, and the other
    methods get it in theirs.
    """
    flow = _listed(switch, config, None)
    wanted = {method: _effective(switch, config, method) for method in switch.methods}
    for method in methods:
        wanted[method] = _with(switch, wanted[method]) if on else _without(switch, wanted[method])
    left = flow if all(wanted[method] for method in methods) else _without(switch, flow)
    if left != flow:
        yield _setting(switch, None, left)
    for method, hooks in wanted.items():
        own = _listed(switch, config, method)
        if (own or left) != hooks:
            yield _setting(switch, method, hooks)


def _setting(switch: Switch, method: str | None, hooks: list[Any]) -> Operation:
    return {"op": "add", "path": pointer(_place(switch, method)), "value": hooks}


def _with(switch: Switch, hooks: list[Any]) -> list[Any]:
    return hooks if _has(switch, hooks) else [*hooks, {"hook": switch.hook}]


def _without(switch: Switch, hooks: list[Any]) -> list[Any]:
    return [entry for entry in hooks if dig(entry, "hook") != switch.hook]


def _effective(switch: Switch, config: Mapping[str, Any], method: str) -> list[Any]:
    return _listed(switch, config, method) or _listed(switch, config, None)


def _listed(switch: Switch, config: Mapping[str, Any], method: str | None) -> list[Any]:
    found = dig(config, *_place(switch, method))
    return found if is_list(found) else []


def _place(switch: Switch, method: str | None) -> tuple[str, ...]:
    return ("selfservice", "flows", switch.flow, "after", *(() if method is None else (method,)), "hooks")


def _has(switch: Switch, hooks: Sequence[Any]) -> bool:
    return any(dig(entry, "hook") == switch.hook for entry in hooks)
