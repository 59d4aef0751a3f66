"""Every screen: well formed, small, from one origin, and only what its policy allows."""

from __future__ import annotations

import re

import pytest
from tests.pages.drawn import Drawn
from tests.pages.screens import SCREENS

from vestibule.pages.assets import assets, content_security_policy, page_headers
from vestibule.pages.look import Look


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_is_well_formed_titled_and_free_of_inline_code(name, language):
    html = SCREENS[name](Look(), language)
    page = Drawn(html)
    ids = [element["id"] for element in page.elements if "id" in element]
    assert len(ids) == len(set(ids))
    assert page.one("html")["lang"] == language
    assert page.one("h1").text.strip()
    assert not page.all("style")
    for element in page.elements:
        assert not [each for each in element.attributes if each == "style" or each.startswith("on")]
        if element.tag == "script":
            assert "src" in element
    for label in page.all("label"):
        assert label["for"] in ids
    for described in (element["aria-describedby"] for element in page.elements if "aria-describedby" in element):
        assert set(str(described).split()) <= set(ids)


@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_stays_below_25_kb_in_all(name):
    # The picture of an authenticator app's secret is the server's, and not counted.
    html = re.sub(r'"data:image/[^"]*"', '""', SCREENS[name](Look(), "de"))
    files = sum(len(each.body) for each in assets(Look()).values())
    assert len(html.encode()) + files < 25 * 1024


@pytest.mark.parametrize("name", SCREENS)
def test_nothing_is_asked_of_another_origin(name):
    page = Drawn(SCREENS[name](Look(), "en"))
    loaded = [element["src"] for element in page.elements if "src" in element]
    loaded += [element["href"] for element in page.all("link")]
    assert all(str(each).startswith(("/", "data:image/")) for each in loaded)


def test_the_policy_allows_nothing_inline_and_nobody_else():
    policy = content_security_policy()
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none';")
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy


def test_pages_are_kept_by_nobody():
    assert page_headers()["Cache-Control"] == "no-store"


def test_files_are_named_by_their_content():
    one, other = assets(Look()), assets(Look(radius="4px"))
    assert one["style.css"].name == other["style.css"].name
    assert one["theme.css"].name != other["theme.css"].name
