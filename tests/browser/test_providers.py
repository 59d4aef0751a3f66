"""Signing in at a provider with a real browser: the button, the provider's page, the way back, the list in settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import photographed
from tests.browser.deployment import deployed
from tests.provider_server import EMAIL, provider
from tests.providers import configured
from tests.world import PASSWORD


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with provider() as issuer:
        second = {"issuer_url": issuer, "id": "second", "label": "Second Account"}
        changes = configured({"issuer_url": issuer, "label": "Example Account"}, second)
        with deployed(tmp_path_factory.mktemp("providers"), changes) as running:
            yield running.public


def there_and_back(page: Page) -> None:
    page.get_by_role("button", name="Example Account").click()
    expect(page).to_have_title("Provider")
    page.locator("#yes").click()


@pytest.mark.parametrize("script", [True, False])
def test_somebody_signs_up_and_in_at_a_provider(script: bool, site: str, tab: Callable[..., Page]):
    page = tab(java_script_enabled=script)
    page.goto(f"{site}/self-service/login/browser")
    photographed(page, "providers-login")
    there_and_back(page)
    expect(page.get_by_text(EMAIL).first).to_be_visible()
    page.goto(f"{site}/self-service/settings/browser")
    expect(page.get_by_role("button", name="Example Account")).to_have_count(0)  # it is the only way in


def test_an_account_is_linked_and_unlinked_in_settings(site: str, tab: Callable[..., Page]):
    page = tab()
    page.goto(f"{site}/self-service/registration/browser")
    page.get_by_label("E-mail").fill("bea@example.org")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("button[name=method][value=password]").click()
    expect(page.get_by_text("bea@example.org").first).to_be_visible()
    page.goto(f"{site}/self-service/settings/browser")
    page.get_by_role("button", name="Link Second Account").click()
    page.locator("#yes").click()
    expect(page.get_by_role("button", name="Unlink Second Account")).to_be_visible()
    photographed(page, "providers-settings")
    page.get_by_role("button", name="Unlink Second Account").click()
    expect(page.get_by_role("button", name="Link Second Account")).to_be_visible()
