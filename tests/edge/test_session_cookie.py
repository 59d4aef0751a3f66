"""The session cookie: what it says to browsers, and what it takes to make one. Contract 07 §3."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.world import Browser, Native, Spa, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.crypto.sealing import Sealer

EMAIL = "alice@example.org"
NAME = "ory_kratos_session"
SECRET = "a-cookie-secret-for-tests"


def signed_up(world: World) -> Spa:
    browser = Spa(world)
    assert browser.sign_up(EMAIL).status == 200
    return browser


def status_with(world: World, cookie: str, name: str = NAME) -> int:
    return Native(world).get("/sessions/whoami", Cookie=f"{name}={cookie}").status


@pytest.mark.attack("ses-05")
@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        ({}, "Path=/; HttpOnly; Secure; SameSite=Lax; Expires=Mon, 02 Mar 2026 12:00:00 GMT; Max-Age=86400"),
        ({"persistent": False}, "Path=/; HttpOnly; Secure; SameSite=Lax"),
        ({"persistent": False, "same_site": "Strict"}, "Path=/; HttpOnly; Secure; SameSite=Strict"),
        ({"persistent": False, "secure": False}, "Path=/; HttpOnly; SameSite=Lax"),
        (
            {"persistent": False, "domain": "example.org", "path": "/id"},
            "Path=/id; Domain=example.org; HttpOnly; Secure; SameSite=Lax",
        ),
    ],
)
def test_its_attributes_follow_the_configuration(
    sqlite_table: SqliteTable, cookie: dict[str, Any], expected: str
) -> None:
    world = World.build(sqlite_table, {"session": {"cookie": cookie}})
    line = next(line for line in Spa(world).sign_up(EMAIL).cookies if line.startswith(f"{NAME}="))
    assert line.partition("; ")[2] == expected


@pytest.mark.attack("ses-05")
def test_its_name_is_configured_too(sqlite_table: SqliteTable) -> None:
    world = World.build(sqlite_table, {"session": {"cookie": {"name": "__Host-id"}}})
    browser = signed_up(world)
    assert "__Host-id" in browser.cookies
    assert browser.whoami().status == 200
    assert status_with(world, browser.cookies["__Host-id"]) == 401


def test_signing_out_takes_it_away_with_the_same_attributes(sqlite_table: SqliteTable) -> None:
    world = World.build(sqlite_table, {"session": {"cookie": {"domain": "example.org", "path": "/id"}}})
    browser = Browser(world)
    browser.sign_up(EMAIL)
    url = browser.get("/self-service/logout/browser", Accept="application/json").json["logout_url"]
    line = next(line for line in browser.get(url).cookies if line.startswith(f"{NAME}="))
    assert "Path=/id; Domain=example.org; HttpOnly; Secure; SameSite=Lax" in line
    assert "Max-Age=0" in line
    assert "Expires=Thu, 01 Jan 1970 00:00:00 GMT" in line


@pytest.mark.attack("ses-10")
def test_no_altered_cookie_opens_a_session(world: World) -> None:
    browser = signed_up(world)
    cookie = browser.cookies[NAME]
    assert status_with(world, cookie) == 200
    bodies: set[bytes] = set()
    for place in range(len(cookie)):
        for other in {"A", "z", "_", "-", "0"} - {cookie[place]}:
            reply = Native(world).get("/sessions/whoami", Cookie=f"{NAME}={cookie[:place]}{other}{cookie[place + 1 :]}")
            assert reply.status == 401, (place, other)
            bodies.add(reply.body)
    assert len(bodies) == 1


@pytest.mark.attack("ses-10")
def test_no_cookie_of_other_length_or_alphabet_opens_a_session(world: World) -> None:
    cookie = signed_up(world).cookies[NAME]
    others = ["", cookie[:-1], cookie + "A", cookie + "=", cookie * 2, cookie[:40], "A" * len(cookie), "é" * 40, "\0"]
    assert {status_with(world, other) for other in others} == {401}


@pytest.mark.attack("ses-10")
def test_a_cookie_of_an_older_secret_is_good_and_one_of_another_is_not(sqlite_table: SqliteTable) -> None:
    browser = signed_up(World.build(sqlite_table))
    cookie = browser.cookies[NAME]
    rotated = World.build(sqlite_table, {"secrets": {"cookie": ["a-newer-cookie-secret", SECRET]}})
    assert status_with(rotated, cookie) == 200
    replaced = World.build(sqlite_table, {"secrets": {"cookie": ["a-newer-cookie-secret"]}})
    assert status_with(replaced, cookie) == 401


@pytest.mark.attack("ses-10")
@pytest.mark.parametrize("purpose", ["page", "credential", "message", "other"])
def test_what_was_sealed_for_another_purpose_is_no_cookie(world: World, purpose: str) -> None:
    browser = signed_up(world)
    app = Native(world)
    app.sign_in(EMAIL)
    plain = json.dumps({"session_token": app.token, "expires_at": "2026-03-02T12:00:00Z"}).encode()
    assert status_with(world, Sealer([SECRET], "cookie").seal(plain)) == 200
    assert status_with(world, Sealer([SECRET], purpose).seal(plain)) == 401
    assert browser.whoami().status == 200


def test_an_expired_cookie_is_as_good_as_its_session(world: World) -> None:
    app = Native(world)
    app.sign_up(EMAIL)
    plain = json.dumps({"session_token": app.token, "expires_at": "2020-01-01T00:00:00Z"}).encode()
    reply = Native(world).get("/sessions/whoami", Cookie=f"{NAME}={world.svc.cookie_sealer.seal(plain)}")
    assert reply.status == 200
    assert len(reply.cookies) == 1


def test_every_cookie_is_sealed_anew(world: World) -> None:
    browser = signed_up(world)
    first = browser.cookies[NAME]
    browser.sign_in(EMAIL, refresh="true")
    assert browser.cookies[NAME] != first
    assert status_with(world, first) == 200  # the same session, id and token stay (contract 07 §6)
