"""The budget of each phase: round trips and capacity for an identity of 1 KB, without hooks but `session`.

The index key is loaded already: a process reads it once. `pytest -s` prints every cost with its items.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace
from tests.budget.metering import Cost, Meter, metered
from tests.world import PASSWORD, Browser, Client, Native, World

from vestibule.adapters.dynamodb import DynamoDbTable
from vestibule.adapters.dynamodb_call import Call
from vestibule.adapters.items import item_size
from vestibule.ports import Table
from vestibule.stores.identity_items import identity_key

MORE_IDENTITIES = 200
ALICE = "alice@example.org"
FILLER = "x" * 400
"""A first name that makes an identity's item just less than 1 KB."""

BUDGET = {
    "start": Cost(1, 0, 1),
    "start with a session": Cost(2, 2, 1),
    "fetch": Cost(1, 1, 0),
    "whoami": Cost(1, 2, 0),
    "login": Cost(3, 3, 7),
    "login with a wrong password": Cost(3, 3, 3),
    "login of nobody": Cost(3, 3, 3),
    "registration": Cost(3, 1, 28),
}
"""What a phase may cost: these round trips, at most these units of reading and writing."""


@pytest.fixture
def meter(dynamodb_local_name: str, dynamodb_local_call: Call) -> Meter:
    return metered(lambda call: DynamoDbTable(dynamodb_local_name, call), dynamodb_local_call)


@pytest.fixture
def world(meter: Meter) -> World:
    """Alice is there, with an identity of 1 KB."""
    world = World.build(meter.trips)
    world.svc = replace(world.svc, parallel=meter.trips.parallel)
    identity_id = sign_up(Native(world), ALICE)
    (item,) = meter.trips.get([identity_key(identity_id)])
    assert 960 <= item_size(item or {}) <= 1024
    return world


@pytest.mark.parametrize("kind", [Browser, Native])
def test_each_phase_keeps_its_budget(world: World, meter: Meter, kind: type[Client]) -> None:
    costs = costs_of(world, meter, kind)
    for phase, cost in costs.items():
        print(f"\n{kind.kind}, {phase}: {cost}")  # noqa: T201 (the numbers that the documentation quotes)
    assert costs.keys() == BUDGET.keys()
    for phase, cost in costs.items():
        allowed = BUDGET[phase]
        assert cost.trips == allowed.trips, f"{phase}: {cost}"
        assert cost.read_units <= allowed.read_units, f"{phase}: {cost}"
        assert cost.write_units <= allowed.write_units, f"{phase}: {cost}"


def test_what_an_unknown_identifier_costs_tells_nobody_that_it_is_unknown(world: World, meter: Meter) -> None:
    for _ in range(2):  # the first guess and a later one
        costs = costs_of(world, meter, Native)
        assert costs["login of nobody"] == costs["login with a wrong password"]


def test_no_phase_costs_more_among_more_identities(world: World, meter: Meter, dynamodb_local_table: Table) -> None:
    few = costs_of(world, meter, Native)
    unmetered = World.build(dynamodb_local_table)
    for number in range(MORE_IDENTITIES):
        unmetered.identity(f"person{number}@example.org")
    assert costs_of(world, meter, Native) == few


def sign_up(client: Client, email: str) -> str:
    """The id of a new identity of 1 KB."""
    traits = {"email": email, "name": {"first": FILLER}}
    reply = client.submit(client.start("registration"), method="password", password=PASSWORD, traits=traits)
    assert reply.status == 200, reply.body
    return reply.json["identity"]["id"]


def costs_of(world: World, meter: Meter, kind: type[Client]) -> dict[str, Cost]:
    """Every phase once, each measured by itself."""
    client, costs = kind(world), dict[str, Cost]()

    def measured(phase: str, request: Callable[[], object]) -> None:
        costs[phase] = meter.cost_of(request)

    def sign_in(phase: str, identifier: str, password: str) -> None:
        flow = client.start("login")
        fields = {"method": "password", "identifier": identifier, "password": password}
        measured(phase, lambda: client.submit(flow, **fields))

    start = f"/self-service/login/{'api' if kind is Native else 'browser'}"
    measured("start", lambda: client.get(start))
    flow = client.start("login")
    measured("fetch", lambda: client.fetch("login", flow.id))
    sign_in("login with a wrong password", ALICE, "wrong")
    sign_in("login of nobody", f"nobody-{world.requests}@example.org", "wrong")
    sign_in("login", ALICE, PASSWORD)
    measured("whoami", client.whoami)
    assert client.whoami().status == 200
    measured("start with a session", lambda: client.get(f"{start}?refresh=true"))
    newcomer = kind(world)
    flow = newcomer.start("registration")
    fields = {"traits": {"email": f"newcomer-{world.requests}@example.org", "name": {"first": FILLER}}}
    measured("registration", lambda: newcomer.submit(flow, method="password", password=PASSWORD, **fields))
    assert newcomer.whoami().status == 200
    return costs
