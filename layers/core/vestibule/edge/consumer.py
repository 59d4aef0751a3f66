"""From a step to a handler of records: those that failed are told back by name, the others are done with."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,  # pyright: ignore[reportUnknownVariableType]  # one of its parameters has no type
)

from vestibule import wiring
from vestibule.domain.event import Event
from vestibule.edge import telemetry
from vestibule.ports import Change
from vestibule.services import Services
from vestibule.workers.later import TryLater

Records = dict[str, Any]
Handler = Callable[[Records, Any], Any]
Document = Mapping[str, Any]


def of_stream(step: Callable[[Change, Services], None]) -> Handler:
    """For a table's stream. Of the images only texts are read: what is announced is one."""

    def take(record: Document, svc: Services) -> None:
        change = record["dynamodb"]
        key = (change["Keys"]["pk"]["S"], change["Keys"]["sk"]["S"])
        old, new = (_texts(change.get(image)) for image in ("OldImage", "NewImage"))
        step(Change(change["SequenceNumber"], key, old, new), svc)

    return _handler(take, EventType.DynamoDBStreams)


def of_queue(step: Callable[[Document, Services], None]) -> Handler:
    """For a queue of JSON documents."""

    def take(record: Document, svc: Services) -> None:
        step(json.loads(record["body"]), svc)

    return _handler(take, EventType.SQS)


def of_bus(step: Callable[[Event, Services], str | None]) -> Handler:
    """For a queue behind a rule of the bus: documents are EventBridge's, with the event in `detail`.

    What the step says is counted, for an alarm.
    """

    def take(document: Document, svc: Services) -> None:
        said = step(Event.from_json(document["detail"]), svc)
        if said is not None:
            telemetry.alarming(said)

    return of_queue(take)


def of_calls(step: Callable[[Event, Services], None]) -> Handler:
    """As `of_bus`, for a queue whose messages wait differently long between their tries."""

    def take(record: Document, svc: Services) -> None:
        try:
            step(Event.from_json(json.loads(record["body"])["detail"]), svc)
        except TryLater as later:
            svc.events.hold(record["receiptHandle"], later.seconds)
            raise

    return _handler(take, EventType.SQS)


def _handler(take: Callable[[Document, Services], None], kind: EventType) -> Handler:
    def handler(event: Records, context: Any) -> Any:
        svc = wiring.services()

        def each(record: Any) -> None:
            try:
                take(record.raw_event, svc)
            except TryLater:  # no failure, but not done with either
                raise
            except Exception as failure:
                telemetry.failed(failure)
                raise

        processor = BatchProcessor(event_type=kind, raise_on_entire_batch_failure=False)
        with telemetry.request(event, context):
            return process_partial_response(event=event, record_handler=each, processor=processor, context=context)

    return handler


def _texts(image: Mapping[str, Mapping[str, Any]] | None) -> dict[str, Any] | None:
    if image is None:
        return None
    return {name: value["S"] for name, value in image.items() if "S" in value}
