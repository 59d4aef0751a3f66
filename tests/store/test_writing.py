from __future__ import annotations

import pytest

from vestibule.ports import (
    Absent,
    AnyOf,
    Condition,
    ConditionFailed,
    Delete,
    Equals,
    Item,
    LessThan,
    Present,
    Put,
    Table,
    Update,
    Write,
)

KEY = ("I#1", "#")
HERE: Item = {
    "pk": "I#1", "sk": "#", "ver": 3, "name": "x", "list": [1],
    "on": True, "off": False, "bytes": b"b", "nothing": None,
}  # fmt: skip

HOLD_FOR_THE_ITEM: list[Condition] = [
    Present(),
    Present("nothing"),
    Present("list"),
    Absent("other"),
    Equals("ver", 3),
    Equals("name", "x"),
    Equals("on", value=True),
    Equals("off", value=False),
    Equals("bytes", b"b"),
    Equals("nothing", None),
    LessThan("ver", 4),
    LessThan("name", "y"),
    AnyOf((Equals("ver", 9), Equals("ver", 3))),
    AnyOf((Absent(), AnyOf((LessThan("ver", 0), Present("name"))))),
]
FAIL_FOR_THE_ITEM: list[Condition] = [
    Absent(),
    Absent("nothing"),
    Present("other"),
    Equals("ver", 4),
    Equals("ver", "3"),
    Equals("nothing", value=False),
    LessThan("ver", 3),
    LessThan("other", 9),
    AnyOf((Equals("ver", 9), Absent("ver"))),
]
FAIL_FOR_ANOTHER_TYPE: list[Condition] = [
    Equals("other", None),
    Equals("on", 1),
    Equals("off", 0),
    LessThan("ver", "4"),
    LessThan("name", 9),
    LessThan("on", 9),
    LessThan("nothing", 9),
]
HOLD_FOR_NOTHING: list[Condition] = [Absent(), Absent("ver"), AnyOf((Absent(), Equals("ver", 1)))]
FAIL_FOR_NOTHING: list[Condition] = [
    Present(),
    Present("ver"),
    Equals("ver", 3),
    LessThan("ver", 9),
]

REPLACED: Item = {"pk": "I#1", "sk": "#", "new": 1}


def writes_under(*conditions: Condition) -> list[tuple[Write, Item | None, Item | None]]:
    """Each kind of write, with what stands afterwards: where the item stood, where nothing stood."""
    return [
        (Put(REPLACED, conditions), REPLACED, REPLACED),
        (Update(KEY, set={"new": 1}, conditions=conditions), {**HERE, "new": 1}, REPLACED),
        (Update(KEY, add={"new": 1}, conditions=conditions), {**HERE, "new": 1}, REPLACED),
        (Delete(KEY, conditions), None, None),
    ]


@pytest.mark.parametrize("condition", HOLD_FOR_THE_ITEM, ids=str)
def test_a_condition_that_holds_for_the_item_lets_each_write_pass(table: Table, condition: Condition) -> None:
    for write, expected, _ in writes_under(condition, Present("ver")):
        table.write(Put(HERE))
        assert table.write(write) == expected
        assert table.get([KEY]) == [expected]


@pytest.mark.parametrize("condition", FAIL_FOR_THE_ITEM, ids=str)
def test_a_condition_that_fails_for_the_item_stops_each_write_and_shows_it(table: Table, condition: Condition) -> None:
    table.write(Put(HERE))
    for write, _, _ in writes_under(Present(), condition):
        with pytest.raises(ConditionFailed) as failure:
            table.write(write)
        assert failure.value.item == HERE
        assert table.get([KEY]) == [HERE]


@pytest.mark.parametrize("condition", FAIL_FOR_ANOTHER_TYPE, ids=str)
def test_a_missing_value_and_one_of_another_type_are_neither_equal_nor_less(
    faithful_table: Table, condition: Condition
) -> None:
    faithful_table.write(Put(HERE))
    for write, _, _ in writes_under(condition):
        with pytest.raises(ConditionFailed):
            faithful_table.write(write)
    assert faithful_table.get([KEY]) == [HERE]


@pytest.mark.parametrize("condition", HOLD_FOR_NOTHING, ids=str)
def test_a_condition_that_holds_for_nothing_lets_each_write_pass(table: Table, condition: Condition) -> None:
    for write, _, expected in writes_under(condition):
        table.write(Delete(KEY))
        assert table.write(write) == expected
        assert table.get([KEY]) == [expected]


@pytest.mark.parametrize("condition", FAIL_FOR_NOTHING, ids=str)
def test_a_condition_that_fails_for_nothing_stops_each_write(table: Table, condition: Condition) -> None:
    for write, _, _ in writes_under(condition):
        with pytest.raises(ConditionFailed) as failure:
            table.write(write)
        assert failure.value.item is None
        assert table.get([KEY]) == [None]


def test_an_update_sets_counts_and_removes_at_once(table: Table) -> None:
    table.write(Put({**HERE, "left": 10}))
    updated = table.write(
        Update(
            KEY, set={"name": "y", "map": {"a": b"1"}}, add={"ver": 1, "left": -2, "seen": 5}, remove=("on", "never")
        )
    )
    expected = {**HERE, "name": "y", "map": {"a": b"1"}, "ver": 4, "left": 8, "seen": 5}
    del expected["on"]
    assert updated == expected
    assert table.get([KEY]) == [expected]


def test_an_update_makes_a_missing_item(table: Table) -> None:
    assert table.write(Update(("RL#1", "#"), add={"count": 1})) == {"pk": "RL#1", "sk": "#", "count": 1}
    assert table.write(Update(("RL#1", "#"), add={"count": 1})) == {"pk": "RL#1", "sk": "#", "count": 2}


def test_an_update_that_only_removes_leaves_the_rest(table: Table) -> None:
    table.write(Put(HERE))
    assert "name" not in (table.write(Update(KEY, remove=("name",))) or {"name"})
    assert table.get([KEY]) == [{name: value for name, value in HERE.items() if name != "name"}]


def test_counting_what_is_no_number_is_refused(table: Table) -> None:
    table.write(Put(HERE))
    with pytest.raises(ValueError, match=r"\w"):
        table.write(Update(KEY, add={"name": 1}))
    assert table.get([KEY]) == [HERE]


def test_words_that_a_query_language_reserves_are_attribute_names_too(table: Table) -> None:
    item = table.write(
        Update(
            KEY, set={"name": "n", "status": "s", "a-b.c": 1, "ttl": 2}, add={"count": 1}, conditions=(Absent("size"),)
        )
    )
    assert item == {"pk": "I#1", "sk": "#", "name": "n", "status": "s", "a-b.c": 1, "ttl": 2, "count": 1}


def test_deleting_nothing_is_no_error(table: Table) -> None:
    assert table.write(Delete(KEY)) is None


def test_a_stored_item_does_not_change_with_the_one_that_was_given(table: Table) -> None:
    item: Item = {"pk": "I#1", "sk": "#", "list": [1]}
    table.write(Put(item))
    item["list"].append(2)
    (stored,) = table.get([KEY])
    assert stored is not None
    stored["list"].append(3)
    assert table.get([KEY]) == [{"pk": "I#1", "sk": "#", "list": [1]}]
