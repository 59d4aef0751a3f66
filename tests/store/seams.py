"""Calls that stand before another Call of the DynamoDB adapter: to count and to disturb."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from vestibule.adapters.dynamodb_call import Call, Refused, Unanswered
from vestibule.adapters.dynamodb_values import decode_item
from vestibule.adapters.items import item_size
from vestibule.ports import Item

READS = ("GetItem", "BatchGetItem", "Query")
WRITES = ("PutItem", "UpdateItem", "DeleteItem")


@dataclass
class Recording:
    """Notes every call and adds up the capacity that it consumed, as DynamoDB Local says.

    Of a transaction it says 4 units for each started KB of one item, whatever the number of items: those are counted
    here, by the rule that DynamoDB itself keeps: twice for the items, once for their entries in indexes.
    """

    call: Call
    operations: list[str] = field(default_factory=list)
    documents: list[dict[str, Any]] = field(default_factory=list)
    read_units: float = 0
    write_units: float = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, operation: str, document: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            self.operations.append(operation)
            self.documents.append(document)
        if operation == "TransactWriteItems":
            return self._transaction(document)
        counted = operation in READS + WRITES
        answer = self.call(operation, document | ({"ReturnConsumedCapacity": "TOTAL"} if counted else {}))
        consumed = answer.get("ConsumedCapacity") or []
        units = sum(entry["CapacityUnits"] for entry in (consumed if isinstance(consumed, list) else [consumed]))
        with self.lock:
            if operation in READS:
                self.read_units += units
            else:
                self.write_units += units
        return answer

    def reset(self) -> None:
        self.operations.clear()
        self.documents.clear()
        self.read_units = self.write_units = 0

    def _transaction(self, document: dict[str, Any]) -> dict[str, Any]:
        actions = [next(iter(item.values())) for item in document["TransactItems"]]
        before = [self._item(action) for action in actions]
        answer = self.call("TransactWriteItems", document)
        after = [self._item(action) for action in actions]
        with self.lock:
            self.write_units += sum(map(transacted_units, before, after))
        return answer

    def _item(self, action: dict[str, Any]) -> Item | None:
        key = action.get("Key") or {name: action["Item"][name] for name in ("pk", "sk")}
        found = self.call("GetItem", {"TableName": action["TableName"], "Key": key, "ConsistentRead": True})
        return decode_item(found["Item"]) if "Item" in found else None


def write_units(before: Item | None, after: Item | None) -> int:
    """What one write outside of a transaction consumes: each started KB of the larger item, and of index entries."""
    return _item_units(before, after) + _index_units(before, after)


def transacted_units(before: Item | None, after: Item | None) -> int:
    """What it consumes in a transaction. Indexes follow outside of it, so that their entries are not counted twice."""
    return 2 * _item_units(before, after) + _index_units(before, after)


def _item_units(before: Item | None, after: Item | None) -> int:
    return max(1, *(-(-item_size(item) // 1024) for item in (before or {}, after or {})))


def _index_units(before: Item | None, after: Item | None) -> int:
    units = 0
    for names in (("g1pk", "g1sk"), ("g2pk", "g2sk")):
        old, new = ([item.get(name) for name in names] if item else [None] for item in (before, after))
        if old != new:
            units += (None not in old) + (None not in new)
    return units


@dataclass
class LosingAnswers:
    """Applies the first `times` calls and loses their answers."""

    call: Call
    times: int = 1
    lost: list[str] = field(default_factory=list)

    def __call__(self, operation: str, document: dict[str, Any]) -> dict[str, Any]:
        if len(self.lost) == self.times:
            return self.call(operation, document)
        self.lost.append(operation)
        with suppress(Refused):  # such an answer is lost too
            self.call(operation, document)
        raise Unanswered("lost")


@dataclass
class Refusing:
    """Refuses the first calls with these errors, one each, before they reach the store."""

    call: Call
    errors: list[Exception]
    refused: int = 0

    def __call__(self, operation: str, document: dict[str, Any]) -> dict[str, Any]:
        if self.refused == len(self.errors):
            return self.call(operation, document)
        self.refused += 1
        raise self.errors[self.refused - 1]
