"""Passkeys: to sign up, to sign in, in settings, in apps, and in steps. What is recorded is compared elsewhere."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from tests import keys
from tests.keys import (
    VERIFIED,
    Authenticator,
    add_key,
    add_passkey,
    keys_of,
    sign_in_with_passkey,
    sign_up_with_key,
    sign_up_with_passkey,
    value,
)
from tests.world import CLIENTS, SCHEMA, Browser, Client, Native, Reply, Spa, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.ui import messages

EMAIL = "ann@example.org"
WRONG = [messages.WEBAUTHN_VERIFIER_WRONG.id]
BITWARDEN = UUID("d548826e-79b4-db40-a3d8-11116f7e8349").bytes


@pytest.fixture
def world(sqlite_table: SqliteTable) -> World:
    return keys.build(sqlite_table, "passkey")


def configured(table: SqliteTable, **config: object) -> World:
    changes = {"selfservice": {"methods": {"passkey": {"config": config}}}}
    return keys.build(table, "passkey", changes=changes)


def accepted(reply: Reply) -> bool:
    return reply.status == 200 or reply.location == "https://app.example.org/"


def refusal(client: Client, kind: str, reply: Reply) -> list[int]:
    return client.refused_flow(kind, reply).message_ids


@pytest.mark.parametrize("kind", CLIENTS, ids=lambda kind: kind.__name__.lower())
def test_a_passkey_signs_up_and_in(world: World, kind: type[Client]) -> None:
    key = Authenticator(counts=False)
    assert accepted(sign_up_with_passkey(kind(world), EMAIL, key))
    again = kind(world)
    assert accepted(sign_in_with_passkey(again, key))
    assert again.whoami().json["identity"]["traits"]["email"] == EMAIL


def test_a_passkey_is_called_by_who_keeps_it(world: World) -> None:
    sign_up_with_passkey(Spa(world), EMAIL, Authenticator(aaguid=BITWARDEN))
    assert keys_of(world, EMAIL, "passkey")[0]["display_name"] == "Bitwarden"


def test_what_a_device_shows_of_the_passkey_is_the_trait_that_the_schema_marks(world: World) -> None:
    ann = Spa(world)
    data = json.loads(value(ann.start("registration"), "passkey_create_data"))
    assert data["displayNameFieldNames"] == ["traits.email"]
    ann.sign_up(EMAIL)
    asked = keys.asked(value(ann.start("settings"), "passkey_create_data"))
    assert asked["user"]["displayName"] == EMAIL


def test_without_a_trait_that_names_passkeys_none_is_offered_to_be_made(sqlite_table: SqliteTable) -> None:
    world = keys.build(sqlite_table, "passkey", schema=SCHEMA)
    ann = Spa(world)
    assert "passkey_register_trigger" not in ann.start("registration").nodes
    ann.sign_up(EMAIL)
    flow = ann.start("settings")
    assert "passkey_register_trigger" not in flow.nodes
    answer = json.dumps({"rawId": "AAAA", "response": {}})
    refused = ann.submit(flow, method="passkey", passkey_settings_register=answer)
    assert refused.flow.message_ids == [messages.IDENTIFIER_MISSING.id]


def test_all_passkeys_of_a_person_name_the_same_owner(world: World) -> None:
    ann, first, second = Spa(world), Authenticator(), Authenticator()
    sign_up_with_passkey(ann, EMAIL, first)
    add_passkey(ann, second)
    assert first.keys[0].user == second.keys[0].user
    assert accepted(sign_in_with_passkey(Spa(world), second))


def test_a_passkey_that_names_nobody_or_somebody_else_is_refused(world: World) -> None:
    key, other = Authenticator(), Authenticator()
    sign_up_with_passkey(Spa(world), EMAIL, key)
    sign_up_with_passkey(Spa(world), "bob@example.org", other)
    for user in (b"", other.keys[0].user):
        assert refusal(Spa(world), "login", sign_in_with_passkey(Spa(world), key, user=user)) == WRONG


def test_a_security_key_that_needs_no_password_signs_in_as_a_passkey_too(sqlite_table: SqliteTable) -> None:
    world = keys.build(sqlite_table, "passkey", "passwordless")
    key = Authenticator()
    assert sign_up_with_key(Spa(world), EMAIL, key).status == 200
    assert accepted(sign_in_with_passkey(Spa(world), key))


def test_a_security_key_that_is_a_second_factor_is_no_passkey(sqlite_table: SqliteTable) -> None:
    world = keys.build(sqlite_table, "passkey", "second_factor")
    ann, key = Spa(world), Authenticator()
    ann.sign_up(EMAIL)
    add_key(ann, key)
    unknown = [messages.SUCH_NO_WEBAUTHN_USER.id]
    assert refusal(Spa(world), "login", sign_in_with_passkey(Spa(world), key)) == unknown


def test_verification_is_asked_for_and_insisted_on_where_the_configuration_says_so(sqlite_table: SqliteTable) -> None:
    world = configured(sqlite_table, authenticator_selection={"user_verification": "required"})
    key, unverified = Authenticator(), keys.PRESENT
    assert refusal(Spa(world), "registration", sign_up_with_passkey(Spa(world), EMAIL, key, flags=unverified)) == WRONG
    assert accepted(sign_up_with_passkey(Spa(world), EMAIL, key))
    assert refusal(Spa(world), "login", sign_in_with_passkey(Spa(world), key, flags=unverified)) == WRONG
    assert accepted(sign_in_with_passkey(Spa(world), key, flags=unverified | VERIFIED))


def test_options_say_what_the_configuration_says(sqlite_table: SqliteTable) -> None:
    selection = {"attachment": "platform", "resident_key": "preferred", "user_verification": "required"}
    world = configured(
        sqlite_table,
        authenticator_selection=selection,
        attestation={"preference": "direct"},
        timeouts={"registration": "1m", "login": "30s"},
    )
    made = keys.asked(value(Spa(world).start("registration"), "passkey_create_data"))
    assert made["authenticatorSelection"] == {
        "authenticatorAttachment": "platform",
        "requireResidentKey": False,
        "residentKey": "preferred",
        "userVerification": "required",
    }
    assert (made["attestation"], made["timeout"]) == ("direct", 60_000)
    used = keys.asked(value(Spa(world).start("login"), "passkey_challenge"))
    assert (used["timeout"], used["userVerification"]) == (30_000, "required")


def test_an_app_is_an_origin_of_its_own(sqlite_table: SqliteTable) -> None:
    app = "android:apk-key-hash:sNiecadUm1pvNrQmZVDTbxzqYyKIpwBxWnkqcIKQ9Qs"
    world = configured(sqlite_table, rp={"origins": [keys.ORIGIN, app]})
    assert accepted(sign_up_with_passkey(Native(world), EMAIL, Authenticator(), origin=app))


def test_the_last_way_to_sign_in_stays(world: World) -> None:
    ann, first, second = Spa(world), Authenticator(), Authenticator()
    sign_up_with_passkey(ann, EMAIL, first)
    add_passkey(ann, second)
    assert ann.submit(ann.start("settings"), passkey_remove=first.keys[0].id.hex()).status == 200
    flow = ann.start("settings")
    assert flow.nodes["passkey_remove"]["attributes"]["disabled"] is True
    assert ann.submit(flow, passkey_remove=second.keys[0].id.hex()).status == 400
    assert len(keys_of(world, EMAIL, "passkey")) == 1


def test_a_removed_passkey_signs_in_no_more_and_can_be_added_again(world: World) -> None:
    ann, key = Spa(world), Authenticator()
    ann.sign_up(EMAIL)
    add_passkey(ann, key)
    ann.submit(ann.start("settings"), passkey_remove=key.keys[0].id.hex())
    unknown = [messages.SUCH_NO_WEBAUTHN_USER.id]
    assert refusal(Spa(world), "login", sign_in_with_passkey(Spa(world), key)) == unknown
    assert world.svc.identities.by_identifier(["passkey"], key.keys[0].user.decode()) is None
    assert add_passkey(ann, key, key_id=key.keys[0].id).status == 200


def test_a_disabled_person_is_told_so(world: World) -> None:
    key = Authenticator()
    sign_up_with_passkey(Spa(world), EMAIL, key)
    identity = world.svc.identities.by_identifier(["password"], EMAIL)
    assert identity is not None
    world.admin("PATCH", f"/admin/identities/{identity.id}", [{"op": "replace", "path": "/state", "value": "inactive"}])
    disabled = [messages.IDENTITY_DISABLED.id]
    assert refusal(Spa(world), "login", sign_in_with_passkey(Spa(world), key)) == disabled


def test_signing_in_once_more_with_both_a_password_and_a_passkey_offers_both(world: World) -> None:
    ann, key = Spa(world), Authenticator()
    ann.sign_up(EMAIL)
    add_passkey(ann, key)
    flow = ann.start("login", refresh="true")
    assert {"password", "passkey_login_trigger"} <= flow.nodes.keys()
    assert keys.asked(value(flow, "passkey_challenge"))["allowCredentials"][0]["id"] == keys.encoded(key.keys[0].id)
    signed = key.sign(value(flow, "passkey_challenge"), user=b"")
    assert ann.submit(flow, method="passkey", passkey_login=signed).status == 200


def test_signing_in_once_more_without_keys_offers_none(world: World) -> None:
    ann = Spa(world)
    ann.sign_up(EMAIL)
    assert "passkey_login_trigger" not in ann.start("login", refresh="true").nodes


def test_a_form_that_is_sent_without_an_answer_is_shown_once_more(world: World) -> None:
    browser = Browser(world)
    flow = browser.start("login")
    reply = browser.submit(flow, method="passkey")
    assert (reply.status, reply.location) == (303, f"https://app.example.org/login?flow={flow.id}")


@pytest.mark.parametrize("style", ["identifier_first", "mitigated"])
def test_who_is_asked_for_first_is_then_offered_a_passkey(sqlite_table: SqliteTable, style: str) -> None:
    changes = {
        "security": {"account_enumeration": {"mitigate": style == "mitigated"}},
        "selfservice": {"flows": {"login": {"style": "identifier_first"}}},
    }
    world = keys.build(sqlite_table, "passkey", changes=changes)
    sign_up_with_passkey(Spa(world), EMAIL, Authenticator())
    Spa(world).sign_up("bob@example.org")
    spa = Spa(world)

    def offered(identifier: str) -> bool:
        reply = spa.submit(spa.start("login"), method="identifier_first", identifier=identifier)
        return "passkey_login_trigger" in reply.flow.nodes

    told = style == "identifier_first"
    assert offered(EMAIL)
    assert offered("bob@example.org") is not told
    assert offered("nobody@example.org") is not told


def test_an_administrator_brings_a_passkey_along_and_it_signs_in(world: World) -> None:
    key, ann = Authenticator(), Spa(world)
    sign_up_with_passkey(ann, EMAIL, key)
    identity = world.svc.identities.by_identifier(["password"], EMAIL)
    assert identity is not None
    shown = world.admin("GET", f"/admin/identities/{identity.id}?include_credential=passkey").json
    config = shown["credentials"]["passkey"]["config"]
    world.admin("DELETE", f"/admin/identities/{identity.id}")
    body = {"schema_id": "person", "traits": {"email": EMAIL}, "credentials": {"passkey": {"config": config}}}
    assert world.admin("POST", "/admin/identities", body).status == 201
    assert accepted(sign_in_with_passkey(Spa(world), key))
    assert world.admin("POST", "/admin/identities", body | {"traits": {"email": "eve@example.org"}}).status == 409
