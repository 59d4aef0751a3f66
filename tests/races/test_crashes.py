"""A process dies between two calls to the store, or right behind one. What is stored then is whole."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.races.staging import Interruption, Killed, assert_consistent, interruptions
from tests.world import PASSWORD, Client, Native, Reply, World

from vestibule.ports import Table

ALICE = "alice@example.org"


def sign_up(client: Client, email: str) -> Reply:
    flow = client.start("registration")
    return client.submit(flow, method="password", password=PASSWORD, traits={"email": email})


def sign_in(client: Client) -> Reply:
    flow = client.start("login")
    return client.submit(flow, method="password", identifier=ALICE, password=PASSWORD)


def dies(place: Interruption, request: Callable[[Native], Reply]) -> bool:
    """Send the request to a process that dies at that place; False when the place lies behind the request."""

    def die() -> None:
        raise Killed

    client = Native(place.world(die))
    try:
        assert request(client).status == 200
    except Killed:
        return True
    return False


@pytest.mark.attack("flt-05")
@pytest.mark.parametrize("after", [False, True])
def test_whoever_dies_while_signing_up_is_there_or_can_sign_up(any_table: Table, after: bool) -> None:
    world = World.build(any_table)
    for place in interruptions(any_table, after=after):
        email = f"{place.at}-{ALICE}"
        if not dies(place, lambda client, email=email: sign_up(client, email)):
            continue
        assert_consistent(world)
        client = Native(world)
        if sign_up(client, email).status == 200:
            continue
        fields = {"method": "password", "identifier": email, "password": PASSWORD}
        assert client.submit(client.start("login"), **fields).status == 200


@pytest.mark.attack("flt-05")
@pytest.mark.parametrize("after", [False, True])
def test_whoever_dies_while_signing_in_can_sign_in(any_table: Table, after: bool) -> None:
    world = World.build(any_table)
    world.identity(ALICE)
    for place in interruptions(any_table, after=after):
        dies(place, sign_in)
        assert_consistent(world)
        client = Native(world)
        assert sign_in(client).status == 200
        assert client.whoami().status == 200


@pytest.mark.attack("flt-05")
@pytest.mark.parametrize("after", [False, True])
def test_a_password_that_is_being_changed_is_the_old_one_or_the_new_one(any_table: Table, after: bool) -> None:
    world = World.build(any_table)
    alice = world.identity(ALICE)
    for place in interruptions(any_table, after=after):
        new = f"another-kettle-{place.at}"
        document = {"schema_id": "person", "state": "active", "traits": {"email": ALICE}}
        document["credentials"] = {"password": {"config": {"password": new}}}
        path = f"/admin/identities/{alice.id}"
        dies(place, lambda client, path=path, document=document: client.world.admin("PUT", path, document))
        assert_consistent(world)
        assert world.admin("PUT", path, document).status == 200
        client = Native(world)
        fields = {"method": "password", "identifier": ALICE, "password": new}
        assert client.submit(client.start("login"), **fields).status == 200
