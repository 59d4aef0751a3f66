"""Publish again what nobody took: after an outage of the publisher, the bus or a worker, nothing stays behind."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import islice

from vestibule.domain import event
from vestibule.domain.times import from_micros, to_micros
from vestibule.ports import Item, Key, Update
from vestibule.services import Services
from vestibule.stores.outbox import KEPT
from vestibule.workers.devices import with_suspicions

OVERDUE = timedelta(minutes=5)

_SESSIONS: Key = ("SWEPT", "#")
"""`at`: until when new sessions were looked at, in epoch microseconds."""


def sweep(svc: Services, *, overdue: timedelta = OVERDUE, limit: int = 5000) -> int:
    """Publish the events of writes and messages that were due that long ago; returns of how many.

    Looks at up to `limit` of each kind; the next time brings the rest.
    """
    before = svc.clock.now() - overdue
    published, _ = _publish(islice(svc.outbox.waiting(before), limit), svc)
    published += _sessions(before, limit, svc)
    for looked, (_, due, events) in enumerate(svc.messages.unfinished()):
        if looked == limit:
            break
        if due <= before:
            svc.events.publish(event.read(events))
            published += 1
    return published


def _sessions(before: datetime, limit: int, svc: Services) -> int:
    """New sessions are listed for themselves, by their time: each is looked at once, when its events are overdue.

    The place is kept where all of them were taken; so a bus that takes nothing for days loses nothing.
    """
    item = svc.table.get([_SESSIONS])[0]
    after = from_micros(item["at"]) if item is not None else before - KEPT
    if after >= before:
        return 0
    published, complete = _publish(islice(svc.sessions.untold(after, before), limit), svc)
    if complete and published < limit:
        svc.table.write(Update(_SESSIONS, set={"at": to_micros(before)}))
    return published


def _publish(waiting: Iterable[tuple[Key, Item]], svc: Services) -> tuple[int, bool]:
    """How many were to be published, and whether the bus took all of them."""
    count, complete = 0, True
    for key, item in waiting:
        count += 1
        if svc.events.publish(with_suspicions(event.read(item["ev"]), svc)):
            complete = False
        else:
            svc.outbox.acknowledge(key, item)
    return count, complete
