"""Courier messages: written in the transaction that makes them necessary, delivered by the courier worker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from vestibule.crypto.sealing import Sealer
from vestibule.domain.courier import CourierMessage, Dispatch, DispatchStatus, MessageStatus
from vestibule.domain.event import MESSAGE_ABANDONED, MESSAGE_DISPATCHED, MESSAGE_QUEUED, Event, written
from vestibule.domain.times import epoch_seconds, from_micros, to_micros
from vestibule.ports import (
    Absent,
    Clock,
    ConditionFailed,
    Equals,
    Item,
    Key,
    Present,
    Put,
    Random,
    Table,
    TransactionCancelled,
    Update,
)
from vestibule.stores.index_keys import IndexKeys
from vestibule.stores.message_items import KEPT, RECIPIENTS, MessageItems, message_key, status_partition
from vestibule.stores.outbox import Outbox
from vestibule.stores.walking import newest_first

LEASE = timedelta(minutes=2)
"""How long the worker that claimed a message has for it: longer than a function runs, and than a relay may take."""

_TOLD = {MessageStatus.SENT: MESSAGE_DISPATCHED, MessageStatus.ABANDONED: MESSAGE_ABANDONED}

_BATCH = 50
_DAY = timedelta(days=1)


_SOMEBODY = {"identity": " " * 700}
"""As long as an identity is in a message to somebody who is known."""


class MessageStore:
    """Items: see `message_items`. GSI1 `ML#<status>#<day>` / id, GSI2 `MR#<HMAC(recipient)>` / id."""

    def __init__(
        self, table: Table, index: IndexKeys, sealer: Sealer, clock: Clock, random: Random, outbox: Outbox
    ) -> None:
        self._table = table
        self._items = MessageItems(index, sealer)
        self._clock = clock
        self._random = random
        self._outbox = outbox

    # --- writing a message -----------------------------------------------------------------------------

    def queueing(
        self, template_type: str, *, via: str, recipient: str, data: Mapping[str, Any], channel: str | None = None
    ) -> Put:
        """A new message, as a part of the transaction that makes it necessary. `data` fills the template."""
        now = self._clock.now()
        message = CourierMessage(
            id=self._random.uuid7(),
            via=via,
            channel=channel or via,
            recipient=recipient,
            template_type=template_type,
            data=data,
            created_at=now,
            updated_at=now,
        )
        item = self._items.item(message, version=1)
        item["ev"] = written([Event(message.id, MESSAGE_QUEUED)])
        return Put(item, (Absent(),))

    def pretending(self, template_type: str, *, via: str, recipient: str, data: Mapping[str, Any]) -> Put:
        """An item like a message's that nobody lists or sends, for a day.

        So that it takes as long to tell nobody something as to tell somebody.
        """
        item = self.queueing(template_type, via=via, recipient=recipient, data={**data, **_SOMEBODY}).item
        kept = {name: value for name, value in item.items() if name not in ("g1pk", "g1sk", "g2pk", "g2sk", "ev")}
        kept |= {"st": str(MessageStatus.ABANDONED), "ttl": epoch_seconds(self._clock.now() + _DAY)}
        return Put(kept, (Absent(),))

    # --- reading ---------------------------------------------------------------------------------------

    def find(self, message_id: str) -> CourierMessage | None:
        item = self._table.get([message_key(message_id)])[0]
        return self._items.message(item) if item is not None else None

    def with_dispatches(self, message_id: str) -> tuple[CourierMessage, list[Dispatch]] | None:
        """The message and its tries, first ones first: one query."""
        items = {item["sk"]: item for item in self._table.query(message_key(message_id)[0])}
        item = items.pop("#", None)
        if item is None:
            return None
        return self._items.message(item), [self._items.dispatch(row) for row in items.values()]

    def page(
        self,
        *,
        after: str | None = None,
        limit: int,
        status: MessageStatus | None = None,
        recipient: str | None = None,
    ) -> list[CourierMessage]:
        """Up to `limit` messages, newest first, behind the id `after`. The indexes are eventual, the items are not."""
        found: list[CourierMessage] = []
        seen: set[str] = set()
        for message in self._read(self._walk(after, limit, status, recipient), min(limit, _BATCH)):
            if message.id not in seen and status in (None, message.status) and recipient in (None, message.recipient):
                found.append(message)
            seen.add(message.id)
            if len(found) == limit:
                break
        return found

    def unfinished(self) -> Iterator[tuple[CourierMessage, datetime, str]]:
        """Every message that waits or is in work, with when it is due (or its lease ends) and its `ev`, day by day."""
        for day in self._days(None):
            for status in (MessageStatus.QUEUED, MessageStatus.PROCESSING):
                entries = newest_first(self._table, "GSI1", [status_partition(status, day)], None, _BATCH)
                for item in self._read_items(entries, _BATCH):
                    if item["st"] in (MessageStatus.QUEUED, MessageStatus.PROCESSING):
                        yield self._items.message(item), from_micros(_due(item)), item.get("ev", "[]")

    # --- delivering ------------------------------------------------------------------------------------

    def claim(self, message_id: str) -> CourierMessage | None:
        """The message, to be delivered by the caller alone until its lease ends.

        None where there is nothing to do now: it is sent, abandoned, not due yet, or another worker has it. A lease
        that ran out is taken over. One read and one conditional write.
        """
        item = self._table.get([message_key(message_id)])[0]
        now = self._clock.now()
        if item is None or item["st"] not in (MessageStatus.QUEUED, MessageStatus.PROCESSING):
            return None
        if _due(item) > to_micros(now):
            return None
        claiming = Update(
            message_key(message_id),
            set={**self._entering(message_id, MessageStatus.PROCESSING), "lu": to_micros(now + LEASE)},
            add={"n": 1, "ver": 1},
            conditions=(Equals("ver", item["ver"]),),
        )
        try:
            claimed = self._table.write(claiming)
        except ConditionFailed:
            return None
        return self._items.message(claimed) if claimed is not None else None

    def sent(self, message: CourierMessage) -> bool:
        """The claimed message has left. False when its lease ran out and another worker has it."""
        return self._ended(message, MessageStatus.SENT, {}, "")

    def postponed(self, message: CourierMessage, error: str, *, refused: bool, until: datetime) -> bool:
        """This try failed; the next one is due at `until`. False as above."""
        changes = {"nx": to_micros(until), "rf": message.refusals + int(refused)}
        return self._ended(message, MessageStatus.QUEUED, changes, error)

    def abandoned(self, message: CourierMessage, error: str) -> bool:
        """It is given up. False as above."""
        return self._ended(message, MessageStatus.ABANDONED, {}, error)

    def bounced(self, message_id: str, feedback_id: str, error: str) -> bool:
        """What was heard after it was sent, as a failed dispatch; the same `feedback_id` is noted once."""
        if self.find(message_id) is None:
            return False
        row = self._items.dispatch_item(message_id, f"F#{feedback_id}", self._dispatch(message_id, error))
        try:
            self._table.write(Put(row, (Absent(),)))
        except ConditionFailed:
            return False
        return True

    # --- within ----------------------------------------------------------------------------------------

    def _ended(self, message: CourierMessage, status: MessageStatus, changes: Mapping[str, Any], error: str) -> bool:
        """The claimed message in its next status, with the row of this try: one transaction."""
        update = Update(
            message_key(message.id),
            set={**self._entering(message.id, status), **changes},
            add={"ver": 1},
            remove=("lu",),
            conditions=(Present(), Equals("ver", message.version)),
        )
        row = self._items.dispatch_item(message.id, f"D#{message.send_count:06}", self._dispatch(message.id, error))
        if type_ := _TOLD.get(status):
            about = {"message": message.id, "channel": message.channel, "template": message.template_type}
            row = self._outbox.announcing(row, [self._outbox.happened(type_, message.id, **about)])
        try:
            self._table.transact([update, Put(row)])
        except TransactionCancelled:
            return False
        return True

    def _entering(self, message_id: str, status: MessageStatus) -> dict[str, Any]:
        partition = status_partition(status, self._items.day(message_id))
        return {"st": str(status), "g1pk": partition, "uat": to_micros(self._clock.now())}

    def _dispatch(self, message_id: str, error: str) -> Dispatch:
        status = DispatchStatus.FAILED if error else DispatchStatus.SUCCESS
        return Dispatch(self._random.uuid4(), message_id, status, self._clock.now(), error)

    def _walk(
        self, after: str | None, limit: int, status: MessageStatus | None, recipient: str | None
    ) -> Iterator[Key]:
        size = min(limit + 1, _BATCH)
        if recipient is not None:
            partitions = [self._items.recipient_partition(via, recipient) for via in RECIPIENTS]
            yield from newest_first(self._table, "GSI2", partitions, after, size)
            return
        wanted = tuple(MessageStatus) if status is None else (status,)
        for day in self._days(after):
            partitions = [status_partition(each, day) for each in wanted]
            yield from newest_first(self._table, "GSI1", partitions, after, size)

    def _days(self, after: str | None) -> Iterator[str]:
        """From the day of `after` (None: tomorrow, since clocks differ) to the last one that is kept."""
        today = self._clock.now()
        start = f"{today + _DAY:%Y-%m-%d}" if after is None else self._items.day(after)
        for back in range(-1, KEPT.days + 2):
            day = f"{today - back * _DAY:%Y-%m-%d}"
            if day <= start:
                yield day

    def _read(self, keys: Iterator[Key], size: int) -> Iterator[CourierMessage]:
        for item in self._read_items(keys, size):
            yield self._items.message(item)

    def _read_items(self, keys: Iterator[Key], size: int) -> Iterator[Item]:
        """The items under the keys, read in batches; those gone meanwhile are left out."""
        while batch := list(islice(keys, size)):
            yield from (item for item in self._table.get(batch) if item is not None)


def _due(item: Item) -> int:
    """When somebody may claim it, in epoch microseconds."""
    return item["lu"] if item["st"] == MessageStatus.PROCESSING else item.get("nx", item["cat"])
