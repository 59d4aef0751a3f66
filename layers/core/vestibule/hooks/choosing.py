"""Which of the configured hooks are chosen at a point, and why. Contract 02 §1, with our deviation D1."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from vestibule.config.points import CAPABILITIES, Point

if TYPE_CHECKING:
    from vestibule.config.model import Config

_LAST = "session"
_VERIFICATION = SimpleNamespace(hook="verification")
_WEB_HOOK = "web_hook"
_VERIFIED_BY_THEMSELVES = {Point.REGISTRATION_POST_PERSIST, Point.SETTINGS_POST_PERSIST}
_STORED = {
    Point.REGISTRATION_PRE_PERSIST: Point.REGISTRATION_POST_PERSIST,
    Point.SETTINGS_PRE_PERSIST: Point.SETTINGS_POST_PERSIST,
}
"""Points at which, of a default list, only the hooks run that may refuse: and the one that says whose turn it is."""


class Won(StrEnum):
    """Whose hooks run."""

    BEFORE = "before"
    """The flow has one list for its start."""
    FLOW = "flow"
    """The flow has one list for its end: it knows no methods."""
    METHOD = "method"
    """The method's list, in place of the default one."""
    DEFAULT = "default"
    """The default list: the method has none of its own that can run here."""


class Placed(Struct, frozen=True):
    """A hook where it stands: the keys above its list in `selfservice.flows`, its position there.

    Without a place it runs although nobody listed it.
    """

    entry: Any
    place: tuple[str, ...] = ()
    position: int = 0

    @property
    def is_implicit(self) -> bool:
        return not self.place

    @property
    def pointer(self) -> str:
        """RFC 6901, in the whole configuration."""
        return f"/selfservice/flows/{'/'.join(self.place)}/hooks/{self.position}" if self.place else ""


class Choice(Struct, frozen=True):
    """The hooks of a point in the order in which they run."""

    point: Point
    hooks: tuple[Placed, ...]
    won: Won


def chosen(point: Point, method: str, config: Config) -> Choice:
    """The method's list, or the flow's default list where that yields nothing for this point; `session` last.

    Where verification is enabled, new and changed identities go through it first, listed or not.
    """
    kind, moment = point.value.split(".")
    flow = getattr(config.selfservice.flows, kind)
    if moment == "before":
        return Choice(point, _applicable(flow.before.hooks, point, kind, "before"), Won.BEFORE)
    default = _applicable(flow.after.hooks, point, kind, "after")
    if not hasattr(flow.after, "method"):
        return Choice(point, _ordered(default), Won.FLOW)
    listed = flow.after.method(method).hooks
    own = _applicable(listed, point, kind, "after", method)
    if stored := _STORED.get(point):
        won = Won.METHOD if any(stored in CAPABILITIES[entry.hook] for entry in listed) else Won.DEFAULT
        entries = own if won is Won.METHOD else (*own, *(each for each in default if _parses(each.entry)))
    else:
        won = Won.METHOD if own else Won.DEFAULT
        entries = own or default
    implicit = point in _VERIFIED_BY_THEMSELVES and config.selfservice.flows.verification.enabled
    ordered = _ordered(entries)
    return Choice(point, (Placed(_VERIFICATION), *ordered) if implicit else ordered, won)


def is_silent(entry: Any, point: Point) -> bool:
    """Whether a hook that can run at the point leaves it to another point of the same step.

    In registration and settings, web hooks whose answers are read run before the identity is stored, others after it.
    """
    if entry.hook != _WEB_HOOK:
        return False
    return point in (_STORED.values() if _parses(entry) else _STORED)


def points(flow: str) -> tuple[Point, ...]:
    """The points of a flow, in the order in which it comes to them."""
    return tuple(point for point in Point if point.value.split(".")[0] == flow)


def _applicable(entries: Sequence[Any], point: Point, *place: str) -> tuple[Placed, ...]:
    return tuple(
        Placed(entry, place, position) for position, entry in enumerate(entries) if point in CAPABILITIES[entry.hook]
    )


def _ordered(hooks: tuple[Placed, ...]) -> tuple[Placed, ...]:
    return tuple(sorted(hooks, key=lambda each: each.entry.hook == _LAST))


def _parses(entry: Any) -> bool:
    return entry.hook == _WEB_HOOK and entry.config.parses
