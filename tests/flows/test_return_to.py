"""Where browsers may be sent. Contract 07 §1; what is compared is in tests/config, here is what comes of it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from tests.world import PUBLIC, Browser, Spa, World

from vestibule.adapters.sqlite import SqliteTable

EMAIL = "alice@example.org"
STARTS = ["/self-service/login/browser", "/self-service/registration/browser"]
ALLOWED: dict[str, Any] = {
    "selfservice": {
        "default_browser_return_url": "https://good.com",
        "allowed_return_urls": ["https://good.com/app", "https://*.good.com/", "myapp://done", "/relative"],
    }
}


@pytest.fixture
def world(sqlite_table: SqliteTable) -> World:
    return World.build(sqlite_table, ALLOWED)


def start(world: World, path: str, return_to: str) -> Any:
    return Spa(world).get(f"{path}?return_to={quote(return_to, safe='')}")


@pytest.mark.attack("redir-02")
@pytest.mark.attack("redir-03")
@pytest.mark.parametrize("path", STARTS)
@pytest.mark.parametrize(
    "return_to",
    [
        "//evil.com",
        "///evil.com",
        "/\\evil.com",
        "\\\\evil.com",
        "/%5cevil.com",
        "\t//evil.com",
        "https:evil.com",
        "https:/evil.com",
        "https:///evil.com",
        "https://evil.com",
        "https://good.com.evil.com",
        "https://evilgood.com",
        "https://good.com@evil.com/app",
        "https://evil.com#@good.com/app",
        "https://evil.com?good.com/app",
        "https://evil.com\\.good.com/",
        "https://good.com/app-evil",
        "https://good.com/app/../admin",
        "https://good.com/app/%2e%2e/admin",
        "https://good.com/app%2f..%2fadmin",
        "https://good.com/app/..%2fadmin",
        "https://good.com:444/app",
        "http://good.com/app",
        "javascript:alert(1)",
        "data:text/html,x",
        "myapp://elsewhere",
        "https://good.com/app\r\nSet-Cookie: a=b",
        "https://good.com/app\x00",
        "https://[evil",
        "https://good.com:port/app",
        "*.com",
        "\u2025//evil.com",
        "https://evil。com",
        "https://good.com\u3002evil.com/",
    ],
)
def test_an_address_that_is_not_on_the_list_is_refused(world: World, path: str, return_to: str) -> None:
    reply = start(world, path, return_to)
    assert (reply.status, reply.error_id) == (400, "self_service_flow_return_to_forbidden")
    assert world.stored() == {}


@pytest.mark.attack("redir-03")
@pytest.mark.parametrize("path", STARTS)
@pytest.mark.parametrize(
    ("return_to", "where"),
    [
        ("https://good.com/app", "https://good.com/app"),
        ("https://good.com/app/", "https://good.com/app/"),
        ("https://good.com/app/deep?a=1#b", "https://good.com/app/deep?a=1#b"),
        ("https://good.com/app//", "https://good.com/app//"),
        ("HTTPS://GOOD.com/app", "HTTPS://GOOD.com/app"),
        ("https://sub.good.com/", "https://sub.good.com/"),
        ("https://a.b.good.com/x", "https://a.b.good.com/x"),
        ("/app/x", "https://good.com/app/x"),
        ("/relative", "https://good.com/relative"),
        ("myapp://done", "myapp://done"),
        (f"{PUBLIC}/self-service/settings/browser", f"{PUBLIC}/self-service/settings/browser"),
    ],
)
def test_an_address_on_the_list_is_where_the_browser_ends(world: World, path: str, return_to: str, where: str) -> None:
    browser = Browser(world)
    kind = path.split("/")[2]
    if kind == "login":
        world.identity(EMAIL)
        reply = browser.sign_in(EMAIL, return_to=return_to)
    else:
        flow = browser.start(kind, return_to=return_to)
        reply = browser.submit(flow, method="password", password="blue-kettle-42-orbit", traits={"email": EMAIL})
    assert urlsplit(reply.location)._replace(scheme="", netloc="") == urlsplit(where)._replace(scheme="", netloc="")
    assert reply.location.lower() == where.lower()


@pytest.mark.attack("redir-02")
@pytest.mark.parametrize(
    "return_to", ["/..//evil.com", "/.//evil.com", "?x=//evil.com", "#//evil.com", "/app?//evil.com"]
)
def test_a_relative_address_never_leaves_the_host(world: World, return_to: str) -> None:
    world.identity(EMAIL)
    started = start(world, STARTS[0], return_to)
    if started.status == 400:
        assert started.error_id == "self_service_flow_return_to_forbidden"
        return
    browser = Spa(world)
    reply = browser.sign_in(EMAIL, return_to=return_to)
    where = reply.json["continue_with"][0]["redirect_browser_to"]
    assert urlsplit(where).hostname == "good.com"
    assert where.startswith("https://good.com/")


@pytest.mark.attack("redir-04")
@pytest.mark.parametrize("path", STARTS)
def test_the_address_that_was_checked_is_the_one_that_is_used(world: World, path: str) -> None:
    kind = path.split("/")[2]
    good, evil = quote("https://good.com/app"), quote("https://evil.com")
    assert Spa(world).get(f"{path}?return_to={evil}&return_to={good}").status == 400
    both = Spa(world).get(f"{path}?return_to={good}&return_to={evil}")
    assert both.status == 200
    assert both.json["return_to"] == "https://good.com/app"
    empty = Spa(world).get(f"{path}?return_to=&return_to={evil}")
    assert empty.status == 400
    for query in (f"return_to[]={evil}", f"return_to.0={evil}", f"RETURN_TO={evil}", f"a=%26return_to%3D{evil}"):
        assert "return_to" not in Spa(world).get(f"{path}?{query}").json
    assert kind in path


@pytest.mark.attack("redir-04")
def test_a_form_cannot_name_another_address(world: World) -> None:
    world.identity(EMAIL)
    browser = Browser(world)
    flow = browser.start("login", return_to="https://good.com/app")
    fields = {"method": "password", "identifier": EMAIL, "password": "blue-kettle-42-orbit"}
    flow.document["ui"]["action"] += "&return_to=https://evil.com"
    reply = browser.submit(flow, **fields, return_to="https://evil.com")
    assert reply.location == "https://good.com/app"


@pytest.mark.attack("redir-06")
def test_an_address_that_was_taken_off_the_list_meanwhile_is_not_used(world: World, sqlite_table: SqliteTable) -> None:
    world.identity(EMAIL)
    browser = Browser(world)
    flow = browser.start("login", return_to="https://sub.good.com/")
    only_default = {"selfservice": ALLOWED["selfservice"] | {"allowed_return_urls": []}}
    browser.world = World.build(sqlite_table, only_default)
    reply = browser.submit(flow, method="password", identifier=EMAIL, password="blue-kettle-42-orbit")
    assert (reply.status, reply.location) == (303, "https://good.com")


def test_logging_out_obeys_the_list_too(world: World) -> None:
    browser = Browser(world)
    browser.sign_up(EMAIL)
    refused = browser.get("/self-service/logout/browser?return_to=https://evil.com", Accept="application/json")
    assert refused.error_id == "self_service_flow_return_to_forbidden"
    link = browser.get("/self-service/logout/browser", Accept="application/json").json["logout_url"]
    reply = browser.get(f"{link}&return_to=https://evil.com")
    assert reply.location.startswith("https://app.example.org/error?id=")
    assert browser.whoami().status == 200


@pytest.mark.parametrize("header", ["Referer", "X-Original-URL", "X-Rewrite-URL"])
def test_no_header_says_where_to_go(world: World, header: str) -> None:
    world.identity(EMAIL)
    browser = Browser(world)
    browser.headers[header] = "https://evil.com/?return_to=https://evil.com"
    assert browser.sign_in(EMAIL).location == "https://good.com"
