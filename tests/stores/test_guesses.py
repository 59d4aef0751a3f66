from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.adapters.sqlite import SqliteTable
from vestibule.ports import ConditionFailed, StoreUnavailable
from vestibule.stores.guesses import Guesses, GuessLimits, Refused, Reserved

LIMITS = GuessLimits()
DAY = timedelta(days=1)


class SteppedClock:
    def __init__(self):
        self.at = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def now(self):
        return self.at


class World:
    """One subject who guesses, and the time, which only passes when told to."""

    def __init__(self, table, limits=LIMITS):
        self.clock = SteppedClock()
        self.table = table
        self.guesses = Guesses(table, self.clock, limits)

    def guess(self, subject="alice", scope="password"):
        return self.guesses.reserve(scope, subject)

    def guess_patiently(self, times):
        """Guess as often as that, waiting as long as it takes; returns the waits, in order."""
        waits = []
        for _ in range(times):
            answer = self.guess()
            if isinstance(answer, Refused):
                waits.append(answer.retry_after)
                self.clock.at += answer.retry_after
                answer = self.guess()
            assert isinstance(answer, Reserved)
        return waits

    def guess_at_once(self, times, threads=32):
        start = Barrier(threads, timeout=30)

        def run(number):
            if number < threads:
                start.wait()
            return self.guess()

        with ThreadPoolExecutor(threads) as pool:
            return [answer for answer in pool.map(run, range(times)) if isinstance(answer, Reserved)]


@pytest.fixture
def world(sqlite_table):
    return World(sqlite_table)


def test_ten_guesses_are_free_and_the_eleventh_waits(world):
    assert [world.guess() for _ in range(10)] == [Reserved(count) for count in range(1, 11)]
    assert world.guess() == Refused(timedelta(seconds=1))


def test_waits_double_up_to_a_quarter_of_an_hour(world):
    waits = world.guess_patiently(24)
    assert [wait.total_seconds() for wait in waits] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900]


def test_a_refused_guess_says_how_long_is_left_and_prolongs_nothing(world):
    world.guess_patiently(16)
    assert world.guess() == Refused(timedelta(seconds=64))
    world.clock.at += timedelta(seconds=60.5)
    assert world.guess() == Refused(timedelta(seconds=3.5))
    world.clock.at += timedelta(seconds=3.5)
    assert world.guess() == Reserved(17)


def test_after_a_hundred_guesses_none_is_compared_for_a_day(world):
    world.guess_patiently(100)
    assert world.guess() == Refused(DAY)
    world.clock.at += DAY - timedelta(seconds=1)
    assert world.guess() == Refused(timedelta(seconds=1))
    world.clock.at += timedelta(seconds=1)
    assert world.guess() == Reserved(1)


def test_a_success_forgets_the_counter(world):
    world.guess_patiently(50)
    world.table.write(world.guesses.succeeded("password", "alice"))
    assert [world.guess() for _ in range(10)] == [Reserved(count) for count in range(1, 11)]


def test_a_success_can_be_part_of_a_transaction(world):
    world.guess()
    world.table.transact([world.guesses.succeeded("password", "alice")])
    assert world.guess() == Reserved(1)


def test_a_success_of_someone_else_or_of_another_secret_changes_nothing(world):
    for _ in range(10):
        world.guess()
    world.table.write(world.guesses.succeeded("password", "bob"))
    world.table.write(world.guesses.succeeded("totp", "alice"))
    assert isinstance(world.guess(), Refused)


def test_subjects_and_scopes_count_apart(world):
    for _ in range(10):
        world.guess()
    assert world.guess("bob") == Reserved(1)
    assert world.guess("alice", "totp") == Reserved(1)


def test_a_lapsed_counter_starts_anew_though_its_item_still_stands(world):
    for _ in range(9):
        world.guess()
    world.clock.at += DAY
    assert world.guess() == Reserved(1)
    assert len(world.table.query("RL#password#alice")) == 1


def test_guesses_of_one_day_do_not_lapse_one_by_one(world):
    for _ in range(9):
        world.guess()
    world.clock.at += DAY - timedelta(seconds=1)
    assert world.guess() == Reserved(10)
    assert isinstance(world.guess(), Refused)


def test_the_store_forgets_the_item_only_after_it_has_lapsed(world):
    world.guess()
    (item,) = world.table.query("RL#password#alice")
    assert item["ttl"] >= (world.clock.at + DAY).timestamp()


@pytest.mark.attack("flt-14")
def test_a_clock_that_steps_back_gives_nothing_away(world):
    world.guess_patiently(20)
    world.clock.at -= timedelta(minutes=5)
    assert isinstance(world.guess(), Refused)


def test_of_two_hundred_parallel_guesses_ten_are_compared(any_table):
    world = World(any_table)
    assert len(world.guess_at_once(200)) == 10
    world.clock.at += timedelta(seconds=1)
    assert len(world.guess_at_once(200)) == 1
    (item,) = any_table.query("RL#password#alice")
    assert item["count"] == 11


def test_of_two_hundred_parallel_guesses_on_a_lapsed_counter_ten_are_compared(any_table):
    world = World(any_table)
    world.guess_patiently(30)
    world.clock.at += DAY
    assert len(world.guess_at_once(200)) == 10


def test_parallel_guesses_stay_under_the_cap_with_any_patience(sqlite_table):
    world = World(sqlite_table, GuessLimits(free=3, cap=8))
    compared = 0
    for _ in range(40):
        compared += len(world.guess_at_once(32))
        world.clock.at += timedelta(minutes=15)
    assert compared == 8


@given(
    st.lists(st.sampled_from(["guess", "second", "quarter", "hours"]), max_size=120),
    st.integers(1, 5),
    st.integers(5, 12),
)
def test_no_pattern_of_patience_gets_more_than_the_cap_within_a_day_of_guessing(steps, free, cap):
    table = SqliteTable(None)
    world = World(table, GuessLimits(free=free, cap=cap))
    pauses = {"second": 1, "quarter": 900, "hours": 3 * 3600}
    compared, started = 0, world.clock.at
    for step in steps:
        if step != "guess":
            world.clock.at += timedelta(seconds=pauses[step])
        elif world.clock.at - started < DAY and isinstance(world.guess(), Reserved):
            compared += 1
    table.close()
    assert compared <= cap


def test_a_store_that_is_unavailable_lets_nothing_through():
    class Down:
        def write(self, write):
            raise StoreUnavailable

    with pytest.raises(StoreUnavailable):
        Guesses(Down(), SteppedClock(), LIMITS).reserve("password", "alice")


def test_endless_races_end_in_a_refusal():
    class Contended:
        """Others always come first, and have always just left again."""

        def write(self, write):
            raise ConditionFailed(None)

    assert Guesses(Contended(), SteppedClock(), LIMITS).reserve("password", "alice") == Refused(LIMITS.first_wait)


def test_forgetting_is_put_off_while_half_of_the_free_guesses_are_left(sqlite_table):
    world = World(sqlite_table)
    half = LIMITS.free // 2
    counts = [world.guess(scope="code").count for _ in range(half + 1)]
    assert world.guesses.forgetting("code", "alice", counts[half - 1]) == []
    [forgotten] = world.guesses.forgetting("code", "alice", counts[half])
    world.table.write(forgotten)
    assert world.guess(scope="code").count == 1


def test_of_several_counters_the_worn_ones_are_forgotten(sqlite_table):
    world = World(sqlite_table)
    world.guess_patiently(LIMITS.free)
    world.guess(scope="code")
    found = world.guesses.forgetting_each(("password", "alice"), ("code", "alice"), ("code", "nobody"))
    assert found == [world.guesses.succeeded("password", "alice")]


def test_where_no_guess_is_free_every_success_forgets(sqlite_table):
    world = World(sqlite_table, GuessLimits(free=1))
    assert world.guesses.forgetting("code", "alice", world.guess(scope="code").count) != []
