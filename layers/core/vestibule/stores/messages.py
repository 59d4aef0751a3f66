"""Courier messages: written in the transaction that makes them necessary, delivered by the courier worker."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from vestibule.crypto.sealing import Sealer
from vestibule.domain.courier import CourierMessage, MessageStatus
from vestibule.domain.times import from_micros, to_micros
from vestibule.ports import Absent, Clock, Item, Key, Put, Random, Table
from vestibule.stores.index_keys import IndexKeys

QUEUED_EVENT = "CourierMessageQueued"


def message_key(message_id: str) -> Key:
    return (f"M#{message_id}", "#")


class MessageStore:
    """Item: pk `M#<id>` (UUIDv7), sk `#`; `st` status, `n` send count, `ver`, times, `doc` sealed (recipient and data).

    GSI1 `ML#<status>#<day>` / id, GSI2 `MR#<HMAC(recipient)>` / id. `ev` names the event for the publisher.
    """

    def __init__(self, table: Table, index: IndexKeys, sealer: Sealer, clock: Clock, random: Random) -> None:
        self._table = table
        self._index = index
        self._sealer = sealer
        self._clock = clock
        self._random = random

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
        item = self._item(message, version=1)
        item["ev"] = json.dumps([{"type": QUEUED_EVENT, "id": message.id}])
        return Put(item, (Absent(),))

    def find(self, message_id: str) -> CourierMessage | None:
        item = self._table.get([message_key(message_id)])[0]
        return self._message(item) if item is not None else None

    def _item(self, message: CourierMessage, *, version: int) -> Item:
        pk, sk = message_key(message.id)
        sealed = {"recipient": message.recipient, "data": dict(message.data)}
        recipient = self._index.hmac(f"address:{message.via}", message.recipient)
        return {
            "pk": pk,
            "sk": sk,
            "g1pk": f"ML#{message.status}#{message.created_at:%Y-%m-%d}",
            "g1sk": message.id,
            "g2pk": f"MR#{recipient}",
            "g2sk": message.id,
            "st": str(message.status),
            "n": message.send_count,
            "via": message.via,
            "ch": message.channel,
            "tt": message.template_type,
            "cat": to_micros(message.created_at),
            "uat": to_micros(message.updated_at),
            "ver": version,
            "doc": self._sealer.seal(json.dumps(sealed).encode(), context=message.id.encode()),
        }

    def _message(self, item: Item) -> CourierMessage:
        message_id = item["pk"].removeprefix("M#")
        plain = self._sealer.open(item["doc"], context=message_id.encode())
        sealed: dict[str, Any] = json.loads(plain) if plain is not None else {"recipient": "", "data": {}}
        return CourierMessage(
            id=message_id,
            via=item["via"],
            channel=item["ch"],
            recipient=sealed["recipient"],
            template_type=item["tt"],
            data=sealed["data"],
            created_at=from_micros(item["cat"]),
            updated_at=from_micros(item["uat"]),
            status=MessageStatus(item["st"]),
            send_count=item["n"],
            version=item["ver"],
        )
