import threading
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from vestibule.adapters.system import SystemClock, SystemRandom, ThreadParallel


class StoppedClock:
    def __init__(self):
        self.at = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self):
        return self.at


def test_the_clock_is_aware_and_in_utc():
    assert SystemClock().now().utcoffset() == timedelta(0)


def test_uuids_carry_their_version_and_variant():
    random = SystemRandom()
    four, seven = UUID(random.uuid4()), UUID(random.uuid7())
    assert (four.version, four.variant) == (4, "specified in RFC 4122")
    assert (seven.version, seven.variant) == (7, "specified in RFC 4122")


def test_a_uuid7_starts_with_the_time():
    clock = StoppedClock()
    assert UUID(SystemRandom(clock).uuid7()).int >> 80 == int(clock.at.timestamp() * 1000)


@pytest.mark.attack("flt-14")
def test_uuid7s_ascend_within_a_millisecond_and_over_its_counter_and_when_the_clock_steps_back():
    clock = StoppedClock()
    random = SystemRandom(clock)
    made = [random.uuid7() for _ in range(5000)]
    clock.at -= timedelta(minutes=5)
    made += [random.uuid7() for _ in range(100)]
    clock.at += timedelta(minutes=10)
    made += [random.uuid7() for _ in range(100)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_uuid7s_of_several_threads_are_unique():
    random = SystemRandom()
    parts = ThreadParallel(4)(*[lambda: [random.uuid7() for _ in range(500)]] * 4)
    assert len({made for part in parts for made in part}) == 2000


def test_tasks_run_side_by_side_and_answer_in_order():
    both = threading.Barrier(2, timeout=5)
    parallel = ThreadParallel()
    assert parallel(lambda: (both.wait(), "a")[1], lambda: (both.wait(), "b")[1]) == ["a", "b"]
    assert parallel() == []
    assert parallel(lambda: 1) == [1]


def test_the_first_exception_is_raised_when_all_have_ended():
    ended = []

    def fail(name):
        ended.append(name)
        raise LookupError(name)

    with pytest.raises(LookupError, match="one"):
        ThreadParallel()(lambda: fail("one"), lambda: fail("two"), lambda: ended.append("three"))
    assert sorted(ended) == ["one", "three", "two"]


def test_tasks_that_run_tasks_never_wait_for_a_free_worker():
    parallel = ThreadParallel(workers=1)

    def nested(depth):
        return depth if depth == 0 else sum(parallel(*[lambda: nested(depth - 1)] * 3)) + 1

    assert nested(4) == 40


def test_tasks_see_the_callers_context():
    request_id = ContextVar("request_id", default="none")
    request_id.set("r1")
    assert ThreadParallel()(request_id.get, request_id.get) == ["r1", "r1"]
