"""An answer gets lost, the adapter sends the write again: it happens once, and the caller learns what became of it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from tests.store.seams import LosingAnswers, Recording, Refusing

from vestibule.adapters.dynamodb import DynamoDbTable
from vestibule.adapters.dynamodb_boto import BotoCall, boto_call
from vestibule.adapters.dynamodb_call import RETRIES, Refused, Unanswered
from vestibule.adapters.dynamodb_http import HttpCall
from vestibule.ports import (
    Absent,
    Check,
    ConditionFailed,
    Delete,
    Equals,
    Item,
    LessThan,
    Present,
    Put,
    StoreUnavailable,
    TransactionCancelled,
    Update,
    Write,
)

KEY = ("I#1", "#")
HERE: Item = {"pk": "I#1", "sk": "#", "ver": 1, "n": 5}
NEW: Item = {"pk": "I#1", "sk": "#", "by": "us"}

WRITES: list[tuple[Item | None, Write, Item | None]] = [
    (None, Put(NEW), NEW),
    (None, Put(NEW, (Absent(),)), NEW),
    (HERE, Put(NEW, (Equals("ver", 1),)), NEW),
    (HERE, Update(KEY, set={"ver": 2}), {**HERE, "ver": 2}),
    (HERE, Update(KEY, set={"ver": 2}, conditions=(Equals("ver", 1),)), {**HERE, "ver": 2}),
    (HERE, Update(KEY, remove=("n",), conditions=(Present("n"),)), {"pk": "I#1", "sk": "#", "ver": 1}),
    (HERE, Update(KEY, add={"n": 1}), {**HERE, "n": 6}),
    (HERE, Update(KEY, add={"n": 1}, conditions=(LessThan("n", 6),)), {**HERE, "n": 6}),
    (HERE, Update(KEY, add={"n": 1}, conditions=(LessThan("n", 9),)), {**HERE, "n": 6}),
    (None, Update(KEY, add={"n": 1}), {"pk": "I#1", "sk": "#", "n": 1}),
    (HERE, Delete(KEY), None),
    (HERE, Delete(KEY, (Present(),)), None),
    (HERE, Delete(KEY, (Equals("ver", 1),)), None),
]

Stores = Callable[..., DynamoDbTable]


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def store(dynamodb_local_name: str, pauses: list[float]) -> Stores:
    """The same table behind another Call, with waits that take no time."""

    def through(call: object) -> DynamoDbTable:
        return DynamoDbTable(dynamodb_local_name, call, pause=pauses.append)  # type: ignore[arg-type] any Call

    return through


@pytest.mark.parametrize("times", [1, RETRIES["lost"]])
@pytest.mark.parametrize(("before", "write", "expected"), WRITES, ids=str)
def test_a_write_whose_answer_is_lost_happens_once(
    store: Stores, dynamodb_local_call: BotoCall, before: Item | None, write: Write, expected: Item | None, times: int
) -> None:
    calm = store(dynamodb_local_call)
    if before:
        calm.write(Put(before))
    losing = LosingAnswers(dynamodb_local_call, times)
    assert store(losing).write(write) == expected
    assert calm.get([KEY]) == [expected]
    assert len(losing.lost) == times


@pytest.mark.parametrize(("before", "write", "expected"), WRITES, ids=str)
def test_a_write_that_never_arrived_is_sent_again(
    store: Stores, dynamodb_local_call: BotoCall, before: Item | None, write: Write, expected: Item | None
) -> None:
    calm = store(dynamodb_local_call)
    if before:
        calm.write(Put(before))
    assert store(Refusing(dynamodb_local_call, [Unanswered()])).write(write) == expected
    assert calm.get([KEY]) == [expected]


@pytest.mark.parametrize(
    "write",
    [
        Put(NEW, (Absent(),)),
        Update(KEY, set={"ver": 2}, conditions=(Equals("ver", 2),)),
        Update(KEY, add={"n": 1}, conditions=(LessThan("n", 5),)),
        Delete(KEY, (Absent("ver"),)),
    ],
    ids=str,
)
def test_a_lost_refusal_is_a_refusal(store: Stores, dynamodb_local_call: BotoCall, write: Write) -> None:
    store(dynamodb_local_call).write(Put(HERE))
    with pytest.raises(ConditionFailed) as failure:
        store(LosingAnswers(dynamodb_local_call)).write(write)
    assert failure.value.item == HERE


def test_a_count_that_arrives_again_late_does_not_count(store: Stores, dynamodb_local_call: BotoCall) -> None:
    recording = Recording(dynamodb_local_call)
    store(recording).write(Update(KEY, add={"n": 1}))
    with pytest.raises(Refused, match="ConditionalCheckFailed"):
        dynamodb_local_call(recording.operations[0], recording.documents[0])
    assert store(dynamodb_local_call).write(Update(KEY, add={"n": 1})) == {"pk": "I#1", "sk": "#", "n": 2}


@pytest.mark.parametrize("times", [1, RETRIES["lost"]])
def test_a_transaction_whose_answer_is_lost_happens_once(
    store: Stores, dynamodb_local_call: BotoCall, times: int
) -> None:
    calm = store(dynamodb_local_call)
    calm.write(Put(HERE))
    losing = LosingAnswers(dynamodb_local_call, times)
    store(losing).transact(
        [
            Update(KEY, add={"n": 1}, conditions=(Equals("ver", 1), Equals("n", 5))),
            Put({"pk": "I#2", "sk": "#"}, (Absent(),)),
            Check(("I#3", "#"), (Absent(),)),
        ]
    )
    assert calm.get([KEY, ("I#2", "#")]) == [{**HERE, "n": 6}, {"pk": "I#2", "sk": "#"}]
    assert losing.lost == ["TransactWriteItems"] * times


def test_a_lost_cancellation_is_a_cancellation(store: Stores, dynamodb_local_call: BotoCall) -> None:
    store(dynamodb_local_call).write(Put(HERE))
    with pytest.raises(TransactionCancelled) as cancelled:
        store(LosingAnswers(dynamodb_local_call)).transact([Put({"pk": "I#2", "sk": "#"}), Put(NEW, (Absent(),))])
    assert cancelled.value.failed == {1: HERE}


@pytest.mark.parametrize("keys", [[KEY], [KEY, ("I#2", "#")]])
def test_a_read_whose_answer_is_lost_is_repeated(
    store: Stores, dynamodb_local_call: BotoCall, keys: list[tuple[str, str]]
) -> None:
    store(dynamodb_local_call).write(Put(HERE))
    assert store(LosingAnswers(dynamodb_local_call)).get(keys)[0] == HERE


def test_a_store_that_never_answers_is_unavailable(
    store: Stores, dynamodb_local_call: BotoCall, pauses: list[float]
) -> None:
    losing = LosingAnswers(dynamodb_local_call, times=99)
    with pytest.raises(StoreUnavailable, match="no answer came"):
        store(losing).write(Update(KEY, add={"n": 1}))
    assert len(losing.lost) == 1 + RETRIES["lost"]
    assert len(pauses) == RETRIES["lost"]
    assert store(dynamodb_local_call).get([KEY]) == [{"pk": "I#1", "sk": "#", "n": 1}]


@pytest.mark.parametrize("made", [boto_call, HttpCall])
def test_an_endpoint_that_nobody_listens_at_is_unavailable(
    made: Callable[..., BotoCall | HttpCall], pauses: list[float]
) -> None:
    call = made(endpoint="http://127.0.0.1:1")
    with pytest.raises(StoreUnavailable, match="no answer came"):
        DynamoDbTable("nobody", call, pause=pauses.append).get([KEY])
    call.close()


def test_no_reader_sees_the_mark_of_a_write(store: Stores, dynamodb_local_call: BotoCall) -> None:
    table = store(dynamodb_local_call)
    table.write(Put({**HERE, "g1pk": "L", "g1sk": "1"}, (Absent(),)))
    updated = table.write(Update(KEY, add={"n": 1}))
    with pytest.raises(ConditionFailed) as failure:
        table.write(Put(NEW, (Absent(),)))
    with pytest.raises(TransactionCancelled) as cancelled:
        table.transact([Put(NEW, (Absent(),))])
    (change, last) = table.changes(None, 9)
    seen = [updated, failure.value.item, cancelled.value.failed[0], last.new, *table.get([KEY]), *table.query("I#1")]
    assert set(HERE) | {"g1pk", "g1sk"} == set(last.old or ()) == set(change.new or ())
    assert all(one == other for one, other in pairwise(seen))
    raw = dynamodb_local_call("GetItem", {"TableName": table._table, "Key": {"pk": {"S": "I#1"}, "sk": {"S": "#"}}})
    assert set(raw["Item"]) - set(seen[0] or ()) == {"~"}
