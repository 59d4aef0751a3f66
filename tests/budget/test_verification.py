"""The budget of proving an address by code: round trips and capacity for an identity of 1 KB."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.budget.metering import Cost, Meter, metered
from tests.budget.test_budget import FILLER
from tests.codes import another
from tests.verification import after, ask, build, code_to, enter
from tests.world import PASSWORD, Browser, Client, Native, World

from vestibule.adapters.dynamodb import DynamoDbTable
from vestibule.adapters.dynamodb_call import Call

ALICE = "alice@example.org"
TRAITS = {"email": ALICE, "name": {"first": FILLER}}
BUDGET = {
    "registration": Cost(3, 1, 28),
    "send": Cost(3, 3, 11),
    "send to nobody": Cost(3, 3, 11),
    "wrong code": Cost(3, 3, 4),
    "code": Cost(3, 3, 9),
}


@pytest.fixture
def meter(dynamodb_local_name: str, dynamodb_local_call: Call) -> Meter:
    return metered(lambda call: DynamoDbTable(dynamodb_local_name, call), dynamodb_local_call)


@pytest.fixture
def world(meter: Meter) -> World:
    """The index key is loaded already."""
    world = build(meter.trips, after("registration", "session"))
    world.svc = replace(world.svc, parallel=meter.trips.parallel)
    world.identity("bobby@example.org")
    return world


@pytest.mark.parametrize("kind", [Browser, Native])
def test_each_step_keeps_its_budget(world: World, meter: Meter, kind: type[Client]) -> None:
    costs = costs_of(world, meter, kind)
    for step, cost in costs.items():
        print(f"\n{kind.kind}, {step}: {cost}")  # noqa: T201 (the numbers that the documentation quotes)
        allowed = BUDGET[step]
        assert cost.trips == allowed.trips, f"{step}: {cost}"
        assert cost.read_units <= allowed.read_units, f"{step}: {cost}"
        assert cost.write_units <= allowed.write_units, f"{step}: {cost}"
    assert costs.keys() == BUDGET.keys()


def costs_of(world: World, meter: Meter, kind: type[Client]) -> dict[str, Cost]:
    client, costs = kind(world), dict[str, Cost]()
    new = client.start("registration")
    costs["registration"] = meter.cost_of(
        lambda: client.submit(new, method="password", password=PASSWORD, traits=TRAITS)
    )
    flow = client.start("verification")
    costs["send"] = meter.cost_of(lambda: client.submit(flow, method="code", email=ALICE))
    nobody = client.start("verification")
    costs["send to nobody"] = meter.cost_of(lambda: client.submit(nobody, method="code", email="nobody@example.org"))
    other = kind(world)
    waiting, code = ask(other, ALICE), code_to(world, ALICE)
    costs["wrong code"] = meter.cost_of(lambda: enter(other, waiting, another(code)))
    costs["code"] = meter.cost_of(lambda: enter(other, waiting, code))
    return costs
