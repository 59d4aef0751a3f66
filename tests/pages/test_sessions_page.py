"""Where people are signed in, and how they sign out elsewhere: a page that works without scripts."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from tests.pages.drawn import Drawn
from tests.settings import CONFIG as FACTORS
from tests.settings import enrol_totp
from tests.world import PUBLIC, Browser, Native, Reply, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.config.document import merged

EMAIL = "alice@example.org"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PAGE = "/ui/sessions"


@pytest.fixture
def world(sqlite_table: SqliteTable) -> World:
    pages = {"selfservice": {"flows": {kind: {"ui_url": None} for kind in ("login", "registration", "error")}}}
    return World.build(sqlite_table, merged(merged(FACTORS, pages), {"vestibule": {"pages": {"languages": ["en"]}}}))


@pytest.fixture
def alice(world: World) -> Browser:
    browser = Browser(world)
    browser.sign_up(EMAIL)
    return browser


def others(world: World, count: int) -> list[Native]:
    apps = [Native(world) for _ in range(count)]
    for app in apps:
        world.clock.pass_by(minutes=1)
        app.headers["User-Agent"] = FIREFOX
        app.sign_in(EMAIL)
    return apps


def shown(browser: Browser, url: str = PAGE) -> Drawn:
    reply = browser.get(url)
    assert (reply.status, reply.headers["content-type"]) == (200, "text/html; charset=utf-8"), reply.body
    assert "ory_st_" not in reply.body.decode()
    return Drawn(reply.body.decode())


def press(browser: Browser, page: Drawn, session: str, **changes: Any) -> Reply:
    token = page.one("input", name="csrf_token")["value"]
    form = {"csrf_token": token, "session": session} | changes
    body = urlencode({name: value for name, value in form.items() if value is not None}).encode()
    return browser.send("POST", PAGE, body, Content_Type="application/x-www-form-urlencoded")


def buttons(page: Drawn) -> list[str]:
    return [button["value"] or "" for button in page.all("button", name="session")]


def test_each_session_tells_device_place_and_time(world: World, alice: Browser) -> None:
    others(world, 1)
    page = shown(alice)
    here, there = page.all("li", **{"class": "row"})
    assert "This device" in here.text
    assert "Firefox on Linux" in there.text
    assert "192.0.2.7" in there.text
    assert "Since 1 March 2026, 12:01 UTC" in there.text
    assert page.one("form")["method"] == "post"


def test_one_is_ended_and_the_others_stay(world: World, alice: Browser) -> None:
    first, second = others(world, 2)
    reply = press(alice, shown(alice), first.whoami().json["id"])
    assert (reply.status, reply.location) == (303, f"{PUBLIC}{PAGE}?ended=one")
    assert (first.whoami().status, second.whoami().status, alice.whoami().status) == (401, 200, 200)
    page = shown(alice, reply.location)
    assert page.one("p", role="status").text == "Signed out there."
    assert buttons(page) == [second.whoami().json["id"]]


def test_all_others_are_ended_at_once(world: World, alice: Browser) -> None:
    apps = others(world, 3)
    page = shown(alice)
    assert buttons(page)[-1] == "others"
    reply = press(alice, page, "others")
    assert [app.whoami().status for app in apps] == [401] * 3
    page = shown(alice, reply.location)
    assert page.one("p", role="status").text == "Signed out everywhere else."
    assert buttons(page) == []
    assert "on this device only" in page.one("main").text


@pytest.mark.parametrize("token", [None, "", "x", "A" * 86])
def test_a_forged_form_ends_nothing(world: World, alice: Browser, token: str | None) -> None:
    (app,) = others(world, 1)
    reply = press(alice, shown(alice), "others", csrf_token=token)
    assert reply.location.startswith(f"{PUBLIC}/ui/error")
    assert app.whoami().status == 200


def test_a_token_of_another_browser_is_no_token(world: World, alice: Browser) -> None:
    (app,) = others(world, 1)
    stranger = Browser(world)
    stranger.sign_up("bob@example.org")
    token = shown(stranger).one("input", name="csrf_token")["value"]
    press(alice, shown(alice), "others", csrf_token=token)
    assert app.whoami().status == 200


def test_sessions_of_somebody_else_and_ones_own_are_left_alone(world: World, alice: Browser) -> None:
    bob = Native(world)
    bob.sign_up("bob@example.org")
    page = shown(alice)
    for session in (bob.whoami().json["id"], alice.whoami().json["id"], "x", ""):
        press(alice, page, session)
    assert (bob.whoami().status, alice.whoami().status) == (200, 200)


def test_nobody_signed_in_is_led_to_the_sign_in_and_back(world: World) -> None:
    reply = Browser(world).get(PAGE)
    assert (reply.status, reply.query("return_to")) == (303, f"{PUBLIC}{PAGE}")
    browser = Browser(world)
    world.identity(EMAIL)
    assert browser.sign_in(EMAIL, return_to=f"{PUBLIC}{PAGE}").location == f"{PUBLIC}{PAGE}"


def test_the_second_factor_comes_first(world: World, alice: Browser) -> None:
    (app,) = others(world, 1)
    enrol_totp(alice)
    other = Browser(world)
    other.sign_in(EMAIL)
    reply = other.get(PAGE)
    assert (reply.query("aal"), reply.query("return_to")) == ("aal2", f"{PUBLIC}{PAGE}")
    page = shown(alice)
    other.cookies |= {name: value for name, value in alice.cookies.items() if name.startswith("csrf")}
    press(other, page, "others")
    assert len(world.svc.sessions.of_identity(identity_of(alice))) == 3
    assert app.whoami().error_id == "session_aal2_required"


def identity_of(client: Browser) -> Any:
    return client.world.svc.identities.find(client.whoami().json["identity"]["id"])


def test_welcome_and_settings_lead_there(world: World, alice: Browser) -> None:
    links = [link["href"] for link in shown(alice, "/ui/welcome").all("a")]
    assert PAGE in links


def test_a_wrong_verb_is_told_the_right_ones(world: World) -> None:
    reply = Browser(world).send("DELETE", PAGE)
    assert (reply.status, reply.headers["allow"]) == (405, "GET, HEAD, POST")
