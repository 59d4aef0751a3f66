"""A secret that is removed is gone from every row that carried it."""

from __future__ import annotations

from tests.world import World

from vestibule.adapters.sqlite import SqliteTable


def test_a_removed_password_leaves_no_hash_beside_its_identifiers(sqlite_table: SqliteTable) -> None:
    world = World.build(sqlite_table)
    alice = world.identity("alice@example.org")
    world.svc.identities.update(alice, alice, {"password": None})
    row = sqlite_table.get([world.svc.identities.identifier_key("password", "alice@example.org")])[0]
    assert row is not None
    entry = world.svc.identities.read_identifier(row)
    assert entry is not None
    assert (entry.identity_id, entry.hashed_password) == (alice.id, None)
