"""Second factors in a real browser: taken on, shown, used up; and where else somebody is signed in."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pyotp
import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import photographed
from tests.browser.deployment import Deployed, deployed

PASSWORD = "a-long-phrase-of-my-own"
FACTORS = {
    "selfservice": {"methods": {"totp": {"enabled": True}, "lookup_secret": {"enabled": True}}},
}
BY_MAIL = {
    "selfservice": {
        "methods": {
            "code": {"enabled": True, "mfa_enabled": True, "config": {"missing_credential_fallback_enabled": True}}
        }
    }
}
SCRIPT = pytest.mark.parametrize("script", [True, False], ids=["with-javascript", "without-javascript"])


@pytest.fixture(scope="module")
def vestibule(chromium, tmp_path_factory) -> Iterator[Deployed]:
    with deployed(tmp_path_factory.mktemp("factors"), FACTORS) as running:
        yield running


@pytest.fixture(scope="module")
def by_mail(chromium, tmp_path_factory) -> Iterator[Deployed]:
    with deployed(tmp_path_factory.mktemp("by-mail"), BY_MAIL) as running:
        yield running


def signed_up(page: Page, where: Deployed, email: str) -> None:
    page.goto(f"{where.public}/ui/registration")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("First name").fill("Ann")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign up", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome, Ann")


def signed_in(page: Page, where: Deployed, email: str, path: str = "/ui/login") -> None:
    """With the password alone."""
    page.goto(f"{where.public}{path}")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def signed_out(page: Page, where: Deployed) -> None:
    page.goto(f"{where.public}/ui/logout")
    if page.get_by_role("heading", name="Sign out?").is_visible():
        page.get_by_role("link", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()


def card(page: Page, title: str):
    return page.get_by_role("region", name=title)


def typed_in_groups(code: str) -> str:
    return f"{code[:3]} {code[3:]}"


def enrolled(page: Page, where: Deployed) -> pyotp.TOTP:
    """An app that is linked in the settings."""
    page.goto(f"{where.public}/ui/settings")
    section = card(page, "Authenticator app")
    expect(section.get_by_role("img")).to_be_visible()
    app = pyotp.TOTP(section.locator(".secret code").inner_text().strip())
    section.get_by_label(re.compile("code", re.IGNORECASE)).fill(app.now())
    section.get_by_role("button").last.click()
    expect(page.get_by_text("An authenticator app is linked to your account.")).to_be_visible()
    return app


def next_code(app: pyotp.TOTP) -> str:
    """The step of now is used: the next one counts a little early."""
    return app.at(int(time.time()) + 30)


@SCRIPT
def test_an_app_is_taken_on_and_asked_for_at_the_next_sign_in(script, vestibule, tab):
    page = tab(java_script_enabled=script)
    email = f"app.{script}@example.org".lower()
    signed_up(page, vestibule, email)
    page.goto(f"{vestibule.public}/ui/settings")
    photographed(page, f"totp-offered-{script}")
    app = enrolled(page, vestibule)
    photographed(page, f"totp-linked-{script}")
    signed_out(page, vestibule)
    signed_in(page, vestibule, email)

    expect(page.get_by_role("heading", level=1)).to_have_text("One more step")
    field = page.get_by_label("Code from your authenticator app")
    expect(field).to_be_focused()
    photographed(page, f"totp-asked-{script}")
    field.fill("000000")
    page.get_by_role("button", name="Use the authenticator app").click()
    expect(page.get_by_role("alert")).to_be_focused()
    photographed(page, f"totp-wrong-{script}")
    page.get_by_label("Code from your authenticator app").fill(next_code(app))
    page.get_by_role("button", name="Use the authenticator app").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome, Ann")
    expect(page.get_by_text("Password, Authenticator app")).to_be_visible()


@SCRIPT
def test_backup_codes_are_shown_copied_and_used_once(script, vestibule, tab):
    page = tab(java_script_enabled=script, permissions=["clipboard-read", "clipboard-write"])
    email = f"codes.{script}@example.org".lower()
    signed_up(page, vestibule, email)
    page.goto(f"{vestibule.public}/ui/settings")
    card(page, "Backup codes").get_by_role("button").first.click()
    shown = card(page, "Backup codes").locator("ul.codes code")
    expect(shown).to_have_count(12)
    codes = shown.all_inner_texts()
    photographed(page, f"backup-codes-{script}")
    copy, print_ = (card(page, "Backup codes").get_by_role("button", name=name) for name in ("Copy", "Print"))
    expect(copy).to_be_visible(visible=script)
    expect(print_).to_be_visible(visible=script)
    if script:
        copy.click()
        assert page.evaluate("navigator.clipboard.readText()").split() == codes
    page.emulate_media(media="print")
    expect(shown.first).to_be_visible()
    expect(page.get_by_role("heading", name="Password")).to_be_hidden()
    photographed(page, f"backup-codes-printed-{script}")
    page.emulate_media(media="screen")
    card(page, "Backup codes").get_by_role("button", name="I have stored the codes").click()
    photographed(page, f"backup-codes-confirmed-{script}")
    signed_out(page, vestibule)

    for code, heading in ((codes[0], "Welcome, Ann"), (codes[0], "One more step"), (codes[1], "Welcome, Ann")):
        if not page.get_by_label("Backup code").is_visible():
            signed_in(page, vestibule, email)
        page.get_by_label("Backup code").fill(code)
        page.get_by_role("button", name="Use a backup code").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        if heading != "Welcome, Ann":
            expect(page.get_by_role("alert")).to_contain_text("used")
            photographed(page, f"backup-code-used-{script}")
        elif code == codes[0]:
            signed_out(page, vestibule)


@SCRIPT
def test_a_code_by_mail_is_the_second_step(script, by_mail, tab):
    page, mailbox = tab(java_script_enabled=script), tab()
    mailbox.goto(f"{by_mail.admin}/mailbox")
    email = f"mail.{script}@example.org".lower()
    signed_up(page, by_mail, email)
    signed_out(page, by_mail)
    signed_in(page, by_mail, email)
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome, Ann")
    page.goto(f"{by_mail.public}/self-service/login/browser?aal=aal2")
    expect(page.get_by_role("heading", level=1)).to_have_text("Enter your code")
    photographed(page, f"code-second-{script}")
    letter = mailbox.locator("article").filter(has_text=f"To {email} · login_code_valid").first
    expect(letter).to_be_visible()
    page.get_by_label(re.compile("code", re.IGNORECASE)).fill("000000")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_be_focused()
    photographed(page, f"code-second-wrong-{script}")
    page.get_by_label(re.compile("code", re.IGNORECASE)).fill(typed_in_groups(letter.locator("code").inner_text()))
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome, Ann")
    expect(page.get_by_text("Password, One-time code")).to_be_visible()


@SCRIPT
def test_who_is_signed_in_elsewhere_is_signed_out_there(script, vestibule, tab):
    phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Safari/604.1"
    here, there, third = tab(java_script_enabled=script), tab(user_agent=phone), tab(user_agent=phone)
    email = f"where.{script}@example.org".lower()
    signed_up(here, vestibule, email)
    for other in (there, third):
        signed_in(other, vestibule, email)
        expect(other.get_by_role("heading", level=1)).to_have_text("Welcome, Ann")
    here.get_by_role("link", name="Where you are signed in").click()
    rows = here.get_by_role("listitem").filter(has=here.locator("strong"))
    expect(rows).to_have_count(3)
    expect(rows.first).to_contain_text("This device")
    photographed(here, f"sessions-{script}")
    here.get_by_role("button", name="Sign out: Safari on iPhone").first.click()
    expect(here.get_by_role("status")).to_have_text("Signed out there.")
    expect(rows).to_have_count(2)
    signed_in(there, vestibule, email) if _is_out(there) else signed_in(third, vestibule, email)
    here.reload()
    here.get_by_role("button", name="Sign out everywhere else").click()
    expect(here.get_by_text("You are signed in on this device only.")).to_be_visible()
    photographed(here, f"sessions-alone-{script}")
    assert _is_out(there)
    assert _is_out(third)


def _is_out(page: Page) -> bool:
    page.reload()
    return page.get_by_role("link", name="Create an account").is_visible()


def test_a_page_that_needs_the_factor_comes_back_behind_it(vestibule, tab):
    page = tab()
    signed_up(page, vestibule, "back@example.org")
    app = enrolled(page, vestibule)
    signed_out(page, vestibule)
    signed_in(page, vestibule, "back@example.org", "/ui/sessions")
    expect(page.get_by_role("heading", level=1)).to_have_text("One more step")
    page.get_by_label("Code from your authenticator app").fill(next_code(app))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Where you are signed in")
