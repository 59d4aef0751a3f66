"""Publish again what nobody took: after an outage of the publisher, the bus or a worker, nothing stays behind."""

from __future__ import annotations

from datetime import timedelta
from itertools import islice

from vestibule.domain import event
from vestibule.services import Services

OVERDUE = timedelta(minutes=5)


def sweep(svc: Services, *, overdue: timedelta = OVERDUE, limit: int = 5000) -> int:
    """Publish the events of writes and messages that were due that long ago; returns of how many.

    Looks at up to `limit` of each kind; the next time brings the rest.
    """
    before = svc.clock.now() - overdue
    published = 0
    for key, events in islice(svc.outbox.waiting(before), limit):
        if not svc.events.publish(event.read(events)):
            svc.outbox.acknowledge(key, events)
        published += 1
    for looked, (_, due, events) in enumerate(svc.messages.unfinished()):
        if looked == limit:
            break
        if due <= before:
            svc.events.publish(event.read(events))
            published += 1
    return published
