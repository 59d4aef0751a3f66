"""Courier messages as items.

Message: pk `M#<id>` (UUIDv7), sk `#`; `st` status, `n` send count, `rf` refusals, `ver`, times, `doc` sealed (recipient
and data). `nx` is when a postponed one is due, `lu` until when the worker that has it may take: epoch microseconds.
Dispatch: the same pk, sk `D#<try>` or `F#<feedback id>`.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from vestibule.crypto.sealing import Sealer
from vestibule.domain.courier import CourierMessage, Dispatch, DispatchStatus, MessageStatus
from vestibule.domain.times import epoch_seconds, from_micros, to_micros
from vestibule.ports import Item, Key
from vestibule.stores.index_keys import IndexKeys

KEPT = timedelta(days=30)
"""How long messages can be looked at."""

RECIPIENTS = ("email", "sms")


def message_key(message_id: str) -> Key:
    return (f"M#{message_id}", "#")


def status_partition(status: MessageStatus, day: str) -> str:
    return f"ML#{status}#{day}"


class MessageItems:
    def __init__(self, index: IndexKeys, sealer: Sealer) -> None:
        self._index = index
        self._sealer = sealer

    def item(self, message: CourierMessage, *, version: int) -> Item:
        pk, sk = message_key(message.id)
        sealed = {"recipient": message.recipient, "data": dict(message.data)}
        return {
            "pk": pk,
            "sk": sk,
            "g1pk": status_partition(message.status, self.day(message.id)),
            "g1sk": message.id,
            "g2pk": self.recipient_partition(message.via, message.recipient),
            "g2sk": message.id,
            "st": str(message.status),
            "n": message.send_count,
            "via": message.via,
            "ch": message.channel,
            "tt": message.template_type,
            "cat": to_micros(message.created_at),
            "uat": to_micros(message.updated_at),
            "ver": version,
            "ttl": epoch_seconds(message.created_at + KEPT),
            "doc": self._sealer.seal(json.dumps(sealed).encode(), context=message.id.encode()),
        }

    def message(self, item: Item) -> CourierMessage:
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
            refusals=item.get("rf", 0),
            version=item["ver"],
        )

    def recipient_partition(self, via: str, recipient: str) -> str:
        return f"MR#{self._index.hmac(f'address:{via}', recipient)}"

    @staticmethod
    def day(message_id: str) -> str:
        """Of the time in the id (RFC 9562, 5.7), so that the id alone leads to its partition."""
        milliseconds = UUID(message_id).int >> 80
        return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d}"

    @staticmethod
    def dispatch_item(message_id: str, sort: str, dispatch: Dispatch) -> Item:
        return {
            "pk": message_key(message_id)[0],
            "sk": sort,
            "id": dispatch.id,
            "st": str(dispatch.status),
            "err": dispatch.error,
            "at": to_micros(dispatch.at),
            "ttl": epoch_seconds(dispatch.at + KEPT),
        }

    @staticmethod
    def dispatch(item: Item) -> Dispatch:
        message_id = item["pk"].removeprefix("M#")
        return Dispatch(item["id"], message_id, DispatchStatus(item["st"]), from_micros(item["at"]), item["err"])
