from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from vestibule.ports import (
    Absent,
    ConditionFailed,
    Equals,
    LessThan,
    Put,
    Table,
    TransactionCancelled,
    Update,
)

THREADS = 32


def race(attempt: Callable[[int], bool]) -> list[int]:
    """Run it in all threads at once; the numbers of those that won."""
    start = Barrier(THREADS)

    def run(number: int) -> bool:
        start.wait()
        return attempt(number)

    with ThreadPoolExecutor(THREADS) as threads:
        return [number for number, won in enumerate(threads.map(run, range(THREADS))) if won]


def test_of_32_puts_if_absent_exactly_one_wins(faithful_table: Table) -> None:
    def attempt(number: int) -> bool:
        try:
            faithful_table.write(Put({"pk": "C#1", "sk": "#", "by": number}, (Absent(),)))
        except ConditionFailed:
            return False
        return True

    (winner,) = race(attempt)
    assert faithful_table.get([("C#1", "#")]) == [{"pk": "C#1", "sk": "#", "by": winner}]


def test_of_32_transactions_on_one_key_exactly_one_wins(faithful_table: Table) -> None:
    def attempt(number: int) -> bool:
        try:
            faithful_table.transact(
                [Put({"pk": f"I#{number}", "sk": "#"}), Put({"pk": "C#1", "sk": "#", "by": number}, (Absent(),))]
            )
        except TransactionCancelled as cancelled:
            return list(cancelled.failed) != [1]
        return True

    (winner,) = race(attempt)
    found = faithful_table.get([(f"I#{number}", "#") for number in range(THREADS)])
    assert [number for number, item in enumerate(found) if item] == [winner]


def test_no_count_is_lost_and_a_cap_holds(faithful_table: Table) -> None:
    def attempt(_: int) -> bool:
        faithful_table.write(Update(("RL#all", "#"), add={"count": 1}))
        try:
            faithful_table.write(Update(("RL#capped", "#"), add={"count": 1}, conditions=(LessThan("count", 10),)))
        except ConditionFailed:
            return False
        return True

    faithful_table.write(Put({"pk": "RL#capped", "sk": "#", "count": 0}))
    assert len(race(attempt)) == 10
    assert faithful_table.get([("RL#all", "#")]) == [{"pk": "RL#all", "sk": "#", "count": THREADS}]
    assert faithful_table.get([("RL#capped", "#")]) == [{"pk": "RL#capped", "sk": "#", "count": 10}]


def test_of_32_writers_of_one_version_one_wins_and_readers_see_whole_items(faithful_table: Table) -> None:
    faithful_table.write(Put({"pk": "I#1", "sk": "#", "ver": 1, "a": 0, "b": 0}))

    def attempt(number: int) -> bool:
        try:
            faithful_table.write(
                Update(("I#1", "#"), set={"a": number, "b": number}, add={"ver": 1}, conditions=(Equals("ver", 1),))
            )
        except ConditionFailed as failed:
            return failed.item is None or failed.item["a"] != failed.item["b"]  # would be one winner too many
        (item,) = faithful_table.get([("I#1", "#")])
        return item is not None and item["a"] == item["b"] == number

    assert len(race(attempt)) == 1
