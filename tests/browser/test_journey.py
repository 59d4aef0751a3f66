"""Sign up, be welcomed, sign out, mistype, sign in: in a real browser against a running deployment."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import photographed
from tests.browser.deployment import deployed

PASSWORD = "a-long-phrase-of-my-own"


@pytest.fixture(scope="module")
def vestibule(chromium, tmp_path_factory) -> Iterator[str]:
    with deployed(tmp_path_factory.mktemp("vestibule")) as running:
        yield running.public


@pytest.mark.parametrize("script", [True, False], ids=["with-javascript", "without-javascript"])
def test_sign_up_welcome_sign_out_wrong_password_sign_in(script, vestibule, tab):
    page = tab(java_script_enabled=script)
    email = f"ann.{'with' if script else 'without'}@example.org"
    page.goto(f"{vestibule}/ui/registration")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("First name").fill("Ann")
    page.get_by_label("Password", exact=True).fill("short")
    page.get_by_role("button", name="Sign up", exact=True).click()

    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_label("E-mail")).to_have_value(email)
    expect(page.get_by_label("Password", exact=True)).to_have_attribute("aria-invalid", "true")
    photographed(page, f"refused-{script}")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign up", exact=True).click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome, Ann")
    photographed(page, f"welcome-{script}")
    page.get_by_role("link", name="Sign out").click()

    expect(page.get_by_role("link", name="Create an account")).to_be_visible()
    page.get_by_role("link", name="Sign in").click()
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill("not-my-password")
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_label("E-mail")).to_have_value(email)
    expect(page.get_by_label("Password", exact=True)).to_have_value("")
    photographed(page, f"wrong-password-{script}")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome, Ann")


def tab_to(page: Page, name: str, value: str | None = None) -> None:
    """Press Tab until the field or button of that name has the focus, as people without a mouse do."""
    for _ in range(15):
        focused = page.evaluate("[document.activeElement.name, document.activeElement.value]")
        if focused[0] == name and (value is None or focused[1] == value):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {name}")


def test_the_keyboard_alone_completes_a_sign_up(vestibule, tab):
    page = tab()
    page.goto(f"{vestibule}/ui/registration")
    tab_to(page, "traits.email")
    page.keyboard.type("keys@example.org")
    tab_to(page, "traits.name.first")
    page.keyboard.type("Kim")
    tab_to(page, "password")
    page.keyboard.type(PASSWORD)
    tab_to(page, "method", "password")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome, Kim")


def test_enter_in_a_field_signs_in(vestibule, tab):
    page = tab()
    page.goto(f"{vestibule}/ui/registration")
    page.get_by_label("E-mail").fill("enter@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome, enter@example.org")


def test_the_pages_speak_german_to_germans(vestibule, tab):
    page = tab(locale="de-DE")
    page.goto(f"{vestibule}/ui/login")
    page.get_by_label("E-Mail-Adresse").fill("niemand@example.org")
    page.get_by_label("Passwort", exact=True).fill("falsch")
    page.get_by_role("button", name="Mit Passwort anmelden").click()
    expect(page.get_by_role("alert")).to_contain_text("Anmeldename oder Passwort stimmen nicht")
    photographed(page, "german")


def test_an_address_that_leads_nowhere_is_explained(vestibule, tab):
    page = tab()
    answer = page.goto(f"{vestibule}/ui/login?flow=a3f1c2de-0000-4000-8000-000000000000")
    assert answer.status == 404
    page.get_by_role("link", name="Start again").click()
    expect(page.get_by_label("E-mail")).to_be_focused()
