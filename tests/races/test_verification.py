"""Many prove, ask for, and change one address at once. Contract 07 §5: single use, attempts counted first."""

from __future__ import annotations

import dataclasses
from collections import Counter
from itertools import count

import pytest
from tests.codes import another, letters
from tests.races.staging import Killed, Staged, assert_consistent, at_once
from tests.verification import BY_LINK, ask, build, code_to, create, enter, link_to, statuses
from tests.world import Browser, Native, Reply, World

from vestibule import assembly
from vestibule.domain.flow import FlowState, Kind
from vestibule.ports import Table

CROWD = 32
EMAIL, NEW = "alice@example.org", "alice@new.example"
SENT, COMPLETED = ("sent", False), ("completed", True)


@pytest.fixture
def world(any_table: Table) -> World:
    world = build(any_table)
    Native(world).start("verification")  # loads the door
    return world


def test_of_many_right_codes_at_once_one_verifies(world: World) -> None:
    alice = create(world, EMAIL)
    flow = ask(Native(world), EMAIL)
    code = code_to(world, EMAIL)
    replies = at_once([lambda: enter(Native(world), flow, code) for _ in range(CROWD)])
    states = Counter((reply.status, reply.json.get("state")) for reply in replies)
    assert states[200, "passed_challenge"] == 1
    assert set(states) <= {(200, "passed_challenge"), (410, None), (429, None)}
    assert statuses(world, alice) == {EMAIL: COMPLETED}
    assert_consistent(world)


def test_of_many_right_codes_at_once_one_changes_the_address(any_table: Table) -> None:
    """The change waits for the proof of its new address: it is made once, by one of them."""
    waiting = {"settings": {"after": {"profile": {"hooks": [{"hook": "verify_new_address"}]}}}}
    world = build(any_table, {"selfservice": {"flows": waiting}})
    client = Native(world)
    client.sign_up(EMAIL)
    reply = client.submit(client.start("settings"), method="profile", traits={"email": NEW})
    [item] = reply.json["continue_with"]
    flow = client.fetch("verification", item["flow"]["id"]).flow
    code = code_to(world, NEW)

    def entered() -> Reply:
        again = Native(world)
        again.token = client.token
        return enter(again, flow, code)

    replies = at_once([entered for _ in range(CROWD)])
    states = Counter((reply.status, reply.json.get("state")) for reply in replies)
    assert states[200, "passed_challenge"] == 1
    assert set(states) <= {(200, "passed_challenge"), (410, None), (429, None)}
    who = client.whoami().json["identity"]
    assert who["traits"]["email"] == NEW
    assert statuses(world, who["id"]) == {NEW: COMPLETED}
    assert_consistent(world)


def test_of_many_wrong_codes_at_once_five_are_compared(world: World) -> None:
    alice = create(world, EMAIL)
    flow = ask(Native(world), EMAIL)
    code = code_to(world, EMAIL)
    at_once([lambda: enter(Native(world), flow, another(code)) for _ in range(CROWD)])
    stored = world.svc.flows.find(flow.id, Kind.VERIFICATION)
    assert stored is not None
    assert stored.attempts == 5
    assert enter(Native(world), flow, code).status == 410
    assert statuses(world, alice) == {EMAIL: SENT}


def test_a_link_that_many_open_at_once_verifies_once(any_table: Table) -> None:
    world = build(any_table, BY_LINK)
    alice = create(world, EMAIL)
    flow = ask(Native(world), EMAIL)
    link = link_to(world, EMAIL)
    replies = at_once([lambda: Browser(world).get(link) for _ in range(8)])
    assert [reply.query("flow") for reply in replies].count(flow.id) == 1
    assert statuses(world, alice) == {EMAIL: COMPLETED}


def test_codes_that_are_sent_at_once_leave_one_that_works(world: World) -> None:
    alice = create(world, EMAIL)
    client = Native(world)
    flow = client.start("verification")
    at_once([lambda: ask(Native(world), EMAIL, flow) for _ in range(3)])
    sent = [letter["verification_code"] for letter in letters(world, EMAIL)]
    passed = [enter(client, flow, code).json.get("state") for code in dict.fromkeys(sent)]
    assert passed.count("passed_challenge") == 1
    assert statuses(world, alice) == {EMAIL: COMPLETED}


def test_whatever_else_changes_the_person_meanwhile_the_proof_is_stored_once(world: World) -> None:
    """Between any two calls of the request, an administrator writes the identity."""
    alice = create(world, EMAIL)
    for number in count(1):
        flow = ask(Native(world), EMAIL)
        code = code_to(world, EMAIL)
        change = {"schema_id": "person", "traits": {"email": EMAIL, "name": {"first": f"Alice {number}"}}}
        plain = World(world.svc, world.clock, world.table)

        def interfere(plain: World = plain, change: dict[str, object] = change) -> None:
            assert plain.admin("PUT", f"/identities/{alice}", change).status == 200

        staged = Staged(world.table, number, interfere)
        svc = assembly.build(world.svc.config, staged, clock=world.clock)
        reply = enter(Native(dataclasses.replace(world, svc=svc)), flow, code)
        assert reply.json["state"] == "passed_challenge"
        assert statuses(world, alice) == {EMAIL: COMPLETED}
        if staged.calls < number:
            break
        identity = world.svc.identities.find(alice)
        assert identity is not None
        assert identity.traits["name"]["first"] == f"Alice {number}"
        world.clock.pass_by(hours=1)


def test_a_process_that_dies_leaves_the_code_usable_or_the_address_verified(world: World) -> None:
    alice = create(world, EMAIL)

    def die() -> None:
        raise Killed

    for number in count(1):
        flow = ask(Native(world), EMAIL)
        code = code_to(world, EMAIL)
        staged = Staged(world.table, number, die)
        svc = assembly.build(world.svc.config, staged, clock=world.clock)
        try:
            enter(Native(dataclasses.replace(world, svc=svc)), flow, code)
        except Killed:
            stored = world.svc.flows.find(flow.id, Kind.VERIFICATION)
            assert stored is not None
            assert (stored.state is FlowState.PASSED_CHALLENGE) is not bool(stored.codes)
            assert enter(Native(world), flow, code).status in (200, 410)
        assert statuses(world, alice) == {EMAIL: COMPLETED}
        assert_consistent(world)
        if staged.calls < number:
            break
        world.clock.pass_by(hours=1)
