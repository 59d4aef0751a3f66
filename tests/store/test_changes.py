from __future__ import annotations

from typing import Any

import pytest
from tests.store.seams import Recording

from vestibule.adapters.dynamodb import DynamoDbTable
from vestibule.adapters.dynamodb_call import Call, Refused
from vestibule.ports import Absent, Change, Delete, Present, Put, Table, TransactionCancelled, Update


def all_changes(table: Table, after: str | None = None, size: int = 100) -> list[Change]:
    seen: list[Change] = []
    while changes := table.changes(seen[-1].sequence if seen else after, size):
        seen += changes
    return seen


def test_the_feed_shows_each_write_with_what_was_and_what_is(faithful_table: Table) -> None:
    faithful_table.write(Put({"pk": "a", "sk": "#", "n": 1, "blob": b"x"}))
    faithful_table.write(Update(("a", "#"), add={"n": 1}, conditions=(Present(),)))
    faithful_table.write(Delete(("a", "#")))
    shown = [(change.key, change.old, change.new) for change in all_changes(faithful_table)]
    first, second = {"pk": "a", "sk": "#", "n": 1, "blob": b"x"}, {"pk": "a", "sk": "#", "n": 2, "blob": b"x"}
    assert shown == [(("a", "#"), None, first), (("a", "#"), first, second), (("a", "#"), second, None)]


def test_what_was_not_written_is_not_shown(faithful_table: Table) -> None:
    faithful_table.write(Put({"pk": "a", "sk": "#"}))
    with pytest.raises(TransactionCancelled):
        faithful_table.transact([Put({"pk": "b", "sk": "#"}), Put({"pk": "a", "sk": "#", "n": 1}, (Absent(),))])
    faithful_table.write(Delete(("missing", "#")))
    assert [change.key for change in all_changes(faithful_table)] == [("a", "#")]


def test_every_write_of_a_transaction_is_shown(faithful_table: Table) -> None:
    faithful_table.transact([Put({"pk": name, "sk": "#"}) for name in "abc"])
    assert {change.key for change in all_changes(faithful_table)} == {("a", "#"), ("b", "#"), ("c", "#")}


@pytest.mark.parametrize("size", [1, 2, 100])
def test_the_feed_goes_on_behind_a_sequence(faithful_table: Table, size: int) -> None:
    for number in range(5):
        faithful_table.write(Put({"pk": "p", "sk": str(number)}))
    seen = all_changes(faithful_table, size=size)
    assert [change.key[1] for change in seen] == ["0", "1", "2", "3", "4"]
    assert faithful_table.changes(seen[-1].sequence, 10) == []
    faithful_table.write(Put({"pk": "p", "sk": "5"}))
    assert [change.key[1] for change in faithful_table.changes(seen[-1].sequence, 10)] == ["5"]
    assert [change.key[1] for change in faithful_table.changes(seen[2].sequence, 10)] == ["3", "4", "5"]


def test_a_table_without_writes_has_no_changes(faithful_table: Table) -> None:
    assert faithful_table.changes(None, 10) == []


def test_whoever_follows_a_stream_asks_it_for_nothing_but_records(
    dynamodb_local_call: Call, dynamodb_local_name: str
) -> None:
    seam = Recording(dynamodb_local_call)
    table = DynamoDbTable(dynamodb_local_name, seam)
    table.write(Put({"pk": "a", "sk": "#"}))
    (first,) = table.changes(None, 10)
    seam.reset()
    assert table.changes(first.sequence, 10) == []
    table.write(Put({"pk": "b", "sk": "#"}))
    assert [change.key for change in table.changes(first.sequence, 10)] == [("b", "#")]
    assert seam.operations == ["GetRecords", "PutItem", "GetRecords"]


def test_an_iterator_that_is_too_old_is_asked_for_again(dynamodb_local_call: Call, dynamodb_local_name: str) -> None:
    expired: list[str] = []

    def call(operation: str, document: dict[str, Any]) -> dict[str, Any]:
        if operation == "GetRecords" and document["ShardIterator"] in expired:
            raise Refused("ExpiredIteratorException", "", {})
        answer = dynamodb_local_call(operation, document)
        if operation == "GetRecords":
            expired.append(answer["NextShardIterator"])
        return answer

    table = DynamoDbTable(dynamodb_local_name, call)
    table.write(Put({"pk": "a", "sk": "#"}))
    (first,) = table.changes(None, 10)
    table.write(Put({"pk": "b", "sk": "#"}))
    assert [change.key for change in table.changes(first.sequence, 10)] == [("b", "#")]
