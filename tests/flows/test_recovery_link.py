"""Get back into an account by a link. Contract 01 §6, 03 §5."""

from __future__ import annotations

from typing import Any

import pytest
from tests import recovery
from tests.recovery import build, last_code, last_link, letters, send, shown, templates
from tests.world import CLIENTS, PASSWORD, PUBLIC, Browser, Client, Native, Spa, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.domain.flow import Kind
from vestibule.domain.identity import State
from vestibule.ui import messages

EMAIL = "alice@example.org"
BY_LINK: dict[str, Any] = {"selfservice": {"flows": {"recovery": {"use": "link"}}}}


@pytest.fixture
def world(sqlite_table: SqliteTable) -> World:
    return build(sqlite_table, BY_LINK)


@pytest.fixture(params=CLIENTS, ids=lambda kind: kind.__name__.lower())
def client(request: pytest.FixtureRequest, world: World) -> Client:
    return request.param(world)


def sent(client: Client, **params: str) -> str:
    send(client, EMAIL, method="link", **params)
    return last_link(client.world, EMAIL)


def refused(browser: Browser, location: str) -> list[int]:
    assert location.startswith(recovery.UI)
    return browser.fetch("recovery", location.rpartition("flow=")[2]).flow.message_ids


def test_a_link_opens_in_any_browser_whoever_asked_for_it(client: Client, world: World) -> None:
    alice = world.identity(EMAIL)
    flow = send(client, EMAIL, method="link")
    assert flow.message_ids == [messages.RECOVERY_EMAIL_SENT.id]
    link = last_link(world, EMAIL)
    assert link.startswith(f"{PUBLIC}/self-service/recovery?flow={flow.id}&token=")
    phone = Browser(world)
    reply = phone.get(link)
    assert (reply.status, reply.location.partition("?")[0]) == (303, recovery.SETTINGS_UI)
    session = phone.whoami().json
    assert [each["method"] for each in session["authentication_methods"]] == ["link_recovery"]
    assert session["identity"]["id"] == alice.id
    assert session["identity"]["verifiable_addresses"][0]["verified"]
    assert phone.fetch("settings", reply.query("flow")).status == 200


def test_return_to_goes_on_behind_the_settings(world: World) -> None:
    world.identity(EMAIL)
    browser = Browser(world)
    link = sent(browser, return_to="https://app.example.org/inside/page")
    settings = browser.fetch("settings", browser.get(link).query("flow")).flow
    assert settings.document["return_to"] == "https://app.example.org/inside/page"


@pytest.mark.attack("code-01")
def test_a_link_is_good_once(world: World) -> None:
    world.identity(EMAIL)
    link = sent(Native(world))
    assert Browser(world).get(link).location.startswith(recovery.SETTINGS_UI)
    late = Browser(world)
    assert refused(late, late.get(link).location) == [messages.RECOVERY_TOKEN_INVALID_OR_ALREADY_USED.id]
    assert late.whoami().status == 401


def test_links_that_were_sent_earlier_hold_on(world: World) -> None:
    world.identity(EMAIL)
    native = Native(world)
    flow = native.start("recovery")
    links: list[str] = []
    for _ in range(2):
        shown(native, native.submit(flow, method="link", email=EMAIL))
        links.append(last_link(world, EMAIL))
    for link in links:
        assert Browser(world).get(link).location.startswith(recovery.SETTINGS_UI)


@pytest.mark.parametrize("token", ["made-up", "x" * 10_000, "0", "\u0000"])
def test_a_made_up_token_opens_nothing(world: World, token: str) -> None:
    world.identity(EMAIL)
    browser = Browser(world)
    flow = send(browser, EMAIL, method="link")
    reply = browser.send("GET", f"/self-service/recovery?flow={flow.id}&token={token.encode().hex()}")
    assert refused(browser, reply.location) == [messages.RECOVERY_TOKEN_INVALID_OR_ALREADY_USED.id]


def test_a_code_is_no_token(sqlite_table: SqliteTable) -> None:
    """Else it could be guessed without being counted."""
    world = build(sqlite_table)
    world.identity(EMAIL)
    browser = Browser(world)
    flow = send(browser, EMAIL)
    reply = browser.get(f"/self-service/recovery?flow={flow.id}&token={last_code(world, EMAIL)}")
    assert refused(browser, reply.location) == [messages.RECOVERY_TOKEN_INVALID_OR_ALREADY_USED.id]


@pytest.mark.attack("code-03")
def test_a_link_that_expired_opens_a_new_flow(sqlite_table: SqliteTable) -> None:
    short = {"selfservice": {"methods": {"link": {"config": {"lifespan": "1m"}}}}}
    world = build(sqlite_table, BY_LINK, short)
    world.identity(EMAIL)
    link = sent(Native(world))
    world.clock.pass_by(minutes=1)
    browser = Browser(world)
    assert refused(browser, browser.get(link).location) == [messages.RECOVERY_FLOW_EXPIRED.id]


@pytest.mark.attack("rec-05")
def test_a_link_that_was_sent_before_the_password_changed_is_void(world: World) -> None:
    alice = world.identity(EMAIL)
    link = sent(Native(world))
    world.clock.pass_by(seconds=1)
    password = {"config": {"password": "green-ladder-17-comet"}}
    body = {"schema_id": "person", "traits": {"email": EMAIL}, "state": "active", "credentials": {"password": password}}
    assert world.admin("PUT", f"/admin/identities/{alice.id}", body).status == 200
    browser = Browser(world)
    assert refused(browser, browser.get(link).location) == [messages.RECOVERY_TOKEN_INVALID_OR_ALREADY_USED.id]


def test_a_disabled_identity_is_not_let_in(world: World) -> None:
    alice = world.identity(EMAIL)
    link = sent(Native(world))
    alice = world.svc.identities.find(alice.id) or alice
    world.svc.identities.update(alice, alice.in_state(State.INACTIVE, world.clock.now()))
    browser = Browser(world)
    assert refused(browser, browser.get(link).location) == [messages.IDENTITY_DISABLED.id]


def test_whoever_was_locked_out_by_wrong_passwords_may_sign_in_again(world: World) -> None:
    world.identity(EMAIL)
    native, browser = Native(world), Browser(world)
    link = sent(browser)
    while native.sign_in(EMAIL, "wrong-guess").status != 429:
        pass
    browser.get(link)
    assert native.sign_in(EMAIL, PASSWORD).status == 200


def test_an_unknown_address_gets_no_link(world: World) -> None:
    send(Native(world), "nobody@example.org", method="link")
    assert templates(world, "nobody@example.org") == []


def test_a_forged_form_sends_no_link(world: World) -> None:
    world.identity(EMAIL)
    spa = Spa(world)
    reply = spa.submit(spa.start("recovery"), csrf_token="forged", method="link", email=EMAIL)
    assert (reply.status, reply.error_id) == (403, "security_csrf_violation")
    assert letters(world, EMAIL) == []


# --- mail scanners ------------------------------------------------------------------------------------------


@pytest.mark.attack("code-12")
@pytest.mark.parametrize(("verb", "headers"), [("HEAD", {}), ("GET", {"Sec-Purpose": "prefetch;prerender"})])
def test_a_look_ahead_uses_no_link_up(world: World, verb: str, headers: dict[str, str]) -> None:
    world.identity(EMAIL)
    link = sent(Native(world))
    scanner = Browser(world)
    for _ in range(3):
        reply = scanner.send(verb, link, **headers)
        assert (reply.status, reply.cookies) == (204, [])
    assert Browser(world).get(link).location.startswith(recovery.SETTINGS_UI)


@pytest.mark.attack("code-12")
def test_on_pages_of_our_own_an_opened_link_asks_for_a_press(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, BY_LINK, recovery.OWN_PAGES)
    world.identity(EMAIL)
    link = sent(Native(world))
    for _ in range(3):
        scanner = Browser(world)
        assert scanner.get(link).location.startswith(f"{PUBLIC}/ui/recovery?flow=")
        assert scanner.whoami().status == 401
    browser = Browser(world)
    page = browser.get(link).location
    assert "token" not in page
    opened = browser.get(page)
    assert opened.status == 200
    assert opened.headers["referrer-policy"] in ("no-referrer", "same-origin")
    assert "no-store" in opened.headers["cache-control"]
    form = browser.fetch("recovery", page.rpartition("flow=")[2]).flow
    token = form.nodes["token"]["attributes"]["value"]
    reply = browser.submit(form, method="link", token=token)
    assert reply.location.startswith(recovery.SETTINGS_UI)
    assert browser.whoami().status == 200


@pytest.mark.attack("rec-08")
def test_a_token_is_nowhere_in_the_store_and_leaves_the_address_bar(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, BY_LINK, recovery.OWN_PAGES)
    world.identity(EMAIL)
    link = sent(Native(world))
    token = link.rpartition("token=")[2]
    browser = Browser(world)
    assert token not in browser.get(link).location
    assert all(token not in str(item.get("doc", "")) for item in world.stored().values())


def test_a_prefilled_form_is_the_browsers_that_opened_the_link(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, BY_LINK, recovery.OWN_PAGES)
    world.identity(EMAIL)
    asking = Browser(world)
    flow_id = send_from(asking)
    phone = Browser(world)
    phone.get(last_link(world, EMAIL))
    assert asking.fetch("recovery", flow_id).status == 403
    assert phone.fetch("recovery", flow_id).status == 200
    stored = world.svc.flows.find(flow_id, Kind.RECOVERY)
    assert stored is not None
    assert len(stored.codes) == 1


def send_from(browser: Browser) -> str:
    flow = browser.start("recovery")
    browser.submit(flow, method="link", email=EMAIL)
    return flow.id
