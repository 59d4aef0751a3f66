"""How the pages look: whose they are, their colours, where their links lead.

Colours arrive as custom properties in `theme.css`. Whatever colours are chosen, text on them stays readable (WCAG 2.2,
1.4.3 and 1.4.11): what is not given is derived from what is, and links are drawn darker or lighter than the accent
where it would not show on the card.
"""

from __future__ import annotations

import re

from msgspec import Struct
from msgspec.structs import fields

_COLOUR = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
_LENGTH = re.compile(r"0|[0-9]{1,3}(?:\.[0-9]{1,3})?(?:px|rem|em)")
_PATH = re.compile(r"(?:/[A-Za-z0-9._~%-]+)*")
_URL = re.compile(r"(?:https?://|mailto:|tel:|/(?!/))[^\s\"'<>\\]*")
_READABLE = 4.5
"""Contrast of text, WCAG 2.2, 1.4.3."""

Rgb = tuple[int, int, int]


class Palette(Struct, frozen=True):
    """Colours of one theme, `#rgb` or `#rrggbb`; None is the built-in one, or derived."""

    accent: str | None = None
    on_accent: str | None = None
    background: str | None = None
    surface: str | None = None
    text: str | None = None

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if value is not None and not _COLOUR.fullmatch(value):
                raise ValueError(f"{each.name}: {value!r} is no colour like #1a2b3c")


class Link(Struct, frozen=True):
    label: str
    url: str

    def __post_init__(self) -> None:
        if not self.leads_somewhere(self.url):
            raise ValueError(f"{self.url!r} is no link: use https://…, mailto:…, tel:… or a path")

    @staticmethod
    def leads_somewhere(url: str) -> bool:
        return _URL.fullmatch(url) is not None


class Logo(Struct, frozen=True):
    """An image beside the name, drawn from the pages' own origin."""

    content_type: str
    body: bytes

    def __post_init__(self) -> None:
        if not re.fullmatch(r"image/[a-z0-9.+-]+", self.content_type):
            raise ValueError(f"{self.content_type!r} is no type of an image")


class Look(Struct, frozen=True):
    """What makes the pages somebody's own.

    `base` is the path of the public URL ("" or "/auth"); `offers` are the flows that are switched on and so linked to.
    """

    name: str = "Vestibule"
    logo: Logo | None = None
    light: Palette = Palette()
    dark: Palette = Palette()
    radius: str = "10px"
    links: tuple[Link, ...] = ()
    legal: tuple[Link, ...] = ()
    languages: tuple[str, ...] = ("en", "de")
    base: str = ""
    offers: frozenset[str] = frozenset({"login", "registration", "recovery", "verification", "settings"})

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ValueError("name: the pages need a name")
        if not _LENGTH.fullmatch(self.radius):
            raise ValueError(f"radius: {self.radius!r} is no length like 10px")
        if not _PATH.fullmatch(self.base):
            raise ValueError(f"base: {self.base!r} is no path like /auth")
        if not self.languages:
            raise ValueError("languages: at least one")


_LIGHT = Palette(accent="#3150c4", background="#f4f5f7", surface="#ffffff", text="#1b2130")
_DARK = Palette(accent="#8ea4ff", background="#0e1117", surface="#171b24", text="#e8ebf2")


def theme_css(look: Look) -> str:
    """The custom properties of both themes."""
    light = _properties(look.light, _LIGHT)
    dark = _properties(look.dark, _dark_default(look))
    return f":root{{--radius:{look.radius};{light}}}\n@media (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"


def _dark_default(look: Look) -> Palette:
    """The built-in dark theme, with the light theme's accent made bright enough where only that was chosen."""
    if look.light.accent is None:
        return _DARK
    surface = _rgb(look.dark.surface or _DARK.surface or "")
    accent = _hex(_readable(_rgb(look.light.accent), surface))
    return Palette(accent=accent, background=_DARK.background, surface=_DARK.surface, text=_DARK.text)


def _properties(given: Palette, default: Palette) -> str:
    accent = _rgb(given.accent or default.accent or "")
    background = _rgb(given.background or default.background or "")
    surface = _rgb(given.surface or default.surface or "")
    text = _readable(_rgb(given.text or default.text or ""), surface)
    on_accent = _readable(_rgb(given.on_accent), accent) if given.on_accent else _ink_on(accent)
    colours = {
        "accent": accent,
        "on-accent": on_accent,
        "link": _readable(accent, surface),
        "page-link": _readable(accent, background),
        "background": background,
        "on-background": _readable(_mix(text, background, 0.35), background),
        "surface": surface,
        "text": text,
        "muted": _readable(_mix(text, surface, 0.3), surface),
        "line": _mix(text, surface, 0.86),
        "edge": _readable(_mix(text, surface, 0.5), surface, 3.0),
        "error": _readable(_rgb("#c0242d"), surface),
        "success": _readable(_rgb("#197a3f"), surface),
    }
    return "".join(f"--{name}:{_hex(colour)};" for name, colour in colours.items())


def contrast(one: Rgb, other: Rgb) -> float:
    """1 to 21, WCAG 2.2."""
    brighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def _luminance(colour: Rgb) -> float:
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in (value / 255 for value in colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _readable(colour: Rgb, ground: Rgb, least: float = _READABLE) -> Rgb:
    """The colour, moved towards black or white only as far as it takes to show on the ground."""
    ink = _ink_on(ground)
    for step in range(21):
        candidate = _mix(colour, ink, step / 20)
        if contrast(candidate, ground) >= least:
            return candidate
    return ink


def _ink_on(ground: Rgb) -> Rgb:
    white, black = (255, 255, 255), (0, 0, 0)
    return white if contrast(white, ground) >= contrast(black, ground) else black


def _mix(one: Rgb, other: Rgb, share: float) -> Rgb:
    """`one` with that share of `other`."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _rgb(colour: str) -> Rgb:
    digits = colour.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    return int(digits[0:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)


def _hex(colour: Rgb) -> str:
    return "#" + "".join(f"{value:02x}" for value in colour)
