"""Get back into an account by a code. Contract 01 §6."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests import recovery
from tests.codes import another
from tests.recovery import build, enter, is_in, last_code, letters, restarted, send, shown, templates
from tests.world import CLIENTS, PASSWORD, PUBLIC, Browser, Client, Native, Reply, Spa, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.domain.flow import Kind
from vestibule.domain.identity import Identity, State
from vestibule.ui import messages

EMAIL = "alice@example.org"
NOBODY = "nobody@example.org"


@pytest.fixture
def world(sqlite_table: SqliteTable) -> World:
    return build(sqlite_table)


@pytest.fixture(params=CLIENTS, ids=lambda kind: kind.__name__.lower())
def client(request: pytest.FixtureRequest, world: World) -> Client:
    return request.param(world)


def stored(world: World, identity: Identity) -> Identity:
    found = world.svc.identities.find(identity.id)
    assert found is not None
    return found


# --- the way in -----------------------------------------------------------------------------------------


def test_a_code_leads_to_the_settings_and_verifies_the_address(client: Client, world: World) -> None:
    alice = world.identity(EMAIL)
    flow = send(client, EMAIL)
    assert flow.document["state"] == "sent_email"
    assert flow.message_ids == [messages.RECOVERY_EMAIL_WITH_CODE_SENT.id]
    assert is_in(client, enter(client, flow, last_code(world, EMAIL)))
    assert stored(world, alice).verifiable_addresses[0].verified
    [newest, *_] = world.svc.sessions.of_identity(stored(world, alice))
    assert [(each.method, str(each.aal)) for each in newest.methods] == [("code_recovery", "aal1")]


@pytest.mark.parametrize("kind", [Browser, Spa])
def test_the_browser_is_signed_in_with_a_new_csrf_secret(world: World, kind: type[Client]) -> None:
    world.identity(EMAIL)
    client = kind(world)
    flow = send(client, EMAIL)
    before = dict(client.cookies)
    enter(client, flow, last_code(world, EMAIL))
    session = client.whoami()
    assert [each["method"] for each in session.json["authentication_methods"]] == ["code_recovery"]
    assert session.json["authenticator_assurance_level"] == "aal1"
    [name] = [name for name in before if name.startswith("csrf_token_")]
    assert client.cookies[name] != before[name]


def test_the_settings_flow_belongs_to_the_person_and_says_how_long_it_is_privileged(world: World) -> None:
    alice = world.identity(EMAIL)
    browser = Browser(world)
    reply = enter(browser, send(browser, EMAIL), last_code(world, EMAIL))
    settings = browser.fetch("settings", reply.query("flow")).flow
    assert settings.document["identity"]["id"] == alice.id
    assert settings.message_ids == [messages.RECOVERY_SUCCESSFUL.id]
    changed = browser.submit(settings, method="password", password="green-ladder-17-comet")
    assert changed.status == 303
    assert Native(world).sign_in(EMAIL, "green-ladder-17-comet").status == 200


def test_return_to_goes_on_behind_the_settings(world: World) -> None:
    world.identity(EMAIL)
    browser = Browser(world)
    flow = send(browser, EMAIL, return_to="https://app.example.org/inside/page")
    reply = enter(browser, flow, last_code(world, EMAIL))
    settings = browser.fetch("settings", reply.query("flow")).flow
    assert settings.document["return_to"] == "https://app.example.org/inside/page"


def test_the_message_says_who_it_is_for_and_how_long_the_code_is_good(client: Client, world: World) -> None:
    world.identity(EMAIL)
    flow = client.start("recovery")
    client.submit(flow, method="code", email="ALICE@Example.org", **_payload(client))
    [data] = letters(world, EMAIL)
    assert data["to"] == EMAIL
    assert data["expires_in_minutes"] == 60
    assert data["identity"]["traits"]["email"] == EMAIL
    assert data["request_url"].startswith(f"{PUBLIC}/self-service/recovery/")
    assert data["transient_payload"] == _payload(client).get("transient_payload", {})


def _payload(client: Client) -> dict[str, Any]:
    return {} if isinstance(client, Browser) else {"transient_payload": {"a": 1}}


def test_a_disabled_identity_is_not_let_in(client: Client, world: World) -> None:
    alice = world.identity(EMAIL)
    world.svc.identities.update(alice, alice.in_state(State.INACTIVE, world.clock.now()))
    before = len(world.svc.sessions.of_identity(alice))
    again = restarted(client, enter(client, send(client, EMAIL), last_code(world, EMAIL)))
    assert again.message_ids == [messages.IDENTITY_DISABLED.id]
    assert len(world.svc.sessions.of_identity(alice)) == before


def test_whoever_was_locked_out_by_wrong_passwords_may_sign_in_again(world: World) -> None:
    world.identity(EMAIL)
    native = Native(world)
    while native.sign_in(EMAIL, "wrong-guess").status != 429:
        pass
    browser = Browser(world)
    enter(browser, send(browser, EMAIL), last_code(world, EMAIL))
    assert native.sign_in(EMAIL, PASSWORD).status == 200


# --- use_continue_with_transitions --------------------------------------------------------------------------


def test_apps_are_told_what_to_do_next_where_transitions_are_on(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, recovery.TRANSITIONS)
    world.identity(EMAIL)
    native = Native(world)
    reply = enter(native, send(native, EMAIL), last_code(world, EMAIL))
    token, settings = reply.json["continue_with"]
    assert reply.json["state"] == "passed_challenge"
    assert settings["flow"]["url"] == f"{recovery.SETTINGS_UI}?flow={settings['flow']['id']}"
    native.token = token["ory_session_token"]
    assert native.whoami().status == 200
    assert native.fetch("settings", settings["flow"]["id"]).status == 200


def test_a_single_page_app_gets_a_cookie_and_no_token(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, recovery.TRANSITIONS)
    world.identity(EMAIL)
    spa = Spa(world)
    reply = enter(spa, send(spa, EMAIL), last_code(world, EMAIL))
    assert [item["action"] for item in reply.json["continue_with"]] == ["show_settings_ui"]
    assert "ory_st_" not in reply.body.decode()
    assert spa.whoami().status == 200


def test_a_browser_still_goes_to_the_settings(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, recovery.TRANSITIONS)
    world.identity(EMAIL)
    browser = Browser(world)
    assert is_in(browser, enter(browser, send(browser, EMAIL), last_code(world, EMAIL)))


@pytest.mark.parametrize("kind", [Spa, Native])
def test_apps_are_told_of_the_new_flow_where_one_cannot_go_on(sqlite_table: SqliteTable, kind: type[Client]) -> None:
    world = build(sqlite_table, recovery.TRANSITIONS)
    world.identity(EMAIL)
    client = kind(world)
    flow = send(client, EMAIL)
    for _ in range(5):
        enter(client, flow, another(last_code(world, EMAIL)))
    reply = enter(client, flow, last_code(world, EMAIL))
    assert reply.status == 400
    [item] = reply.json["error"]["details"]["continue_with"]
    assert item["action"] == "show_recovery_ui"
    assert client.fetch("recovery", item["flow"]["id"]).flow.message_ids == [messages.GENERIC.id]


def test_settings_can_be_skipped(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, recovery.TRANSITIONS)
    world.identity(EMAIL)
    params = {"skip_settings": "true", "return_to": "https://app.example.org/inside/page"}
    browser = Browser(world)
    reply = enter(browser, send(browser, EMAIL, **params), last_code(world, EMAIL))
    assert reply.location == "https://app.example.org/inside/page"
    native = Native(world)
    reply = enter(native, send(native, EMAIL, **params), last_code(world, EMAIL))
    assert [item["action"] for item in reply.json["continue_with"]] == ["set_ory_session_token"]


# --- what does not lead in ----------------------------------------------------------------------------------


def test_a_wrong_code_is_an_answer_like_any_other(client: Client, world: World) -> None:
    world.identity(EMAIL)
    flow = shown(client, enter(client, send(client, EMAIL), another(last_code(world, EMAIL))))
    assert flow.message_ids == [messages.RECOVERY_CODE_INVALID_OR_ALREADY_USED.id]
    assert flow.document["state"] == "sent_email"
    assert is_in(client, enter(client, flow, last_code(world, EMAIL)))


@pytest.mark.attack("bf-08")
def test_after_five_attempts_even_the_right_code_is_refused(client: Client, world: World) -> None:
    world.identity(EMAIL)
    flow = send(client, EMAIL)
    code = last_code(world, EMAIL)
    for _ in range(5):
        shown(client, enter(client, flow, another(code)))
    again = restarted(client, enter(client, flow, code))
    assert again.message_ids == [messages.GENERIC.id]
    assert again.document["state"] == "choose_method"
    assert again.id != flow.id


@pytest.mark.attack("code-07")
def test_another_code_makes_the_first_one_void_and_gives_no_more_attempts(client: Client, world: World) -> None:
    world.identity(EMAIL)
    flow = send(client, EMAIL)
    first = last_code(world, EMAIL)
    flow = shown(client, client.submit(flow, method="code", email=EMAIL))
    flow = shown(client, enter(client, flow, first))
    assert flow.message_ids == [messages.RECOVERY_CODE_INVALID_OR_ALREADY_USED.id]
    kept = world.svc.flows.find(flow.id, Kind.RECOVERY)
    assert kept is not None
    assert kept.attempts == 1
    assert is_in(client, enter(client, flow, last_code(world, EMAIL)))


@pytest.mark.attack("code-01")
def test_a_code_is_good_once(world: World) -> None:
    world.identity(EMAIL)
    native = Native(world)
    flow = send(native, EMAIL)
    code = last_code(world, EMAIL)
    assert is_in(native, enter(native, flow, code))
    late = shown(native, enter(native, flow, code))
    assert late.message_ids == [messages.RECOVERY_CODE_INVALID_OR_ALREADY_USED.id]


@pytest.mark.attack("code-03")
def test_a_code_expires_on_our_clock(client: Client, world: World) -> None:
    world.identity(EMAIL)
    lifespan = world.svc.config.selfservice.methods.code.config.lifespan
    flow = send(client, EMAIL)
    world.clock.pass_by(seconds=lifespan / timedelta(seconds=1) - 1)
    assert is_in(client, enter(client, flow, last_code(world, EMAIL)))


def test_a_code_that_expired_is_wrong(sqlite_table: SqliteTable) -> None:
    short = {"selfservice": {"methods": {"code": {"config": {"lifespan": "1m"}}}}}
    world = build(sqlite_table, short)
    world.identity(EMAIL)
    native = Native(world)
    flow = send(native, EMAIL)
    assert letters(world, EMAIL)[0]["expires_in_minutes"] == 1
    world.clock.pass_by(minutes=1)
    late = shown(native, enter(native, flow, last_code(world, EMAIL)))
    assert late.message_ids == [messages.RECOVERY_CODE_INVALID_OR_ALREADY_USED.id]


def test_a_code_of_another_flow_is_wrong(client: Client, world: World) -> None:
    world.identity(EMAIL)
    send(client, EMAIL)
    code = last_code(world, EMAIL)
    other = shown(client, enter(client, send(client, EMAIL), code))
    assert other.message_ids == [messages.RECOVERY_CODE_INVALID_OR_ALREADY_USED.id]


@pytest.mark.attack("code-10")
def test_a_code_before_any_was_sent_opens_nothing(client: Client, world: World) -> None:
    world.identity(EMAIL)
    reply = enter(client, client.start("recovery"), "000000")
    refused = client.refused_flow("recovery", reply)
    assert refused.messages_at("email") == [messages.REQUIRED.id]
    assert client.whoami().status == 401


@pytest.mark.attack("code-09")
@pytest.mark.parametrize("kind", [list, dict, bool, str])
def test_only_the_code_itself_passes(world: World, kind: type[Any]) -> None:
    world.identity(EMAIL)
    native = Native(world)
    flow = send(native, EMAIL)
    code = last_code(world, EMAIL)
    wide = "".join(chr(ord(digit) - ord("0") + 0xFF10) for digit in code)
    for wrong in {
        list: [[], [code]],
        dict: [{}, {"$ne": ""}],
        bool: [True, 1e5],
        str: [wide, f"{code[:3]}-{code[3:]}", "", "0" * 10_000],
    }[kind]:
        reply = native.submit(flow, method="code", code=wrong)
        assert reply.status in (200, 400), wrong
        assert reply.json["state"] == "sent_email"
    assert is_in(native, enter(native, flow, f" {code} "))


@pytest.mark.attack("code-05")
def test_a_code_lets_in_whom_it_was_sent_for_alone(client: Client, world: World) -> None:
    world.identity(EMAIL)
    mallory = world.identity("mallory@example.org")
    flow = send(client, "mallory@example.org")
    code = last_code(world, "mallory@example.org")
    reply = client.submit(flow, method="code", code=code, recovery_address=EMAIL, identity_id="x")
    assert is_in(client, reply)
    assert world.svc.sessions.of_identity(mallory)[0].methods[0].method == "code_recovery"
    victim = world.svc.identities.by_identifier(["password"], EMAIL)
    assert victim is not None
    assert not victim.verifiable_addresses[0].verified


@pytest.mark.attack("rec-05")
def test_a_code_that_was_sent_before_the_password_changed_is_void(client: Client, world: World) -> None:
    alice = world.identity(EMAIL)
    flow = send(client, EMAIL)
    world.clock.pass_by(seconds=1)
    password = {"config": {"password": "green-ladder-17-comet"}}
    body = {"schema_id": "person", "traits": {"email": EMAIL}, "state": "active", "credentials": {"password": password}}
    assert world.admin("PUT", f"/admin/identities/{alice.id}", body).status == 200
    late = shown(client, enter(client, flow, last_code(world, EMAIL)))
    assert late.message_ids == [messages.RECOVERY_CODE_INVALID_OR_ALREADY_USED.id]


@pytest.mark.attack("rec-05")
def test_a_code_for_an_address_that_was_given_up_is_void(client: Client, world: World) -> None:
    alice = world.identity(EMAIL)
    flow = send(client, EMAIL)
    body = {"schema_id": "person", "traits": {"email": "alice@example.com"}, "state": "active"}
    assert world.admin("PUT", f"/admin/identities/{alice.id}", body).status == 200
    late = shown(client, enter(client, flow, last_code(world, EMAIL)))
    assert late.message_ids == [messages.RECOVERY_CODE_INVALID_OR_ALREADY_USED.id]


@pytest.mark.attack("bf-09")
def test_neither_new_codes_nor_new_flows_give_more_guesses(world: World) -> None:
    """Of fifty rounds of code and five guesses few mails leave and few guesses are compared."""
    world.identity(EMAIL)
    native = Native(world)
    compared = 0
    for _ in range(50):
        flow = send(native, EMAIL)
        for _ in range(5):
            reply = enter(native, flow, "000000")
            compared += reply.status == 200
            assert reply.status in (200, 429)
    assert len(letters(world, EMAIL)) == 5
    assert compared <= 25


# --- starting, and forms that cannot be read -------------------------------------------------------------------


def test_whoever_is_signed_in_is_not_asked(client: Client, world: World) -> None:
    world.identity(EMAIL)
    flow = client.start("recovery")
    client.sign_in(EMAIL)
    kind = "api" if isinstance(client, Native) else "browser"
    reply = client.get(f"/self-service/recovery/{kind}")
    if isinstance(client, Browser):
        assert (reply.status, reply.location) == (302, "https://app.example.org/")
    else:
        assert (reply.status, reply.error_id) == (400, "session_already_available")
    assert client.submit(flow, method="code", email=EMAIL).status in (303, 400, 403)
    assert letters(world, EMAIL) == []


def test_a_browser_that_is_signed_in_goes_on_to_a_step_of_our_own(world: World) -> None:
    world.identity(EMAIL)
    browser = Browser(world)
    browser.sign_in(EMAIL)
    own = f"{PUBLIC}/self-service/settings/browser"
    assert browser.get(f"/self-service/recovery/browser?return_to={own}").location == own
    other = "https://app.example.org/inside"
    assert browser.get(f"/self-service/recovery/browser?return_to={other}").location == "https://app.example.org/"


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"method": "code"}, messages.REQUIRED.id),
        ({"method": "code", "email": ""}, messages.REQUIRED.id),
        ({"method": "code", "email": "no address"}, messages.EMAIL.id),
        ({"method": "code", "email": "+4915112345678"}, messages.EMAIL.id),
        ({"method": "code", "email": "a" * 310 + "@example.org"}, messages.EMAIL.id),
    ],
)
def test_what_is_no_address_stays_in_the_form(client: Client, fields: dict[str, str], problem: int) -> None:
    refused = client.refused_flow("recovery", client.submit(client.start("recovery"), **fields))
    assert refused.messages_at("email") == [problem]
    assert refused.document["state"] == "choose_method"


def test_a_form_without_its_method_is_for_nobody(client: Client, world: World) -> None:
    refused = client.refused_flow("recovery", client.submit(client.start("recovery"), email=EMAIL))
    assert refused.message_ids == [messages.RECOVERY_NO_STRATEGY_FOUND.id]
    assert letters(world, EMAIL) == []


def test_a_body_that_cannot_be_read_is_said_in_the_form(world: World) -> None:
    native = Native(world)
    flow = native.start("recovery")
    reply = native.send("POST", flow.document["ui"]["action"], b"{", Content_Type="application/json")
    assert reply.flow.message_ids == [messages.GENERIC.id]


@pytest.mark.parametrize("kind", [Browser, Spa])
def test_a_forged_form_sends_nothing(world: World, kind: type[Client]) -> None:
    world.identity(EMAIL)
    client = kind(world)
    flow = client.start("recovery")
    reply = client.submit(flow, csrf_token="forged", method="code", email=EMAIL)
    assert (reply.status, "/error?" in reply.location) in ((403, False), (303, True))
    assert letters(world, EMAIL) == []


def test_a_flow_of_an_app_sent_by_a_browser_starts_again_in_the_browser(world: World) -> None:
    world.identity(EMAIL)
    native = Native(world)
    flow = native.start("recovery")
    native.headers["Origin"] = "https://evil.example.com"
    reply = native.submit(flow, method="code", email=EMAIL)
    assert reply.status == 303
    again = world.svc.flows.find(reply.query("id"), Kind.RECOVERY)
    assert again is not None
    assert not again.is_api
    assert [problem.message.id for problem in again.problems] == [messages.GENERIC.id]
    assert letters(world, EMAIL) == []


def test_an_expired_flow_is_replaced(client: Client, world: World) -> None:
    world.identity(EMAIL)
    flow = client.start("recovery", return_to="https://app.example.org/inside/page")
    world.clock.pass_by(hours=1)
    again = restarted(client, client.submit(flow, method="code", email=EMAIL))
    assert again.message_ids == [messages.RECOVERY_FLOW_EXPIRED.id]
    assert again.document["return_to"] == "https://app.example.org/inside/page"
    assert letters(world, EMAIL) == []


def test_apps_are_told_of_an_expired_flow_where_transitions_are_on(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, recovery.TRANSITIONS)
    native = Native(world)
    flow = native.start("recovery")
    world.clock.pass_by(hours=2)
    reply = native.submit(flow, method="code", email=EMAIL)
    assert (reply.status, reply.error_id) == (410, "self_service_flow_expired")
    [item] = reply.json["error"]["details"]["continue_with"]
    assert item["flow"]["id"] == reply.json["use_flow_id"]


def test_recovery_that_is_switched_off_answers_nobody(client: Client, sqlite_table: SqliteTable) -> None:
    flow = client.start("recovery")
    off = build(sqlite_table, {"selfservice": {"flows": {"recovery": {"enabled": False}}}})
    client.world = off
    for reply in (client.fetch("recovery", flow.id), _start(client), client.submit(flow, method="code", email=EMAIL)):
        assert (reply.status, "/error?" in reply.location) in ((400, False), (303, True))
        assert isinstance(client, Browser) or reply.error_id is None


def _start(client: Client) -> Reply:
    return client.get(f"/self-service/recovery/{'api' if isinstance(client, Native) else 'browser'}")


def test_no_code_stands_in_the_store(world: World) -> None:
    world.identity(EMAIL)
    send(Native(world), EMAIL)
    code = last_code(world, EMAIL)
    assert all(code not in str(item.get("doc", "")) for item in world.stored().values())


def test_whoever_is_notified_of_unknown_addresses_gets_no_code(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, recovery.NOTIFIED)
    send(Native(world), NOBODY)
    assert templates(world, NOBODY) == ["recovery_code_invalid"]
    assert set(letters(world, NOBODY)[0]) == {"to", "request_url", "transient_payload"}
