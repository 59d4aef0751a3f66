"""From the table's changes to the bus: the events that a write carried in `ev`."""

from __future__ import annotations

from vestibule.domain import event
from vestibule.domain.event import Event
from vestibule.ports import Change
from vestibule.services import Services
from vestibule.workers.devices import with_suspicions


class NotPublished(Exception):
    """The bus did not take all events of a change; the change is to be seen again. Nothing else is lost by that."""


def publish(change: Change, svc: Services) -> None:
    """Publish what the change announces, and acknowledge what is listed. Raises NotPublished."""
    events = with_suspicions(announced(change), svc)
    if not events:
        return
    if failed := svc.events.publish(events):
        raise NotPublished(f"{len(failed)} of {len(events)} events were not taken")
    if change.new is not None:
        svc.outbox.acknowledge(change.key, change.new)


def announced(change: Change) -> list[Event]:
    """The events of this write. An item keeps its `ev`: later writes of other attributes announce nothing again."""
    if change.new is None or "ev" not in change.new:
        return []
    if change.old is not None and change.old.get("ev") == change.new["ev"]:
        return []
    return event.read(change.new["ev"])
