"""Cookies: read from a request, and written for it. Contract 07 §3."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from vestibule.crypto import csrf
from vestibule.crypto.sealing import Sealer
from vestibule.domain.outcome import CookieChanges, SessionCookie
from vestibule.domain.request import CONTINUITY
from vestibule.domain.times import to_rfc3339

if TYPE_CHECKING:
    from vestibule.config.model import Config
    from vestibule.config.session import Cookies
    from vestibule.config.session import SessionCookie as SessionCookieConfig

_YEAR = 365 * 24 * 3600
_MONTH = timedelta(days=30)
_ENDED = "ended"
_HTTP_DATE = "%a, %d %b %Y %H:%M:%S GMT"


def parse(lines: Iterable[str]) -> list[tuple[str, str]]:
    """(name, value) pairs of Cookie headers, in order, with repeats; what is no pair is passed over. RFC 6265 §5.4."""
    pairs: list[tuple[str, str]] = []
    for line in lines:
        for part in line.split(";"):
            name, equals, value = part.strip().partition("=")
            if equals and name:
                pairs.append((name, value.strip('"')))
    return pairs


def csrf_secrets(pairs: Iterable[tuple[str, str]], public_url: str) -> tuple[str, ...]:
    """Every well-formed CSRF secret that came along."""
    name = csrf.cookie_name(public_url)
    return tuple(dict.fromkeys(value for key, value in pairs if key == name and csrf.is_secret(value)))


def opened_session(pairs: Iterable[tuple[str, str]], config: Config, sealer: Sealer) -> tuple[str, str] | None:
    """(session token, RFC 3339 expiry) of the first session cookie that is ours, or None."""
    for key, value in pairs:
        if key == config.session.cookie.name and (plain := sealer.open(value)) is not None:
            document = json.loads(plain)
            return document["session_token"], document["expires_at"]
    return None


def written(changes: CookieChanges, config: Config, public_url: str, sealer: Sealer, now: datetime) -> list[str]:
    """Set-Cookie values for what changed."""
    lines: list[str] = []
    if changes.csrf:
        lines.append(_csrf_line(changes.csrf, config.cookies, public_url))
    if changes.session is not None:
        lines.append(_session_line(changes.session, config.session.cookie, sealer, now))
    elif changes.ended:
        attributes = _attributes(config.session.cookie)
        epoch = datetime.fromtimestamp(0, UTC).strftime(_HTTP_DATE)
        lines.append(f"{config.session.cookie.name}={_ENDED}; {attributes}; Expires={epoch}; Max-Age=0")
    lines += [_continuity_line(value, config.cookies, now) for value in changes.continuity]
    return lines


def _continuity_line(value: str, cookies: Cookies, now: datetime) -> str:
    expires = (now + _MONTH).astimezone(UTC).strftime(_HTTP_DATE)
    attributes = _attributes(cookies, same_site=cookies.same_site if cookies.secure else "Lax")
    return f"{CONTINUITY}={value}; {attributes}; Expires={expires}; Max-Age={int(_MONTH.total_seconds())}"


def _csrf_line(secret: str, cookies: Cookies, public_url: str) -> str:
    # Browsers drop SameSite=None without Secure, and the form with it.
    same_site = cookies.same_site if cookies.secure else "Lax"
    attributes = _attributes(cookies, same_site=same_site)
    return f"{csrf.cookie_name(public_url)}={secret}; {attributes}; Max-Age={_YEAR}"


def _session_line(session: SessionCookie, cookie: SessionCookieConfig, sealer: Sealer, now: datetime) -> str:
    document = {"session_token": session.token, "expires_at": to_rfc3339(session.expires_at)}
    sealed = sealer.seal(json.dumps(document).encode())
    line = f"{cookie.name}={sealed}; {_attributes(cookie)}"
    if not cookie.persistent:
        return line
    left = max(0, int((session.expires_at - now).total_seconds()))
    return f"{line}; Expires={session.expires_at.astimezone(UTC).strftime(_HTTP_DATE)}; Max-Age={left}"


def _attributes(cookie: Cookies | SessionCookieConfig, *, same_site: str | None = None) -> str:
    parts = [f"Path={cookie.path}"]
    if cookie.domain:
        parts.append(f"Domain={cookie.domain}")
    parts.append("HttpOnly")
    if cookie.secure:
        parts.append("Secure")
    parts.append(f"SameSite={same_site or cookie.same_site}")
    return "; ".join(parts)
