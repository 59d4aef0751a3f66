"""Sign in with a one-time code. Contract 01 §4, 03 §4, 07 §5."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests import codes
from tests.codes import another, build, enter, last_code, letters, send, shown
from tests.world import CLIENTS, Client, Native, Spa, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.domain.identity import State
from vestibule.ui import messages

EMAIL = "alice@example.org"
OTHER = "bobby@example.org"
NUMBER = "+4915112345678"


@pytest.fixture
def world(sqlite_table: SqliteTable) -> World:
    return build(sqlite_table)


@pytest.fixture(params=CLIENTS, ids=lambda kind: kind.__name__.lower())
def client(request: pytest.FixtureRequest, world: World) -> Client:
    return request.param(world)


def refused_with(client: Client, reply: Any) -> list[int]:
    return shown(client, "login", reply).message_ids


def test_a_code_signs_in_and_verifies_the_address(client: Client, world: World) -> None:
    alice = world.identity(EMAIL)
    assert not alice.verifiable_addresses[0].verified
    flow = send(client, EMAIL)
    assert flow.document["state"] == "sent_email"
    assert flow.message_ids == [messages.LOGIN_CODE_SENT.id]
    enter(client, flow, EMAIL, last_code(world, EMAIL))
    session = client.whoami()
    assert session.status == 200
    assert [each["method"] for each in session.json["authentication_methods"]] == ["code"]
    assert session.json["identity"]["verifiable_addresses"][0]["verified"]
    stored = world.svc.identities.find(alice.id)
    assert stored is not None
    assert stored.verifiable_addresses[0].verified


def test_the_message_says_who_it_is_for_and_how_long_the_code_is_good(client: Client, world: World) -> None:
    world.identity(EMAIL)
    send(client, "ALICE@example.org")
    [data] = letters(world, EMAIL)
    assert data["to"] == EMAIL
    assert data["expires_in_minutes"] == 60
    assert data["identity"]["traits"]["email"] == EMAIL
    assert data["request_url"].startswith("https://id.example.org/self-service/login/")


def test_an_unknown_account_gets_no_code(client: Client, world: World) -> None:
    reply = client.submit(client.start("login"), method="code", identifier="nobody@example.org")
    refused = shown(client, "login", reply)
    assert refused.message_ids == [messages.NO_CODE_USER.id]
    assert refused.document["state"] == "choose_method"
    assert letters(world, "nobody@example.org") == []


def test_somebody_has_to_be_named(client: Client) -> None:
    refused = shown(client, "login", client.submit(client.start("login"), method="code"))
    assert refused.messages_at("identifier") == [messages.REQUIRED.id]


def test_a_wrong_code_reopens_the_form_and_opens_no_session(client: Client, world: World) -> None:
    world.identity(EMAIL)
    flow = send(client, EMAIL)
    refused = shown(client, "login", enter(client, flow, EMAIL, another(last_code(world, EMAIL))))
    assert refused.message_ids == [messages.LOGIN_CODE_INVALID_OR_ALREADY_USED.id]
    assert refused.nodes["identifier"]["attributes"]["value"] == EMAIL
    assert "value" not in refused.nodes["code"]["attributes"]
    assert client.whoami().status == 401


def test_after_five_wrong_codes_the_right_one_comes_too_late(client: Client, world: World) -> None:
    world.identity(EMAIL)
    flow = send(client, EMAIL)
    code = last_code(world, EMAIL)
    wrong = [refused_with(client, enter(client, flow, EMAIL, another(code))) for _ in range(5)]
    assert wrong == [[messages.LOGIN_CODE_INVALID_OR_ALREADY_USED.id]] * 5
    for late in (another(code), code):
        assert refused_with(client, enter(client, flow, EMAIL, late)) == [messages.GENERIC.id]
    assert client.whoami().status == 401


def test_a_new_code_does_not_reset_the_attempts(client: Client, world: World) -> None:
    world.identity(EMAIL)
    flow = send(client, EMAIL)
    for _ in range(5):
        enter(client, flow, EMAIL, another(last_code(world, EMAIL)))
    client.submit(flow, method="code", identifier=EMAIL, resend="code")
    assert len(letters(world, EMAIL)) == 2
    assert refused_with(client, enter(client, flow, EMAIL, last_code(world, EMAIL))) == [messages.GENERIC.id]


def test_a_code_is_good_once(world: World) -> None:
    world.identity(EMAIL)
    client = Native(world)
    flow = send(client, EMAIL)
    code = last_code(world, EMAIL)
    assert enter(client, flow, EMAIL, code).status == 200
    again = enter(Native(world), flow, EMAIL, code)
    assert again.flow.message_ids == [messages.LOGIN_NO_STRATEGY_FOUND.id]
    assert again.flow.document["state"] == "passed_challenge"


def test_a_new_code_voids_the_old_one(client: Client, world: World) -> None:
    world.identity(EMAIL)
    flow = send(client, EMAIL)
    old = last_code(world, EMAIL)
    sent = shown(client, "login", client.submit(flow, method="code", identifier=EMAIL, resend="code"))
    assert sent.message_ids == [messages.LOGIN_CODE_SENT.id]
    assert refused_with(client, enter(client, flow, EMAIL, old)) == [messages.LOGIN_CODE_INVALID_OR_ALREADY_USED.id]
    enter(client, flow, EMAIL, last_code(world, EMAIL))
    assert client.whoami().status == 200


def test_a_code_ends_with_its_lifespan(sqlite_table: SqliteTable) -> None:
    code_config = {"config": {"lifespan": "10m"}}
    world = build(sqlite_table, {"selfservice": {"methods": {"code": code_config}}})
    world.identity(EMAIL)
    client = Native(world)
    early, late = send(client, EMAIL), send(client, EMAIL)
    codes_sent = [data["login_code"] for data in letters(world, EMAIL)]
    world.clock.pass_by(minutes=10, seconds=-1)
    assert any(enter(client, early, EMAIL, code).status == 200 for code in codes_sent)
    world.clock.pass_by(seconds=1)
    assert all(enter(client, late, EMAIL, code).status == 400 for code in codes_sent)


def test_a_code_of_one_account_opens_no_other(client: Client, world: World) -> None:
    world.identity(EMAIL)
    world.identity(OTHER)
    flow = send(client, OTHER)
    reply = enter(client, flow, EMAIL, last_code(world, OTHER))
    assert refused_with(client, reply) == [messages.LOGIN_CODE_INVALID_OR_ALREADY_USED.id]
    assert client.whoami().status == 401


def test_a_code_of_one_flow_is_no_good_in_another(client: Client, world: World) -> None:
    world.identity(EMAIL)
    send(client, EMAIL)
    code = last_code(world, EMAIL)
    second = send(client, EMAIL)
    if last_code(world, EMAIL) == code:
        pytest.skip("one in a million")
    reply = enter(client, second, EMAIL, code)
    assert refused_with(client, reply) == [messages.LOGIN_CODE_INVALID_OR_ALREADY_USED.id]


def test_a_code_that_nobody_sent_is_none(client: Client, world: World) -> None:
    world.identity(EMAIL)
    flow = client.start("login")
    sent = shown(client, "login", enter(client, flow, EMAIL, "000000"))
    assert sent.document["state"] == "sent_email"
    assert client.whoami().status == 401


def test_a_registration_code_signs_nobody_in(world: World) -> None:
    world.identity(EMAIL)
    client = Native(world)
    fields = {"method": "code", "traits": {"email": EMAIL}}
    client.submit(client.start("registration"), **fields)
    other = last_code(world, EMAIL)
    flow = send(client, EMAIL)
    if last_code(world, EMAIL) != other:
        assert enter(client, flow, EMAIL, other).status == 400


STRANGE = (
    [],
    ["123456"],
    {},
    True,
    None,
    "",
    "\uff11\uff12\uff13\uff14\uff15\uff16",
    "123-456",
    100000.5,
    "0" * 10_000,
    "\x00",
    -1,
)


@pytest.mark.parametrize("value", STRANGE, ids=lambda value: repr(value)[:12])
def test_only_text_that_is_the_code_passes(world: World, value: Any) -> None:
    world.identity(EMAIL)
    client = Spa(world)
    reply = enter(client, send(client, EMAIL), EMAIL, value)
    assert reply.status == 400
    assert client.whoami().status == 401


@pytest.mark.parametrize(
    "write",
    [lambda code: f" {code[:3]} {code[3:]} ", int],
    ids=["in spaces", "as a number"],
)
def test_a_code_may_be_pasted_with_spaces_or_sent_as_a_number(world: World, write: Any) -> None:
    world.identity(EMAIL)
    client = Native(world)
    flow = send(client, EMAIL)
    code = last_code(world, EMAIL)
    reply = enter(client, flow, EMAIL, write(code))
    assert reply.status == (400 if write is int and code.startswith("0") else 200)


def test_a_disabled_account_stays_closed(client: Client, world: World) -> None:
    alice = world.identity(EMAIL)
    flow = send(client, EMAIL)
    world.svc.identities.update(alice, alice.in_state(State.INACTIVE, world.clock.now()))
    reply = enter(client, flow, EMAIL, last_code(world, EMAIL))
    assert refused_with(client, reply) == [messages.IDENTITY_DISABLED.id]
    assert client.whoami().status == 401


def test_a_password_still_works_while_a_code_is_awaited(client: Client, world: World) -> None:
    world.identity(EMAIL)
    flow = send(client, EMAIL)
    client.submit(flow, method="password", identifier=EMAIL, password="blue-kettle-42-orbit")
    assert client.whoami().status == 200


def test_whoever_signs_in_again_cannot_name_somebody_else(client: Client, world: World) -> None:
    world.identity(OTHER)
    codes.sign_up(client, EMAIL)
    flow = client.start("login", refresh="true")
    assert "password" not in flow.nodes
    reply = client.submit(flow, method="code", identifier=OTHER)
    assert refused_with(client, reply) == [messages.NO_CODE_USER.id]
    sent = shown(client, "login", client.submit(flow, method="code", identifier=EMAIL))
    assert sent.message_ids == [messages.LOGIN_CODE_SENT_FOR_AUTHENTICATED_USER.id]
    enter(client, sent, EMAIL, last_code(world, EMAIL))
    assert len(client.whoami().json["authentication_methods"]) == 2


# --- budgets --------------------------------------------------------------------------------------------


def test_new_flows_give_an_account_no_more_guesses(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, {"vestibule": {"codes_per_address": 100}})
    world.identity(EMAIL)
    client = Native(world)
    compared = 0
    for _ in range(10):
        flow = send(client, EMAIL)
        wrong = another(last_code(world, EMAIL))
        compared += sum(enter(client, flow, EMAIL, wrong).status == 400 for _ in range(5))
    assert compared == world.svc.config.vestibule.guesses.free
    flow = send(client, EMAIL)
    refused = enter(client, flow, EMAIL, last_code(world, EMAIL))
    assert refused.status == 429
    assert int(refused.headers["retry-after"]) >= 1
    world.clock.pass_by(minutes=15)
    flow = send(client, EMAIL)
    assert enter(client, flow, EMAIL, last_code(world, EMAIL)).status == 200


def test_a_success_gives_all_guesses_back(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, {"vestibule": {"codes_per_address": 100}})
    world.identity(EMAIL)
    for _ in range(5):
        client = Native(world)
        flow = send(client, EMAIL)
        code = last_code(world, EMAIL)
        for _ in range(3):
            assert enter(client, flow, EMAIL, another(code)).status == 400
        assert enter(client, flow, EMAIL, code).status == 200


def test_an_address_gets_five_codes_an_hour_and_every_request_the_same_answer(client: Client, world: World) -> None:
    world.identity(EMAIL)
    flows = [send(client, EMAIL) for _ in range(8)]
    assert len(letters(world, EMAIL)) == 5
    assert {flow.document["state"] for flow in flows} == {"sent_email"}
    assert {tuple(flow.message_ids) for flow in flows} == {(messages.LOGIN_CODE_SENT.id,)}
    reply = enter(client, flows[-1], EMAIL, last_code(world, EMAIL))
    assert refused_with(client, reply) == [messages.LOGIN_CODE_INVALID_OR_ALREADY_USED.id]
    world.clock.pass_by(hours=1)
    enter(client, send(client, EMAIL), EMAIL, last_code(world, EMAIL))
    assert client.whoami().status == 200


def test_a_code_that_was_sent_stays_good_when_no_other_is_sent_any_more(client: Client, world: World) -> None:
    world.identity(EMAIL)
    flow = send(client, EMAIL)
    for _ in range(7):
        client.submit(flow, method="code", identifier=EMAIL, resend="code")
    enter(client, flow, EMAIL, last_code(world, EMAIL))
    assert client.whoami().status == 200


def test_neither_code_nor_address_lies_readable_in_the_store(world: World) -> None:
    world.identity(EMAIL)
    client = Native(world)
    send(client, EMAIL)
    code = last_code(world, EMAIL)
    for (pk, _), item in world.stored().items():
        if pk.startswith(("F#", "M#", "RL#")):
            assert code not in repr({name: value for name, value in item.items() if not name.startswith("g")})


# --- other channels and accounts ------------------------------------------------------------------------


def test_a_phone_number_gets_a_text_message(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, phone=codes.PHONE)
    assert Native(world).sign_up(EMAIL, traits={"email": EMAIL, "phone": "+49 151 12345678"}).status == 200
    client = Native(world)
    flow = send(client, "+49 (151) 1234 5678")
    [message] = world.svc.messages.page(limit=5, recipient=NUMBER)
    assert message.via == "sms"
    reply = enter(client, flow, NUMBER, message.data["login_code"])
    verified = {each["value"]: each["verified"] for each in reply.json["session"]["identity"]["verifiable_addresses"]}
    assert verified == {EMAIL: False, NUMBER: True}


@pytest.mark.parametrize("falls_back", [True, False])
def test_an_account_without_the_credential_gets_codes_only_where_that_is_configured(
    sqlite_table: SqliteTable, falls_back: bool
) -> None:
    config = {"config": {"missing_credential_fallback_enabled": falls_back}}
    changes = {"selfservice": {"methods": {"code": {"passwordless_enabled": True} | config}}}
    world = World.build(sqlite_table, changes)
    world.identity(EMAIL)
    client = Native(world)
    reply = client.submit(client.start("login"), method="code", identifier=EMAIL)
    if not falls_back:
        assert reply.flow.message_ids == [messages.NO_CODE_USER.id]
        return
    assert enter(client, reply.flow, EMAIL, last_code(world, EMAIL)).status == 200


def test_codes_that_are_switched_off_are_not_there(sqlite_table: SqliteTable) -> None:
    world = World.build(sqlite_table)
    client = Native(world)
    assert client.submit(client.start("login"), method="code", identifier=EMAIL).status == 404


def test_the_lifespan_is_told_in_minutes_at_least_one(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, {"selfservice": {"methods": {"code": {"config": {"lifespan": "1s"}}}}})
    assert world.svc.config.selfservice.methods.code.config.lifespan == timedelta(seconds=1)
    world.identity(EMAIL)
    send(Native(world), EMAIL)
    assert letters(world, EMAIL)[0]["expires_in_minutes"] == 1
