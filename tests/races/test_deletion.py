"""An identity is deleted while something else happens to it."""

from __future__ import annotations

from functools import partial

import pytest
from tests.races.staging import Killed, Staged, assert_consistent, at_once, interruptions, nothing_of, rows
from tests.world import PASSWORD, Native, World

from vestibule.domain.identity import Identity
from vestibule.ports import Table

ROUNDS = 50
ALICE = "alice@example.org"


def sign_in(client: Native, password: str = PASSWORD) -> int:
    return client.submit(client.start("login"), method="password", identifier=ALICE, password=password).status


@pytest.mark.attack("cc-06")
def test_a_sign_in_beside_a_deletion_leaves_nothing_behind(any_table: Table) -> None:
    world = World.build(any_table)
    for _ in range(ROUNDS):
        alice, client = world.identity(ALICE), Native(world)
        fields = {"method": "password", "identifier": ALICE, "password": PASSWORD}
        signing_in = partial(client.submit, client.start("login"), **fields)
        deleting = partial(world.admin, "DELETE", f"/admin/identities/{alice.id}")
        signed_in, deleted = at_once([signing_in, deleting])
        assert signed_in.status in (200, 400)
        assert deleted.status == 204
        assert client.whoami().status == 401
        assert nothing_of(any_table, alice.id)


@pytest.mark.attack("cc-06")
def test_a_deletion_at_any_moment_of_a_sign_in_leaves_nothing_behind(any_table: Table) -> None:
    world = World.build(any_table)
    for place in interruptions(any_table):
        alice = world.identity(ALICE)
        client = Native(place.world(lambda alice=alice: world.svc.identities.delete(alice.id)))
        assert sign_in(client) in (200, 400)
        world.svc.identities.delete(alice.id)
        assert client.whoami().status == 401
        assert nothing_of(any_table, alice.id)


def test_a_sign_in_at_any_moment_of_a_deletion_leaves_nothing_behind(any_table: Table) -> None:
    world = World.build(any_table)
    for place in interruptions(any_table):
        alice, client = world.identity(ALICE), Native(world)
        deleting = place.world(lambda client=client: sign_in(client))
        assert deleting.svc.identities.delete(alice.id)
        assert client.whoami().status == 401
        assert nothing_of(any_table, alice.id)


def test_a_change_at_any_moment_of_a_deletion_leaves_nothing_behind(sqlite_table: Table) -> None:
    world = World.build(sqlite_table)
    for place in interruptions(sqlite_table):
        alice = world.identity(ALICE)
        patch = [{"op": "replace", "path": "/traits/email", "value": "alison@example.org"}]
        path = f"/admin/identities/{alice.id}"
        deleting = place.world(lambda path=path, patch=patch: world.admin("PATCH", path, patch))
        assert deleting.admin("DELETE", path).status == 204
        assert nothing_of(sqlite_table, alice.id)
        assert_consistent(world)


def test_ending_all_sessions_at_any_moment_of_a_deletion_leaves_nothing_behind(sqlite_table: Table) -> None:
    world = World.build(sqlite_table)
    for place in interruptions(sqlite_table):
        alice, client = world.identity(ALICE), Native(world)
        sign_in(client)
        deleting = place.world(lambda client=client: client.send("DELETE", "/sessions"))
        assert deleting.admin("DELETE", f"/admin/identities/{alice.id}").status == 204
        assert nothing_of(sqlite_table, alice.id)


def test_a_deletion_at_any_moment_of_ending_all_sessions_is_no_error(sqlite_table: Table) -> None:
    world = World.build(sqlite_table)
    for place in interruptions(sqlite_table):
        alice = world.identity(ALICE)
        client = Native(place.world(lambda alice=alice: world.svc.identities.delete(alice.id)))
        other = Native(world)
        sign_in(other)
        client.token = other.token
        assert client.send("DELETE", "/sessions").status in (200, 401)
        world.svc.identities.delete(alice.id)
        assert nothing_of(sqlite_table, alice.id)


@pytest.mark.parametrize("after", [False, True])
def test_a_deletion_that_was_cut_short_is_finished_by_asking_again(any_table: Table, after: bool) -> None:
    world = World.build(any_table)
    for at in range(1, 20):
        alice, client = world.identity(ALICE), Native(world)
        sign_in(client)
        staged = Staged(any_table, at, _killed, after)
        try:
            World.build(staged).svc.identities.delete(alice.id)  # pyright: ignore[reportArgumentType]
        except Killed:
            assert_consistent(world)
            again = world.svc.identities.delete(alice.id)
            assert again or after  # only the last step may have been the one that was not heard of
        assert nothing_of(any_table, alice.id)
        assert client.whoami().status == 401
        if staged.calls < at:
            return
    raise AssertionError("a deletion of many calls")


@pytest.mark.parametrize("after", [False, True])
def test_a_deletion_can_be_finished_though_somebody_else_has_the_address_now(any_table: Table, after: bool) -> None:
    world = World.build(any_table)
    for at in range(1, 20):
        alice = world.identity(ALICE)
        staged = Staged(any_table, at, _killed, after)
        try:
            World.build(staged).svc.identities.delete(alice.id)  # pyright: ignore[reportArgumentType]
        except Killed:
            newcomer = _sign_up(world)
            world.svc.identities.delete(alice.id)
            assert nothing_of(any_table, alice.id)
            assert_consistent(world)
        else:
            newcomer = None
        if newcomer:
            assert sign_in(Native(world)) == 200
            world.svc.identities.delete(newcomer)
        if staged.calls < at:
            return
        world.svc.identities.delete(alice.id)
    raise AssertionError("a deletion of many calls")


@pytest.mark.attack("data-04")
def test_nothing_is_left_of_a_deleted_identity_and_its_address_is_free(any_table: Table) -> None:
    world = World.build(any_table)
    world.svc.index.hmac("any", "thing")
    before = {key for key in rows(any_table) if not key[0].startswith("F#")}
    alice = _full(world)
    assert world.admin("DELETE", f"/admin/identities/{alice.id}").status == 204
    left = {key for key in rows(any_table) if not key[0].startswith("F#")}
    assert left == before
    assert nothing_of(any_table, alice.id)
    assert world.admin("DELETE", f"/admin/identities/{alice.id}").status == 404
    assert _full(world).id != alice.id


def _full(world: World) -> Identity:
    """With sessions, an ended session, a counted guess, an external id."""
    alice = world.identity(ALICE)
    for _ in range(3):
        assert sign_in(Native(world)) == 200
    ended = Native(world)
    sign_in(ended)
    ended.send("DELETE", "/sessions")
    sign_in(Native(world), "wrong")
    patch = [{"op": "add", "path": "/external_id", "value": "employee-7"}]
    assert world.admin("PATCH", f"/admin/identities/{alice.id}", patch).status == 200
    return alice


def _sign_up(world: World) -> str | None:
    """Somebody else takes the address, if it is free."""
    client = Native(world)
    reply = client.submit(client.start("registration"), method="password", password=PASSWORD, traits={"email": ALICE})
    assert reply.status in (200, 400)
    return reply.json["identity"]["id"] if reply.status == 200 else None


def _killed() -> None:
    raise Killed
