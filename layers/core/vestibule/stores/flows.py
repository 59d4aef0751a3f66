"""Flows, by id. One item each, deleted seven days after they expire."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from vestibule.domain.code import Purpose, SentCode
from vestibule.domain.event import Event, written
from vestibule.domain.flow import Flow, FlowState, FlowType, Kind
from vestibule.domain.message import Message, Problem
from vestibule.domain.times import epoch_seconds, from_micros, to_micros
from vestibule.ports import (
    Absent,
    AnyOf,
    Condition,
    ConditionFailed,
    Equals,
    Item,
    Key,
    LessThan,
    Present,
    Put,
    Table,
    TransactionCancelled,
    TransactWrite,
    Update,
)
from vestibule.stores.outbox import CARRIED, Outbox

_KEPT_AFTER_EXPIRY = timedelta(days=7)


class FlowChanged(Exception):
    """Another request wrote the flow since it was read."""


def flow_key(flow_id: str) -> Key:
    return (f"F#{flow_id}", "#")


class FlowStore:
    """Item: pk `F#<id>`, sk `#`; `ver`, `ttl`, `exp` (epoch microseconds), `att`, `doc` (the rest, as JSON).

    `ev` are events that nobody took yet (see `outbox`). `code` stands for the codes that were sent and not used: the
    digest of the first one.
    """

    def __init__(self, table: Table, outbox: Outbox) -> None:
        self._table = table
        self._outbox = outbox

    def add(self, flow: Flow, also: Sequence[TransactWrite] = (), told: Sequence[Event] = ()) -> Flow:
        """Store a new flow, in one transaction with `also`; its version is 1 then. `told` happened with it."""
        flow = self._telling(flow, told)
        self._write(self.adding(flow), also)
        return _with_version(flow, 1)

    def open(self, flow: Flow, also: Sequence[TransactWrite] = ()) -> Flow:
        """`add` for somebody who asked for it: that is told, too, by the stream alone (see `outbox`)."""
        put = self.adding(flow)
        opened = self._outbox.happened(f"{flow.kind.capitalize()}Initiated", flow.id, flow=flow.id, client=flow.type)
        self._write(replace(put, item={**put.item, "ev": written([opened])}), also)
        return _with_version(flow, 1)

    def adding(self, flow: Flow) -> Put:
        """`add` as a part of a transaction."""
        return Put({**_item(flow, version=1), **flow.untold}, (Absent(),))

    def save(self, flow: Flow, also: Sequence[TransactWrite] = (), told: Sequence[Event] = ()) -> Flow:
        """Store a flow that was read before, in one transaction with `also`. Raises FlowChanged."""
        if told and len(flow.untold.get("ev", "")) > CARRIED:
            also, told = (*also, self._outbox.putting(told)), ()
        flow = self._telling(flow, told)
        try:
            self._write(self.saving(flow), also)
        except (ConditionFailed, TransactionCancelled) as failed:
            raise FlowChanged(flow.id) from failed
        return _with_version(flow, flow.version + 1)

    def saving(self, flow: Flow) -> Put:
        """`save` as a part of a transaction."""
        return Put({**_item(flow, version=flow.version + 1), **flow.untold}, (Equals("ver", flow.version),))

    def _telling(self, flow: Flow, told: Sequence[Event]) -> Flow:
        return replace(flow, untold=self._outbox.joining(dict(flow.untold), told)) if told else flow

    def _write(self, put: Put, also: Sequence[TransactWrite]) -> None:
        if also:
            self._table.transact([put, *also])
        else:
            self._table.write(put)

    @staticmethod
    def packed(flow: Flow) -> Item:
        """The flow as it would be stored, for whoever keeps one elsewhere."""
        return _item(flow, version=flow.version)

    @staticmethod
    def unpacked(item: Item) -> Flow:
        return _flow(item)

    def using(self, sent: Flow, done: Flow) -> Update:
        """`done` is what becomes of the flow `sent` when its code is used: part of the transaction that acts on it.

        It holds as long as nobody used the code or asked for another one, whatever else others store meanwhile: of any
        number of right codes at once, one is used.
        """
        document = json.dumps(_document(done), separators=(",", ":"), ensure_ascii=False)
        unused = Equals("code", sent.codes[0].digest)
        return Update(flow_key(sent.id), set={"doc": document}, add={"ver": 1}, remove=("code",), conditions=(unused,))

    def attempted(self, flow: Flow, most: int) -> Flow | None:
        """Count one attempt to guess a code, before it is compared: one conditional write.

        The flow as it is now, or None when `most` attempts were counted before.
        """
        counted = Update(
            flow_key(flow.id), add={"att": 1, "ver": 1}, conditions=(Present(), AnyOf(_fewer_attempts_than(most)))
        )
        try:
            item = self._table.write(counted)
        except ConditionFailed:
            return None
        return _flow(item) if item is not None else None

    def find(self, flow_id: str, kind: Kind) -> Flow | None:
        return self.read(self._table.get([flow_key(flow_id)])[0], kind)

    def read(self, item: Item | None, kind: Kind) -> Flow | None:
        """The flow in an item that was read along with others; None when it is missing or of another kind."""
        if item is None:
            return None
        flow = _flow(item)
        return flow if flow.kind is kind else None


def _fewer_attempts_than(most: int) -> tuple[Condition, ...]:
    return (Absent("att"), LessThan("att", most))


def _with_version(flow: Flow, version: int) -> Flow:
    return replace(flow, version=version)


def _item(flow: Flow, *, version: int) -> Item:
    pk, sk = flow_key(flow.id)
    return {
        "pk": pk,
        "sk": sk,
        "ver": version,
        "exp": to_micros(flow.expires_at),
        "ttl": epoch_seconds(flow.expires_at + _KEPT_AFTER_EXPIRY),
        "doc": json.dumps(_document(flow), separators=(",", ":"), ensure_ascii=False),
        **({"att": flow.attempts} if flow.attempts else {}),
        **({"code": flow.codes[0].digest} if flow.codes else {}),
    }


def _document(flow: Flow) -> dict[str, Any]:
    """Short names and no empty values: a flow is to stay under 1 KB, one write unit."""
    document: dict[str, Any] = {
        "kind": flow.kind,
        "type": flow.type,
        "at": to_micros(flow.issued_at),
        "up": to_micros(flow.updated_at) if flow.updated_at else None,
        "url": flow.request_url,
        "csrf": flow.csrf,
        "state": flow.state,
        "active": flow.active,
        "aal": flow.requested_aal,
        "refresh": flow.refresh,
        "schema": flow.identity_schema,
        "org": flow.organization_id,
        "xcode": flow.exchange_code_digest,
        "messages": [message.to_wire() for message in flow.messages],
        "problems": [[problem.pointer, problem.message.to_wire()] for problem in flow.problems],
        "values": dict(flow.values),
        "extra": list(flow.extra_nodes),
        "internal": dict(flow.internal),
        "payload": flow.transient_payload,
        "who": flow.identity_id,
        "codes": [_code_row(code) for code in flow.codes],
    }
    return {name: value for name, value in document.items() if value not in (None, "", [], {}, False)}


def _flow(item: Item) -> Flow:
    document: Mapping[str, Any] = json.loads(item["doc"])
    return Flow(
        id=item["pk"].removeprefix("F#"),
        kind=Kind(document["kind"]),
        type=FlowType(document["type"]),
        issued_at=from_micros(document["at"]),
        updated_at=from_micros(document["up"]) if "up" in document else None,
        expires_at=from_micros(item["exp"]),
        request_url=document["url"],
        csrf=document.get("csrf", ""),
        state=FlowState(document["state"]),
        active=document.get("active"),
        requested_aal=document["aal"],
        refresh=document.get("refresh", False),
        identity_schema=document.get("schema"),
        organization_id=document.get("org"),
        exchange_code_digest=document.get("xcode"),
        messages=tuple(Message.from_wire(message) for message in document.get("messages", ())),
        problems=tuple(
            Problem(Message.from_wire(message), pointer) for pointer, message in document.get("problems", ())
        ),
        values=document.get("values", {}),
        extra_nodes=tuple(document.get("extra", ())),
        internal=document.get("internal", {}),
        transient_payload=document.get("payload"),
        identity_id=document.get("who"),
        codes=tuple(_code(row) for row in document.get("codes", ())),
        attempts=item.get("att", 0),
        untold=Outbox.untold(item),
        version=item["ver"],
    )


def _code_row(code: SentCode) -> list[Any]:
    row = [code.digest, str(code.purpose), code.via, code.address, code.identity_id, to_micros(code.expires_at)]
    return [*row, code.given] if code.given else row


def _code(row: list[Any]) -> SentCode:
    digest, purpose, via, address, identity_id, expires_at, *given = row
    return SentCode(
        digest=digest,
        purpose=Purpose(purpose),
        via=via,
        address=address,
        identity_id=identity_id,
        expires_at=from_micros(expires_at),
        given="".join(given),
    )
