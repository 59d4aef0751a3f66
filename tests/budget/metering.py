"""What a request costs: round trips on the critical path, counted on the Table port, and capacity at the seam."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tests.store.seams import READS, Recording, transacted_units

from vestibule.adapters.dynamodb_call import Call
from vestibule.adapters.dynamodb_values import decode_item
from vestibule.adapters.items import item_size
from vestibule.ports import Change, Index, IndexEntry, Item, Key, Table, TransactWrite, Write

T = TypeVar("T")


class Trips:
    """A Table that counts round trips, and the Parallel whose tasks share one: the longest of them counts."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self.count = 0

    def parallel(self, *tasks: Callable[[], Any]) -> list[Any]:
        before, longest, results = self.count, 0, []
        for task in tasks:
            self.count = 0
            results.append(task())
            longest = max(longest, self.count)
        self.count = before + longest
        return results

    def get(self, keys: Sequence[Key], *, consistent: bool = True) -> list[Item | None]:
        return self._trip(lambda: self._table.get(keys, consistent=consistent))

    def write(self, write: Write) -> Item | None:
        return self._trip(lambda: self._table.write(write))

    def transact(self, writes: Sequence[TransactWrite]) -> None:
        self._trip(lambda: self._table.transact(writes))

    def query(self, pk: str, prefix: str = "", **options: Any) -> list[Item]:
        return self._trip(lambda: self._table.query(pk, prefix, **options))

    def page(self, index: Index, partition: str, **options: Any) -> list[IndexEntry]:
        return self._trip(lambda: self._table.page(index, partition, **options))

    def changes(self, after: str | None, limit: int) -> list[Change]:
        return self._trip(lambda: self._table.changes(after, limit))

    def _trip(self, call: Callable[[], T]) -> T:
        self.count += 1
        return call()


@dataclass
class Bill(Recording):
    """A Recording that also keeps a line for each item: what it is, how large, and what it consumed.

    A batch read of nothing consumes what any read of nothing does; DynamoDB Local forgets that.
    """

    lines: list[str] = field(default_factory=list)

    def __call__(self, operation: str, document: dict[str, Any]) -> dict[str, Any]:
        before = self._sizes(operation, document)
        units = self.read_units + self.write_units
        answer = super().__call__(operation, document)
        if operation == "BatchGetItem":
            ((_, asked),) = document["RequestItems"].items()
            self.read_units += sum(line.endswith(" 0 B") for line in before) / (1 if asked["ConsistentRead"] else 2)
        if operation != "TransactWriteItems":
            consumed = self.read_units + self.write_units - units
            unit = "RCU" if operation in READS else "WCU"
            self.lines.append(f"{operation}: {', '.join(before)} = {consumed:g} {unit}")
        return answer

    def reset(self) -> None:
        super().reset()
        self.lines.clear()

    def _transaction(self, document: dict[str, Any]) -> dict[str, Any]:
        actions = [(kind, action) for item in document["TransactItems"] for kind, action in item.items()]
        before = [self._item(action) for _, action in actions]
        answer = super()._transaction(document)
        after = [self._item(action) for _, action in actions]
        for (kind, action), old, new in zip(actions, before, after, strict=True):
            size = max(item_size(old or {}), item_size(new or {}))
            units = transacted_units(old, new)
            self.lines.append(f"in a transaction, {kind}: {_name(_key(action))} {size} B = {units} WCU")
        return answer

    def _sizes(self, operation: str, document: dict[str, Any]) -> list[str]:
        """The items that a request is about, as they are before a read and after a put."""
        if operation == "BatchGetItem":
            ((table, asked),) = document["RequestItems"].items()
            parts = [{"TableName": table, "Key": key} for key in asked["Keys"]]
        elif operation == "TransactWriteItems" or not {"Key", "Item"} & document.keys():
            return []
        else:
            parts = [document]
        found = [decode_item(part["Item"]) if "Item" in part else self._item(part) for part in parts]
        return [f"{_name(_key(part))} {item_size(item or {})} B" for part, item in zip(parts, found, strict=True)]


def _key(action: dict[str, Any]) -> dict[str, Any]:
    return action.get("Key") or action["Item"]


def _name(key: dict[str, Any]) -> str:
    """`C#password#…`, `I#… S#…`: what an item is, without whose."""
    parts = [key[name]["S"] for name in ("pk", "sk") if key[name]["S"] != "#"]
    return " ".join(f"{part.rpartition('#')[0]}#…" for part in parts)


@dataclass(frozen=True)
class Cost:
    """`lines` tell where the numbers come from, for whoever has to look at a failure."""

    trips: int
    read_units: float
    write_units: float
    lines: tuple[str, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        total = f"{self.trips} round trips, {self.read_units:g} RCU, {self.write_units:g} WCU"
        return "\n  ".join([total, *self.lines])


@dataclass
class Meter:
    trips: Trips
    bill: Bill

    def cost_of(self, request: Callable[[], object]) -> Cost:
        self.trips.count = 0
        self.bill.reset()
        request()
        return Cost(self.trips.count, self.bill.read_units, self.bill.write_units, tuple(self.bill.lines))


def metered(make_table: Callable[[Call], Table], call: Call) -> Meter:
    bill = Bill(call)
    return Meter(Trips(make_table(bill)), bill)
