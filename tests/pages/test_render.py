"""Whose page it is, in which language, and where it leads."""

from __future__ import annotations

import re

import pytest
from tests.pages.drawn import Drawn, draw
from tests.pages.samples import FLOWS, HOSTILE, SESSION

from vestibule.pages.look import Link, Logo, Look
from vestibule.pages.render import render_error, render_flow, render_simple, render_welcome
from vestibule.pages.wording import wording


def test_ways_on_keep_where_people_were_going():
    page = draw(*FLOWS["login-wrong"])
    ways = [str(each["href"]) for each in page.all("a")]
    assert "/self-service/registration/browser?return_to=https%3A%2F%2Fapp.example.org%2Fa%3Fb%3Dc%26d" in ways


def test_flows_that_are_switched_off_are_not_linked_to():
    page = draw(*FLOWS["login"], look=Look(offers=frozenset({"login"})))
    assert not [
        each for each in page.all("a") if "registration" in str(each["href"]) or "recovery" in str(each["href"])
    ]


def test_pages_below_a_path_stay_below_it():
    page = draw(*FLOWS["login"], look=Look(base="/auth"))
    ours = [e["href"] or e["src"] for e in page.elements if ("href" in e or "src" in e) and e["href"] != "#main"]
    assert all(str(each).startswith("/auth/") for each in ours)


def test_name_logo_and_links_are_the_owners_own():
    look = Look(
        name="Harbour & Co",
        logo=Logo("image/svg+xml", b"<svg/>"),
        links=(Link("Help", "https://example.org/help"),),
        legal=(Link("Imprint", "/imprint"),),
    )
    page = draw(*FLOWS["login"], look=look)
    assert page.one("title").text.endswith("Harbour & Co")
    assert str(page.one("img")["src"]).startswith("/ui/assets/logo.")
    assert page.one("a", href="/imprint").text == "Imprint"


def test_a_german_page_is_german_throughout():
    text = Drawn(render_flow(*FLOWS["registration-wrong"], Look(), "de")).one("main").text
    assert "Bitte füllen Sie dieses Feld aus." in text
    assert "Vorname" in text
    assert not re.search(r"\b(the|please|password|sign)\b", text, re.IGNORECASE)


def test_no_page_shows_a_token():
    session = {**SESSION, "tokenized": "ory_st_secret", "session_token": "ory_st_secret"}
    assert "ory_" not in render_welcome(session, Look(), "en")


def test_the_welcome_page_says_who_since_when_and_where():
    text = Drawn(render_welcome(SESSION, Look(), "en")).one("main").text
    for said in (
        "Welcome, Ann Lee",
        "ann.lee@example.org",
        "Firefox on Windows",
        "3 March 2026, 14:05 UTC",
        "Password",
    ):
        assert said in text


def test_the_welcome_page_greets_people_of_whom_it_knows_little():
    page = Drawn(render_welcome({"identity": {"id": "x", "traits": {}}}, Look(), "en"))
    assert page.one("h1").text == "Welcome"


@pytest.mark.parametrize(
    ("wire", "title"),
    [
        ({"code": 404}, "Page not found"),
        ({"code": 403}, wording("en")("error.refused.title")),
        ({"code": 500}, "Something went wrong"),
        ({}, "Something went wrong"),
    ],
)
def test_errors_are_told_calmly(wire, title):
    assert Drawn(render_error(wire, Look(), "en")).one("h1").text == title


def test_a_simple_page_has_one_primary_way():
    page = Drawn(render_simple(HOSTILE, [HOSTILE], [], look=Look(), language="en"))
    assert page.one("h1").text == HOSTILE
