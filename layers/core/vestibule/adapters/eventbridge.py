"""Port Events on AWS: EventBridge for everybody, SQS for what one worker is to see once more."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence

from msgspec import Struct

from vestibule.adapters.aws import AwsRefused, AwsService, AwsUnanswered
from vestibule.domain.event import Event
from vestibule.ports import EventsUnavailable

SOURCE = "vestibule"

_log = logging.getLogger("vestibule.webhooks")

_ENTRIES = 10
_BYTES = 240 * 1024
"""Of one PutEvents: its limit is 256 KB, counted with names that are not in the detail."""


_LONGEST_HOLD = 12 * 3600 - 60
"""Seconds that SQS hides a message for, counted from when it was received."""


class Queues(Struct, frozen=True):
    """Addresses; empty where the function has nothing to do with one."""

    courier: str = ""
    webhooks: str = ""
    webhooks_dead: str = ""


class EventBridge:
    """PutEvents answers 200 also when it took only some: what it did not take is told by position."""

    def __init__(self, bus: str, queues: Queues, events: AwsService, sqs: AwsService) -> None:
        self._bus = bus
        self._queues = queues
        self._events = events
        self._sqs = sqs

    def publish(self, events: Sequence[Event]) -> Sequence[int]:
        failed: list[int] = []
        for part in _parts(events):
            entries = [self._entry(events[position]) for position in part]
            try:
                answer = self._events.call("put_events", Entries=entries)
            except (AwsRefused, AwsUnanswered):
                failed += part
                continue
            if answer.get("FailedEntryCount"):
                failed += [at for at, row in zip(part, answer["Entries"], strict=True) if row.get("ErrorCode")]
        return failed

    def later(self, event: Event, seconds: int) -> None:
        """As the rule would bring it. What cannot be queued, the sweeper brings."""
        body = _as_the_rule_brings(event)
        try:
            self._sqs.call(
                "send_message", QueueUrl=self._queues.courier, MessageBody=body, DelaySeconds=min(seconds, 900)
            )
        except (AwsRefused, AwsUnanswered):
            return

    def hold(self, handle: str, seconds: int) -> None:
        """What cannot be held comes again when the queue's own time is over: too early, but not lost."""
        try:
            self._sqs.call(
                "change_message_visibility",
                QueueUrl=self._queues.webhooks,
                ReceiptHandle=handle,
                VisibilityTimeout=min(seconds, _LONGEST_HOLD),
            )
        except (AwsRefused, AwsUnanswered) as failure:
            _log.warning("a call of a web hook comes again too early, since it could not be held: %s", failure)

    def bury(self, event: Event) -> None:
        self._sent(self._queues.webhooks_dead, event)

    def send(self, event: Event) -> None:
        self._sent(self._queues.webhooks, event)

    def _sent(self, queue: str, event: Event) -> None:
        try:
            self._sqs.call("send_message", QueueUrl=queue, MessageBody=_as_the_rule_brings(event))
        except (AwsRefused, AwsUnanswered) as failure:
            raise EventsUnavailable(str(failure)) from None

    def _entry(self, event: Event) -> dict[str, str]:
        return {
            "EventBusName": self._bus,
            "Source": SOURCE,
            "DetailType": event.type,
            "Detail": json.dumps(event.to_json(), separators=(",", ":")),
        }


def _as_the_rule_brings(event: Event) -> str:
    return json.dumps({"detail-type": event.type, "source": SOURCE, "detail": event.to_json()})


def _parts(events: Sequence[Event]) -> Iterator[list[int]]:
    """Positions, as many together as one call takes."""
    part: list[int] = []
    size = 0
    for position, event in enumerate(events):
        length = len(json.dumps(event.to_json()).encode()) + 1024
        if part and (len(part) == _ENTRIES or size + length > _BYTES):
            yield part
            part, size = [], 0
        part.append(position)
        size += length
    if part:
        yield part
