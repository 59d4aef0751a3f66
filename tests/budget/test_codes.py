"""What signing in by code costs, for an identity of 1 KB. See `test_budget`."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.budget.metering import Cost, Meter, metered
from tests.budget.test_budget import ALICE, FILLER
from tests.codes import another, build, enter, last_code, send
from tests.world import Native, World

from vestibule.adapters.dynamodb import DynamoDbTable
from vestibule.adapters.dynamodb_call import Call

SENDING = Cost(3, 3, 11)
WRONG = Cost(3, 5, 6)
RIGHT = Cost(3, 5, 9)


@pytest.fixture
def meter(dynamodb_local_name: str, dynamodb_local_call: Call) -> Meter:
    return metered(lambda call: DynamoDbTable(dynamodb_local_name, call), dynamodb_local_call)


@pytest.fixture
def world(meter: Meter) -> World:
    world = build(meter.trips)  # pyright: ignore[reportArgumentType] every method of a Table
    world.svc = replace(world.svc, parallel=meter.trips.parallel)
    traits = {"email": ALICE, "name": {"first": FILLER[:300]}}
    assert Native(world).sign_up(ALICE, traits=traits).status == 200
    client = Native(world)
    enter(client, send(client, ALICE), ALICE, last_code(world, ALICE))  # verifies the address, once
    return world


def test_a_code_keeps_its_budget(world: World, meter: Meter) -> None:
    client = Native(world)
    flow = client.start("login")
    sending = meter.cost_of(lambda: client.submit(flow, method="code", identifier=ALICE))
    code = last_code(world, ALICE)
    wrong = meter.cost_of(lambda: enter(client, flow, ALICE, another(code)))
    right = meter.cost_of(lambda: enter(client, flow, ALICE, code))
    assert client.whoami().status == 200
    for cost, allowed in ((sending, SENDING), (wrong, WRONG), (right, RIGHT)):
        print(f"\n{cost}")  # noqa: T201 (the numbers that the documentation quotes)
        assert (cost.trips, cost.read_units <= allowed.read_units) == (allowed.trips, True)
        assert cost.write_units <= allowed.write_units
