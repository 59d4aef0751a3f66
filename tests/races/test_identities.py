"""Administrators change one identity at once."""

from __future__ import annotations

from functools import partial

from tests.races.staging import assert_consistent, at_once, interruptions
from tests.world import PASSWORD, Native, World

from vestibule.adapters.hashers.hasher import PasswordHasher
from vestibule.ports import Table

CROWD = 16
ALICE = "alice@example.org"


def test_no_accepted_change_is_lost(any_table: Table) -> None:
    world = World.build(any_table)
    path = f"/admin/identities/{world.identity(ALICE).id}"
    assert world.admin("PATCH", path, [{"op": "add", "path": "/metadata_public", "value": {}}]).status == 200
    patches = [[{"op": "add", "path": f"/metadata_public/by{number}", "value": number}] for number in range(CROWD)]
    replies = at_once([partial(world.admin, "PATCH", path, patch) for patch in patches])
    accepted = {f"by{number}": number for number, reply in enumerate(replies) if reply.status == 200}
    assert accepted
    assert {reply.status for reply in replies} <= {200, 409}
    assert world.admin("GET", path).json["metadata_public"] == accepted


def test_of_many_identities_that_want_one_address_one_gets_it(any_table: Table) -> None:
    world = World.build(any_table)
    people = [world.identity(f"person{number}@example.org") for number in range(CROWD)]
    patch = [{"op": "replace", "path": "/traits/email", "value": ALICE}]
    replies = at_once([partial(world.admin, "PATCH", f"/admin/identities/{each.id}", patch) for each in people])
    assert sorted(reply.status for reply in replies) == [200] + [409] * (CROWD - 1)
    assert_consistent(world)


def test_a_rehash_never_undoes_a_change_of_the_password(any_table: Table) -> None:
    """The hash of an earlier configuration is replaced at sign-in, unless somebody changes the password then."""
    world = World.build(any_table)
    changes = {"hashers": {"argon2": {"iterations": 2}}}
    for place in interruptions(any_table):
        alice = world.identity(f"{place.at}{ALICE}")
        new = {"schema_id": "person", "state": "active", "traits": alice.traits}
        new["credentials"] = {"password": {"config": {"password": "another-kettle-43"}}}
        put = partial(world.admin, "PUT", f"/admin/identities/{alice.id}", new)
        client = Native(place.world(put, changes))
        flow = client.start("login")
        fields = {"method": "password", "identifier": alice.traits["email"]}
        assert client.submit(flow, password=PASSWORD, **fields).status in (200, 400)
        if place.reached:
            again = Native(world)
            assert again.submit(again.start("login"), password=PASSWORD, **fields).status == 400
            assert again.submit(again.start("login"), password="another-kettle-43", **fields).status == 200
            assert_consistent(world)


def test_sign_ins_at_once_after_a_change_of_the_hash_all_succeed(any_table: Table) -> None:
    World.build(any_table).identity(ALICE)
    world = World.build(any_table, {"hashers": {"argon2": {"iterations": 2}}})
    clients = [Native(world) for _ in range(8)]
    flows = [client.start("login") for client in clients]
    fields = {"method": "password", "identifier": ALICE, "password": PASSWORD}
    replies = at_once([partial(client.submit, flow, **fields) for client, flow in zip(clients, flows, strict=True)])
    assert [reply.status for reply in replies] == [200] * 8
    (item,) = any_table.get([world.svc.identities.identifier_key("password", ALICE)])
    entry = world.svc.identities.read_identifier(item)
    assert isinstance(world.svc.hasher, PasswordHasher)
    assert entry
    assert not world.svc.hasher.needs_rehash(entry.hashed_password or "")
