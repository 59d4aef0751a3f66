"""A password that lies under another hash than the configured one is moved by the next sign-in. Contract 03 §3."""

from __future__ import annotations

from typing import Any

import pytest
from tests.world import PASSWORD, Native, World

from vestibule.adapters.sqlite import SqliteTable

EMAIL = "alice@example.org"
BCRYPT: dict[str, Any] = {"hashers": {"algorithm": "bcrypt", "bcrypt": {"cost": 4}}}


def stored_hash(world: World, identity_id: str) -> str:
    return world.svc.identities.configs(identity_id, ["password"])["password"]["hashed_password"]


@pytest.fixture
def moved(sqlite_table: SqliteTable) -> tuple[World, str]:
    """Somebody who signed up under argon2, in a deployment that uses bcrypt now."""
    alice = World.build(sqlite_table).identity(EMAIL)
    return World.build(sqlite_table, BCRYPT), alice.id


def test_the_right_password_moves_it(moved: tuple[World, str]) -> None:
    world, alice = moved
    assert stored_hash(world, alice).startswith("$argon2id$")
    assert Native(world).sign_in(EMAIL).status == 200
    assert stored_hash(world, alice).startswith("$2a$")
    assert Native(world).sign_in(EMAIL).status == 200
    assert Native(world).sign_in(EMAIL, "wrong").status == 400


def test_a_wrong_password_moves_nothing(moved: tuple[World, str]) -> None:
    world, alice = moved
    before = stored_hash(world, alice)
    assert Native(world).sign_in(EMAIL, "wrong").status == 400
    assert stored_hash(world, alice) == before


def test_what_lies_under_the_configured_hash_stays(sqlite_table: SqliteTable) -> None:
    world = World.build(sqlite_table)
    alice = world.identity(EMAIL)
    before = stored_hash(world, alice.id)
    assert Native(world).sign_in(EMAIL).status == 200
    assert stored_hash(world, alice.id) == before


def test_a_password_that_the_new_hash_does_not_take_stays_where_it_is(sqlite_table: SqliteTable) -> None:
    long = PASSWORD * 5
    alice = World.build(sqlite_table).identity(EMAIL, long)
    world = World.build(sqlite_table, BCRYPT)
    assert Native(world).sign_in(EMAIL, long).status == 200
    assert stored_hash(world, alice.id).startswith("$argon2id$")
    assert Native(world).sign_in(EMAIL, long).status == 200


def test_the_password_can_still_be_used_in_the_old_deployment(sqlite_table: SqliteTable) -> None:
    old = World.build(sqlite_table)
    old.identity(EMAIL)
    assert Native(World.build(sqlite_table, BCRYPT)).sign_in(EMAIL).status == 200
    assert Native(old).sign_in(EMAIL).status == 200
