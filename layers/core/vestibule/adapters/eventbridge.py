"""Port Events on AWS: EventBridge for everybody, SQS for what one worker is to see once more."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from vestibule.adapters.aws import AwsRefused, AwsService, AwsUnanswered
from vestibule.domain.event import Event

SOURCE = "vestibule"

_ENTRIES = 10
_BYTES = 240 * 1024
"""Of one PutEvents: its limit is 256 KB, counted with names that are not in the detail."""


class EventBridge:
    """PutEvents answers 200 also when it took only some: what it did not take is told by position."""

    def __init__(self, bus: str, queue: str, events: AwsService, sqs: AwsService) -> None:
        self._bus = bus
        self._queue = queue
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
        body = json.dumps({"detail-type": event.type, "source": SOURCE, "detail": event.to_json()})
        try:
            self._sqs.call("send_message", QueueUrl=self._queue, MessageBody=body, DelaySeconds=min(seconds, 900))
        except (AwsRefused, AwsUnanswered):
            return

    def _entry(self, event: Event) -> dict[str, str]:
        return {
            "EventBusName": self._bus,
            "Source": SOURCE,
            "DetailType": event.type,
            "Detail": json.dumps(event.to_json(), separators=(",", ":")),
        }


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
