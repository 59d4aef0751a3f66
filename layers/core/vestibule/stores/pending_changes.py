"""A profile that waits until its new address is proven: one a person.

Item: pk `I#<identity>`, sk `P#`; `flow` the verification flow, `doc` the change as JSON, `ttl`.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from msgspec.structs import asdict

from vestibule.domain.record import Unprinted
from vestibule.domain.times import epoch_seconds
from vestibule.ports import Delete, Equals, Key, Put, Table


class PendingChange(Unprinted, frozen=True, kw_only=True):
    """`traits` take the place of those that `before` is the digest of, once `address` is proven in `flow_id`.

    Whoever asked for it has to be signed in still, by `session_id`; `origin_id` is the settings flow it was asked in.
    """

    flow_id: str
    via: str
    address: str
    traits: Any
    before: str
    session_id: str
    origin_id: str


def find(table: Table, identity_id: str, flow_id: str) -> PendingChange | None:
    """The change that this verification flow decides about; None where there is none, or a later one."""
    item = table.get([_key(identity_id)])[0]
    if item is None or item["flow"] != flow_id:
        return None
    return PendingChange(**json.loads(item["doc"]))


def putting(identity_id: str, change: PendingChange, *, until: datetime) -> Put:
    """In place of an earlier one, as a part of a transaction."""
    pk, sk = _key(identity_id)
    document = json.dumps(asdict(change), ensure_ascii=False)
    return Put({"pk": pk, "sk": sk, "flow": change.flow_id, "ttl": epoch_seconds(until), "doc": document})


def taking(identity_id: str, change: PendingChange) -> Delete:
    """It is made, as a part of a transaction, which fails where another one took its place."""
    return Delete(_key(identity_id), (Equals("flow", change.flow_id),))


def _key(identity_id: str) -> Key:
    return (f"I#{identity_id}", "P#")
