"""Sign up with a one-time code. Contract 01 §5, 03 §4."""

from __future__ import annotations

from typing import Any

import pytest
from tests import codes
from tests.codes import another, build, last_code, letters, shown
from tests.world import CLIENTS, SCHEMA, Client, Flow, Native, Reply, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.ui import messages

EMAIL = "alice@example.org"
OTHER = "bobby@example.org"
NUMBER = "+4915112345678"
TRAITS: dict[str, Any] = {"email": EMAIL}
TWO_STEPS: dict[str, Any] = {"selfservice": {"flows": {"registration": {"style": "profile_first"}}}}


@pytest.fixture
def world(sqlite_table: SqliteTable) -> World:
    return build(sqlite_table)


@pytest.fixture(params=CLIENTS, ids=lambda kind: kind.__name__.lower())
def client(request: pytest.FixtureRequest, world: World) -> Client:
    return request.param(world)


def send(client: Client, traits: dict[str, Any] = TRAITS) -> Flow:
    """A registration that waits for its code."""
    return shown(client, "registration", client.submit(client.start("registration"), method="code", traits=traits))


def enter(client: Client, flow: Flow, code: Any, traits: dict[str, Any] = TRAITS) -> Reply:
    return client.submit(flow, method="code", traits=traits, code=code)


def refused_with(client: Client, reply: Reply) -> list[int]:
    return shown(client, "registration", reply).message_ids


def test_a_code_makes_the_identity_with_its_address_verified(client: Client, world: World) -> None:
    flow = send(client)
    assert flow.document["state"] == "sent_email"
    assert flow.message_ids == [messages.REGISTRATION_EMAIL_WITH_CODE_SENT.id]
    assert flow.nodes["traits.email"]["attributes"]["type"] == "hidden"
    enter(client, flow, last_code(world, EMAIL))
    person = client.whoami().json["identity"]
    assert [each["verified"] for each in person["verifiable_addresses"]] == [True]
    identity = world.svc.identities.find(person["id"])
    assert identity is not None
    credential = identity.credential("code")
    assert credential is not None
    assert (credential.identifiers, credential.version) == ((EMAIL,), 1)
    config = world.svc.identities.configs(identity.id, ["code"])["code"]
    assert config == {"addresses": [{"channel": "email", "address": EMAIL}]}


def test_the_message_holds_the_code_and_the_traits(client: Client, world: World) -> None:
    send(client)
    [data] = letters(world, EMAIL)
    assert data["traits"]["email"] == EMAIL
    assert data["to"] == EMAIL
    assert len(data["registration_code"]) == 6


def test_nothing_is_made_before_the_code_came_back(client: Client, world: World) -> None:
    send(client)
    assert world.svc.identities.page(after=None, limit=10) == []


def test_a_wrong_code_makes_nobody(client: Client, world: World) -> None:
    flow = send(client)
    reply = enter(client, flow, another(last_code(world, EMAIL)))
    assert refused_with(client, reply) == [messages.REGISTRATION_CODE_INVALID_OR_ALREADY_USED.id]
    assert world.svc.identities.page(after=None, limit=10) == []


def test_after_five_wrong_codes_the_right_one_comes_too_late(client: Client, world: World) -> None:
    flow = send(client)
    code = last_code(world, EMAIL)
    for _ in range(5):
        reply = enter(client, flow, another(code))
        assert refused_with(client, reply) == [messages.REGISTRATION_CODE_INVALID_OR_ALREADY_USED.id]
    assert refused_with(client, enter(client, flow, code)) == [messages.GENERIC.id]


def test_other_traits_than_the_code_was_sent_for_are_refused(client: Client, world: World) -> None:
    flow = send(client)
    code = last_code(world, EMAIL)
    for traits in ({"email": OTHER}, {"email": EMAIL, "age": 40}):
        assert refused_with(client, enter(client, flow, code, traits)) == [messages.TRAITS_MISMATCH.id]
    enter(client, flow, code)
    assert client.whoami().json["identity"]["traits"]["email"] == EMAIL


def test_traits_that_break_the_schema_send_nothing(client: Client, world: World) -> None:
    flow = send(client, {"email": EMAIL, "age": 7})
    assert flow.messages_at("traits.age") == [messages.MINIMUM.id]
    assert letters(world, EMAIL) == []


def test_a_schema_without_an_address_for_codes_is_told(sqlite_table: SqliteTable) -> None:
    world = World.build(sqlite_table, codes.PASSWORDLESS, SCHEMA)
    flow = send(Native(world))
    assert flow.message_ids == [messages.IDENTIFIER_MISSING.id]


def test_an_address_that_is_taken_is_told_to_whoever_has_it(client: Client, world: World) -> None:
    world.identity(EMAIL)
    flow = send(client)
    assert flow.document["state"] == "sent_email"
    refused = shown(client, "registration", enter(client, flow, last_code(world, EMAIL)))
    assert refused.message_ids == [messages.DUPLICATE_CREDENTIALS.id]
    assert refused.document["state"] == "passed_challenge"
    again = enter(client, flow, last_code(world, EMAIL))
    assert refused_with(client, again) == [messages.REGISTRATION_NO_STRATEGY_FOUND.id]


def test_a_hint_tells_how_the_account_signs_in_where_that_is_configured(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, {"selfservice": {"flows": {"registration": {"login_hints": True}}}})
    world.identity(EMAIL)
    client = Native(world)
    [message] = client.sign_up(EMAIL).flow.document["ui"]["messages"]
    assert message["id"] == messages.DUPLICATE_CREDENTIALS_WITH_HINTS.id
    assert message["context"] == {
        "available_credential_types": ["code", "password"],
        "available_oidc_providers": [],
        "credential_identifier_hint": EMAIL,
    }


def test_a_new_code_voids_the_old_one(client: Client, world: World) -> None:
    flow = send(client)
    old = last_code(world, EMAIL)
    client.submit(flow, method="code", traits=TRAITS, resend="code")
    refused = enter(client, flow, old)
    assert refused_with(client, refused) == [messages.REGISTRATION_CODE_INVALID_OR_ALREADY_USED.id]
    enter(client, flow, last_code(world, EMAIL))
    assert client.whoami().status == 200


def test_an_address_gets_five_codes_an_hour(client: Client, world: World) -> None:
    assert {send(client).document["state"] for _ in range(7)} == {"sent_email"}
    assert len(letters(world, EMAIL)) == 5


def test_every_address_gets_a_code_and_only_the_proven_one_is_verified(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, phone=codes.PHONE)
    client = Native(world)
    traits = {"email": EMAIL, "phone": NUMBER}
    flow = send(client, traits)
    by_mail, by_text = last_code(world, EMAIL), last_code(world, NUMBER)
    assert by_mail != by_text
    reply = enter(client, flow, by_text, traits)
    verified = {each["value"]: each["verified"] for each in reply.json["identity"]["verifiable_addresses"]}
    assert verified == {EMAIL: False, NUMBER: True}


def test_a_login_code_signs_nobody_up(world: World) -> None:
    world.identity(EMAIL)
    codes.send(Native(world), EMAIL)
    stolen = last_code(world, EMAIL)
    client = Native(world)
    flow = send(client)
    if last_code(world, EMAIL) != stolen:
        assert enter(client, flow, stolen).status == 400


def test_without_the_session_hook_nobody_is_signed_in(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, {"selfservice": {"flows": {"registration": {"after": {"code": {"hooks": []}}}}}})
    client = Native(world)
    reply = codes.sign_up(client, EMAIL)
    assert reply.status == 200
    assert "session" not in reply.json


# --- in two steps ---------------------------------------------------------------------------------------


@pytest.fixture
def two_steps(sqlite_table: SqliteTable) -> World:
    return build(sqlite_table, TWO_STEPS)


def at_code(client: Client) -> Flow:
    start = client.start("registration")
    choice = shown(client, "registration", client.submit(start, method="profile", traits=TRAITS))
    assert choice.message_ids == [messages.REGISTRATION_CHOOSE_CREDENTIALS.id]
    return shown(client, "registration", client.submit(choice, method="code", traits=TRAITS))


@pytest.mark.parametrize("kind", CLIENTS)
def test_the_code_is_the_second_step(kind: type[Client], two_steps: World) -> None:
    client = kind(two_steps)
    flow = at_code(client)
    assert flow.nodes["screen"]["attributes"]["value"] == "credential-selection"
    enter(client, flow, last_code(two_steps, EMAIL))
    assert client.whoami().status == 200


@pytest.mark.parametrize("kind", CLIENTS)
def test_whoever_goes_back_to_the_choice_may_choose_a_password(kind: type[Client], two_steps: World) -> None:
    client = kind(two_steps)
    flow = at_code(client)
    code = last_code(two_steps, EMAIL)
    reply = client.submit(flow, method="profile", screen="credential-selection", traits=TRAITS)
    choice = shown(client, "registration", reply)
    assert choice.document["state"] == "choose_method"
    assert "password" in choice.nodes
    sent = shown(client, "registration", enter(client, choice, code))
    assert sent.message_ids == [messages.REGISTRATION_EMAIL_WITH_CODE_SENT.id]
    client.submit(sent, method="password", password="blue-kettle-42-orbit", traits=TRAITS)
    assert client.whoami().json["identity"]["verifiable_addresses"][0]["verified"] is False


@pytest.mark.parametrize("kind", CLIENTS)
def test_whoever_goes_back_to_the_profile_changes_it(kind: type[Client], two_steps: World) -> None:
    client = kind(two_steps)
    flow = at_code(client)
    reply = client.submit(flow, method="profile", screen="previous", traits=TRAITS)
    profile = shown(client, "registration", reply)
    assert profile.nodes["traits.email"]["attributes"]["type"] == "email"
    changed = {"email": OTHER}
    choice = shown(client, "registration", client.submit(profile, method="profile", traits=changed))
    sent = shown(client, "registration", client.submit(choice, method="code", traits=changed))
    enter(client, sent, last_code(two_steps, OTHER), changed)
    assert client.whoami().json["identity"]["traits"]["email"] == OTHER
