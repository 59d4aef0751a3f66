"""What stands where: the primary method, the others, cards, ways on."""

from __future__ import annotations

import re

from tests.pages.drawn import draw
from tests.pages.samples import CSRF, FLOWS, field, flow, message

from vestibule.pages.look import Look
from vestibule.pages.render import render_flow

_CODES = ("lookup_secret_disable", "lookup_secret_reveal")


def test_enter_signs_in_by_the_primary_method():
    page = draw(*FLOWS["login-all"])
    first = page.all("button")[1]  # behind the one that shows the password
    assert (first["name"], first["value"], first["class"]) == ("method", "password", "primary")
    assert "formnovalidate" not in first
    others = [each for each in page.all("button") if each["class"] in ("plain", "provider")]
    assert all("formnovalidate" in each for each in others)


def test_there_is_one_primary_button_and_the_method_tried_last_has_it():
    kind, document = FLOWS["login-aal2"]
    assert draw(kind, document).one("button", **{"class": "primary"})["value"] == "totp"
    again = draw(kind, {**document, "active": "lookup_secret"})
    assert again.one("button", **{"class": "primary"})["value"] == "lookup_secret"


def test_providers_get_nothing_that_was_typed():
    html = render_flow(*FLOWS["login-all"], Look(), "en")
    form = next(each for each in re.findall(r"<form.*?</form>", html, re.DOTALL) if 'name="provider"' in each)
    assert re.findall(r'<input[^>]* name="([^"]+)"', form) == ["csrf_token"]


def test_details_that_a_provider_lacks_are_sent_to_it():
    nodes = [CSRF, *FLOWS["registration"][1]["ui"]["nodes"][3:5]]
    go_on = field("oidc", "provider", "submit", message(1040003, "Continue"), value="google")
    html = render_flow("registration", flow("registration", *nodes, go_on, active="oidc"), Look(), "en")
    (form,) = re.findall(r"<form.*?</form>", html, re.DOTALL)
    assert 'name="traits.email"' in form
    assert 'class="primary" name="provider"' in form


def test_removing_is_apart_so_that_enter_never_removes():
    html = render_flow(*FLOWS["settings"], Look(), "en")
    for form in re.findall(r"<form.*?</form>", html, re.DOTALL):
        if 'name="webauthn_register_displayname"' in form:
            assert 'name="webauthn_remove"' not in form


def test_settings_have_a_card_and_an_anchor_for_each_group():
    page = draw(*FLOWS["settings"])
    cards = [each["id"] for each in page.all("section")]
    assert cards == ["profile", "password", "oidc", "lookup_secret", "webauthn", "passkey", "totp"]
    anchors = [each["href"] for each in page.all("a") if str(each["href"]).startswith("#")]
    assert {f"#{card}" for card in cards} <= set(anchors)
    assert len(page.all("input", name="csrf_token")) >= len(cards)


def test_codes_are_shown_above_the_button_that_turns_them_off():
    off, show = (field("lookup_secret", name, "submit", message(1050016, name), value="true") for name in _CODES)
    page = draw("settings", flow("settings", CSRF, off, show))
    assert [each["name"] for each in page.all("button")] == ["lookup_secret_reveal", "lookup_secret_disable"]


def test_a_card_stays_where_it_is_when_its_nodes_come_last():
    kind, document = FLOWS["settings-codes"]
    nodes = sorted(document["ui"]["nodes"], key=lambda node: node["group"] == "lookup_secret")
    cards = [each["id"] for each in draw(kind, {**document, "ui": {**document["ui"], "nodes": nodes}}).all("section")]
    assert cards == ["profile", "password", "oidc", "lookup_secret", "totp"]


def test_every_form_carries_the_token_against_forgery():
    for name in ("login-all", "login-aal2", "registration-choose", "settings"):
        html = render_flow(*FLOWS[name], Look(), "en")
        for form in re.findall(r"<form.*?</form>", html, re.DOTALL):
            assert form.count('name="csrf_token"') == 1


def test_another_code_can_be_asked_for_after_a_wait():
    page = draw(*FLOWS["verification-code"])
    again = page.one("button", name="email")
    assert (again["value"], again["data-wait"]) == ("ann.lee@example.org", "30")
    assert "data-wait" not in draw(*FLOWS["login-code-wrong"]).one("button", name="resend")
