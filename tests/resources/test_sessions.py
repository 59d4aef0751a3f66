"""Who am I, where else am I signed in, end that. Contract 06 §7."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from msgspec.structs import force_setattr
from tests.world import ADMIN, PASSWORD, PUBLIC, Client, Native, Spa, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.crypto.tokens import ExchangeCode, SessionToken
from vestibule.domain.identity import State
from vestibule.domain.session import Session

EMAIL = "alice@example.org"
COOKIE = "ory_kratos_session"


def token_of(world: World, email: str = EMAIL) -> str:
    return Native(world).sign_in(email).json["session_token"]


def whoami(world: World, **headers: str) -> int:
    return Native(world).get("/sessions/whoami", **headers).status


def sessions_of(world: World, client: Client) -> list[Session]:
    identity = world.svc.identities.find(client.whoami().json["identity"]["id"])
    assert identity is not None
    return world.svc.sessions.of_identity(identity)


# --- whoami ---------------------------------------------------------------------------------------------


def test_a_token_is_taken_from_header_cookie_and_bearer(world: World) -> None:
    world.identity(EMAIL)
    browser = Spa(world)
    browser.sign_in(EMAIL)
    token = token_of(world)
    assert whoami(world, X_Session_Token=token) == 200
    assert whoami(world, Authorization=f"Bearer {token}") == 200
    assert whoami(world, Authorization=f"bearer {token}") == 200
    assert whoami(world, Cookie=f"{COOKIE}={browser.cookies[COOKIE]}") == 200
    assert whoami(world, Cookie=f"a=b; {COOKIE}=x; {COOKIE}={browser.cookies[COOKIE]}") == 200


def test_the_header_comes_before_the_cookie_and_that_before_bearer(world: World) -> None:
    alice, bob = world.identity(EMAIL), world.identity("bob@example.org")
    browser = Spa(world)
    browser.sign_in(EMAIL)
    cookie, bobs = f"{COOKIE}={browser.cookies[COOKIE]}", token_of(world, "bob@example.org")
    app = Native(world)
    by_header = app.get("/sessions/whoami", Cookie=cookie, X_Session_Token=bobs)
    by_cookie = app.get("/sessions/whoami", Cookie=cookie, Authorization=f"Bearer {bobs}")
    assert by_header.json["identity"]["id"] == bob.id
    assert by_cookie.json["identity"]["id"] == alice.id


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer "}, {"X-Session-Cookie": "x"}])
def test_without_a_token_there_is_no_session_and_no_error_id(world: World, headers: dict[str, str]) -> None:
    reply = Native(world).get("/sessions/whoami", **headers)
    assert (reply.status, reply.error_id) == (401, None)


def test_basic_credentials_are_no_token(world: World) -> None:
    world.identity(EMAIL)
    assert whoami(world, Authorization=f"Basic {token_of(world)}") == 401
    assert whoami(world, Authorization=token_of(world)) == 401


def test_the_answer_names_the_identity_and_is_kept_by_no_cache(client: Client) -> None:
    client.sign_up(EMAIL)
    reply = client.whoami()
    assert reply.headers["x-kratos-authenticated-identity-id"] == reply.json["identity"]["id"]
    assert reply.headers["cache-control"] == "private, no-cache, no-store, must-revalidate"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"])
def test_any_verb_will_do(world: World, method: str) -> None:
    world.identity(EMAIL)
    app = Native(world)
    app.token = token_of(world)
    assert app.send(method, "/sessions/whoami").status == 200


def test_the_session_says_where_it_was_opened(world: World) -> None:
    app = Native(world)
    app.sign_up(EMAIL)
    device = app.whoami().json["devices"][0]
    assert (device["ip_address"], device["user_agent"], device["location"]) == ("192.0.2.7", "tests", "")


def test_no_template_makes_a_token_of_it(world: World) -> None:
    app = Native(world)
    app.sign_up(EMAIL)
    assert app.get("/sessions/whoami?tokenize_as=jwt").status == 400


@pytest.mark.attack("ses-09")
def test_no_other_text_opens_a_session(world: World) -> None:
    app = Native(world)
    app.sign_up(EMAIL)
    token = app.whoami() and app.token
    assert token is not None
    flow = Native(world).start("login", return_session_token_exchange_code="true")
    browser = Spa(world)
    browser.sign_in(EMAIL)
    logout = browser.get("/self-service/logout/browser").json["logout_token"]
    parsed = SessionToken.parse(token)
    assert parsed is not None
    forged = [
        SessionToken(parsed.identity_id, parsed.session_id, bytes(24)).text,
        SessionToken(parsed.identity_id, browser.whoami().json["id"], parsed.secret).text,
        SessionToken(world.identity("bob@example.org").id, parsed.session_id, parsed.secret).text,
    ]
    others = [logout, flow.id, flow.document["session_token_exchange_code"], parsed.session_id, browser.cookies[COOKIE]]
    altered = [
        *(token[:length] for length in (-1, -2, 7, 8, 40)),
        *(token + more for more in ("A", "0", " A", "=", "\0", "\n", "%20", "==")),
        token.lower(),
        token.upper(),
        token.swapcase(),
        quote(token, safe="").replace("_", "%5F"),
        token.removeprefix("ory_st_"),
        "ory_st_" + token,
        token.replace("ory_st_", "ory_lo_"),
        token.replace("_", "-"),
        f"\0{token}",
        f'"{token}"',
        f"{token},{token}",
        token[:20] + "\u200b" + token[20:],
        "ory_st_",
        "ory_st_" + "0" * 86,
        "ory_st_" + "z" * 86,
        "ory_st_" + "é" * 86,
        "ory_st_" + "A" * 100_000,
    ]
    for text in (*altered, *others, *forged):
        assert whoami(world, X_Session_Token=text) == 401, text
        assert whoami(world, Authorization=f"Bearer {text}") == 401, text
        assert whoami(world, Cookie=f"{COOKIE}={text}") == 401 or text == browser.cookies[COOKIE], text
    assert whoami(world, X_Session_Token=token) == 200


@pytest.mark.attack("ses-03")
def test_tokens_do_not_repeat_nor_resemble_each_other(world: World) -> None:
    alice = world.identity(EMAIL)
    made = [SessionToken.new(alice.id, world.svc.random.uuid7(), world.svc.random.bytes) for _ in range(2000)]
    assert len({token.text for token in made}) == len({token.secret for token in made}) == 2000
    assert all(len(token.secret) * 8 >= 128 for token in made)
    ones = [sum(token.secret[place // 8] >> place % 8 & 1 for token in made) for place in range(192)]
    assert all(800 < count < 1200 for count in ones)


# --- it ends --------------------------------------------------------------------------------------------


@pytest.mark.attack("ses-11")
@pytest.mark.parametrize(("seconds", "status"), [(-1, 200), (0, 401), (1, 401), (86400 * 40, 401)])
def test_a_session_ends_by_the_clock_though_it_is_still_stored(
    client: Client, world: World, seconds: int, status: int
) -> None:
    client.sign_up(EMAIL)
    world.clock.pass_by(hours=24, seconds=seconds)
    assert client.whoami().status == status
    assert client.get("/sessions", Accept="application/json").status == status
    assert [key for key in world.stored() if key[1].startswith("S#")]


def test_the_lifespan_is_configured(sqlite_table: SqliteTable) -> None:
    app = Native(World.build(sqlite_table, {"session": {"lifespan": "10m"}}))
    app.sign_up(EMAIL)
    assert app.whoami().json["expires_at"] == "2026-03-01T12:10:00Z"


def test_a_session_ends_with_its_identity(client: Client, world: World) -> None:
    client.sign_up(EMAIL)
    identity = world.svc.identities.find(client.whoami().json["identity"]["id"])
    assert identity is not None
    world.svc.identities.update(identity, identity.in_state(State.INACTIVE, world.clock.now()))
    assert client.whoami().status == 401
    world.admin("DELETE", f"/admin/identities/{identity.id}")
    assert client.whoami().status == 401


@pytest.mark.attack("ses-06")
def test_a_session_that_was_ended_is_ended_for_every_way_in(world: World) -> None:
    app = Native(world)
    app.sign_up(EMAIL)
    token = app.token
    assert token is not None
    cookie = world.svc.cookie_sealer.seal(f'{{"session_token":"{token}","expires_at":"2026-03-02T12:00:00Z"}}'.encode())
    assert whoami(world, Cookie=f"{COOKIE}={cookie}") == 200
    session = sessions_of(world, app)[0]
    world.svc.sessions.revoke(session.identity_id, session.id)
    ways: list[dict[str, str]] = [
        {"X_Session_Token": token},
        {"Authorization": f"Bearer {token}"},
        {"Cookie": f"{COOKIE}={cookie}"},
    ]
    assert [whoami(world, **way) for way in ways * 20] == [401] * 60


# --- the cookie is kept as long as the session ----------------------------------------------------------


def test_a_cookie_is_renewed_when_its_session_outlives_it(world: World) -> None:
    browser = Spa(world)
    browser.sign_up(EMAIL)
    assert browser.whoami().cookies == []
    world.clock.pass_by(hours=1)
    app = Native(world)
    browser_session = sessions_of(world, browser)[0]
    world.svc.sessions.prolong(browser_session.extended(browser_session.expires_at.replace(day=5)))
    before = browser.cookies[COOKIE]
    reply = browser.whoami()
    assert [line.partition("=")[0] for line in reply.cookies] == [COOKIE]
    assert "Expires=Thu, 05 Mar 2026 12:00:00 GMT" in reply.cookies[0]
    assert browser.cookies[COOKIE] != before
    assert browser.whoami().cookies == []
    assert app.cookies == {}


# --- levels ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("required", "status"), [("aal1", 200), ("highest_available", 403), (None, 403)])
def test_a_session_may_have_to_be_of_the_highest_level(
    sqlite_table: SqliteTable, required: str | None, status: int
) -> None:
    changes: dict[str, Any] = {"session": {"whoami": {"required_aal": required}}} if required else {}
    world = World.build(sqlite_table, changes)
    app = Native(world)
    app.sign_up(EMAIL)
    identity = world.svc.identities.find(app.whoami().json["identity"]["id"])
    assert identity is not None
    force_setattr(identity, "aal2_possible", True)  # noqa: FBT003 as a second factor makes it
    world.svc.identities.update(identity, identity)
    for path in ("/sessions/whoami", "/sessions"):
        reply = app.get(path)
        assert reply.status == status
        if status == 403:
            assert reply.error_id == "session_aal2_required"
            assert reply.json["redirect_browser_to"] == f"{PUBLIC}/self-service/login/browser?aal=aal2"


# --- codes for a session --------------------------------------------------------------------------------


@pytest.mark.attack("flow-04")
def test_codes_open_nothing_before_a_browser_has_signed_in(world: World) -> None:
    app = Native(world)
    init = app.start("login", return_session_token_exchange_code="true").document["session_token_exchange_code"]
    code = ExchangeCode.parse(init)
    assert code is not None
    other = ExchangeCode.new(code.flow_id, world.svc.random.bytes).text
    for pair in ((init, other), (init, init), (other, init), (other, other), ("x", "y"), (init, "\u0660" * 64)):
        query = f"init_code={quote(pair[0])}&return_to_code={quote(pair[1])}"
        assert app.get(f"/sessions/token-exchange?{query}").status == 404


@pytest.mark.attack("flow-04")
@pytest.mark.parametrize("query", ["", "init_code=x", "return_to_code=x", "init_code=&return_to_code=x"])
def test_both_codes_are_needed(world: World, query: str) -> None:
    assert Native(world).get(f"/sessions/token-exchange?{query}").status == 400


def test_the_admin_api_knows_no_sessions_of_whoever_asks(world: World) -> None:
    app = Native(world)
    app.sign_up(EMAIL)
    reply = world.send("GET", f"{ADMIN}/sessions/whoami", api="admin", headers={"X-Session-Token": str(app.token)})
    assert (reply.status, reply.location) == (307, f"{PUBLIC}/sessions/whoami")
    assert PASSWORD.encode() not in reply.body


def test_a_proxy_may_keep_the_answer_where_the_configuration_lets_it(sqlite_table: SqliteTable) -> None:
    flags = {"cacheable_sessions": True, "cacheable_sessions_max_age": "10m"}
    world = World.build(sqlite_table, {"feature_flags": flags})
    app = Native(world)
    assert app.whoami().headers["ory-session-cache-for"] == "60"
    app.sign_up("alice@example.org")
    assert app.whoami().headers["ory-session-cache-for"] == "600"
    world.clock.pass_by(hours=23, minutes=58)
    assert app.whoami().headers["ory-session-cache-for"] == "120"
