"""What the pages' script adds: showing passwords, waiting, copying, functions for keys. And that nothing needs it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.pages.screens import SCREENS


def test_a_password_can_be_shown_and_hidden(screens, tab):
    page = tab()
    page.goto(f"{screens}/login/en")
    box, button = page.locator("input[name=password]"), page.get_by_role("button", name="Show password")
    box.fill("secret")
    button.click()
    expect(box).to_have_attribute("type", "text")
    expect(button).to_have_attribute("aria-pressed", "true")
    button.click()
    expect(box).to_have_attribute("type", "password")


def test_another_code_can_be_asked_for_after_half_a_minute(screens, tab):
    page = tab()
    page.clock.install()
    page.goto(f"{screens}/login-code/en")
    button = page.locator("button[name=resend]")
    expect(button).to_have_text("Send a new code (30 s)")
    expect(button).to_have_attribute("aria-disabled", "true")
    page.clock.run_for(31_000)
    expect(button).to_have_text("Send a new code")
    assert button.get_attribute("aria-disabled") is None


def test_a_pasted_code_may_have_spaces(screens, tab):
    page = tab()
    page.goto(f"{screens}/login-code/en")
    sent = []
    page.route("**/self-service/**", lambda route: (sent.append(route.request.post_data), route.fulfill(body="")))
    page.locator("input[name=code]").fill("123 4-56")
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/self-service/**")
    assert "code=123456" in sent[0]


def test_a_passkey_button_calls_the_function_that_its_node_names(screens, tab):
    page = tab()
    page.add_init_script("window.called = []; window.oryPasskeyLogin = (...given) => called.push(['login', ...given]);")
    page.add_init_script("window.oryPasskeyLoginAutocompleteInit = () => called.push(['init']);")
    page.goto(f"{screens}/login-all/en")
    page.get_by_role("button", name="Sign in with a passkey").click()
    assert page.evaluate("called") == [["init"], ["login", None]]


def test_enter_beside_a_key_adds_the_key_and_sends_nothing(screens, tab):
    page = tab()
    page.add_init_script("window.called = []; window.oryWebAuthnRegistration = (given) => called.push(given);")
    page.goto(f"{screens}/settings/en")
    page.get_by_label("Name of the security key").press("Enter")
    assert page.evaluate("called") == [{"publicKey": {}}]
    assert page.url.startswith(screens)


def test_without_a_script_nothing_that_needs_it_pretends_to_work(screens, tab):
    page = tab(java_script_enabled=False)
    page.goto(f"{screens}/login-all/en")
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_disabled()
    expect(page.get_by_text("needs JavaScript")).to_be_visible()
    expect(page.get_by_role("button", name="Show password")).to_be_hidden()
    expect(page.get_by_role("button", name="Sign in with password")).to_be_enabled()


def test_backup_codes_are_printed_alone(screens, tab):
    page = tab()
    page.goto(f"{screens}/settings-codes/en")
    page.emulate_media(media="print")
    expect(page.locator("#lookup_secret_codes")).to_be_visible()
    for hidden in ("#profile", "nav", "footer", "button[name=lookup_secret_confirm]"):
        assert not page.locator(hidden).count() or not page.locator(hidden).first.is_visible()


@pytest.mark.parametrize("name", ["login-all", "registration-wrong", "settings", "login-code"])
def test_targets_are_large_enough_for_fingers(name, screens, tab):
    assert name in SCREENS
    page = tab(viewport={"width": 360, "height": 800})
    page.goto(f"{screens}/{name}/en")
    small = page.evaluate(
        """() => [...document.querySelectorAll('button, input:not([type=hidden]):not(.unseen), select, a, .check')]
          .filter((each) => each.offsetParent && !each.closest('.notice') && !each.matches('.skip, [type=checkbox]'))
          .filter((each) => each.getBoundingClientRect().height < 43.5)
          .map((each) => each.outerHTML.slice(0, 80))"""
    )
    assert small == []


def test_a_page_written_from_right_to_left_holds_together(screens, tab):
    page = tab(viewport={"width": 360, "height": 800})
    page.goto(f"{screens}/registration-wrong/en")
    page.evaluate("document.documentElement.dir = 'rtl'")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    box = page.locator("input[name=password]").bounding_box()
    button = page.get_by_role("button", name="Show password").bounding_box()
    assert button["x"] - box["x"] < 10
