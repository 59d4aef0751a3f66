"""Which hooks run at a point, and in which order. Contract 02 §1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vestibule.config.hooks import CAPABILITIES, Point
from vestibule.domain.outcome import Outcome
from vestibule.hooks.hook import Hook, Moment
from vestibule.hooks.registry import HOOKS
from vestibule.services import Services

_LAST = "session"
_WITHOUT_DEFAULT = {Point.REGISTRATION_PRE_PERSIST, Point.SETTINGS_PRE_PERSIST}


def run(moment: Moment, svc: Services) -> Outcome | None:
    """Run the hooks of the moment's point in order; the first Outcome stops them and is the answer."""
    for hook in chain(moment.point, moment.method, svc):
        outcome = hook(moment, svc)
        if outcome is not None:
            return outcome
    return None


def chain(point: Point, method: str, svc: Services) -> list[Hook]:
    """The method's list, or the flow's default list where that yields nothing for this point; `session` last.

    Hooks that are not built yet are left out; the start of the server names them.
    """
    kind, moment = point.value.split(".")
    flow = getattr(svc.config.selfservice.flows, kind)
    if moment == "before":
        return _built(_applicable(flow.before.hooks, point))
    of_method = flow.after.method(method).hooks if hasattr(flow.after, "method") else ()
    entries = _applicable(of_method, point)
    if not entries and point not in _WITHOUT_DEFAULT:
        entries = _applicable(flow.after.hooks, point)
    return _built(sorted(entries, key=lambda entry: entry.hook == _LAST))


def _applicable(entries: Sequence[Any], point: Point) -> list[Any]:
    return [entry for entry in entries if point in CAPABILITIES[entry.hook]]


def _built(entries: Sequence[Any]) -> list[Hook]:
    return [HOOKS[entry.hook](entry) for entry in entries if entry.hook in HOOKS]
