"""The door of /ui: flows, the welcome page, signing out, errors, files, through API Gateway's events."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.pages.drawn import Drawn
from tests.world import PASSWORD, PUBLIC, Browser, Reply, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.ports import StoreUnavailable

OWN_PAGES: dict[str, Any] = {
    "selfservice": {
        "default_browser_return_url": "/ui/welcome",
        "flows": {kind: {"ui_url": None} for kind in ("login", "registration", "error")},
    },
    "vestibule": {"pages": {"name": "Harbour", "light": {"accent": "#0a6e5c"}}},
}


PROVING: dict[str, Any] = {
    "selfservice": {
        "default_browser_return_url": "/ui/welcome",
        "methods": {"password": {"config": {"haveibeenpwned_enabled": False}}, "code": {"enabled": True}},
        "flows": OWN_PAGES["selfservice"]["flows"] | {"verification": {"enabled": True}},
    },
}


@pytest.fixture
def world(sqlite_table: SqliteTable) -> World:
    return World.build(sqlite_table, OWN_PAGES)


@pytest.fixture
def browser(world: World) -> Browser:
    return Browser(world)


def page(reply: Reply) -> Drawn:
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert "'unsafe" not in reply.headers["content-security-policy"]
    assert "ory_st_" not in reply.body.decode()
    return Drawn(reply.body.decode())


def opened(browser: Browser, url: str) -> Reply:
    """What a browser shows in the end."""
    for _ in range(5):
        reply = browser.get(url)
        if not reply.location:
            return reply
        url = reply.location
    raise AssertionError(f"{url} leads in circles")


def signed_up(browser: Browser, email: str = "ann@example.org") -> Reply:
    flow = browser.start("registration")
    return browser.submit(
        flow, method="password", password=PASSWORD, **{"traits.email": email, "traits.name.first": "Ann"}
    )


@pytest.mark.parametrize("kind", ["login", "registration"])
def test_a_page_without_a_flow_starts_one_and_draws_it(kind, browser):
    reply = browser.get(f"/ui/{kind}?return_to=https%3A%2F%2Fapp.example.org%2Finside")
    assert reply.location == f"{PUBLIC}/self-service/{kind}/browser?return_to=https%3A%2F%2Fapp.example.org%2Finside"
    drawn = page(opened(browser, reply.location))
    assert drawn.one("input", name="password")
    assert drawn.one("title").text.endswith("Harbour")


def test_a_refused_form_comes_back_with_what_was_typed(browser):
    flow = browser.start("login")
    reply = browser.submit(flow, method="password", identifier="ann@example.org", password="wrong")
    drawn = page(opened(browser, reply.location))
    assert drawn.one("input", name="identifier")["value"] == "ann@example.org"
    assert drawn.one("div", role="alert").text.strip()


def test_somebody_who_signed_up_is_welcomed_by_name(browser):
    reply = signed_up(browser)
    assert reply.location == f"{PUBLIC}/ui/welcome"
    drawn = page(browser.get("/ui/welcome"))
    assert drawn.one("h1").text == "Welcome, Ann"
    assert [link["href"] for link in drawn.all("a", **{"class": "button plain"})] == ["/ui/sessions", "/ui/logout"]


def test_nobody_is_shown_the_ways_in(browser):
    drawn = page(browser.get("/ui/welcome"))
    assert [link.text for link in drawn.all("a") if str(link["class"]).startswith("button")] == [
        "Sign in",
        "Create an account",
    ]


def test_the_page_speaks_the_visitors_language(browser):
    drawn = page(browser.get("/ui/welcome", Accept_Language="de-CH, en;q=0.5"))
    assert drawn.one("h1").text == "Willkommen"


def test_signing_out_from_our_page_ends_the_session(browser):
    signed_up(browser)
    reply = browser.get("/ui/logout", Sec_Fetch_Site="same-origin")
    assert urlsplit(reply.location).path == "/self-service/logout"
    browser.get(reply.location)
    assert browser.whoami().status == 401


@pytest.mark.parametrize(
    "headers", [{}, {"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "none", "Sec_Purpose": "prefetch"}]
)
def test_a_link_from_elsewhere_does_not_sign_out_but_asks(headers, browser):
    signed_up(browser)
    drawn = page(browser.get("/ui/logout", **headers))
    assert drawn.one("h1").text == "Sign out?"
    assert browser.whoami().status == 200
    browser.get(str(drawn.one("a", **{"class": "button primary"})["href"]))
    assert browser.whoami().status == 401


def test_signing_out_twice_is_no_error(browser):
    assert browser.get("/ui/logout").location == f"{PUBLIC}/ui/welcome"


def test_an_expired_flow_says_so_and_starts_again(browser, world):
    flow = browser.start("login")
    world.clock.pass_by(hours=2)
    reply = browser.get(f"/ui/login?flow={flow.id}")
    assert reply.status == 410
    drawn = page(reply)
    assert drawn.one("h1").text == "This page has expired"
    assert drawn.one("a", **{"class": "button primary"})["href"] == f"{PUBLIC}/self-service/login/browser"


@pytest.mark.parametrize("flow_id", ["a3f1c2de-0000-4000-8000-000000000000", "nonsense", "' OR 1=1"])
def test_an_unknown_flow_is_a_calm_page(flow_id, browser):
    reply = browser.get(f"/ui/login?flow={flow_id}".replace(" ", "%20"))
    assert reply.status == 404
    assert page(reply).one("h1").text.endswith("start again")


def test_a_flow_of_another_browser_is_not_shown(browser, world):
    flow = browser.start("login")
    reply = Browser(world).get(f"/ui/login?flow={flow.id}")
    assert reply.status == 404
    assert flow.csrf not in reply.body.decode()


def test_a_browser_that_meets_an_error_reads_about_it(browser):
    reply = browser.get("/self-service/logout")
    shown = page(opened(browser, reply.location))
    failure = parse_qs(urlsplit(reply.location).query)["id"][0]
    assert failure in shown.one("main").text


@pytest.mark.parametrize("failure", ["", "?id=unknown", "?id=unavailable", "?id=a3f1c2de-0000-4000-8000-000000000000"])
def test_an_error_that_is_not_stored_is_a_page_too(failure, browser):
    reply = browser.get(f"/ui/error{failure}")
    assert reply.status == 404
    assert page(reply).one("h1")


def test_an_error_page_without_a_store_does_not_lead_to_itself(browser, world, monkeypatch):
    def unavailable(*_: object, **__: object) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(type(world.table), "get", unavailable)
    reply = browser.get("/ui/error?id=a3f1c2de-0000-4000-8000-000000000000")
    assert reply.status == 503
    assert page(reply).one("h1").text == "Something went wrong"


def test_a_page_that_does_not_exist_is_a_page(browser):
    reply = browser.get("/ui/nowhere")
    assert reply.status == 404
    assert page(reply).one("h1").text == "Page not found"


def test_every_file_of_a_page_is_there_and_kept_for_good(browser):
    drawn = page(browser.get("/ui/welcome"))
    loaded = [str(each["href"]) for each in drawn.all("link")] + [str(each["src"]) for each in drawn.all("script")]
    assert loaded
    for url in loaded:
        reply = browser.get(url)
        assert (reply.status, reply.cookies) == (200, [])
        assert "immutable" in reply.headers["cache-control"]
        assert reply.headers["x-content-type-options"] == "nosniff"
    theme = browser.get("/ui/assets/theme.css")
    assert "--accent:#0a6e5c" in theme.body.decode()
    assert "immutable" not in theme.headers["cache-control"]


@pytest.mark.parametrize("file", ["style.000000000000.css", "..%2Fsite.py", "site.py", "logo", "page.html"])
def test_other_files_are_not_served(file, browser):
    assert browser.get(f"/ui/assets/{file}").status == 404


def test_a_logo_comes_from_our_own_origin(sqlite_table):
    source = "base64://PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4="
    world = World.build(sqlite_table, {**OWN_PAGES, "vestibule": {"pages": {"name": "Harbour", "logo": source}}})
    url = str(page(Browser(world).get("/ui/welcome")).one("img")["src"])
    reply = Browser(world).get(url)
    assert reply.headers["content-type"] == "image/svg+xml"
    assert "sandbox" in reply.headers["content-security-policy"]


def test_who_has_an_address_to_prove_is_told_and_finds_it_filled_in(sqlite_table):
    browser = Browser(World.build(sqlite_table, PROVING))
    signed_up(browser)
    welcome = page(browser.get("/ui/welcome"))
    assert welcome.one("small").text == "not verified yet"
    assert "/ui/verification" in [link["href"] for link in welcome.all("a")]
    assert "/self-service/verification/browser" in [
        link["href"] for link in page(opened(browser, "/ui/settings")).all("a")
    ]
    form = page(opened(browser, "/ui/verification"))
    assert form.one("input", name="email")["value"] == "ann@example.org"


def test_a_stranger_finds_no_address_filled_in(sqlite_table):
    form = page(opened(Browser(World.build(sqlite_table, PROVING)), "/ui/verification"))
    assert form.one("input", name="email")["value"] == ""


def test_settings_of_nobody_lead_to_the_way_in(browser):
    assert browser.get("/ui/settings").location == f"{PUBLIC}/self-service/settings/browser"
    assert urlsplit(browser.get("/self-service/settings/browser").location).path == "/self-service/login/browser"
