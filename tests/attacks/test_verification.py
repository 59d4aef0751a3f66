"""Who has an account is not to be found out by asking to verify an address, and no other code verifies one."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from msgspec.structs import replace
from tests import codes
from tests.attacks.test_enumeration import Counting
from tests.verification import BY_CODE, BY_LINK, ask, build, create, enter, shown, statuses
from tests.world import CLIENTS, Client, Native, World

from vestibule import assembly
from vestibule.adapters.sqlite import SqliteTable
from vestibule.config.document import merged

EMAIL, NOBODY = "alice@example.org", "nobody@example.org"
NOTIFIED = {"selfservice": {"flows": {"verification": {"notify_unknown_recipients": True}}}}


@pytest.mark.parametrize("kind", CLIENTS)
@pytest.mark.parametrize("changes", [{}, BY_LINK, NOTIFIED])
def test_known_and_unknown_addresses_cost_the_same_calls(
    kind: type[Client], changes: dict[str, Any], sqlite_table: SqliteTable
) -> None:
    world = build(sqlite_table, changes)
    create(world, EMAIL)
    costs = [steps(kind, world, address) for address in (EMAIL, NOBODY)]
    assert costs[0] == costs[1]


def steps(kind: type[Client], world: World, address: str) -> list[list[str]]:
    """The calls on the table and the hasher of each step."""
    calls: list[str] = []
    table = Counting(world.table, calls)
    svc = assembly.build(world.svc.config, table, clock=world.clock)
    svc = replace(svc, hasher=Counting(svc.hasher, calls), parallel=lambda *tasks: [task() for task in tasks])
    client = kind(dataclasses.replace(world, svc=svc))
    flow = client.start("verification")
    calls.clear()
    flow = ask(client, address, flow)
    sent = list(calls)
    calls.clear()
    if svc.config.selfservice.flows.verification.use == "code":
        shown(client, enter(client, flow, "000000x"))
    return [sent, list(calls)]


def test_a_code_to_sign_in_verifies_nothing_in_a_verification_flow(sqlite_table: SqliteTable) -> None:
    world = World.build(sqlite_table, merged(codes.PASSWORDLESS, BY_CODE), codes.schema())
    alice = create(world, EMAIL)
    client = Native(world)
    flow = ask(client, EMAIL)
    codes.send(client, EMAIL)
    again = shown(client, enter(client, flow, codes.last_code(world, EMAIL)))
    assert again.document["state"] == "sent_email"
    assert statuses(world, alice) == {EMAIL: ("sent", False)}
