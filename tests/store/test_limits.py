from __future__ import annotations

import pytest

from vestibule.adapters.items import ITEM_BYTES
from vestibule.ports import AnyOf, Item, ItemTooLarge, Put, Table, Update, Write

KEY = ("p", "s")
NAMES = len("pk") + len("p") + len("sk") + len("s") + len("blob")


def item_of(size: int) -> Item:
    """An item of so many bytes, as DynamoDB counts them."""
    return {"pk": "p", "sk": "s", "blob": b"x" * (size - NAMES)}


def test_an_item_of_400_kb_fits(faithful_table: Table) -> None:
    faithful_table.write(Put(item_of(ITEM_BYTES)))
    assert faithful_table.get([KEY]) == [item_of(ITEM_BYTES)]


def test_a_larger_item_is_refused(table: Table) -> None:
    with pytest.raises(ItemTooLarge):
        table.write(Put(item_of(ITEM_BYTES + 1)))
    with pytest.raises(ItemTooLarge):
        table.transact([Put(item_of(ITEM_BYTES + 1)), Put({"pk": "q", "sk": "s"})])
    assert table.get([KEY, ("q", "s")]) == [None, None]


def test_an_update_that_grows_an_item_too_far_is_refused(faithful_table: Table) -> None:
    faithful_table.write(Put(item_of(ITEM_BYTES - 100)))
    with pytest.raises(ItemTooLarge):
        faithful_table.write(Update(KEY, set={"more": "x" * 200}))
    with pytest.raises(ItemTooLarge):
        faithful_table.transact([Update(KEY, set={"more": "x" * 200}), Put({"pk": "q", "sk": "s"})])
    assert faithful_table.get([KEY, ("q", "s")]) == [item_of(ITEM_BYTES - 100), None]


def test_a_transaction_above_4_mb_is_refused(table: Table) -> None:
    with pytest.raises(ItemTooLarge):
        table.transact([Put({"pk": "p", "sk": f"{number:02}", "blob": b"x" * 390_000}) for number in range(11)])
    assert table.query("p") == []


@pytest.mark.parametrize(
    "write",
    [
        Put({"pk": "", "sk": "s"}),
        Put({"pk": "p" * 2049, "sk": "s"}),
        Put({"pk": "p", "sk": "s" * 1025}),
        Put({"pk": "p", "sk": 1}),
        Put({"pk": "p", "sk": "s", "g1pk": ""}),
        Put({"pk": "p", "sk": "s", "g2sk": 5}),
        Put({"pk": "p", "sk": "s", "float": 1.5}),
        Put({"pk": "p", "sk": "s", "set": {"a"}}),
        Put({"pk": "p", "sk": "s", "list": [{"deep": 0.1}]}),
        Put({"pk": "p", "sk": "s", "map": {1: "x"}}),
        Put({"pk": "p", "sk": "s", "map": {"": "x"}}),
        Put({"pk": "p", "sk": "s", "number": 10**38}),
        Put({"pk": "p", "sk": "s", "text": "\ud800"}),
        Put({"pk": "p", "sk": "s"}, (AnyOf(()),)),
        Update(KEY),
        Update(KEY, set={"pk": "q"}),
        Update(KEY, set={"g1pk": None}),
        Update(KEY, set={"a": 1}, add={"a": 1}),
        Update(KEY, set={"a": 1}, remove=("a",)),
    ],
)
def test_what_no_store_takes_is_refused_before_it_is_asked(table: Table, write: Write) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        table.write(write)
    assert table.query("p") == []


def test_nesting_ends_at_32_levels(table: Table) -> None:
    def nested(levels: int) -> Item:
        value: object = "core"
        for _ in range(levels):
            value = [value]
        return {"pk": "p", "sk": "s", "deep": value}

    table.write(Put(nested(31)))
    assert table.get([KEY]) == [nested(31)]
    with pytest.raises(ValueError, match="nest"):
        table.write(Put(nested(500)))
