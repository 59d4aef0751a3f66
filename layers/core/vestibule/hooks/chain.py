"""Running the hooks of a point, in order. Which they are is said in `choosing`."""

from __future__ import annotations

from msgspec.structs import replace

from vestibule.config.points import Point
from vestibule.domain.errors import FlowError
from vestibule.domain.outcome import FlowInvalid, Outcome
from vestibule.domain.times import to_micros
from vestibule.hooks import choosing
from vestibule.hooks.hook import Contribution, Contributor, Hook, Moment
from vestibule.hooks.registry import made
from vestibule.lifecycle import drawing
from vestibule.ports import TransactWrite
from vestibule.services import Services

_PREVENTS = frozenset({Point.LOGIN_AFTER, Point.REGISTRATION_PRE_PERSIST, Point.SETTINGS_PRE_PERSIST})
"""Points in front of what the step is for: a hook that fails there prevents it."""


def through(moment: Moment, svc: Services) -> Outcome | Moment:
    """Run the hooks of the moment's point in order: the first Outcome stops them and is the answer.

    A hook may change the moment for those behind it; without a stop, the moment as the last one left it.
    """
    for position, hook in enumerate(chain(moment.point, moment.method, svc)):
        try:
            said = hook(replace(moment, position=position), svc)
        except FlowError:
            settle(replace(moment, writes=(*moment.writes, *_failure(moment, svc))), svc)
            raise
        if isinstance(said, Moment):
            moment = said
        elif said is not None:
            if not isinstance(said, FlowInvalid):  # which has them in the flow's update
                settle(moment, svc)
            return said
    return moment


def _failure(moment: Moment, svc: Services) -> tuple[TransactWrite, ...]:
    """What was about to happen, and did not since a hook failed."""
    if moment.point not in _PREVENTS:
        return ()
    when = str(to_micros(svc.clock.now()))
    return (svc.outbox.putting([drawing.failed(replace(moment.flow, problems=()), moment.method, svc, when)]),)


def settle(moment: Moment, svc: Services) -> None:
    """Write what belongs to the write that ends the step, where there is no such write."""
    if moment.writes:
        svc.table.transact(moment.writes)


def run(moment: Moment, svc: Services) -> Outcome | None:
    """`through` where only a stop matters, and no write of the step follows."""
    said = through(moment, svc)
    if not isinstance(said, Moment):
        return said
    settle(said, svc)
    return None


def prepare(moment: Moment, svc: Services) -> Contribution:
    """What the hooks of a post-persist point want written along with the identity, before it is.

    Its `moment.identity` is the one to store, and its moment the one to go `through` the point with afterwards.
    """
    writes: tuple[TransactWrite, ...] = ()
    for position, hook in enumerate(chain(moment.point, moment.method, svc)):
        if isinstance(hook, Contributor):
            added = hook.prepare(replace(moment, position=position), svc)
            moment, writes = added.moment, (*writes, *added.writes)
    return Contribution(moment, writes)


def chain(point: Point, method: str, svc: Services) -> list[Hook]:
    """The hooks that are chosen. Those that are not built yet are left out; the start of the server names them."""
    chosen = choosing.chosen(point, method, svc.config).hooks
    found = (made(each.entry.hook, each.entry) for each in chosen)
    return [hook for hook in found if hook is not None]
