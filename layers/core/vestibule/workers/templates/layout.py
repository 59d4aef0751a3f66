"""One message as plain text and as HTML that survives mail clients: tables, styles at the elements, dark or light."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment
from msgspec import Struct

from vestibule.ui import templates

if TYPE_CHECKING:
    from vestibule.config.vestibule import Colours, PageLink, Pages

TEMPLATES = Path(__file__).parent

_LIGHT = {"accent": "#3150c4", "background": "#f4f5f7", "surface": "#ffffff", "text": "#1b2130"}
_DARK = {"accent": "#8ea4ff", "background": "#0e1117", "surface": "#171b24", "text": "#e8ebf2"}
"""As the account pages have them."""

_ABSOLUTE = ("https://", "http://", "mailto:", "tel:")


class Sheet(Struct, frozen=True, kw_only=True):
    """What a message says, in order. Empty parts are left out."""

    language: str
    name: str
    subject: str
    title: str
    paragraphs: tuple[str, ...]
    code: str
    code_label: str
    link: str
    link_label: str
    link_lead: str
    link_help: str
    valid: str
    secret: str
    otherwise: str
    footer: str


def plain(sheet: Sheet) -> str:
    """Reads well alone: the code and the link on lines of their own."""
    parts = [
        sheet.title,
        *sheet.paragraphs,
        sheet.code,
        *((sheet.link_lead, sheet.link) if sheet.link else ()),
        sheet.valid,
        sheet.secret,
        sheet.otherwise,
        f"-- \n{sheet.footer}",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def html(sheet: Sheet, pages: Pages) -> str:
    light, dark = _colours(pages.light, _LIGHT), _colours(pages.dark, _DARK)
    links = [link for link in (*pages.links, *pages.legal) if _leads_from_a_mail(link)]
    return (
        environment()
        .get_template("mail.html")
        .render(sheet=sheet, light=light, dark=dark, radius=_pixels(pages.radius), links=links)
    )


@cache
def environment() -> Environment:
    return templates.environment(TEMPLATES)


def _leads_from_a_mail(link: PageLink) -> bool:
    """A path means something on the pages only."""
    return link.url.startswith(_ABSOLUTE)


def _colours(given: Colours, default: dict[str, str]) -> dict[str, str]:
    chosen = {name: getattr(given, name) or colour for name, colour in default.items()}
    return {**chosen, "on_accent": given.on_accent or _ink_on(chosen["accent"])}


def _ink_on(colour: str) -> str:
    """Black or white, whichever shows better (WCAG 2.2, relative luminance)."""
    digits = colour.removeprefix("#")
    digits = digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)
    red, green, blue = (_linear(int(digits[at : at + 2], 16) / 255) for at in (0, 2, 4))
    return "#ffffff" if 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.179 else "#000000"


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _pixels(length: str) -> str:
    """Mail clients know pixels."""
    number = float(length.rstrip("pxrem") or 0)
    return f"{round(number if length.endswith('px') else number * 16)}px"
