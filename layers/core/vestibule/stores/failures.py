"""What the error page shows: an error object under an id, for a day. Contract 01 §10."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from msgspec import Struct

from vestibule.domain.json import Json
from vestibule.domain.times import epoch_seconds, from_micros, to_micros
from vestibule.ports import Clock, Put, Random, Table

_KEPT = timedelta(days=1)


class Failure(Struct, frozen=True):
    """An error that a browser was sent away with. `error` is the wire's error object."""

    id: str
    error: Json
    created_at: datetime


class FailureStore:
    """Item: pk `E#<id>`, sk `#`; `at` epoch microseconds, `doc` the error as JSON, `ttl`."""

    def __init__(self, table: Table, clock: Clock, random: Random) -> None:
        self._table = table
        self._clock = clock
        self._random = random

    def add(self, error: Json) -> Failure:
        failure = Failure(self._random.uuid4(), error, self._clock.now())
        item = {
            "pk": f"E#{failure.id}",
            "sk": "#",
            "at": to_micros(failure.created_at),
            "ttl": epoch_seconds(failure.created_at + _KEPT),
            "doc": json.dumps(error, separators=(",", ":")),
        }
        self._table.write(Put(item))
        return failure

    def find(self, failure_id: str) -> Failure | None:
        """None when it is unknown or older than a day."""
        item = self._table.get([(f"E#{failure_id}", "#")])[0]
        if item is None:
            return None
        failure = Failure(failure_id, json.loads(item["doc"]), from_micros(item["at"]))
        return failure if failure.created_at + _KEPT > self._clock.now() else None
