"""Which hooks run at a point, and in which order. Contract 02 §1."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from vestibule.config.points import CAPABILITIES, Point
from vestibule.domain.outcome import Outcome
from vestibule.hooks.hook import Contribution, Contributor, Hook, Moment
from vestibule.hooks.registry import HOOKS
from vestibule.ports import TransactWrite
from vestibule.services import Services

_LAST = "session"
_VERIFICATION = SimpleNamespace(hook="verification")
_WEB_HOOK = "web_hook"
_VERIFIED_BY_THEMSELVES = {Point.REGISTRATION_POST_PERSIST, Point.SETTINGS_POST_PERSIST}
_STORED = {
    Point.REGISTRATION_PRE_PERSIST: Point.REGISTRATION_POST_PERSIST,
    Point.SETTINGS_PRE_PERSIST: Point.SETTINGS_POST_PERSIST,
}
"""Points at which, of a default list, only the hooks run that may refuse: and the one that says whose turn it is."""


def through(moment: Moment, svc: Services) -> Outcome | Moment:
    """Run the hooks of the moment's point in order: the first Outcome stops them and is the answer.

    A hook may change the moment for those behind it; without a stop, the moment as the last one left it.
    """
    for hook in chain(moment.point, moment.method, svc):
        said = hook(moment, svc)
        if isinstance(said, Moment):
            moment = said
        elif said is not None:
            return said
    return moment


def run(moment: Moment, svc: Services) -> Outcome | None:
    """`through` where only a stop matters."""
    said = through(moment, svc)
    return None if isinstance(said, Moment) else said


def prepare(moment: Moment, svc: Services) -> Contribution:
    """What the hooks of a post-persist point want written along with the identity, before it is.

    Its `moment.identity` is the one to store, and its moment the one to go `through` the point with afterwards.
    """
    writes: tuple[TransactWrite, ...] = ()
    for hook in chain(moment.point, moment.method, svc):
        if isinstance(hook, Contributor):
            added = hook.prepare(moment, svc)
            moment, writes = added.moment, (*writes, *added.writes)
    return Contribution(moment, writes)


def chain(point: Point, method: str, svc: Services) -> list[Hook]:
    """The method's list, or the flow's default list where that yields nothing for this point; `session` last.

    Where verification is enabled, new and changed identities go through it first, listed or not. Hooks that are not
    built yet are left out; the start of the server names them.
    """
    kind, moment = point.value.split(".")
    flow = getattr(svc.config.selfservice.flows, kind)
    if moment == "before":
        return _built(_applicable(flow.before.hooks, point))
    of_method = flow.after.method(method).hooks if hasattr(flow.after, "method") else ()
    entries = _applicable(of_method, point)
    if stored := _STORED.get(point):
        if not _applicable(of_method, stored):
            entries += [entry for entry in _applicable(flow.after.hooks, point) if _refuses(entry)]
    elif not entries:
        entries = _applicable(flow.after.hooks, point)
    implicit = point in _VERIFIED_BY_THEMSELVES and svc.config.selfservice.flows.verification.enabled
    ordered = sorted(entries, key=lambda entry: entry.hook == _LAST)
    return _built([_VERIFICATION, *ordered] if implicit else ordered)


def _applicable(entries: Sequence[Any], point: Point) -> list[Any]:
    return [entry for entry in entries if point in CAPABILITIES[entry.hook]]


def _refuses(entry: Any) -> bool:
    return entry.hook == _WEB_HOOK and entry.config.parses


def _built(entries: Sequence[Any]) -> list[Hook]:
    return [HOOKS[entry.hook](entry) for entry in entries if entry.hook in HOOKS]
