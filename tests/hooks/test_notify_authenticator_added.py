"""`notify_authenticator_added`: whoever has the account learns of a new way into it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from tests import keys
from tests.codes import letters
from tests.keys import Authenticator, add_key, add_passkey, keys_of
from tests.settings import enrol_totp
from tests.world import PASSWORD, Spa, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.config.document import merged
from vestibule.domain.times import to_rfc3339

EMAIL = "ann@example.org"
TOTP = {"selfservice": {"methods": {"totp": {"enabled": True}}}}
PROVEN: dict[str, Any] = copy.deepcopy(keys.SCHEMA)
PROVEN["properties"]["traits"]["properties"]["email"]["ory.sh/kratos"]["verification"] = {"via": "email"}
ADDED: dict[str, Callable[[Spa], object]] = {
    "webauthn": lambda ann: add_key(ann, Authenticator()),
    "passkey": lambda ann: add_passkey(ann, Authenticator()),
    "totp": enrol_totp,
}


def build(table: SqliteTable, *hooks: str) -> World:
    after = {"hooks": [{"hook": hook} for hook in hooks]}
    changes = merged(TOTP, {"selfservice": {"flows": {"settings": {"after": after}}}})
    return keys.build(table, "second_factor", "passkey", changes=changes, schema=PROVEN)


@pytest.fixture
def world(sqlite_table: SqliteTable) -> World:
    return build(sqlite_table, "notify_authenticator_added")


def signed_in(world: World, *, verified: bool = True) -> Spa:
    """Ann, whose address is proven."""
    person = {
        "schema_id": "person",
        "traits": {"email": EMAIL},
        "credentials": {"password": {"config": {"password": PASSWORD}}},
        "verifiable_addresses": [{"value": EMAIL, "via": "email", "verified": verified, "status": "completed"}],
    }
    assert world.admin("POST", "/identities", person).status == 201
    ann = Spa(world)
    assert ann.sign_in(EMAIL).status == 200
    return ann


@pytest.mark.attack("wa-07")
@pytest.mark.parametrize("method", ADDED)
def test_whoever_has_the_account_is_told_of_a_new_way_into_it(method: str, world: World) -> None:
    ADDED[method](signed_in(world))
    (message,) = world.svc.messages.page(limit=9, recipient=EMAIL)
    assert (message.template_type, message.via) == ("authenticator_key_added", "email")
    assert message.data["added_at"] == to_rfc3339(world.clock.now())
    assert message.data["identity"]["traits"] == {"email": EMAIL}


def test_nobody_is_told_at_an_address_that_may_be_somebody_elses(world: World) -> None:
    add_key(signed_in(world, verified=False), Authenticator())
    assert letters(world, EMAIL) == []
    assert len(keys_of(world, EMAIL)) == 1


def test_what_is_taken_off_or_refused_is_not_told(world: World) -> None:
    ann, key = signed_in(world), Authenticator()
    add_key(ann, key)
    told = len(letters(world, EMAIL))
    assert add_key(ann, Authenticator(), origin="https://elsewhere.example").status == 400
    ann.submit(ann.start("settings"), webauthn_remove=key.keys[0].id.hex())
    assert keys_of(world, EMAIL) == []
    assert len(letters(world, EMAIL)) == told == 1


def test_other_changes_are_not_told(world: World) -> None:
    ann = signed_in(world)
    assert ann.submit(ann.start("settings"), method="password", password="green-ladder-17-comet").status == 200
    assert letters(world, EMAIL) == []


def test_nobody_is_told_unasked(sqlite_table: SqliteTable) -> None:
    """As recorded."""
    world = build(sqlite_table)
    add_key(signed_in(world), Authenticator())
    assert letters(world, EMAIL) == []
