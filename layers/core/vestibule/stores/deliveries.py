"""The delivery log: what became of every call of a web hook, for as long as `vestibule.deliveries.kept` says."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from vestibule.domain.delivery import Delivery, DeliveryStatus, Run, Try
from vestibule.domain.times import epoch_seconds, from_micros, to_micros
from vestibule.ports import (
    Absent,
    AnyOf,
    Clock,
    ConditionFailed,
    Equals,
    IndexEntry,
    Item,
    Key,
    LessThan,
    Present,
    Put,
    Table,
    Update,
)

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


def delivery_key(event_id: str) -> Key:
    return (f"D#{event_id}", "#")


class DeliveryStore:
    """Items: pk `D#<event id>`; sk `#` what became of it, sk `A#<epoch microseconds>` one run with its tries.

    The first is listed in GSI1 `DL#<day>` and GSI2 `DL#<hook>#<day>` by the time of its last run. `who` stands for the
    identity: an HMAC, so that nothing names somebody who was deleted. `lu` is until when the worker that has an event
    may take, `pay` what is needed to send it once more.
    """

    def __init__(self, table: Table, clock: Clock, keys: Sequence[bytes], kept: timedelta) -> None:
        """`keys`: of the HMAC, current first."""
        self._table = table
        self._clock = clock
        self._keys = keys
        self._kept = kept

    # --- writing ---------------------------------------------------------------------------------------

    def noting(self, run: Run) -> tuple[Put, ...]:
        """A run that a step waited for, as a part of the write that ends the step: no call to the store of its own."""
        return Put(self._head(run)), Put(self._row(run))

    def note(self, run: Run) -> None:
        """The same by itself: one call to the store."""
        self._table.transact(self.noting(run))

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
            set={"lu": lease, "st": str(DeliveryStatus.RETRYING), "ttl": self._ttl()},
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

    def ended(self, run: Run, payload: str) -> None:
        """The claimed run with its result. `payload` is kept for a replay."""
        head = self._head(run)
        changes = {name: value for name, value in head.items() if name not in ("pk", "sk", "n")}
        update = Update(delivery_key(run.event_id), set={**changes, "lu": 0, "pay": payload})
        self._table.transact([update, Put(self._row(run))])

    def given_up(self, event_id: str) -> None:
        """No further try follows. Nothing happens to one that was delivered."""
        retrying = Equals("st", str(DeliveryStatus.RETRYING))
        try:
            update = Update(delivery_key(event_id), set={"st": str(DeliveryStatus.DEAD)}, conditions=(retrying,))
            self._table.write(update)
        except ConditionFailed:
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
        return _delivery(item), [_run(row, item) for row in items.values()]

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
        whose = {self._whose(key, identity_id) for key in self._keys} if identity_id else None
        found: list[Delivery] = []
        for entries in self._walk(after, limit, hook, since, until):
            items = self._table.get([entry.key for entry in entries])
            for entry, item in zip(entries, items, strict=True):
                if item is None or item.get("g1sk") != entry.sort:
                    continue  # gone, or listed anew by a later run
                if status not in (None, item["st"]) or (whose is not None and item.get("who") not in whose):
                    continue
                found.append(_delivery(item))
                if len(found) == limit:
                    return found, (entry.sort, entry.key)
        return found, None

    # --- within ----------------------------------------------------------------------------------------

    def _head(self, run: Run) -> Item:
        pk, sk = delivery_key(run.event_id)
        at = to_micros(run.at)
        sort = f"{at:020}#{run.event_id}"
        item: Item = {
            "pk": pk,
            "sk": sk,
            "g1pk": _partition(run.at),
            "g1sk": sort,
            "g2pk": _partition(run.at, run.hook),
            "g2sk": sort,
            "hook": run.hook,
            "pt": run.point,
            "st": str(run.status),
            "at": at,
            "n": run.number,
            "sync": run.waited_for,
            "ttl": self._ttl(),
        }
        optional: Item = {
            "fl": run.flow_id,
            "who": self._whose(self._keys[0], run.identity_id) if run.identity_id else "",
            "code": run.tries[-1].status if run.tries else 0,
            "err": run.error,
        }
        return item | {name: value for name, value in optional.items() if value}

    def _row(self, run: Run) -> Item:
        return {
            "pk": f"D#{run.event_id}",
            "sk": f"A#{to_micros(run.at):020}",
            "n": run.number,
            "st": str(run.status),
            "at": to_micros(run.at),
            "err": run.error,
            "doc": json.dumps([_row_of(each) for each in run.tries], separators=(",", ":")),
            "ttl": self._ttl(),
        }

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
                partition = _partition(day, hook)
                entries = self._table.page(index, partition, after=position, limit=size, descending=True)
                yield [entry for entry in entries if _within(entry, since, until)]
                if len(entries) < size:
                    break
                position = (entries[-1].sort, entries[-1].key)
            day, after = day - _DAY, None

    def _from(self, after: Position | None, until: datetime | None) -> datetime:
        if after is not None:
            return from_micros(int(after[0].partition("#")[0]))
        return min(until or self._clock.now() + _DAY, self._clock.now() + _DAY)

    def _ttl(self) -> int:
        return epoch_seconds(self._clock.now() + self._kept)

    @staticmethod
    def _whose(key: bytes, identity_id: str) -> str:
        return hmac.digest(key, identity_id.encode(), "sha256").hex()[:32]


def _partition(day: datetime, hook: str | None = None) -> str:
    named = f"{hook}#" if hook is not None else ""
    return f"DL#{named}{day:%Y-%m-%d}"


def _within(entry: IndexEntry, since: datetime | None, until: datetime | None) -> bool:
    at = int(entry.sort.partition("#")[0])
    return (since is None or at >= to_micros(since)) and (until is None or at < to_micros(until))


def _row_of(made: Try) -> list[Any]:
    return [to_micros(made.at), made.milliseconds, made.status, made.error, made.request, made.response]


def _delivery(item: Item) -> Delivery:
    return Delivery(
        event_id=item["pk"].removeprefix("D#"),
        hook=item["hook"],
        point=item["pt"],
        status=DeliveryStatus(item["st"]),
        updated_at=from_micros(item["at"]),
        waited_for=item["sync"],
        flow_id=item.get("fl", ""),
        runs=item["n"],
        last_status=item.get("code", 0),
        error=item.get("err", ""),
        can_replay="pay" in item,
    )


def _run(row: Item, head: Item) -> Run:
    tries = tuple(Try(from_micros(at), *rest) for at, *rest in json.loads(row["doc"]))
    return Run(
        event_id=row["pk"].removeprefix("D#"),
        hook=head["hook"],
        point=head["pt"],
        status=DeliveryStatus(row["st"]),
        at=from_micros(row["at"]),
        tries=tries,
        waited_for=head["sync"],
        flow_id=head.get("fl", ""),
        number=row["n"],
        error=row["err"],
    )
