"""Every screen in a real browser: seen at both widths and in both themes, and found accessible by axe-core."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page
from tests.browser.conftest import SHOTS, listened
from tests.pages.screens import SCREENS

_WIDTHS = (360, 1280)
_UNCHECKED = {(360, "light"), (1280, "dark")}  # axe sees colours and structure: each theme and each width once
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def viewers(chromium) -> Iterator[dict[str, tuple[Page, list[str]]]]:
    """A tab for each theme, with what its console complains about: opening one for each screen takes twice as long."""
    found: dict[str, tuple[Page, list[str]]] = {}
    for scheme in ("light", "dark"):
        page = chromium.new_context(color_scheme=scheme, reduced_motion="reduce", locale="en-GB").new_page()
        found[scheme] = page, listened(page)
    yield found
    for page, _ in found.values():
        page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_fits_is_accessible_and_is_photographed(name, scheme, screens, viewers, axe):
    page, complaints = viewers[scheme]
    page.goto(f"{screens}/{name}/en")
    page.evaluate(axe)
    SHOTS.mkdir(parents=True, exist_ok=True)
    for width in _WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.screenshot(path=SHOTS / f"{name}-{width}-{scheme}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if (width, scheme) in _UNCHECKED:
            continue
        found = page.evaluate("rules => axe.run({runOnly: {type: 'tag', values: rules}})", _RULES)
        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]] == []
    assert complaints == []
