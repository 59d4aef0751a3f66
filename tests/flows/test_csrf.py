"""Forms that another site, or another browser, sends in somebody's name. Contract 07 §2."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.world import PASSWORD, PUBLIC, Browser, Flow, Native, Reply, Spa, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.crypto import csrf

EMAIL = "alice@example.org"
FIELDS: dict[str, Any] = {"method": "password", "identifier": EMAIL, "password": PASSWORD}
NEWCOMER: dict[str, Any] = {"method": "password", "password": PASSWORD, "traits": {"email": "new@example.org"}}
COOKIE = csrf.cookie_name(PUBLIC)


def fields_of(kind: str) -> dict[str, Any]:
    return FIELDS if kind == "login" else NEWCOMER


def refused(reply: Reply) -> bool:
    return (reply.status, reply.error_id) == (403, "security_csrf_violation") and not any(
        line.startswith("ory_kratos_session=") for line in reply.cookies
    )


def post(client: Spa, flow: Flow, fields: dict[str, Any], **headers: str) -> Reply:
    """The form as it is: no token is put in."""
    body = json.dumps(fields).encode()
    return client.send("POST", flow.document["ui"]["action"], body, Content_Type="application/json", **headers)


@pytest.mark.parametrize("kind", ["login", "registration"])
@pytest.mark.parametrize("token", ["", "x", "A" * 86, "é", "\x7f"])
def test_a_form_without_the_right_token_is_refused(world: World, kind: str, token: str) -> None:
    world.identity(EMAIL)
    browser = Spa(world)
    assert refused(browser.submit(browser.start(kind), **fields_of(kind) | {"csrf_token": token}))
    assert browser.whoami().status == 401


@pytest.mark.parametrize("kind", ["login", "registration"])
def test_a_browser_with_pages_is_sent_to_the_error_page_not_to_the_form(world: World, kind: str) -> None:
    world.identity(EMAIL)
    browser = Browser(world)
    reply = browser.submit(browser.start(kind), **fields_of(kind) | {"csrf_token": "x"})
    assert reply.status == 303
    assert reply.location.startswith("https://app.example.org/error?id=")
    shown = browser.get(f"/self-service/errors?id={reply.query('id')}").json
    assert shown["error"]["id"] == "security_csrf_violation"


@pytest.mark.attack("csrf-05")
@pytest.mark.parametrize("kind", ["login", "registration"])
def test_a_form_without_the_cookie_is_refused(world: World, kind: str) -> None:
    world.identity(EMAIL)
    attacker = Spa(world)
    flow = attacker.start(kind)
    victim = Spa(world)
    reply = post(victim, flow, fields_of(kind) | {"csrf_token": flow.csrf}, Origin="https://evil.example")
    assert refused(reply)
    assert "ory_kratos_session" not in victim.cookies


@pytest.mark.attack("csrf-02")
@pytest.mark.parametrize("kind", ["login", "registration"])
def test_flow_and_token_of_another_browser_are_refused_and_stay_good_for_their_own(world: World, kind: str) -> None:
    world.identity(EMAIL)
    mine, theirs = Spa(world), Spa(world)
    mine.start(kind)
    flow = theirs.start(kind)
    assert refused(post(mine, flow, fields_of(kind) | {"csrf_token": flow.csrf}))
    assert theirs.submit(flow, **fields_of(kind)).status == 200


@pytest.mark.parametrize("kind", ["login", "registration"])
def test_a_token_of_another_flow_of_the_same_browser_is_good(world: World, kind: str) -> None:
    world.identity(EMAIL)
    browser = Spa(world)
    first, second = browser.start(kind), browser.start(kind)
    assert first.csrf != second.csrf
    assert post(browser, first, fields_of(kind) | {"csrf_token": second.csrf}).status == 200


def test_the_token_may_come_in_a_header(world: World) -> None:
    world.identity(EMAIL)
    browser = Spa(world)
    flow = browser.start("login")
    assert post(browser, flow, FIELDS, X_CSRF_Token=flow.csrf).status == 200


def test_a_wrong_token_in_the_form_is_not_made_up_for_by_the_header(world: World) -> None:
    world.identity(EMAIL)
    browser = Spa(world)
    flow = browser.start("login")
    assert refused(post(browser, flow, FIELDS | {"csrf_token": "x"}, X_CSRF_Token=flow.csrf))


@pytest.mark.attack("csrf-07")
@pytest.mark.parametrize("planted_first", [True, False])
def test_a_second_cookie_from_a_sibling_domain_does_not_get_in_the_way(world: World, planted_first: bool) -> None:
    world.identity(EMAIL)
    browser = Spa(world)
    flow = browser.start("login")
    genuine, planted = browser.cookies[COOKIE], csrf.new_secret(world.svc.random.bytes)
    pairs = [planted, genuine] if planted_first else [genuine, planted]
    browser.keeps_cookies = False
    cookies = "; ".join(f"{COOKIE}={value}" for value in pairs)
    assert browser.send("GET", f"/self-service/login/flows?id={flow.id}", Cookie=cookies).status == 200
    assert post(browser, flow, FIELDS | {"csrf_token": flow.csrf}, Cookie=cookies).status == 200


@pytest.mark.attack("csrf-07")
@pytest.mark.parametrize("alone", [True, False])
def test_a_planted_cookie_with_its_own_token_is_refused(world: World, alone: bool) -> None:
    world.identity(EMAIL)
    victim = Spa(world)
    flow = victim.start("login")
    planted = csrf.new_secret(world.svc.random.bytes)
    forged = csrf.mask(planted, world.svc.random.bytes)
    cookies = f"{COOKIE}={planted}" + ("" if alone else f"; {COOKIE}={victim.cookies[COOKIE]}")
    victim.keeps_cookies = False
    assert refused(post(victim, flow, FIELDS | {"csrf_token": forged}, Cookie=cookies))


def test_every_drawing_of_a_form_has_another_token(world: World) -> None:
    browser = Spa(world)
    flow = browser.start("login")
    assert len({flow.csrf, *(browser.fetch("login", flow.id).flow.csrf for _ in range(3))}) == 4


# --- who may see a flow ---------------------------------------------------------------------------------


@pytest.mark.attack("enum-10")
@pytest.mark.parametrize("kind", ["login", "registration"])
def test_a_flow_is_shown_to_its_own_browser_only(world: World, kind: str) -> None:
    browser = Browser(world)
    flow = browser.start(kind)
    browser.submit(flow, method="password", identifier="secret@example.org", password="x", traits={"email": "secret@"})
    for other in (Browser(world), Spa(world), Native(world)):
        reply = other.fetch(kind, flow.id)
        assert (reply.status, reply.error_id) == (403, "security_csrf_violation")
        assert b"secret@" not in reply.body


@pytest.mark.attack("enum-10")
@pytest.mark.parametrize("kind", ["login", "registration"])
@pytest.mark.parametrize(
    ("body", "content_type"), [(b"{", "application/json"), (b"", "application/json"), (b"x", "text/plain"), (b"", "")]
)
def test_a_body_that_cannot_be_read_does_not_show_another_browsers_flow(
    world: World, kind: str, body: bytes, content_type: str
) -> None:
    browser = Browser(world)
    flow = browser.start(kind)
    browser.submit(flow, method="password", identifier="secret@example.org", password="x", traits={"email": "secret@"})
    before = world.stored()
    reply = Spa(world).send("POST", flow.document["ui"]["action"], body, Content_Type=content_type)
    assert refused(reply)
    assert b"secret@" not in reply.body
    assert world.stored() == before


@pytest.mark.parametrize("kind", ["login", "registration"])
def test_a_form_is_not_sent_by_following_a_link(world: World, kind: str) -> None:
    browser = Spa(world)
    flow = browser.start(kind)
    before = len(world.stored())
    reply = browser.get(f"/self-service/{kind}?flow={flow.id}&method=password&identifier={EMAIL}&password={PASSWORD}")
    assert reply.status == 400
    assert reply.flow.id == flow.id
    assert len(world.stored()) == before


# --- flows of apps --------------------------------------------------------------------------------------


@pytest.mark.attack("csrf-03")
@pytest.mark.parametrize("kind", ["login", "registration"])
@pytest.mark.parametrize(
    "header",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": PUBLIC},
        {"Cookie": "a=b"},
        {"Cookie": "ory_kratos_session=x"},
        {"Cookie": "__cf_bm=1; a=b"},
        {"Cookie": "x__cf=1"},
    ],
)
def test_an_apps_flow_takes_nothing_from_a_browser(world: World, kind: str, header: dict[str, str]) -> None:
    world.identity(EMAIL)
    app = Native(world)
    flow = app.start(kind)
    before = len(world.stored())
    reply = app.send(
        "POST",
        flow.document["ui"]["action"],
        json.dumps(fields_of(kind)).encode(),
        Content_Type="application/json",
        **header,
    )
    assert reply.status == 400
    assert reply.flow.message_ids == [4000001]
    assert "session_token" not in reply.json
    assert len(world.stored()) == before


@pytest.mark.parametrize("cookie", ["__cf_bm=1", "_cfuvid=2", "cf_clearance=3", "__cf_bm=1; cf_chl=2", ""])
def test_cookies_of_a_well_known_proxy_do_not_make_a_browser(world: World, cookie: str) -> None:
    world.identity(EMAIL)
    app = Native(world)
    flow = app.start("login")
    body = json.dumps(FIELDS).encode()
    reply = app.send("POST", flow.document["ui"]["action"], body, Content_Type="application/json", Cookie=cookie)
    assert reply.status == 200


def test_an_apps_flow_asks_for_no_token(world: World) -> None:
    flow = Native(world).start("login")
    assert flow.nodes["csrf_token"]["attributes"]["value"] == ""


# --- the cookie -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "issued"),
    [
        ("/self-service/login/browser", True),
        ("/self-service/registration/browser", True),
        ("/self-service/login/api", False),
        ("/self-service/login/flows?id=x", True),
        ("/self-service/errors?id=x", True),
        ("/self-service/logout/browser", True),
        ("/sessions/whoami", False),
        ("/sessions", False),
        ("/schemas", True),
        ("/schemas/person", False),
        ("/health/alive", False),
        ("/nowhere", True),
    ],
)
def test_the_cookie_is_issued_where_browsers_go(world: World, path: str, issued: bool) -> None:
    lines = [line for line in Spa(world).get(path).cookies if line.startswith(COOKIE)]
    assert len(lines) == issued


def test_a_browser_that_has_the_cookie_gets_no_other(world: World) -> None:
    browser = Spa(world)
    browser.start("login")
    assert browser.get("/self-service/registration/browser").cookies == []


@pytest.mark.parametrize("value", ["", "short", "A" * 44, "A" * 42 + "é", '"x"', "../../etc/passwd", "A" * 5000])
def test_a_cookie_that_is_no_secret_is_replaced(world: World, value: str) -> None:
    browser = Spa(world)
    browser.cookies[COOKIE] = value
    flow = browser.start("login")
    assert csrf.is_secret(browser.cookies[COOKIE])
    assert csrf.matches(browser.cookies[COOKIE], flow.csrf)


@pytest.mark.parametrize(
    ("cookies", "expected"),
    [
        ({}, "Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=31536000"),
        ({"same_site": "Strict"}, "Path=/; HttpOnly; Secure; SameSite=Strict; Max-Age=31536000"),
        ({"same_site": "None"}, "Path=/; HttpOnly; Secure; SameSite=None; Max-Age=31536000"),
        ({"secure": False, "same_site": "None"}, "Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000"),
        (
            {"path": "/id", "domain": "example.org"},
            "Path=/id; Domain=example.org; HttpOnly; Secure; SameSite=Lax; Max-Age=31536000",
        ),
    ],
)
def test_its_attributes_follow_the_configuration(
    sqlite_table: SqliteTable, cookies: dict[str, Any], expected: str
) -> None:
    world = World.build(sqlite_table, {"cookies": cookies})
    line = Spa(world).get("/self-service/login/browser").cookies[0]
    assert line.partition("; ")[2] == expected
