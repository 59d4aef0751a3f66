"""What sign-up says about verification: the hooks `verification` and `show_verification_ui`. Contract 02 §2."""

from __future__ import annotations

from typing import Any

import pytest
from tests.codes import letters
from tests.verification import BY_LINK, PAGE, WORK, after, build, code_to, enter, flags, link_to, shown, statuses
from tests.world import CLIENTS, PASSWORD, Browser, Client, Native, Reply, Spa, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.domain.identity import Identity
from vestibule.ui import messages

EMAIL, OTHER = "alice@example.org", "alice@work.example"
PENDING, SENT, COMPLETED = ("pending", False), ("sent", False), ("completed", True)
SHOWN = after("registration", "show_verification_ui")
SHOWN_AND_SIGNED_IN = after("registration", "session", "show_verification_ui")
LEGACY = flags(legacy_continue_with_verification_ui=True)
OFF = {"selfservice": {"flows": {"verification": {"enabled": False}}}}


@pytest.fixture(params=CLIENTS, ids=lambda kind: kind.__name__.lower())
def kind(request: pytest.FixtureRequest) -> type[Client]:
    return request.param


def actions(reply: Reply) -> list[str]:
    return [item["action"] for item in reply.json["continue_with"] or []]


def items(reply: Reply) -> list[dict[str, Any]]:
    return [item["flow"] for item in reply.json["continue_with"] if item["action"] == "show_verification_ui"]


def alice(world: World) -> Identity:
    found = world.svc.identities.by_identifier(["password"], EMAIL)
    assert found is not None
    return found


def test_whoever_signs_up_gets_a_code_and_may_verify_later(kind: type[Client], sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table)
    client = kind(world)
    reply = client.sign_up(EMAIL)
    assert client.whoami().status == 200
    assert statuses(world, alice(world).id) == {EMAIL: SENT}
    assert len(letters(world, EMAIL)) == 1
    if kind is not Browser:
        assert reply.json["identity"]["verifiable_addresses"][0]["status"] == "sent"
        assert "show_verification_ui" not in actions(reply)


def test_the_code_of_a_sign_up_verifies_the_address(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table)
    Native(world).sign_up(EMAIL)
    browser = Browser(world)
    flow = browser.fetch("verification", browser.get(link_to(world, EMAIL)).query("flow")).flow
    assert flow.document["state"] == "sent_email"
    shown(browser, enter(browser, flow, code_to(world, EMAIL)))
    assert statuses(world, alice(world).id) == {EMAIL: COMPLETED}


def test_who_must_verify_first_is_taken_there_without_a_session(kind: type[Client], sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, SHOWN)
    client = kind(world)
    reply = client.sign_up(EMAIL)
    assert client.whoami().status == 401
    if kind is Browser:
        assert reply.location.startswith(f"{PAGE}?flow=")
        flow_id = reply.query("flow")
    else:
        (item,) = items(reply)
        assert item["verifiable_address"] == EMAIL
        assert item.get("url") == (f"{PAGE}?flow={item['id']}" if kind is Spa else None)
        flow_id = item["id"]
    flow = client.fetch("verification", flow_id).flow
    assert (flow.document["state"], flow.message_ids) == ("sent_email", [messages.VERIFICATION_EMAIL_WITH_CODE_SENT.id])
    shown(client, enter(client, flow, code_to(world, EMAIL)))
    client.sign_in(EMAIL)
    assert client.whoami().status == 200


def test_the_items_stand_in_the_recorded_order(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, SHOWN_AND_SIGNED_IN)
    assert actions(Spa(world).sign_up(EMAIL)) == ["redirect_browser_to", "show_verification_ui"]
    assert actions(Native(world).sign_up(OTHER)) == ["show_verification_ui", "set_ory_session_token"]


def test_a_browser_is_signed_in_and_taken_to_a_form_that_is_its_own(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, SHOWN_AND_SIGNED_IN)
    browser = Browser(world)
    reply = browser.sign_up(EMAIL)
    assert browser.whoami().status == 200
    flow = browser.fetch("verification", reply.query("flow")).flow
    shown(browser, browser.submit(flow, method="code", email=EMAIL))
    assert len(letters(world, EMAIL)) == 2


def test_with_several_addresses_the_first_one_is_asked_for(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, SHOWN, work=WORK)
    reply = Native(world).sign_up(EMAIL, traits={"email": EMAIL, "work": OTHER})
    assert [item["verifiable_address"] for item in items(reply)] == [EMAIL]
    assert statuses(world, alice(world).id) == {EMAIL: SENT, OTHER: PENDING}
    assert letters(world, OTHER) == []


def test_the_old_flag_lists_every_address_without_the_hook(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, LEGACY, work=WORK)
    reply = Native(world).sign_up(EMAIL, traits={"email": EMAIL, "work": OTHER})
    assert [item["verifiable_address"] for item in items(reply)] == [EMAIL, OTHER]
    assert statuses(world, alice(world).id) == {EMAIL: SENT, OTHER: SENT}
    assert (len(letters(world, EMAIL)), len(letters(world, OTHER))) == (1, 1)


def test_the_old_flag_and_the_hook_say_it_twice(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, LEGACY, SHOWN_AND_SIGNED_IN)
    first, second = items(Native(world).sign_up(EMAIL))
    assert first == second


def test_without_verification_nobody_is_taken_anywhere(kind: type[Client], sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, OFF, SHOWN_AND_SIGNED_IN)
    reply = kind(world).sign_up(EMAIL)
    assert statuses(world, alice(world).id) == {EMAIL: PENDING}
    assert letters(world, EMAIL) == []
    if kind is not Browser:
        assert "show_verification_ui" not in actions(reply)


def test_a_sign_up_that_is_refused_sends_nothing(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table)
    Native(world).sign_up(EMAIL)
    reply = Native(world).sign_up(EMAIL, password="another-Kettle-17")
    assert reply.flow.message_ids == [messages.DUPLICATE_CREDENTIALS.id]
    assert len(letters(world, EMAIL)) == 1


def test_identities_that_administrators_make_get_no_mail(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table)
    world.admin("POST", "/identities", {"schema_id": "person", "traits": {"email": EMAIL}})
    assert letters(world, EMAIL) == []


def test_the_form_goes_on_where_the_sign_up_was_started_for(sqlite_table: SqliteTable) -> None:
    inside = "https://app.example.org/inside/start"
    world = build(sqlite_table, SHOWN)
    for param in ("return_to", "after_verification_return_to"):
        client, email = Native(world), f"{param}@example.org"
        fields = {"method": "password", "password": PASSWORD, "traits": {"email": email}}
        reply = client.submit(client.start("registration", **{param: inside}), **fields)
        flow = client.fetch("verification", items(reply)[0]["id"]).flow
        assert flow.document["return_to"] == inside
        assert "after_verification_return_to" not in flow.document["request_url"]
        done = shown(client, enter(client, flow, code_to(world, email)))
        assert done.document["ui"]["action"] == inside


def test_a_link_is_sent_where_links_are_used(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, BY_LINK, SHOWN)
    client = Browser(world)
    flow = client.fetch("verification", client.sign_up(EMAIL).query("flow")).flow
    assert [node["attributes"]["name"] for node in flow.document["ui"]["nodes"]] == [
        *("csrf_token", "email", "method", "method", "email")
    ]
    client.get(link_to(world, EMAIL))
    assert statuses(world, alice(world).id) == {EMAIL: COMPLETED}


def test_the_button_that_sends_the_link_again_does(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, BY_LINK, SHOWN)
    client = Browser(world)
    flow = client.fetch("verification", client.sign_up(EMAIL).query("flow")).flow
    shown(client, client.submit(flow, email=EMAIL))
    assert len(letters(world, EMAIL)) == 2


# --- at login, where it is deprecated -------------------------------------------------------------------

AT_LOGIN = after("login", "verification", "show_verification_ui")


def test_a_login_sends_a_code_and_shows_its_form(kind: type[Client], sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, AT_LOGIN)
    Native(world).sign_up(EMAIL)
    client = kind(world)
    reply = client.sign_in(EMAIL)
    assert client.whoami().status == 200
    assert len(letters(world, EMAIL)) == 2
    if kind is Browser:
        flow_id = reply.query("flow")
    else:
        assert actions(reply)[-1] == "show_verification_ui"
        assert reply.json["session"]["identity"]["verifiable_addresses"][0]["status"] == "sent"
        flow_id = items(reply)[0]["id"]
    shown(client, enter(client, client.fetch("verification", flow_id).flow, code_to(world, EMAIL)))
    assert statuses(world, alice(world).id) == {EMAIL: COMPLETED}


def test_a_login_with_a_verified_address_sends_nothing(kind: type[Client], sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, AT_LOGIN)
    app = Native(world)
    app.sign_up(EMAIL)
    flow = app.submit(app.start("verification"), method="code", email=EMAIL).flow
    enter(app, flow, code_to(world, EMAIL))
    before = len(letters(world, EMAIL))
    client = kind(world)
    client.sign_in(EMAIL)
    assert client.whoami().status == 200
    assert len(letters(world, EMAIL)) == before
