"""Security keys and passkeys in a real browser, with an authenticator that Chromium plays."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page, expect
from tests.browser.conftest import photographed
from tests.browser.deployment import deployed
from tests.keys import SCHEMA

PASSWORD = "a-long-phrase-of-my-own"
RP = {"rp": {"id": "localhost", "display_name": "Harbour"}}
SESSION = {"hooks": [{"hook": "session"}]}


def configuration(*, passwordless: bool) -> dict[str, Any]:
    schema = base64.b64encode(json.dumps(SCHEMA).encode()).decode()
    return {
        "identity": {"schemas": [{"id": "person", "url": f"base64://{schema}"}]},
        "selfservice": {
            "methods": {
                "passkey": {"enabled": True, "config": RP},
                "webauthn": {"enabled": True, "config": {**RP, "passwordless": passwordless}},
            },
            "flows": {
                "registration": {"after": {"passkey": SESSION, "webauthn": SESSION}},
                "verification": {"enabled": False},
                "recovery": {"enabled": False},
            },
        },
    }


@pytest.fixture(scope="module")
def vestibule(chromium, tmp_path_factory) -> Iterator[str]:
    with deployed(tmp_path_factory.mktemp("keys"), configuration(passwordless=False), "localhost") as running:
        yield running.public


@pytest.fixture(scope="module")
def without_passwords(chromium, tmp_path_factory) -> Iterator[str]:
    with deployed(tmp_path_factory.mktemp("keys"), configuration(passwordless=True), "localhost") as running:
        yield running.public


def authenticator(page: Page, transport: str, **options: bool) -> tuple[CDPSession, str]:
    """A key at the page's hand. `hasResidentKey`, `hasUserVerification`, `automaticPresenceSimulation` as in CDP."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    wanted = {"protocol": "ctap2", "transport": transport, "isUserVerified": True, **options}
    return devtools, devtools.send("WebAuthn.addVirtualAuthenticator", {"options": wanted})["authenticatorId"]


def passkeys(page: Page, **options: bool) -> tuple[CDPSession, str]:
    return authenticator(page, "internal", hasResidentKey=True, hasUserVerification=True, **options)


def sign_up(page: Page, origin: str, email: str) -> None:
    page.goto(f"{origin}/ui/registration")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign up", exact=True).click()
    welcomed(page)


def welcomed(page: Page) -> None:
    expect(page.get_by_role("link", name="Sign out")).to_be_visible(timeout=15_000)


def sign_out(page: Page) -> None:
    page.get_by_role("link", name="Sign out").click()
    expect(page.get_by_role("link", name="Create an account")).to_be_visible()


def test_a_security_key_is_added_asked_for_and_removed(vestibule, tab):
    page = tab()
    authenticator(page, "usb")
    sign_up(page, vestibule, "keys@example.org")
    page.goto(f"{vestibule}/ui/settings")
    page.get_by_label("Name of the security key").fill("Blue key")
    page.get_by_role("button", name="Add a security key").click()
    removal = page.get_by_role("button", name="Remove the security key “Blue key”")
    expect(removal).to_be_visible(timeout=15_000)
    photographed(page, "key-added")

    page.goto(f"{vestibule}/ui/welcome")
    sign_out(page)
    page.get_by_role("link", name="Sign in").click()
    page.get_by_label("E-mail").fill("keys@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in with password").click()
    button = page.get_by_role("button", name="Sign in with a security key")
    expect(button).to_be_enabled(timeout=15_000)
    photographed(page, "key-asked-for")
    button.click()
    welcomed(page)

    page.goto(f"{vestibule}/ui/settings")
    page.get_by_role("button", name="Remove the security key “Blue key”").click()
    expect(page.get_by_text("Your changes are saved.")).to_be_visible(timeout=15_000)
    expect(page.get_by_text("Blue key")).to_have_count(0)


def by_button_only(page: Page) -> None:
    """Else the authenticator answers at once what is offered behind the field for the name."""
    page.add_init_script("PublicKeyCredential.isConditionalMediationAvailable = async () => false;")


def test_a_passkey_signs_up_and_in(vestibule, tab):
    page = tab()
    passkeys(page)
    by_button_only(page)
    page.goto(f"{vestibule}/ui/registration")
    page.get_by_label("E-mail").fill("pass@example.org")
    photographed(page, "passkey-sign-up")
    page.get_by_role("button", name="Sign up with a passkey").click()
    welcomed(page)
    sign_out(page)
    page.get_by_role("link", name="Sign in").click()
    photographed(page, "passkey-sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    welcomed(page)

    page.goto(f"{vestibule}/ui/settings")
    expect(page.get_by_role("button", name="Remove the passkey")).to_be_disabled()
    photographed(page, "passkey-settings")


def test_a_passkey_is_added_in_settings_and_signs_in(vestibule, tab):
    page = tab()
    devtools, key = passkeys(page)
    by_button_only(page)
    sign_up(page, vestibule, "both@example.org")
    page.goto(f"{vestibule}/ui/settings")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("button", name="Remove the passkey")).to_be_enabled(timeout=15_000)
    held = devtools.send("WebAuthn.getCredentials", {"authenticatorId": key})["credentials"]
    assert [each["rpId"] for each in held] == ["localhost"]
    page.goto(f"{vestibule}/ui/welcome")
    sign_out(page)
    page.get_by_role("link", name="Sign in").click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    welcomed(page)


def test_a_passkey_is_offered_behind_the_field_for_the_name(vestibule, tab):
    page = tab()
    passkeys(page)
    page.goto(f"{vestibule}/ui/registration")
    page.get_by_label("E-mail").fill("field@example.org")
    page.get_by_role("button", name="Sign up with a passkey").click()
    welcomed(page)
    sign_out(page)
    page.get_by_role("link", name="Sign in").click()
    welcomed(page)  # no button was pressed


def test_a_device_that_keeps_no_passkey_says_so_and_the_form_stays(vestibule, tab):
    page = tab()
    authenticator(page, "usb", hasResidentKey=False)
    page.goto(f"{vestibule}/ui/registration")
    page.get_by_label("E-mail").fill("refused@example.org")
    page.get_by_role("button", name="Sign up with a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("That did not work", timeout=15_000)
    expect(page.get_by_label("E-mail")).to_have_value("refused@example.org")
    photographed(page, "passkey-refused")


def test_nothing_is_made_before_the_details_are_complete(vestibule, tab):
    page = tab()
    devtools, key = passkeys(page)
    page.goto(f"{vestibule}/ui/registration")
    page.get_by_role("button", name="Sign up with a passkey").click()
    expect(page.get_by_label("E-mail")).to_be_focused()
    assert devtools.send("WebAuthn.getCredentials", {"authenticatorId": key})["credentials"] == []


def test_a_security_key_signs_up_and_in_without_a_password(without_passwords, tab):
    page = tab()
    authenticator(page, "usb")
    page.goto(f"{without_passwords}/ui/registration")
    page.get_by_label("E-mail").fill("alone@example.org")
    page.get_by_label("Name of the security key").fill("Blue key")
    photographed(page, "key-sign-up")
    page.get_by_role("button", name="Sign up with a security key").click()
    welcomed(page)
    sign_out(page)
    page.get_by_role("link", name="Sign in").click()
    page.get_by_label("E-mail").fill("alone@example.org")
    page.get_by_role("button", name="Sign in with a security key").click()
    button = page.get_by_role("button", name="Continue")
    expect(button).to_be_enabled(timeout=15_000)
    photographed(page, "key-sign-in")
    button.click()
    welcomed(page)


def test_without_javascript_the_pages_say_what_needs_it(vestibule, tab):
    page = tab(java_script_enabled=False)
    page.goto(f"{vestibule}/ui/registration")
    expect(page.get_by_role("button", name="Sign up with a passkey")).to_be_disabled()
    expect(page.get_by_text("needs JavaScript").first).to_be_visible()
    page.get_by_label("E-mail").fill("plain@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign up", exact=True).click()
    welcomed(page)
    photographed(page, "keys-without-javascript")
