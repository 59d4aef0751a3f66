"""Sign out. Contract 01 §9."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.world import PUBLIC, Browser, Native, Reply, Spa, World

from vestibule.adapters.sqlite import SqliteTable

EMAIL = "alice@example.org"
START = "/self-service/logout/browser"


def link(browser: Spa | Browser, query: str = "") -> str:
    return browser.get(f"{START}{query}", Accept="application/json").json["logout_url"]


def by_app(world: World, body: Any) -> Reply:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Native(world).send("DELETE", "/self-service/logout/api", text, Content_Type="application/json")


def test_a_browser_signs_out_by_its_link(world: World) -> None:
    browser = Browser(world)
    browser.sign_up(EMAIL)
    csrf = {name: value for name, value in browser.cookies.items() if name.startswith("csrf")}
    reply = browser.get(link(browser))
    assert (reply.status, reply.location) == (303, "https://app.example.org/")
    assert "ory_kratos_session" not in browser.cookies
    assert csrf != {name: value for name, value in browser.cookies.items() if name.startswith("csrf")}
    assert browser.whoami().status == 401


def test_a_single_page_app_is_answered_without_content(world: World) -> None:
    spa = Spa(world)
    spa.sign_up(EMAIL)
    reply = spa.get(link(spa))
    assert (reply.status, reply.body) == (204, b"")
    assert spa.whoami().status == 401


def test_the_ended_cookie_is_of_no_use_to_whoever_kept_it(world: World) -> None:
    browser, thief = Spa(world), Spa(world)
    browser.sign_up(EMAIL)
    thief.cookies = dict(browser.cookies)
    browser.get(link(browser))
    assert thief.whoami().status == 401


def test_only_this_session_ends(world: World) -> None:
    browser, other = Spa(world), Native(world)
    browser.sign_up(EMAIL)
    other.sign_in(EMAIL)
    browser.get(link(browser))
    assert other.whoami().status == 200


def test_the_way_back_is_in_the_link(world: World) -> None:
    browser = Browser(world)
    browser.sign_up(EMAIL)
    url = link(browser, "?return_to=https://app.example.org/inside")
    assert "return_to=https%3A%2F%2Fapp.example.org%2Finside" in url
    assert browser.get(url).location == "https://app.example.org/inside"


def test_the_default_way_back_is_configured(sqlite_table: SqliteTable) -> None:
    after = {"after": {"default_browser_return_url": "https://app.example.org/bye"}}
    browser = Browser(World.build(sqlite_table, {"selfservice": {"flows": {"logout": after}}}))
    browser.sign_up(EMAIL)
    assert browser.get(link(browser)).location == "https://app.example.org/bye"


@pytest.mark.parametrize("clear", [True, False])
def test_the_browser_forgets_everything_where_that_is_configured(sqlite_table: SqliteTable, clear: bool) -> None:
    changes = {"selfservice": {"flows": {"logout": {"clear_browser_data": clear}}}}
    browser = Browser(World.build(sqlite_table, changes))
    browser.sign_up(EMAIL)
    told = browser.get(link(browser)).headers.get("clear-site-data")
    assert told == ('"cookies", "storage", "cache"' if clear else None)


@pytest.mark.attack("csrf-06")
@pytest.mark.parametrize("token", ["", "guess", "ory_lo_" + "A" * 43, "%C3%A9", "%00"])
def test_nobody_is_signed_out_without_their_token(world: World, token: str) -> None:
    spa, browser = Spa(world), Browser(world)
    spa.sign_up(EMAIL)
    browser.sign_up("bob@example.org")
    query = f"?token={token}" if token else ""
    reply = spa.get(f"/self-service/logout{query}")
    assert reply.status == (403 if token else 400)
    assert browser.get(f"/self-service/logout{query}").location.startswith("https://app.example.org/error?id=")
    assert spa.whoami().status == browser.whoami().status == 200


@pytest.mark.attack("csrf-06")
def test_the_token_of_another_session_is_refused(world: World) -> None:
    alice, bob = Spa(world), Spa(world)
    alice.sign_up(EMAIL)
    bob.sign_up("bob@example.org")
    assert alice.get(link(bob)).status == 403
    assert alice.whoami().status == bob.whoami().status == 200


def test_a_link_outlives_the_rotation_of_secrets(world: World, sqlite_table: SqliteTable) -> None:
    browser = Spa(world)
    browser.sign_up(EMAIL)
    url = link(browser)
    secrets = {"cookie": ["a-newer-cookie-secret", "a-cookie-secret-for-tests"]}
    browser.world = World.build(sqlite_table, {"secrets": secrets})
    assert browser.get(url).status == 204


def test_whoever_is_signed_out_has_nothing_to_end(world: World) -> None:
    assert Spa(world).get(START).error_id == "session_inactive"
    assert Spa(world).get("/self-service/logout?token=x").error_id == "session_inactive"
    assert Browser(world).get(START).location.startswith("https://app.example.org/error?id=")


def test_an_app_signs_out_by_its_token_and_may_do_so_again(world: World) -> None:
    app = Native(world)
    app.sign_up(EMAIL)
    body = {"session_token": app.token}
    assert (by_app(world, body).status, by_app(world, body).status) == (204, 204)
    assert app.whoami().status == 401


def test_an_apps_sign_out_looks_at_the_body_alone(world: World) -> None:
    app = Native(world)
    app.sign_up(EMAIL)
    reply = app.send("DELETE", "/self-service/logout/api", b"{}", Content_Type="application/json")
    assert reply.status == 403
    assert app.whoami().status == 200


@pytest.mark.parametrize(
    "body", [{}, {"session_token": ""}, {"session_token": "x"}, {"session_token": "ory_st_" + "0" * 86}]
)
def test_a_token_of_no_session_is_refused(world: World, body: dict[str, str]) -> None:
    assert by_app(world, body).status == 403


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"null", b'{"session_token":{}}', b'{"session_token":NaN}'])
def test_a_body_that_is_none_is_refused(world: World, body: bytes) -> None:
    assert by_app(world, body).status == 400


def test_the_link_is_below_the_public_address(world: World) -> None:
    browser = Spa(world)
    browser.sign_up(EMAIL)
    document = browser.get(START).json
    assert document["logout_url"] == f"{PUBLIC}/self-service/logout?token={document['logout_token']}"
