"""Many sign up at once."""

from __future__ import annotations

import pytest
from tests.races.staging import assert_consistent, at_once, rows
from tests.world import PASSWORD, Native, Reply, World

from vestibule.ports import Table
from vestibule.ui import messages

CROWD = 32
SPELLINGS = ("alice@example.org", "Alice@Example.org", "ALICE@EXAMPLE.ORG", " alice@example.org")


@pytest.fixture
def world(any_table: Table) -> World:
    world = World.build(any_table)
    Native(world).start("registration")  # loads the door, and makes the index key
    return world


def sign_up(client: Native, email: str) -> Reply:
    return client.submit(client.start("registration"), method="password", password=PASSWORD, traits={"email": email})


def identities(world: World) -> list[str]:
    return [pk for pk, sk in rows(world.table) if pk.startswith("I#") and sk == "#"]


@pytest.mark.attack("cc-01")
def test_of_many_who_want_one_address_exactly_one_gets_it(world: World) -> None:
    for number in range(3):
        spellings = [f"{number}{spelling.strip()}" for spelling in SPELLINGS] * (CROWD // len(SPELLINGS))
        replies = at_once([lambda email=email: sign_up(Native(world), email) for email in spellings])
        lost = [reply for reply in replies if reply.status != 200]
        assert [reply.status for reply in lost] == [400] * (CROWD - 1)
        assert {*(tuple(reply.flow.message_ids) for reply in lost)} == {(messages.DUPLICATE_CREDENTIALS.id,)}
        assert len(identities(world)) == number + 1
    assert_consistent(world)


def test_an_index_key_that_many_make_at_once_is_one_key(any_table: Table) -> None:
    worlds = [World.build(any_table) for _ in range(8)]
    hmacs = at_once([lambda each=each: each.svc.index.hmac("password", "alice") for each in worlds])
    assert len({*hmacs}) == 1


@pytest.mark.attack("cc-02")
def test_one_form_that_is_sent_many_times_makes_one_identity(world: World) -> None:
    client = Native(world)
    flow = client.start("registration")
    fields = {"method": "password", "password": PASSWORD, "traits": {"email": "alice@example.org"}}
    replies = at_once([lambda: Native(world).submit(flow, **fields) for _ in range(16)])
    assert sorted(reply.status for reply in replies) == [200] + [400] * 15
    assert len(identities(world)) == 1
    assert_consistent(world)


def test_one_form_that_is_refused_many_times_stays_usable(world: World) -> None:
    client = Native(world)
    flow = client.start("registration")
    fields = {"method": "password", "password": "short", "traits": {"email": "alice@example.org"}}
    replies = at_once([lambda: Native(world).submit(flow, **fields) for _ in range(16)])
    assert [reply.status for reply in replies] == [400] * 16
    assert all(reply.flow.messages_at("password") for reply in replies)
    reply = client.submit(flow, **(fields | {"password": PASSWORD}))
    assert reply.status == 200
