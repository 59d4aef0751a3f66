"""The delivery log: what became of every call of a web hook, for as long as `vestibule.deliveries.kept` says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from vestibule.domain.delivery import Delivery, DeliveryStatus, Run
from vestibule.domain.times import from_micros, to_micros
from vestibule.ports import (
    Absent,
    AnyOf,
    Clock,
    ConditionFailed,
    Equals,
    IndexEntry,
    Key,
    LessThan,
    Present,
    Put,
    Table,
    TransactionCancelled,
    Update,
)
from vestibule.stores.delivery_items import DeliveryItems, delivery, delivery_key, partition, run_of
from vestibule.stores.outbox import Outbox

LEASE = timedelta(minutes=5)
"""How long the worker that claimed an event has for it: longer than its function runs."""

_BATCH = 50
_DAY = timedelta(days=1)
_OPEN = (DeliveryStatus.RETRYING, DeliveryStatus.DEAD, DeliveryStatus.FAILED)


class InWork(Exception):
    """Another worker has the event now. `seconds`: until its lease ends."""

    def __init__(self, seconds: int) -> None:
        super().__init__("another worker has the event")
        self.seconds = seconds


Position = tuple[str, Key]
"""Where a list goes on: the sort value and the key of its last entry."""


class DeliveryStore:
    """Items: see `delivery_items`."""

    def __init__(self, table: Table, outbox: Outbox, clock: Clock, keys: Sequence[bytes], kept: timedelta) -> None:
        """`keys`: of the HMAC, current first."""
        self._table = table
        self._outbox = outbox
        self._clock = clock
        self._items = DeliveryItems(outbox, clock, keys, kept)
        self._kept = kept

    # --- writing ---------------------------------------------------------------------------------------

    def noting(self, run: Run) -> tuple[Put, ...]:
        """A run that a step waited for, as a part of the write that ends the step: no call to the store of its own."""
        return Put(self._items.head(run)), Put(self._items.row(run))

    def claim(self, event_id: str) -> int | None:
        """The number of the run that the caller may make now, alone until its lease ends.

        None where the event was delivered or cancelled: so repeats do nothing. One write. Raises InWork.
        """
        now = to_micros(self._clock.now())
        free = AnyOf((Absent("lu"), LessThan("lu", now)))
        unfinished = AnyOf((Absent("st"), *(Equals("st", str(each)) for each in _OPEN)))
        lease = to_micros(self._clock.now() + LEASE)
        claiming = Update(
            delivery_key(event_id),
            set={"lu": lease, "st": str(DeliveryStatus.RETRYING), "ttl": self._items.ttl()},
            add={"n": 1},
            conditions=(free, unfinished),
        )
        try:
            item = self._table.write(claiming)
        except ConditionFailed as failed:
            held = failed.item or {}
            if held.get("st") in _OPEN and held.get("lu", 0) >= now:
                raise InWork(1 + (held["lu"] - now) // 1_000_000) from None
            return None
        return item["n"] if item is not None else None

    def ended(self, run: Run) -> None:
        """The claimed run with its result."""
        changes = self._items.changes(run)
        update = Update(delivery_key(run.event_id), set={**changes, "lu": 0})
        self._table.transact([update, Put(self._items.row(run))])

    def released(self, event_id: str) -> None:
        """What was claimed is left as it was: no run was made of it."""
        self._table.write(Update(delivery_key(event_id), set={"lu": 0}, add={"n": -1}))

    def given_up(self, run: Run) -> None:
        """No run follows, and none was made now. Nothing happens to what was delivered."""
        retrying = AnyOf((Absent(), Equals("st", str(DeliveryStatus.RETRYING))))
        changes = self._items.changes(run)
        update = Update(delivery_key(run.event_id), set=changes, add={"n": 0}, conditions=(retrying,))
        try:
            self._table.transact([update, self._outbox.putting(self._items.told(run))])
        except TransactionCancelled:
            return

    def reopen(self, event_id: str) -> str | None:
        """What is needed to send the event once more, whatever became of it; None where that is not known."""
        key = delivery_key(event_id)
        update = Update(key, set={"st": str(DeliveryStatus.RETRYING), "lu": 0}, conditions=(Present("pay"),))
        try:
            item = self._table.write(update)
        except ConditionFailed:
            return None
        return item["pay"] if item is not None else None

    # --- reading ---------------------------------------------------------------------------------------

    def payload(self, event_id: str) -> str | None:
        """What is needed to tell of the event once more; None where that is not known. One read."""
        item = self._table.get([delivery_key(event_id)])[0]
        return item.get("pay") if item is not None else None

    def find(self, event_id: str) -> tuple[Delivery, list[Run]] | None:
        """With its runs, first ones first: one query."""
        items = {item["sk"]: item for item in self._table.query(f"D#{event_id}")}
        item = items.pop("#", None)
        if item is None or "hook" not in item:
            return None
        return delivery(item), [run_of(row, item) for row in items.values()]

    def page(
        self,
        *,
        after: Position | None,
        limit: int,
        hook: str | None = None,
        identity_id: str | None = None,
        status: DeliveryStatus | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> tuple[list[Delivery], Position | None]:
        """Up to `limit` of them, newest first, and where to go on (None: that was all).

        Hook and time choose what is read; identity and status only what is shown of it.
        """
        whose = self._items.whose(identity_id) if identity_id else None
        found: list[Delivery] = []
        for entries in self._walk(after, limit, hook, since, until):
            items = self._table.get([entry.key for entry in entries])
            for entry, item in zip(entries, items, strict=True):
                if item is None or item.get("g1sk") != entry.sort:
                    continue  # gone, or listed anew by a later run
                if status not in (None, item["st"]) or (whose is not None and item.get("who") not in whose):
                    continue
                found.append(delivery(item))
                if len(found) == limit:
                    return found, (entry.sort, entry.key)
        return found, None

    # --- within ----------------------------------------------------------------------------------------

    def _walk(
        self, after: Position | None, limit: int, hook: str | None, since: datetime | None, until: datetime | None
    ) -> Iterator[Sequence[IndexEntry]]:
        """Entries in batches, day by day, newest first."""
        index = "GSI2" if hook is not None else "GSI1"
        start, first = self._from(after, until), self._clock.now() - self._kept - _DAY
        oldest = max(since, first) if since is not None else first
        size, day = min(limit + 1, _BATCH), start
        while f"{day:%Y-%m-%d}" >= f"{oldest:%Y-%m-%d}":
            position = after
            while True:
                entries = self._table.page(index, partition(day, hook), after=position, limit=size, descending=True)
                yield [entry for entry in entries if _within(entry, since, until)]
                if len(entries) < size:
                    break
                position = (entries[-1].sort, entries[-1].key)
            day, after = day - _DAY, None

    def _from(self, after: Position | None, until: datetime | None) -> datetime:
        if after is not None:
            return from_micros(int(after[0].partition("#")[0]))
        return min(until or self._clock.now() + _DAY, self._clock.now() + _DAY)


def _within(entry: IndexEntry, since: datetime | None, until: datetime | None) -> bool:
    at = int(entry.sort.partition("#")[0])
    return (since is None or at >= to_micros(since)) and (until is None or at < to_micros(until))
