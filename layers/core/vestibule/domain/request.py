"""What a client sent, free of any transport."""

from __future__ import annotations

import time
from collections.abc import Mapping
from enum import StrEnum

from msgspec import field

from vestibule.domain.record import Unprinted

JSON = "application/json"
HTML = "text/html"
CONTINUITY = "ory_kratos_continuity"
"""The cookie that says which parked form a browser may go on with."""

_OFFERS = (HTML, "text/*", JSON)


class ClientKind(StrEnum):
    """The three clients of every flow. Contract 01 §1."""

    BROWSER = "browser"
    SPA = "spa"
    NATIVE = "native"


class Request(Unprinted, frozen=True):
    """`headers` have lower-case names; `query` keeps order and repeats; `path_parameters` come from the route.

    `client_ip` is the address the gateway saw, or a trusted proxy's word for it (design: the edge decides).
    `csrf_secrets` are the browser's CSRF secrets: one, unless a sibling domain planted a second cookie; a new one that
    the edge sets is the only one then. Empty where none is issued.
    `received_at` is when it came in, on `time.monotonic`: what a step may take in all counts from there.
    `session_token` is the token the client presented, from header or cookie; `cookie_expires_at` is RFC 3339 text.
    """

    method: str
    path: str
    url: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    cookies: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    path_parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    client_ip: str = ""
    location: str = ""
    csrf_secrets: tuple[str, ...] = ()
    csrf_is_new: bool = False
    session_token: str | None = None
    cookie_expires_at: str | None = None
    received_at: float = field(default_factory=time.monotonic)

    def param(self, name: str) -> str | None:
        """The first value of a query parameter; empty values mean "not given" (contract 08)."""
        return next((value for key, value in self.query if key == name and value), None)

    def params(self, name: str) -> list[str]:
        return [value for key, value in self.query if key == name and value]

    @property
    def looks_on(self) -> bool:
        """Nobody has asked for it yet: it is to do nothing."""
        return self.method == "HEAD" or "prefetch" in self.headers.get("sec-purpose", "")

    @property
    def csrf(self) -> str:
        """The secret that new flows are bound to; empty where there is none."""
        return self.csrf_secrets[0] if self.csrf_secrets else ""

    @property
    def accepts_json(self) -> bool:
        """Accept negotiates to JSON."""
        return _negotiated(self.headers.get("accept", "")) == JSON

    @property
    def accepts_html(self) -> bool:
        """Accept negotiates to HTML, which it does when it is missing."""
        return _negotiated(self.headers.get("accept", "")) == HTML

    @property
    def wants_json(self) -> bool:
        """Accept negotiates to JSON, or the body is exactly `application/json`. Contract 01 §1."""
        return self.accepts_json or self.headers.get("content-type", "") == JSON


def _negotiated(accept: str) -> str:
    """Content negotiation over `_OFFERS`: best quality, then most specific, then first offered."""
    best, best_quality, best_wildness = HTML, -1.0, 3
    specs = [_accept_spec(part) for part in accept.split(",") if part.strip()]
    for offer in _OFFERS:
        for value, quality in specs:
            if quality == 0 or quality < best_quality:
                continue
            wildness = _wildness(value, offer)
            if wildness is not None and (quality > best_quality or best_wildness > wildness):
                best, best_quality, best_wildness = offer, quality, wildness
    return best


def _accept_spec(part: str) -> tuple[str, float]:
    value, *parameters = (piece.strip() for piece in part.split(";"))
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return value.lower(), float(parameter[2:])
            except ValueError:
                return value.lower(), 0.0
    return value.lower(), 1.0


def _wildness(value: str, offer: str) -> int | None:
    """0 for the offer itself, 1 for its type, 2 for anything; None when the value does not cover the offer."""
    if value == "*/*":
        return 2
    if value.endswith("/*") and offer.startswith(value[:-1]):
        return 1
    return 0 if value == offer else None
