"""The look: values are checked, and whatever colours are chosen, text on them is readable."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vestibule.pages.look import Link, Logo, Look, Palette, contrast, theme_css

_COLOUR = st.from_regex(r"#[0-9a-f]{6}", fullmatch=True)


def themes(look: Look) -> list[dict[str, tuple[int, int, int]]]:
    """The colours of both themes by name."""
    found = []
    for rule in theme_css(look).split("@media"):
        pairs = re.findall(r"--([a-z-]+):(#[0-9a-f]{6});", rule)
        found.append({name: tuple(bytes.fromhex(value[1:])) for name, value in pairs})
    return found


def assert_readable(look: Look) -> None:
    for theme in themes(look):
        for text, ground, least in [
            ("text", "surface", 4.5),
            ("muted", "surface", 4.5),
            ("link", "surface", 4.5),
            ("error", "surface", 4.5),
            ("success", "surface", 4.5),
            ("on-accent", "accent", 4.5),
            ("on-background", "background", 4.5),
            ("page-link", "background", 4.5),
            ("edge", "surface", 3.0),
        ]:
            assert contrast(theme[text], theme[ground]) >= least, (text, ground)


def test_the_built_in_themes_are_readable():
    assert_readable(Look())


@settings(deadline=None)  # the machine may be busy
@given(_COLOUR, _COLOUR, _COLOUR, _COLOUR, _COLOUR)
def test_any_colours_are_readable(accent, on_accent, background, surface, text):
    palette = Palette(accent, on_accent, background, surface, text)
    assert_readable(Look(light=palette, dark=palette))
    assert_readable(Look(light=Palette(accent=accent)))


def test_chosen_colours_that_can_be_read_are_kept():
    light, dark = themes(Look(light=Palette(accent="#0a5"), dark=Palette(accent="#7fd4b0", surface="#101010")))
    assert light["accent"] == (0x00, 0xAA, 0x55)
    assert dark["accent"] == dark["link"] == (0x7F, 0xD4, 0xB0)


@pytest.mark.parametrize("value", ["red", "#12345", "#1234567", "#12345g", "#fff;}body{display:none", ""])
def test_what_is_no_colour_is_refused(value):
    with pytest.raises(ValueError, match="colour"):
        Palette(accent=value)


@pytest.mark.parametrize("value", ["10", "10px;}", "-1px", "calc(1px)", "1000px"])
def test_what_is_no_length_is_refused(value):
    with pytest.raises(ValueError, match="length"):
        Look(radius=value)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "https://a b", "x", ""])
def test_links_lead_to_the_web_only(url):
    with pytest.raises(ValueError, match="no link"):
        Link("Help", url)


def test_a_logo_is_an_image():
    with pytest.raises(ValueError, match="image"):
        Logo("text/html", b"<script>")
