"""What following the configuration costs: nothing for most requests, one small read for the others, and when."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.budget.metering import Cost, Meter, metered
from tests.live import Live, lived

from vestibule import wiring
from vestibule.adapters.dynamodb import DynamoDbTable
from vestibule.adapters.dynamodb_call import Call
from vestibule.ports import Background

PATCH = {"op": "add", "path": "/selfservice/flows/login/lifespan", "value": "7m"}


@pytest.fixture
def meter(dynamodb_local_name: str, dynamodb_local_call: Call) -> Meter:
    return metered(lambda call: DynamoDbTable(dynamodb_local_name, call), dynamodb_local_call)


@pytest.fixture
def later() -> list[Callable[[], None]]:
    """What goes on in the background, held back."""
    return []


@pytest.fixture
def live(
    tmp_path: Path, meter: Meter, later: list[Callable[[], None]], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Live]:
    monkeypatch.setattr(wiring, "open_table", lambda dsn, make_missing: meter.trips)

    def background() -> Background:
        return later.append

    monkeypatch.setattr("vestibule.assembly.ThreadBackground", background)
    with lived(tmp_path) as world:
        yield world


@pytest.mark.parametrize("revisions", [0, 1])
def test_most_requests_read_nothing_and_none_waits_unless_nobody_looked_for_long(
    live: Live, meter: Meter, later: list[Callable[[], None]], revisions: int
):
    for _ in range(revisions):
        assert live.patch(PATCH).status == 200
    wiring.services()
    assert (meter.cost_of(wiring.services).trips, later) == (0, [])
    live.seconds_pass(wiring.LOOK_SECONDS)
    assert meter.cost_of(wiring.services).trips == 0
    looked = meter.cost_of(later.pop())
    assert (looked.trips, looked.read_units, looked.write_units) == (1, 0.5, 0)
    live.seconds_pass(wiring.WAIT_SECONDS)
    waited = meter.cost_of(wiring.services)
    assert (waited.trips, waited.read_units, waited.write_units) == (1, 0.5, 0)


def test_a_new_revision_is_read_once(live: Live, meter: Meter):
    live.patch(PATCH)
    wiring._process.revision = 0  # as a process that has not heard of it
    live.seconds_pass(wiring.WAIT_SECONDS)
    assert meter.cost_of(wiring.services).trips == 2
    live.seconds_pass(wiring.WAIT_SECONDS)
    assert meter.cost_of(wiring.services).trips == 1


def test_a_change_is_two_round_trips(live: Live, meter: Meter):
    wiring.services()
    cost: Cost = meter.cost_of(lambda: live.patch(PATCH))
    assert cost.trips == 2, cost
