"""What mails are for, in a real browser: proving an address, getting back in, changing the address."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import photographed
from tests.browser.deployment import Deployed, deployed

PASSWORD = "a-long-phrase-of-my-own"
ANOTHER = "another-phrase-since-today"


@pytest.fixture(scope="module")
def vestibule(chromium, tmp_path_factory) -> Iterator[Deployed]:
    with deployed(tmp_path_factory.mktemp("vestibule")) as running:
        yield running


@pytest.fixture
def mailed(vestibule: Deployed, tab: Callable[..., Page]) -> Callable[..., str]:
    """The code of the newest of `count` messages of a kind to an address, in a mailbox that has been open all along."""
    mailbox = tab()
    mailbox.goto(f"{vestibule.admin}/mailbox")

    def code(to: str, kind: str, count: int = 1) -> str:
        messages = mailbox.locator("article").filter(has_text=f"To {to} · {kind}")
        expect(messages).to_have_count(count)
        photographed(mailbox, "mailbox")
        return messages.first.locator("code").inner_text()

    return code


def signed_up(page: Page, vestibule: Deployed, email: str) -> None:
    page.goto(f"{vestibule.public}/ui/registration")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("First name").fill("Ann")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign up", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome, Ann")


def typed(page: Page, code: str, button: str) -> None:
    """As it is read from a message, in two groups."""
    page.get_by_label(re.compile("code", re.IGNORECASE)).fill(f"{code[:3]} {code[3:]}")
    page.get_by_role("button", name=button).click()


@pytest.mark.parametrize("script", [True, False], ids=["with-javascript", "without-javascript"])
def test_sign_up_mail_code_verified(script, vestibule, tab, mailed):
    page = tab(java_script_enabled=script)
    email = f"ann.{'with' if script else 'without'}@example.org"
    signed_up(page, vestibule, email)
    expect(page.get_by_text("not verified yet")).to_be_visible()
    photographed(page, f"unverified-{script}")
    page.get_by_role("link", name="Verify an address").click()
    expect(page.get_by_label("E-mail")).to_have_value(email)
    photographed(page, f"verification-{script}")
    page.get_by_role("button", name="Continue").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Enter your code")
    typed(page, "000000", "Continue")
    expect(page.get_by_role("alert")).to_be_focused()
    photographed(page, f"verification-wrong-{script}")
    typed(page, mailed(email, "verification_code_valid", 2), "Continue")
    expect(page.get_by_role("heading", level=1)).to_have_text("Address verified")
    photographed(page, f"verified-{script}")
    page.get_by_role("link", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome, Ann")
    expect(page.get_by_role("link", name="Verify an address")).to_have_count(0)


def test_the_link_of_the_mail_leads_to_the_code(vestibule, tab, mailed):
    page = tab()
    signed_up(page, vestibule, "link@example.org")
    code = mailed("link@example.org", "verification_code_valid")
    mailbox = tab()
    mailbox.goto(f"{vestibule.admin}/mailbox")
    mailbox.locator("article").filter(has_text="To link@example.org").get_by_role("link").click()
    expect(mailbox.get_by_label(re.compile("code", re.IGNORECASE))).to_have_value(code)
    photographed(mailbox, "verification-by-link")


@pytest.mark.parametrize("script", [True, False], ids=["with-javascript", "without-javascript"])
def test_forgotten_password_code_new_password_sign_in(script, vestibule, tab, mailed):
    email = f"lost.{'with' if script else 'without'}@example.org"
    signed_up(tab(), vestibule, email)
    page = tab(java_script_enabled=script)
    page.goto(f"{vestibule.public}/ui/login")
    page.get_by_role("link", name="Forgot your password?").click()
    photographed(page, f"recovery-{script}")
    page.get_by_label("E-mail").fill(email)
    page.get_by_role("button", name="Continue").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Enter your code")
    photographed(page, f"recovery-code-{script}")
    typed(page, mailed(email, "recovery_code_valid"), "Continue")
    expect(page.get_by_role("heading", name="Password")).to_be_visible()
    photographed(page, f"recovered-{script}")
    page.get_by_role("textbox", name="Password").fill("short")
    page.get_by_role("region", name="Password").get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_be_focused()
    photographed(page, f"new-password-refused-{script}")
    page.get_by_role("textbox", name="Password").fill(ANOTHER)
    page.get_by_role("region", name="Password").get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("saved")
    photographed(page, f"new-password-{script}")

    page.get_by_role("link", name="Sign out").click()
    page.get_by_role("link", name="Sign in").click()
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(ANOTHER)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome, Ann")


def test_address_change_code(vestibule, tab, mailed):
    page = tab()
    signed_up(page, vestibule, "old@example.org")
    page.get_by_role("link", name="Account settings").click()
    photographed(page, "settings")
    page.get_by_label("E-mail").fill("new@example.org")
    page.get_by_role("region", name="Profile").get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("saved")
    photographed(page, "address-changed")
    assert mailed("new@example.org", "verification_code_valid")
    page.get_by_role("link", name="Verify an address").click()
    expect(page.get_by_label("E-mail")).to_have_value("new@example.org")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Enter your code")
    typed(page, mailed("new@example.org", "verification_code_valid", 2), "Continue")
    expect(page.get_by_role("heading", level=1)).to_have_text("Address verified")
