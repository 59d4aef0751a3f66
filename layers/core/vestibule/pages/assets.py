"""The files of the pages, named by a digest so that browsers keep them for good, and what pages may do."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from msgspec import Struct

from vestibule.pages.look import Look, theme_css

_STATIC = Path(__file__).parent / "static"
_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
_FOREVER = "public, max-age=31536000, immutable"
_SHORTLY = "public, max-age=300"


class Asset(Struct, frozen=True):
    """`name` with the digest in it: `style.3f2a….css`."""

    name: str
    content_type: str
    body: bytes


@cache
def assets(look: Look) -> dict[str, Asset]:
    """By plain name: `theme.css`, `style.css`, `page.js`, `icon.svg` and, where there is one, `logo`."""
    bodies = {name: (_STATIC / name).read_bytes() for name in ("style.css", "page.js", "icon.svg")}
    bodies["page.js"] = _spare(bodies["page.js"])
    bodies["theme.css"] = theme_css(look).encode()
    found = {name: _asset(name, _TYPES[name.rsplit(".", 1)[1]], body) for name, body in bodies.items()}
    if look.logo:
        found["logo"] = _asset("logo", look.logo.content_type, look.logo.body)
    return found


def asset(look: Look, file: str) -> tuple[Asset, str] | None:
    """The file of that name, with or without its digest, and the Cache-Control it goes with."""
    for plain, each in assets(look).items():
        if file == each.name:
            return each, _FOREVER
        if file == plain:
            return each, _SHORTLY
    return None


def _spare(script: bytes) -> bytes:
    """The script without indentation and lines that only say something to its readers: every page loads it."""
    lines = (line.strip() for line in script.splitlines())
    return b"\n".join(line for line in lines if line and not line.startswith(b"//"))


def _asset(name: str, content_type: str, body: bytes) -> Asset:
    digest = hashlib.sha256(body).hexdigest()[:12]
    stem, dot, ending = name.partition(".")
    return Asset(f"{stem}.{digest}{dot}{ending}", content_type, body)


def content_security_policy(form_targets: Iterable[str] = ()) -> str:
    """Nothing but the pages' own files; no inline script or style, no frame around them.

    `form_targets` are further sources (`http:`, `com.example.app:`) that a submitted form may be redirected to:
    browsers check `form-action` on the redirect too, and where people go on to and sign-in providers are not all
    known before.
    """
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            " ".join(("form-action 'self' https:", *sorted(set(form_targets)))),
        )
    )


ASSET_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""For a logo that somebody opens by itself: an SVG may bring styles, but runs nothing."""


def page_headers(form_targets: Iterable[str] = ()) -> dict[str, str]:
    """What every page answers with."""
    return {
        "Cache-Control": "no-store",
        "Content-Security-Policy": content_security_policy(form_targets),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), publickey-credentials-get=(self)",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Vary": "Accept-Language, Cookie",
    }
