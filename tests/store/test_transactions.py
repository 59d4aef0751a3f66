from __future__ import annotations

import pytest

from vestibule.ports import (
    Absent,
    Check,
    Delete,
    Equals,
    Item,
    LessThan,
    Present,
    Put,
    Table,
    TransactionCancelled,
    Update,
)


def item(pk: str, **attributes: object) -> Item:
    return {"pk": pk, "sk": "#", **attributes}


def stored(table: Table, *pks: str) -> list[Item | None]:
    return table.get([(pk, "#") for pk in pks])


def test_a_transaction_applies_all_its_writes(table: Table) -> None:
    table.write(Put(item("b", ver=1)))
    table.write(Put(item("c")))
    table.write(Put(item("d", ver=7)))
    table.transact(
        [
            Put(item("a"), (Absent(),)),
            Update(("b", "#"), set={"name": "x"}, add={"ver": 1}, conditions=(Equals("ver", 1),)),
            Delete(("c", "#"), (Present(),)),
            Check(("d", "#"), (LessThan("ver", 8),)),
        ]
    )
    assert stored(table, "a", "b", "c", "d") == [item("a"), item("b", ver=2, name="x"), None, item("d", ver=7)]


def test_a_cancelled_transaction_names_the_writes_that_failed_and_what_stood_there(table: Table) -> None:
    table.write(Put(item("b", ver=1)))
    table.write(Put(item("d", ver=9)))
    with pytest.raises(TransactionCancelled) as cancelled:
        table.transact(
            [
                Put(item("a"), (Absent(),)),
                Update(("b", "#"), add={"ver": 1}, conditions=(Equals("ver", 2),)),
                Delete(("c", "#"), (Present(),)),
                Check(("d", "#"), (LessThan("ver", 9),)),
                Put(item("e")),
            ]
        )
    assert cancelled.value.failed == {1: item("b", ver=1), 2: None, 3: item("d", ver=9)}
    assert stored(table, "a", "b", "c", "d", "e") == [None, item("b", ver=1), None, item("d", ver=9), None]


def test_a_hundred_writes_are_one_transaction(table: Table) -> None:
    table.transact([Put({"pk": "p", "sk": f"{number:03}"}) for number in range(100)])
    assert len(table.query("p")) == 100


def test_a_transaction_has_one_to_a_hundred_writes_each_on_its_own_key(table: Table) -> None:
    with pytest.raises(ValueError, match="1 to 100 writes"):
        table.transact([])
    with pytest.raises(ValueError, match="1 to 100 writes"):
        table.transact([Put({"pk": "p", "sk": f"{number:03}"}) for number in range(101)])
    with pytest.raises(ValueError, match="each key once"):
        table.transact([Put(item("a")), Check(("a", "#"), (Absent(),))])
    with pytest.raises(ValueError, match="needs a condition"):
        table.transact([Check(("a", "#"), ())])
    assert stored(table, "a") == [None]
