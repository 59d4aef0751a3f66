"""Events on their way to the publisher: stored with the write that they speak of, listed until they are published.

They stand in the attribute `ev` of what is written, or, where that is long or there is nothing to carry it, in an item
of their own. Items that use GSI1 for themselves are not listed: courier messages are found by their status instead.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice

from vestibule.domain.event import Event, written
from vestibule.domain.times import epoch_seconds, to_micros
from vestibule.ports import Clock, ConditionFailed, Equals, Item, Key, Put, Table, Update

SHARDS = 8
KEPT = timedelta(days=7)

_BATCH = 100
_PREFIX = "OB#"
_INDEX = ("g1pk", "g1sk")


class Outbox:
    """Item of its own: pk `O#<event id>`, sk `#`. GSI1 `OB#<shard>` / time, gone with the acknowledgement."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def announcing(self, item: Item, events: Sequence[Event]) -> Item:
        """The item with the events of this write. Raises ValueError for one that uses GSI1 for itself."""
        if any(name in item for name in _INDEX):
            raise ValueError("this item is listed already; its events need one of their own")
        return {**item, "ev": written(events), **self._listed(events[0].id)}

    def putting(self, events: Sequence[Event]) -> Put:
        """The events as an item of their own, as a part of the transaction that they speak of."""
        key = {"pk": f"O#{events[0].id}", "sk": "#", "ttl": epoch_seconds(self._clock.now() + KEPT)}
        return Put(self.announcing(key, events))

    @staticmethod
    def is_listed(item: Item) -> bool:
        return str(item.get("g1pk", "")).startswith(_PREFIX)

    def acknowledge(self, key: Key, events: str) -> None:
        """They are published. Nothing happens where the item carries others by now, or is gone."""
        update = Update(key, remove=_INDEX, conditions=(Equals("ev", events),))
        try:
            self._table.write(update)
        except ConditionFailed:
            return

    def waiting(self, before: datetime) -> Iterator[tuple[Key, str]]:
        """What was written before that moment and is not acknowledged: (key, its `ev`)."""
        end = f"{to_micros(before):020}"
        for shard in range(SHARDS):
            keys = self._keys(f"{_PREFIX}{shard}", end)
            while batch := list(islice(keys, _BATCH)):
                for item in self._table.get(batch):
                    if item is not None and self.is_listed(item) and "ev" in item:
                        yield (item["pk"], item["sk"]), item["ev"]

    def _listed(self, event_id: str) -> Item:
        shard = zlib.crc32(event_id.encode()) % SHARDS
        return {"g1pk": f"{_PREFIX}{shard}", "g1sk": f"{to_micros(self._clock.now()):020}"}

    def _keys(self, partition: str, end: str) -> Iterator[Key]:
        after: tuple[str, Key] | None = None
        while True:
            entries = self._table.page("GSI1", partition, after=after, limit=_BATCH)
            for entry in entries:
                if entry.sort >= end:
                    return
                yield entry.key
            if len(entries) < _BATCH:
                return
            after = (entries[-1].sort, entries[-1].key)
