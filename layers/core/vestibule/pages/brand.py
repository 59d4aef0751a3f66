"""The look of the pages, from `vestibule.pages` and from what is switched on."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from vestibule.config.fetch import FetchError, fetch
from vestibule.domain.flow import Kind
from vestibule.pages.look import Link, Logo, Look, Palette
from vestibule.services import Services

if TYPE_CHECKING:
    from vestibule.config.vestibule import Colours, PageLink, Pages

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"RIFF", "image/webp"),
)


def look_of(svc: Services, built: frozenset[Kind]) -> Look:
    """`built` are the flows that have pages; of these, the ones that are switched on are linked to."""
    pages = svc.config.vestibule.pages
    return Look(
        name=pages.name,
        logo=_logo(pages.logo) if pages.logo else None,
        light=_palette(pages.light),
        dark=_palette(pages.dark),
        radius=pages.radius,
        links=_links(pages.links),
        legal=_links(pages.legal),
        languages=_languages(pages),
        base=urlsplit(svc.urls.public).path.rstrip("/"),
        offers=frozenset(str(kind) for kind in built if _enabled(kind, svc)),
    )


def _languages(pages: Pages) -> tuple[str, ...]:
    return pages.languages or ("en",)


def _enabled(kind: Kind, svc: Services) -> bool:
    return bool(getattr(getattr(svc.config.selfservice.flows, kind), "enabled", True))


def _palette(colours: Colours) -> Palette:
    return Palette(**vars(colours))


def _links(links: tuple[PageLink, ...]) -> tuple[Link, ...]:
    """The links that a page can lead to; of other schemes than the web's none is drawn."""
    return tuple(Link(each.label, each.url) for each in links if Link.leads_somewhere(each.url))


@cache
def _logo(source: str) -> Logo | None:
    """None where it cannot be read: the name stands alone then. Once a process; addresses on the web are not called."""
    try:
        body = fetch(source)
    except FetchError:
        return None
    kind = next((kind for signature, kind in _SIGNATURES if body.startswith(signature)), "image/svg+xml")
    return Logo(kind, body)
