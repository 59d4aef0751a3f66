"""Whose an address is, and what was heard of it after mail went there.

The rows of the first are written with the identity that has the address: see `identities`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from vestibule.config.normalise import email
from vestibule.domain.json import Json
from vestibule.domain.times import epoch_seconds, from_micros, to_micros, to_rfc3339
from vestibule.ports import Item, Key, Table, Update
from vestibule.stores.index_keys import IndexKeys

FEEDBACK_KEPT = timedelta(days=180)


def address_key(index: IndexKeys, via: str, value: str) -> Key:
    """Where the entry of a normalised address stands."""
    return (f"A#{via}#{index.hmac(f'address:{via}', value)}", "#")


def recovery_owner(item: Item | None) -> str | None:
    """The id of the identity that can be got back into by the address of this entry; None where none can."""
    return item["id"] if item is not None and "recovery" in item["roles"] else None


def verifiable_owner(item: Item | None) -> str | None:
    """The id of the identity that can prove the address of this entry; None where nobody can."""
    return item["id"] if item is not None and "verifiable" in item["roles"] else None


# --- what was heard of it ------------------------------------------------------------------------------


class Feedback(Struct, frozen=True):
    """The last that was heard; `kind` is `bounce` or `complaint`."""

    kind: str
    at: datetime

    def to_wire(self) -> Json:
        return {"kind": self.kind, "at": to_rfc3339(self.at)}


def noting(index: IndexKeys, value: str, feedback: Feedback) -> Update:
    """Item: pk `A#email#<HMAC>`, sk `F#`, whether anybody here has the address or not. Its spelling does not matter."""
    kind, at = feedback.kind, feedback.at
    said = {"kind": kind, "at": to_micros(at), "ttl": epoch_seconds(at + FEEDBACK_KEPT)}
    return Update(_feedback_key(index, "email", email(value)), set=said)


def heard(table: Table, index: IndexKeys, addresses: Sequence[tuple[str, str]]) -> list[Feedback | None]:
    """Of each address (channel, normalised value) the last, if any: one read."""
    items = table.get([_feedback_key(index, *address) for address in addresses], consistent=False) if addresses else []
    return [Feedback(item["kind"], from_micros(item["at"])) if item is not None else None for item in items]


def _feedback_key(index: IndexKeys, via: str, value: str) -> Key:
    return (address_key(index, via, value)[0], "F#")
