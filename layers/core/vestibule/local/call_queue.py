"""The queue of calls inside the local server: what waits there, waits across restarts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

from vestibule.domain.event import WEB_HOOK_DUE, Event
from vestibule.domain.times import to_micros
from vestibule.ports import Clock, ConditionFailed, Delete, Equals, Item, Key, Put, Table, Update

LEASE = timedelta(minutes=5)
"""How long a worker has for what it took, before another one sees it."""

_LIST = "CQ"
_BATCH = 25


class CallQueue:
    """Item: pk `CQ#<event id>`, sk `#`; `doc` the event. GSI1 `CQ` / when it is due."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def keep(self, event: Event) -> None:
        """Other events than calls are not for this queue."""
        if event.type == WEB_HOOK_DUE:
            pk, sk = _key(event)
            self._table.write(Put({"pk": pk, "sk": sk, "doc": json.dumps(event.to_json()), **self._due(0)}))

    def take(self) -> Iterator[Event]:
        """What is due now; it is nobody else's until its lease ends."""
        now = f"{to_micros(self._clock.now()):020}"
        entries = self._table.page("GSI1", _LIST, limit=_BATCH)
        items = self._table.get([entry.key for entry in entries if entry.sort <= now]) if entries else []
        for item in items:
            if item is not None and self._leased(item):
                yield Event.from_json(json.loads(item["doc"]))

    def hold(self, event: Event, seconds: int) -> None:
        self._table.write(Update(_key(event), set=self._due(seconds)))

    def done(self, event: Event) -> None:
        self._table.write(Delete(_key(event)))

    def _leased(self, item: Item) -> bool:
        lease = self._due(int(LEASE.total_seconds()))
        try:
            self._table.write(Update((item["pk"], item["sk"]), set=lease, conditions=(Equals("g1sk", item["g1sk"]),)))
        except ConditionFailed:
            return False
        return True

    def _due(self, seconds: int) -> Item:
        return {"g1pk": _LIST, "g1sk": f"{to_micros(self._clock.now() + timedelta(seconds=seconds)):020}"}


def _key(event: Event) -> Key:
    return (f"CQ#{event.id}", "#")
