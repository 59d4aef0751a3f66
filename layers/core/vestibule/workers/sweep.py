"""Publish again what nobody took: after an outage of the publisher, the bus or a worker, nothing stays behind."""

from __future__ import annotations

from datetime import timedelta

from vestibule.domain import event
from vestibule.services import Services

OVERDUE = timedelta(minutes=5)


def sweep(svc: Services, *, overdue: timedelta = OVERDUE, limit: int = 5000) -> int:
    """Publish the events of messages that were due that long ago, of up to `limit` looked at; returns how many."""
    before = svc.clock.now() - overdue
    published = 0
    for looked, (_, due, events) in enumerate(svc.messages.unfinished()):
        if looked == limit:
            break
        if due <= before:
            svc.events.publish(event.read(events))
            published += 1
    return published
