"""A one-time code as second factor. Contract 03 §4."""

from __future__ import annotations

from typing import Any

import pytest
from tests.codes import PHONE, another, last_code, letters, schema
from tests.settings import CONFIG as FACTORS
from tests.settings import enrol_codes, enrol_totp
from tests.world import PUBLIC, Browser, Client, Flow, Native, Reply, Spa, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.config.document import merged
from vestibule.stores.guesses import GuessLimits
from vestibule.ui import messages

EMAIL, NUMBER = "alice@example.org", "+4915112345678"
MFA: dict[str, Any] = {"selfservice": {"methods": {"code": {"enabled": True, "mfa_enabled": True}}}}
FALLBACK: dict[str, Any] = {
    "selfservice": {"methods": {"code": {"config": {"missing_credential_fallback_enabled": True}}}}
}


def build(table: SqliteTable, *changes: dict[str, Any], code_trait: bool = True, **traits: dict[str, Any]) -> World:
    config = MFA
    for change in changes:
        config = merged(config, change)
    return World.build(table, config, schema(**traits) if code_trait else None)


@pytest.fixture(params=(Browser, Spa, Native), ids=lambda client: client.__name__.lower())
def kind(request: pytest.FixtureRequest) -> type[Client]:
    return request.param


def signed_in(kind: type[Client], world: World, **traits: Any) -> Client:
    """Somebody who signed up and in, with a password."""
    Native(world).sign_up(EMAIL, traits={"email": EMAIL, **traits})
    client = kind(world)
    client.sign_in(EMAIL)
    return client


def values_of(flow: Flow, name: str) -> list[str]:
    return [node["attributes"].get("value") for node in flow.document["ui"]["nodes"] if _name(node) == name]


def _name(node: dict[str, Any]) -> str:
    return node["attributes"]["name"]


def refused(client: Client, reply: Reply) -> Flow:
    return client.refused_flow("login", reply)


def test_the_only_address_gets_its_code_when_the_flow_opens(sqlite_table: SqliteTable, kind: type[Client]) -> None:
    world = build(sqlite_table)
    alice = signed_in(kind, world)
    assert alice.whoami().json["redirect_browser_to"] == f"{PUBLIC}/self-service/login/browser?aal=aal2"
    flow = alice.start("login", aal="aal2")
    assert flow.document["state"] == "sent_email"
    assert flow.message_ids == [messages.LOGIN_CODE_SENT_FOR_AUTHENTICATED_USER.id]
    flow = refused(alice, alice.submit(flow, method="code", code=another(last_code(world, EMAIL))))
    assert flow.message_ids == [messages.LOGIN_CODE_INVALID_OR_ALREADY_USED.id]
    assert alice.whoami().status == 403
    assert alice.submit(flow, method="code", code=last_code(world, EMAIL)).status in (200, 303)
    shown = alice.whoami().json
    assert [method["method"] for method in shown["authentication_methods"]] == ["password", "code"]
    assert shown["authenticator_assurance_level"] == "aal2"
    assert shown["identity"]["verifiable_addresses"][0]["verified"]
    assert len(letters(world, EMAIL)) == 1


def test_of_several_addresses_the_person_chooses(sqlite_table: SqliteTable, kind: type[Client]) -> None:
    world = build(sqlite_table, phone=PHONE)
    alice = signed_in(kind, world, phone=NUMBER)
    flow = alice.start("login", aal="aal2")
    assert flow.document["state"] == "choose_method"
    assert values_of(flow, "address") == [NUMBER, EMAIL]
    flow = refused(alice, alice.submit(flow, method="code", address=NUMBER))
    assert values_of(flow, "identifier") == [NUMBER, EMAIL]
    assert (len(letters(world, NUMBER)), letters(world, EMAIL)) == (1, [])
    assert alice.submit(flow, method="code", code=last_code(world, NUMBER)).status in (200, 303)
    assert alice.whoami().status == 200


def test_another_code_goes_where_the_last_one_went(sqlite_table: SqliteTable, kind: type[Client]) -> None:
    world = build(sqlite_table, phone=PHONE)
    alice = signed_in(kind, world, phone=NUMBER)
    flow = refused(alice, alice.submit(alice.start("login", aal="aal2"), method="code", address=NUMBER))
    flow = refused(alice, alice.submit(flow, resend="code", identifier=EMAIL))
    assert (len(letters(world, NUMBER)), letters(world, EMAIL)) == (2, [])
    first = letters(world, NUMBER)[1]["login_code"]
    flow = refused(alice, alice.submit(flow, method="code", code=first))
    assert alice.submit(flow, method="code", code=last_code(world, NUMBER)).status in (200, 303)


@pytest.mark.parametrize("field", ["address", "identifier"])
def test_an_address_of_somebody_else_gets_nothing(sqlite_table: SqliteTable, kind: type[Client], field: str) -> None:
    world = build(sqlite_table, phone=PHONE)
    Native(world).sign_up("bob@example.org")
    alice = signed_in(kind, world, phone=NUMBER)
    flow = refused(alice, alice.submit(alice.start("login", aal="aal2"), method="code", **{field: "bob@example.org"}))
    assert flow.message_ids == [messages.LOGIN_ADDRESS_UNKNOWN.id]
    flow = refused(alice, alice.submit(flow, method="code"))
    assert flow.message_ids == [messages.LOGIN_ADDRESS_UNKNOWN.id]
    assert letters(world, "bob@example.org") == []


def test_a_code_is_the_session_owners(sqlite_table: SqliteTable) -> None:
    """Bob's session with Alice's flow and code gains nothing."""
    world = build(sqlite_table)
    alice = signed_in(Native, world)
    flow = alice.start("login", aal="aal2")
    bob = Native(world)
    bob.sign_up("bob@example.org")
    reply = bob.submit(flow, method="code", code=last_code(world, EMAIL))
    assert refused(bob, reply).message_ids == [messages.LOGIN_CODE_INVALID_OR_ALREADY_USED.id]
    assert bob.whoami().status == 403


def test_a_code_opens_nothing_without_a_session(sqlite_table: SqliteTable, kind: type[Client]) -> None:
    world = build(sqlite_table)
    alice = signed_in(Native, world)
    second = alice.start("login", aal="aal2")
    stranger = Native(world)
    assert stranger.submit(second, method="code", code=last_code(world, EMAIL)).error_id == "session_aal1_required"
    client = kind(world)
    first = client.start("login")
    assert "code" not in values_of(first, "method")
    flow = refused(client, client.submit(first, method="code", identifier=EMAIL))
    assert flow.message_ids == [messages.LOGIN_NO_STRATEGY_FOUND.id]


def test_where_codes_sign_in_they_are_no_second_factor(sqlite_table: SqliteTable, kind: type[Client]) -> None:
    world = build(sqlite_table, {"selfservice": {"methods": {"code": {"passwordless_enabled": True}}}})
    alice = signed_in(kind, world)
    assert alice.whoami().status == 200
    flow = alice.start("login", aal="aal2")
    assert "code" not in values_of(flow, "method") if flow.document["ui"]["nodes"] else True
    flow = refused(alice, alice.submit(flow, method="code", address=EMAIL))
    assert flow.message_ids == [messages.LOGIN_NO_STRATEGY_FOUND.id]
    assert letters(world, EMAIL) == []


def test_beside_other_factors_no_code_goes_unasked(sqlite_table: SqliteTable, kind: type[Client]) -> None:
    world = build(sqlite_table, FACTORS)
    owner = Native(world)
    owner.sign_up(EMAIL)
    flow = owner.start("login", aal="aal2")
    owner.submit(flow, method="code", code=last_code(world, EMAIL))
    enrol_totp(owner)
    enrol_codes(owner)
    alice = kind(world)
    alice.sign_in(EMAIL)
    flow = alice.start("login", aal="aal2")
    assert len(letters(world, EMAIL)) == 1
    assert {*values_of(flow, "method")} == {"totp", "lookup_secret"}
    assert values_of(flow, "address") == [EMAIL]
    flow = refused(alice, alice.submit(flow, address=EMAIL))
    assert alice.submit(flow, method="code", code=last_code(world, EMAIL)).status in (200, 303)


def test_without_addresses_for_codes_none_is_asked_for(sqlite_table: SqliteTable, kind: type[Client]) -> None:
    world = build(sqlite_table, code_trait=False)
    alice = signed_in(kind, world)
    assert alice.whoami().status == 200
    assert not alice.start("login", aal="aal2").nodes.keys() - {"csrf_token"}


def test_verifiable_addresses_stand_in_where_that_is_switched_on(sqlite_table: SqliteTable, kind: type[Client]) -> None:
    world = build(sqlite_table, FALLBACK, code_trait=False)
    alice = signed_in(kind, world)
    assert alice.whoami().status == 200
    flow = alice.start("login", aal="aal2")
    assert alice.submit(flow, method="code", code=last_code(world, EMAIL)).status in (200, 303)
    assert alice.whoami().json["authenticator_assurance_level"] == "aal2"


def test_a_trait_may_say_where_the_code_goes(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, phone=PHONE)
    alice = signed_in(Native, world, phone=NUMBER, name={"first": EMAIL.upper()})
    flow = alice.start("login", aal="aal2", via="phone")
    assert (values_of(flow, "identifier"), len(letters(world, NUMBER))) == ([NUMBER], 1)
    assert values_of(alice.start("login", aal="aal2", via="name.first"), "identifier") == [EMAIL]
    assert values_of(alice.start("login", aal="aal2", via=""), "address") == [NUMBER, EMAIL]
    for wrong in ("age", "name", "nothing.there", "name.first.more", "__class__"):
        assert alice.get(f"/self-service/login/api?aal=aal2&via={wrong}").status == 400


def test_guesses_are_counted_per_flow_and_per_account(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, {"vestibule": {"codes_per_address": 50}})
    alice = signed_in(Native, world)
    statuses: list[int] = []
    for _ in range(3):
        flow = alice.start("login", aal="aal2")
        wrong = another(last_code(world, EMAIL))
        statuses += [alice.submit(flow, method="code", code=wrong).status for _ in range(5)]
        reply = alice.submit(flow, method="code", code=last_code(world, EMAIL))
        assert reply.status in (400, 429)
    assert statuses[: GuessLimits().free] == [400] * GuessLimits().free
    assert statuses[-1] == 429
    assert alice.whoami().status == 403


def test_a_mailbox_is_not_filled_by_opening_flows(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, {"vestibule": {"codes_per_address": 3}})
    alice = signed_in(Native, world)
    states = {alice.start("login", aal="aal2").document["state"] for _ in range(6)}
    assert states == {"sent_email"}
    assert len(letters(world, EMAIL)) == 3


def test_a_factor_can_be_shown_once_more(sqlite_table: SqliteTable, kind: type[Client]) -> None:
    world = build(sqlite_table)
    alice = signed_in(kind, world)
    alice.submit(alice.start("login", aal="aal2"), method="code", code=last_code(world, EMAIL))
    world.clock.pass_by(minutes=5)
    again = alice.start("login", aal="aal2", refresh="true")
    assert alice.submit(again, method="code", code=last_code(world, EMAIL)).status in (200, 303)
    assert [each["aal"] for each in alice.whoami().json["authentication_methods"]] == ["aal1", "aal2", "aal2"]
