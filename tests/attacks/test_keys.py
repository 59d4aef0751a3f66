"""Attacks on security keys and passkeys."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests import keys
from tests.keys import (
    PRESENT,
    VERIFIED,
    Authenticator,
    add_key,
    add_passkey,
    asked,
    keys_of,
    sign_in_with_passkey,
    sign_up_with_key,
    sign_up_with_passkey,
    step_up,
    value,
)
from tests.world import Spa, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.domain.event import KEY_COPY_SUSPECTED, read
from vestibule.ui import messages

EMAIL, OTHER = "ann@example.org", "bob@example.org"
WRONG = [messages.WEBAUTHN_VERIFIER_WRONG.id]


@pytest.fixture
def world(sqlite_table: SqliteTable) -> World:
    return keys.build(sqlite_table, "second_factor", "passkey")


def signed_up(world: World, email: str = EMAIL) -> Spa:
    client = Spa(world)
    assert client.sign_up(email).status == 200
    return client


def signed_in(world: World, email: str = EMAIL) -> Spa:
    client = Spa(world)
    assert client.sign_in(email).status == 200
    return client


def told(world: World, type_: str) -> list[dict[str, Any]]:
    """What is told outside of it."""
    items = world.stored().values()
    return [each.to_json() for item in items if "ev" in item for each in read(item["ev"]) if each.type == type_]


@pytest.mark.attack("wa-04")
def test_a_counter_that_goes_back_is_refused_remembered_and_never_lowered(world: World) -> None:
    key = Authenticator()
    add_key(signed_up(world), key)
    assert step_up(signed_in(world), key, counter=5).status == 200
    assert step_up(signed_in(world), key, counter=3).flow.message_ids == WRONG
    (stored,) = keys_of(world, EMAIL)
    assert stored["authenticator"]["sign_count"] == 5
    assert stored["authenticator"]["clone_warning"] is True
    assert [each["method"] for each in told(world, KEY_COPY_SUSPECTED)] == ["webauthn"]


@pytest.mark.attack("wa-04")
def test_a_key_that_never_counts_is_no_copy(world: World) -> None:
    key = Authenticator(counts=False)
    add_key(signed_up(world), key)
    assert [step_up(signed_in(world), key).status for _ in range(2)] == [200, 200]
    assert keys_of(world, EMAIL)[0]["authenticator"]["clone_warning"] is False
    assert told(world, KEY_COPY_SUSPECTED) == []


@pytest.mark.attack("wa-05")
@pytest.mark.parametrize("changed", [{"flags": 0}, {"algorithm": -999}, {"fmt": "packed"}, {"fmt": "apple"}], ids=str)
def test_a_key_without_presence_a_known_algorithm_or_a_right_attestation_is_not_added(
    world: World, changed: dict[str, Any]
) -> None:
    ann = signed_up(world)
    assert add_key(ann, Authenticator(), **changed).flow.message_ids == WRONG
    assert add_passkey(ann, Authenticator(), **changed).flow.message_ids == WRONG
    assert keys_of(world, EMAIL) == keys_of(world, EMAIL, "passkey") == []


@pytest.mark.attack("wa-05")
def test_a_weak_rsa_key_is_not_added(world: World) -> None:
    assert add_key(signed_up(world), Authenticator(rsa_bits=1024)).flow.message_ids == WRONG


@pytest.mark.attack("wa-05")
def test_without_verification_a_passkey_opens_nothing_where_it_is_required(sqlite_table: SqliteTable) -> None:
    required = {"authenticator_selection": {"user_verification": "required"}}
    changes = {"selfservice": {"methods": {"passkey": {"config": required}}}}
    world = keys.build(sqlite_table, "passkey", changes=changes)
    key = Authenticator()
    sign_up_with_passkey(Spa(world), EMAIL, key)
    assert sign_in_with_passkey(Spa(world), key, flags=PRESENT).flow.message_ids == WRONG
    assert sign_in_with_passkey(Spa(world), key, flags=VERIFIED).flow.message_ids == WRONG
    opened = sign_in_with_passkey(Spa(world), key).json["session"]
    assert opened["authenticator_assurance_level"] == "aal1"


@pytest.mark.attack("wa-06")
@pytest.mark.parametrize("add", [add_key, add_passkey])
def test_a_key_of_one_account_is_not_taken_by_another(world: World, add: Any) -> None:
    key, thief = Authenticator(), Authenticator()
    add_key(signed_up(world), key)
    refused = add(signed_up(world, OTHER), thief, key_id=key.keys[0].id)
    assert (refused.status, refused.flow.message_ids) == (400, WRONG)
    assert keys_of(world, OTHER) == keys_of(world, OTHER, "passkey") == []


@pytest.mark.attack("wa-06")
def test_nobody_signs_up_with_a_key_that_somebody_has(world: World) -> None:
    key = Authenticator()
    add_key(signed_up(world), key)
    refused = sign_up_with_passkey(Spa(world), OTHER, Authenticator(), key_id=key.keys[0].id)
    assert (refused.status, refused.flow.message_ids) == (400, WRONG)
    assert world.svc.identities.by_identifier(["password"], OTHER) is None


@pytest.mark.attack("wa-07")
@pytest.mark.parametrize("add", [add_key, add_passkey])
def test_an_old_session_adds_no_key(world: World, add: Any) -> None:
    ann = signed_up(world)
    world.clock.pass_by(hours=2)
    refused = add(ann, Authenticator())
    assert (refused.status, refused.error_id) == (403, "session_refresh_required")
    assert keys_of(world, EMAIL) == keys_of(world, EMAIL, "passkey") == []


@pytest.mark.attack("set-01")
def test_an_old_session_removes_no_key(world: World) -> None:
    ann, key, passkey = signed_up(world), Authenticator(), Authenticator()
    add_key(ann, key)
    add_passkey(ann, passkey)
    world.clock.pass_by(hours=2)
    for field, each in (("webauthn_remove", key), ("passkey_remove", passkey)):
        refused = ann.submit(ann.start("settings"), **{field: each.keys[0].id.hex()})
        assert (refused.status, refused.error_id) == (403, "session_refresh_required")
    assert (len(keys_of(world, EMAIL)), len(keys_of(world, EMAIL, "passkey"))) == (1, 1)


@pytest.mark.attack("set-04")
def test_the_last_way_to_sign_in_cannot_be_removed(sqlite_table: SqliteTable) -> None:
    world = keys.build(sqlite_table, "passwordless", "passkey")
    by_passkey, by_key = Authenticator(), Authenticator()
    ann, bob = Spa(world), Spa(world)
    sign_up_with_passkey(ann, EMAIL, by_passkey)
    sign_up_with_key(bob, OTHER, by_key)
    assert ann.submit(ann.start("settings"), passkey_remove=by_passkey.keys[0].id.hex()).status == 400
    assert bob.submit(bob.start("settings"), webauthn_remove=by_key.keys[0].id.hex()).status == 400
    assert len(keys_of(world, EMAIL, "passkey")) == len(keys_of(world, OTHER)) == 1


@pytest.mark.attack("enum-07")
def test_who_has_a_key_is_not_told_where_accounts_are_hidden(sqlite_table: SqliteTable) -> None:
    hidden = {"security": {"account_enumeration": {"mitigate": True}}}
    world = keys.build(sqlite_table, "passwordless", changes=hidden)
    sign_up_with_key(Spa(world), EMAIL, Authenticator())
    Spa(world).sign_up(OTHER)

    def offered(identifier: str) -> tuple[int, list[dict[str, Any]], list[int]]:
        spa = Spa(world)
        flow = spa.start("login")
        told = spa.submit(flow, method="webauthn", identifier=identifier).status
        shown = spa.fetch("login", flow.id).flow
        options = value(shown, "webauthn_login_trigger")
        answer = Authenticator()
        answer.create(json.dumps({"publicKey": {**asked(options), "rp": {"id": "example.org"}, "user": {"id": ""}}}))
        wrong = spa.submit(flow, method="webauthn", identifier=identifier, webauthn_login=answer.sign(options))
        return told, asked(options)["allowCredentials"], wrong.flow.message_ids

    seen = {name: offered(name) for name in (EMAIL, OTHER, "nobody@example.org")}
    assert {(told, len(allowed), len(allowed[0]["id"]), *wrong) for told, allowed, wrong in seen.values()} == {
        (422, 1, 43, *WRONG)
    }
    assert offered("nobody@example.org")[1] == seen["nobody@example.org"][1]
    assert len({allowed[0]["id"] for _, allowed, _ in seen.values()}) == 3


@pytest.mark.attack("in-19")
def test_a_thousand_keys_are_refused_before_anything_is_written(world: World) -> None:
    many = [{"id": f"{number:04}", "public_key": "AAAA"} for number in range(1000)]
    body = {
        "schema_id": "person",
        "traits": {"email": EMAIL},
        "credentials": {"webauthn": {"config": {"credentials": many, "user_handle": ""}}},
    }
    refused = world.admin("POST", "/admin/identities", body)
    assert refused.status == 400
    assert "at most 15 security keys" in refused.json["error"]["reason"]
    assert world.svc.identities.by_identifier(["password"], EMAIL) is None
