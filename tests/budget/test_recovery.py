"""The budget of getting back in by code: round trips and capacity for an identity of 1 KB."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.budget.metering import Cost, Meter, metered
from tests.budget.test_budget import FILLER
from tests.codes import another
from tests.recovery import build, enter, is_in, last_code, send
from tests.world import PASSWORD, Browser, Client, Native, World

from vestibule.adapters.dynamodb import DynamoDbTable
from vestibule.adapters.dynamodb_call import Call

ALICE = "alice@example.org"
TRAITS = {"email": ALICE, "name": {"first": FILLER}}
BUDGET = {
    "send": Cost(3, 3, 11),
    "send to nobody": Cost(3, 3, 11),
    "wrong code": Cost(3, 3, 6),
    "code": Cost(3, 3, 10),  # one more than another code: the settings flow that it leads to
}


@pytest.fixture
def meter(dynamodb_local_name: str, dynamodb_local_call: Call) -> Meter:
    return metered(lambda call: DynamoDbTable(dynamodb_local_name, call), dynamodb_local_call)


@pytest.fixture
def world(meter: Meter) -> World:
    world = build(meter.trips)  # pyright: ignore[reportArgumentType] every method of a Table
    world.svc = replace(world.svc, parallel=meter.trips.parallel)
    client = Native(world)
    reply = client.submit(client.start("registration"), method="password", password=PASSWORD, traits=TRAITS)
    assert reply.status == 200
    proven = Native(world)
    enter(proven, send(proven, ALICE), last_code(world, ALICE))  # verifies the address, once
    return world


@pytest.mark.parametrize("kind", [Browser, Native])
def test_each_step_keeps_its_budget(world: World, meter: Meter, kind: type[Client]) -> None:
    client = kind(world)
    costs: dict[str, Cost] = {}
    flow = client.start("recovery")
    costs["send"] = meter.cost_of(lambda: client.submit(flow, method="code", email=ALICE))
    code = last_code(world, ALICE)
    nobody = client.start("recovery")
    costs["send to nobody"] = meter.cost_of(lambda: client.submit(nobody, method="code", email="bobby@example.org"))
    costs["wrong code"] = meter.cost_of(lambda: enter(client, flow, another(code)))
    replies = []
    costs["code"] = meter.cost_of(lambda: replies.append(enter(client, flow, code)))
    assert is_in(client, replies[0])
    for step, cost in costs.items():
        print(f"\n{kind.kind}, {step}: {cost}")  # noqa: T201 (the numbers that the documentation quotes)
    for step, cost in costs.items():
        allowed = BUDGET[step]
        assert cost.trips == allowed.trips, f"{step}: {cost}"
        assert cost.read_units <= allowed.read_units, f"{step}: {cost}"
        assert cost.write_units <= allowed.write_units, f"{step}: {cost}"
