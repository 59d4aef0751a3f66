"""A session ends while it is used, prolonged or opened."""

from __future__ import annotations

from functools import partial

import pytest
from tests.races.staging import at_once, interruptions
from tests.world import PASSWORD, Native, Reply, World

from vestibule.ports import Table
from vestibule.ui import messages

ALICE = "alice@example.org"


def signed_in(world: World, **params: str) -> Native:
    client = Native(world)
    assert sign_in(client, **params).status == 200
    return client


def sign_in(client: Native, **params: str) -> Reply:
    flow = client.start("login", **params)
    return client.submit(flow, method="password", identifier=ALICE, password=PASSWORD)


def session_of(client: Native) -> str:
    return client.whoami().json["id"]


def revive(client: Native, world: World) -> Native:
    """The same client at another deployment on the same table."""
    twin = Native(world)
    twin.token = client.token
    return twin


def test_a_session_that_ends_while_it_is_refreshed_has_ended(any_table: Table) -> None:
    world = World.build(any_table)
    world.identity(ALICE)
    for place in interruptions(any_table):
        old = signed_in(world)
        token, session_id = old.token, session_of(old)
        interrupted = place.world(lambda session_id=session_id: world.admin("DELETE", f"/admin/sessions/{session_id}"))
        reply = sign_in(revive(old, interrupted), refresh="true")
        assert reply.status in (200, 401)
        old.token = token
        if place.reached:
            assert old.whoami().status == 401


def test_a_session_that_ends_while_it_is_extended_has_ended(any_table: Table) -> None:
    world = World.build(any_table)
    world.identity(ALICE)
    for place in interruptions(any_table):
        client = signed_in(world)
        path = f"/admin/sessions/{session_of(client)}"
        interrupted = place.world(lambda path=path: world.admin("DELETE", path))
        assert interrupted.admin("PATCH", f"{path}/extend").status in (200, 404)
        if place.reached:
            assert client.whoami().status == 401


def test_two_refreshes_of_one_session_both_succeed(any_table: Table) -> None:
    world = World.build(any_table)
    world.identity(ALICE)
    client = signed_in(world)
    replies = at_once([partial(sign_in, revive(client, world), refresh="true") for _ in range(8)])
    assert [reply.status for reply in replies] == [200] * 8
    assert client.whoami().status == 200


def test_ending_all_other_sessions_ends_those_that_are_just_being_opened(any_table: Table) -> None:
    world = World.build(any_table)
    world.identity(ALICE)
    for place in interruptions(any_table):
        kept, other = signed_in(world), signed_in(world)
        newcomer = Native(place.world(partial(kept.send, "DELETE", "/sessions")))
        flow = newcomer.start("login")
        assert newcomer.submit(flow, method="password", identifier=ALICE, password=PASSWORD).status == 200
        if not place.reached:
            kept.send("DELETE", "/sessions")
        assert kept.whoami().status == 200
        assert other.whoami().status == 401
        assert newcomer.whoami().status == 401, f"opened beside it, at call {place.at}"
        world.clock.pass_by(seconds=1)
        assert signed_in(world).whoami().status == 200


@pytest.mark.attack("cc-07")
def test_ending_all_beside_many_sign_ins_ends_each_or_leaves_it_whole(any_table: Table) -> None:
    world = World.build(any_table)
    world.identity(ALICE)
    kept, clients = signed_in(world), [Native(world) for _ in range(8)]
    ending = partial(kept.send, "DELETE", "/sessions")
    replies = at_once([*(partial(sign_in, client) for client in clients), ending])
    assert [reply.status for reply in replies] == [200] * 9
    assert kept.whoami().status == 200
    assert {client.whoami().status for client in clients} == {401}  # the clock stands still: all were opened before


def test_no_request_sees_a_session_after_its_sign_out(any_table: Table) -> None:
    world = World.build(any_table)
    world.identity(ALICE)
    client = signed_in(world)
    body = b'{"session_token": "%s"}' % (client.token or "").encode()
    assert client.send("DELETE", "/self-service/logout/api", body, Content_Type="application/json").status == 204
    replies = at_once([client.whoami for _ in range(200)], threads=32)
    assert [reply.status for reply in replies] == [401] * 200


def test_an_identity_that_is_disabled_while_it_signs_in_is_not_signed_in(any_table: Table) -> None:
    world = World.build(any_table)
    alice = world.identity(ALICE)
    path = f"/admin/identities/{alice.id}"
    states = {name: [{"op": "replace", "path": "/state", "value": name}] for name in ("active", "inactive")}
    for place in interruptions(any_table):
        world.admin("PATCH", path, states["active"])
        client = Native(place.world(partial(world.admin, "PATCH", path, states["inactive"])))
        flow = client.start("login")
        reply = client.submit(flow, method="password", identifier=ALICE, password=PASSWORD)
        if not place.reached:
            assert reply.status == 200
        elif reply.status == 200:  # disabled behind the last call
            assert client.whoami().status == 401
        else:
            assert reply.flow.message_ids == [messages.IDENTITY_DISABLED.id]
            assert client.token is None
