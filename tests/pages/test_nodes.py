"""Every node is drawn as what it is, and an error finds its place."""

from __future__ import annotations

import pytest
from tests.pages.drawn import Drawn, draw, login
from tests.pages.samples import CSRF, FLOWS, error, field, flow, node, titled
from tests.pages.screens import SCREENS

from vestibule.pages.look import Look


def test_every_type_of_input_is_drawn_as_itself():
    page = draw(*FLOWS["registration-fields"])
    kinds = {str(each["name"]): each["type"] for each in page.all("input") if each["type"] != "hidden"}
    assert kinds == {
        "traits.email": "email",
        "traits.name.first": "text",
        "traits.name.last": "text",
        "traits.newsletter": "checkbox",
        "traits.age": "number",
        "traits.born": "date",
        "traits.seen": "datetime-local",
        "traits.site": "url",
        "traits.phone": "tel",
        "traits.terms": "checkbox",
        "password": "password",
    }
    assert page.one("input", name="traits.seen")["value"] == "2026-03-03T14:05:00"
    assert page.one("select", name="traits.plan")
    assert [option["value"] for option in page.all("option") if "selected" in option] == ["team"]


def test_an_unticked_box_is_sent_as_false():
    boxes = draw(*FLOWS["registration-fields"]).all("input", name="traits.newsletter")
    assert [(each["type"], each["value"]) for each in boxes] == [("hidden", "false"), ("checkbox", "true")]


def test_values_are_kept_and_secrets_are_not_there_to_keep():
    page = draw(*FLOWS["registration-wrong"])
    assert page.one("input", name="traits.email")["value"] == "ann.lee"
    assert "value" not in page.one("input", name="password")


@pytest.mark.parametrize(
    ("value", "sent"),
    [(True, "true"), (False, "false"), (7, "7"), (1.5, "1.5"), (None, ""), (["a"], '["a"]'), ({"b": 1}, '{"b":1}')],
)
def test_hidden_values_are_sent_as_a_form_sends_them(value, sent):
    page = login(*FLOWS["login"][1]["ui"]["nodes"][1:], field("default", "kept", "hidden", value=value))
    assert page.one("input", name="kept")["value"] == sent


def test_nodes_of_unknown_types_and_broken_nodes_do_not_break_the_page():
    odd = [node("hologram", "default", {"name": "x"}), {"type": "input"}, {}, {"type": "img", "attributes": None}]
    page = login(*odd, *FLOWS["login"][1]["ui"]["nodes"][1:])
    assert page.one("input", name="identifier")


def test_a_flow_without_nodes_is_a_page_still():
    assert draw("login", {"id": "x", "ui": {"nodes": None, "action": "/"}}).one("h1").text == "Sign in"


def test_codes_take_digits_pasting_and_spaces():
    box = draw(*FLOWS["login-code"]).one("input", name="code")
    assert (box["inputmode"], box["autocomplete"], box["maxlength"], box["pattern"]) == (
        "numeric",
        "one-time-code",
        "20",
        None,
    )


def test_browsers_know_what_goes_into_a_field():
    page = draw(*FLOWS["login-all"])
    assert page.one("input", name="identifier")["autocomplete"] == "username webauthn"
    assert draw(*FLOWS["login"]).one("input", name="identifier")["autocomplete"] == "username"
    assert page.one("input", name="password")["autocomplete"] == "current-password"


def test_used_backup_codes_say_when_and_new_ones_can_be_copied():
    page = draw(*FLOWS["settings-codes"])
    assert page.one("ul", id="lookup_secret_codes").text.count("used 3 March 2026") == 2
    assert "hidden" in page.one("button", data_copy="lookup_secret_codes")
    assert [each.text for each in page.elements if "data-print" in each] == ["Print"]


def test_an_error_stands_at_its_field_and_in_a_summary_that_takes_the_focus():
    page = draw(*FLOWS["registration-wrong"])
    box = page.one("input", name="traits.email")
    said = next(each for each in page.all("p") if each["id"] == str(box["aria-describedby"]).split()[0])
    assert box["aria-invalid"] == "true"
    assert said.text == "“ann.lee” is no email address."
    summary = page.one("div", role="alert")
    assert "autofocus" in summary
    assert summary["tabindex"] == "-1"
    assert next(each["href"] for each in page.all("a") if str(each["href"]).startswith("#f-")) == f"#{box['id']}"
    assert page.one("title").text.startswith("Error: ")


def test_one_thing_takes_the_focus():
    for name, screen in SCREENS.items():
        focused = [each for each in Drawn(screen(Look(), "en")).elements if "autofocus" in each]
        assert len(focused) <= 1, name


def test_an_error_for_a_field_that_the_form_lacks_is_said_over_the_form():
    lost = field("default", "nowhere", "text", None, error(1, "Ask your host for an invitation."))
    page = login(*FLOWS["login"][1]["ui"]["nodes"][1:], lost)
    assert "Ask your host" in page.one("div", role="alert").text
    assert page.all("input", name="nowhere") == []


@pytest.mark.parametrize("kind", ["registration", "login"])
def test_what_a_web_hook_asks_for_in_the_transient_payload_becomes_a_field(kind: str):
    asked = field("default", "transient_payload.invite_code", "text", None, error(1, "An invitation is needed."))
    page = draw(kind, flow(kind, *FLOWS["login"][1]["ui"]["nodes"][1:], asked))
    drawn = page.one("input", name="transient_payload.invite_code")
    assert drawn["aria-invalid"] == "true"
    assert page.one("label", **{"for": drawn["id"]}).text.strip() == "Invite code"


def test_an_error_for_a_field_of_another_group_is_said_at_that_field():
    lost = field("default", "password", "text", None, error(4000032, "Too short"))
    page = login(*FLOWS["login"][1]["ui"]["nodes"][1:], lost)
    assert page.one("input", name="password")["aria-invalid"] == "true"


def test_an_error_at_a_hidden_field_is_said_over_the_form():
    label = titled("E-Mail", "traits.email")
    hidden = field("default", "traits.email", "hidden", label, error(4000007, "Taken"), value="a")
    page = draw("registration", flow("registration", CSRF, hidden))
    assert page.one("div", role="alert").text.strip().endswith("Taken")


def test_a_success_is_said_at_the_top():
    assert draw(*FLOWS["settings-saved"]).one("p", role="status").text == "Your changes are saved."
