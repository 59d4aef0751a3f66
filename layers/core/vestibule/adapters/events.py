"""Port Events: the bus that the environment names; inside this process where it names none."""

from __future__ import annotations

import os

from vestibule.adapters.queued_events import QueuedEvents
from vestibule.ports import Clock, Events


def open_events(clock: Clock) -> Events:
    """`VESTIBULE_BUS` names the bus, `VESTIBULE_COURIER_QUEUE` where the courier's later tries go."""
    bus = os.environ.get("VESTIBULE_BUS")
    if not bus:
        return QueuedEvents(clock)
    from vestibule.adapters.aws import AwsService  # noqa: PLC0415 (only workers publish)
    from vestibule.adapters.eventbridge import EventBridge  # noqa: PLC0415 (as above)

    return EventBridge(bus, os.environ.get("VESTIBULE_COURIER_QUEUE", ""), AwsService("events"), AwsService("sqs"))
