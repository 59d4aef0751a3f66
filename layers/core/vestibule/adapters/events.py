"""Port Events: the bus that the environment names; inside this process where it names none."""

from __future__ import annotations

import os

from vestibule.adapters.queued_events import QueuedEvents
from vestibule.ports import Clock, Events

_QUEUES = {"courier": "COURIER_QUEUE", "webhooks": "WEBHOOKS_QUEUE", "webhooks_dead": "WEBHOOKS_DEAD"}


def open_events(clock: Clock) -> Events:
    """`VESTIBULE_BUS` names the bus, `VESTIBULE_COURIER_QUEUE` where the courier's later tries go.

    `VESTIBULE_WEBHOOKS_QUEUE` is where calls wait, `VESTIBULE_WEBHOOKS_DEAD` where those end that nobody took.
    """
    bus = os.environ.get("VESTIBULE_BUS")
    queues = {each: os.environ.get(f"VESTIBULE_{name}", "") for each, name in _QUEUES.items()}
    if not bus and not any(queues.values()):
        return QueuedEvents(clock)
    from vestibule.adapters.aws import AwsService  # noqa: PLC0415 (only workers publish)
    from vestibule.adapters.eventbridge import EventBridge, Queues  # noqa: PLC0415 (as above)

    return EventBridge(bus or "", Queues(**queues), AwsService("events"), AwsService("sqs"))
