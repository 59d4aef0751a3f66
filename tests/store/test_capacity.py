"""What the adapter's requests consume, measured by DynamoDB Local; the budget of the stores rests on it."""

from __future__ import annotations

import pytest
from tests.store.seams import Recording, write_units

from vestibule.adapters.dynamodb import DynamoDbTable
from vestibule.adapters.dynamodb_call import Call
from vestibule.ports import Absent, Check, ConditionFailed, Delete, Equals, Item, Present, Put, Update

KEY = ("I#1", "#")
BLOB = "x" * 980  # with names, keys and the mark: 1 KB


@pytest.fixture
def recording(dynamodb_local_call: Call) -> Recording:
    return Recording(dynamodb_local_call)


@pytest.fixture
def table(dynamodb_local_name: str, recording: Recording) -> DynamoDbTable:
    table = DynamoDbTable(dynamodb_local_name, recording)
    table.write(Put({"pk": "I#1", "sk": "#", "blob": BLOB, "n": 1}))
    recording.reset()
    return table


@pytest.mark.parametrize(
    ("write", "units"),
    [
        (Put({"pk": "I#2", "sk": "#", "blob": BLOB}), 1),
        (Put({"pk": "I#2", "sk": "#", "blob": BLOB}, (Absent(),)), 1),
        (Update(KEY, add={"n": 1}), 1),
        (Update(KEY, set={"n": 2}, conditions=(Equals("n", 1),)), 1),
        (Delete(KEY), 1),
        (Delete(KEY, (Present(),)), 2),
        (Put({"pk": "I#2", "sk": "#", "g1pk": "L", "g1sk": "1"}), 2),
    ],
    ids=str,
)
def test_a_write_of_a_kilobyte_is_one_call_and_one_unit(
    table: DynamoDbTable, recording: Recording, write: Put | Update | Delete, units: int
) -> None:
    table.write(write)
    assert (len(recording.operations), recording.write_units, recording.read_units) == (1, units, 0)


INDEXED = {"pk": "I#1", "sk": "#", "g1pk": "L", "g1sk": "1", "g2pk": "M", "g2sk": "1"}


@pytest.mark.parametrize(
    ("before", "write"),
    [
        (None, Put(INDEXED)),
        (INDEXED, Put(INDEXED)),
        (INDEXED, Update(KEY, set={"n": 1})),
        (INDEXED, Update(KEY, set={"g1sk": "2"})),
        (INDEXED, Update(KEY, remove=("g1pk", "g2pk"))),
        (INDEXED, Put({"pk": "I#1", "sk": "#", "blob": BLOB * 3})),
        ({"pk": "I#1", "sk": "#", "blob": BLOB * 3}, Put(INDEXED)),
        ({"pk": "I#1", "sk": "#", "blob": BLOB * 3}, Delete(KEY)),
        (INDEXED, Delete(KEY)),
    ],
    ids=str,
)
def test_the_rule_for_transactions_agrees_with_dynamodb_local_on_single_writes(
    table: DynamoDbTable, recording: Recording, before: Item | None, write: Put | Update | Delete
) -> None:
    table.write(Put(before) if before else Delete(KEY))
    recording.reset()
    after = table.write(write)
    assert recording.write_units == write_units(before, after)


def test_a_failed_condition_shows_its_item_in_the_same_call(table: DynamoDbTable, recording: Recording) -> None:
    with pytest.raises(ConditionFailed) as failure:
        table.write(Put({"pk": "I#1", "sk": "#"}, (Absent(),)))
    assert failure.value.item is not None
    assert recording.operations == ["PutItem"]


def test_a_transaction_takes_two_units_a_write(table: DynamoDbTable, recording: Recording) -> None:
    table.transact([Put({"pk": f"I#{number}", "sk": "#"}, (Absent(),)) for number in range(2, 5)])
    assert (recording.operations, recording.write_units) == (["TransactWriteItems"], 6)


def test_an_index_entry_takes_one_unit_in_a_transaction_too(table: DynamoDbTable, recording: Recording) -> None:
    table.transact([Put({"pk": "I#2", "sk": "#", "g1pk": "L", "g1sk": "1"}), Check(KEY, (Present(),))])
    assert recording.write_units == 2 + 1 + 2


def test_a_read_is_one_call_whatever_the_number_of_keys(table: DynamoDbTable, recording: Recording) -> None:
    table.get([KEY])
    assert (recording.operations, recording.read_units) == (["GetItem"], 1)
    recording.reset()
    table.get([KEY], consistent=False)
    assert (recording.operations, recording.read_units) == (["GetItem"], 0.5)
    recording.reset()
    table.write(Put({"pk": "I#2", "sk": "#"}))
    recording.reset()
    table.get([KEY, ("I#2", "#"), KEY])
    assert (recording.operations, recording.read_units) == (["BatchGetItem"], 2)


def test_a_query_reads_by_the_size_of_all_that_it_answers(table: DynamoDbTable, recording: Recording) -> None:
    for sort in "abc":
        table.write(Put({"pk": "I#1", "sk": f"K#{sort}", "blob": BLOB}))
    recording.reset()
    assert len(table.query("I#1")) == 4
    assert (recording.operations, recording.read_units) == (["Query"], 1)
