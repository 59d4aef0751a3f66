"""Events on their way to the publisher: stored with the write that they speak of, listed until they are published.

They stand in the attribute `ev` of what is written, or, where that carries others still or there is nothing to carry
them, in an item of their own. An item has `ev` for as long as nobody acknowledged it: who writes the item keeps it.
Items that use GSI1 for themselves are listed in GSI2. Not listed are courier messages, which are found by their status;
new sessions, which are found by their time (`SessionStore.untold`); and that a flow was opened, which anybody may do at
any time: it is told by the stream alone.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice

from msgspec.structs import replace

from vestibule.crypto.event_ids import of_write
from vestibule.domain.event import Event, read, written
from vestibule.domain.times import epoch_seconds, to_micros, to_rfc3339
from vestibule.ports import (
    Absent,
    Clock,
    ConditionFailed,
    Delete,
    Equals,
    Index,
    Item,
    Key,
    Put,
    Table,
    TransactionCancelled,
    Update,
)

SHARDS = 8
KEPT = timedelta(days=7)

CARRIED = 1024
"""Characters of `ev`, beyond which further events have an item of their own."""

_BATCH = 100
_PREFIX = "OB#"
_INDEXES: tuple[tuple[Index, str, str], ...] = (("GSI1", "g1pk", "g1sk"), ("GSI2", "g2pk", "g2sk"))


class Outbox:
    """Item of its own: pk `O#<event id>`, sk `#`, deleted with the acknowledgement. Lists: `OB#<shard>` / time."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def happened(self, type_: str, *written: str, **detail: str | None) -> Event:
        """Of what is written now: `written` are its ids and versions, `detail` what else is told, without empty texts.

        Ids, names of methods and numbers of messages; never traits, addresses or secrets.
        """
        told = {name: value for name, value in detail.items() if value}
        return Event(of_write(type_, *written), type_, {"time": to_rfc3339(self._clock.now()), **told})

    def announcing(self, item: Item, events: Sequence[Event]) -> Item:
        """The item with the events of this write. Raises ValueError for one that uses both indexes for itself."""
        for _, partition, sort in _INDEXES:
            if partition not in item:
                return {**item, "ev": written(events), **self._listed(events[0].id, partition, sort)}
        raise ValueError("this item is listed already; its events need one of their own")

    def putting(self, events: Sequence[Event]) -> Put:
        """The events as an item of their own, as a part of the transaction that they speak of."""
        key = {"pk": f"O#{events[0].id}", "sk": "#", "ttl": epoch_seconds(self._clock.now() + KEPT)}
        return Put(self.announcing(key, events))

    def joining(self, untold: Item, events: Sequence[Event]) -> Item:
        """The attributes that carry events beside those that are `untold` (see there), at the place of those."""
        if not untold:
            return self.announcing({}, events)
        return {**untold, "ev": written([*read(untold["ev"]), *events])}

    @staticmethod
    def untold(item: Item) -> Item:
        """What an item carries that is listed and not acknowledged: to be kept by who puts another in its place."""
        listing = _listing(item)
        return {name: item[name] for name in ("ev", *listing)} if listing and "ev" in item else {}

    def tell(self, write: Update, events: Sequence[Event]) -> None:
        """Write with the events on the item, or beside it where it carries others still. Raises ConditionFailed."""
        riding = {**write.set, "ev": written(events), **self._listed(events[0].id, *_INDEXES[1][1:])}
        try:
            self._table.write(replace(write, set=riding, conditions=(*write.conditions, Absent("ev"))))
        except ConditionFailed as failed:
            if failed.item is None or "ev" not in failed.item:
                raise
            try:
                self._table.transact([write, self.putting(events)])
            except TransactionCancelled as cancelled:
                raise ConditionFailed(cancelled.failed.get(0)) from None

    def remove(self, key: Key, events: Sequence[Event]) -> None:
        """Delete the item and tell of it, and of what it told and nobody took."""
        try:
            self._table.transact([Delete(key, (Absent("ev"),)), self.putting(events)])
        except TransactionCancelled as cancelled:
            held = cancelled.failed.get(0) or {}
            self._table.transact([Delete(key), self.putting([*read(held.get("ev", "[]")), *events])])

    def keep(self, items: Sequence[Item]) -> None:
        """What items tell that are about to go, and nobody took yet."""
        if events := [event for item in items if "ev" in item for event in read(item["ev"])]:
            self._table.write(self.putting(events))

    @staticmethod
    def is_listed(item: Item) -> bool:
        return _listing(item) is not None

    def acknowledge(self, key: Key, item: Item) -> None:
        """What the item carries is published. Nothing happens where it carries others by now, or is gone."""
        same = (Equals("ev", item["ev"]),)
        if key[0].startswith("O#"):
            write: Delete | Update = Delete(key)
        elif listing := _listing(item):
            write = Update(key, remove=("ev", *listing), conditions=same)
        elif key[1].startswith("S#"):
            write = Update(key, remove=("ev",), conditions=same)
        else:
            return
        try:
            self._table.write(write)
        except ConditionFailed:
            return

    def waiting(self, before: datetime) -> Iterator[tuple[Key, Item]]:
        """What was written before that moment and is not acknowledged, with its `ev`."""
        end = f"{to_micros(before):020}"
        for index, _, _ in _INDEXES:
            for shard in range(SHARDS):
                keys = self._keys(index, f"{_PREFIX}{shard}", end)
                while batch := list(islice(keys, _BATCH)):
                    for item in self._table.get(batch):
                        if item is not None and self.is_listed(item) and "ev" in item:
                            yield (item["pk"], item["sk"]), item

    def _listed(self, event_id: str, partition: str, sort: str) -> Item:
        shard = zlib.crc32(event_id.encode()) % SHARDS
        return {partition: f"{_PREFIX}{shard}", sort: f"{to_micros(self._clock.now()):020}"}

    def _keys(self, index: Index, partition: str, end: str) -> Iterator[Key]:
        after: tuple[str, Key] | None = None
        while True:
            entries = self._table.page(index, partition, after=after, limit=_BATCH)
            for entry in entries:
                if entry.sort >= end:
                    return
                yield entry.key
            if len(entries) < _BATCH:
                return
            after = (entries[-1].sort, entries[-1].key)


def _listing(item: Item) -> tuple[str, str] | None:
    """The attributes that list it among what waits."""
    for _, partition, sort in _INDEXES:
        if str(item.get(partition, "")).startswith(_PREFIX):
            return partition, sort
    return None
