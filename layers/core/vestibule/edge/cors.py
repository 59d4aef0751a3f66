"""Cross-origin requests to the public API, as `serve.public.cors` allows them. Fetch standard §3.2."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vestibule.config.return_to import bounded
from vestibule.domain.request import Request

if TYPE_CHECKING:
    from vestibule.config.serve import Cors

_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://([a-z0-9_][a-z0-9._-]*|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")
"""As browsers write one, in lower case (RFC 6454 §6.2). Nothing else is compared, and nothing else given back."""


def headers(request: Request, cors: Cors) -> dict[str, str]:
    """What an answer to a cross-origin request carries; nothing for origins that are not allowed."""
    origin = request.headers.get("origin", "")
    if not cors.enabled or not _allowed(origin, cors):
        return {}
    answer = {"Access-Control-Allow-Origin": origin, "Vary": "Origin, Cookie"}
    if cors.allow_credentials:
        answer["Access-Control-Allow-Credentials"] = "true"
    if request.method == "OPTIONS":
        return answer | _preflight(request, cors)
    if cors.exposed_headers:
        answer["Access-Control-Expose-Headers"] = ", ".join(cors.exposed_headers)
    return answer


def _preflight(request: Request, cors: Cors) -> dict[str, str]:
    method = request.headers.get("access-control-request-method", "")
    asked = [name.strip() for name in request.headers.get("access-control-request-headers", "").split(",")]
    allowed = {name.lower() for name in cors.allowed_headers}
    if method not in cors.allowed_methods or any(name and name.lower() not in allowed for name in asked):
        return {}
    answer = {"Access-Control-Allow-Methods": method}
    if any(asked):
        answer["Access-Control-Allow-Headers"] = ", ".join(filter(None, asked))
    if cors.max_age:
        answer["Access-Control-Max-Age"] = str(cors.max_age)
    return answer


def _allowed(origin: str, cors: Cors) -> bool:
    """Exact origins, or one bounded wildcard label; `*` would hand credentials to every site and allows nobody."""
    asking = origin.lower()
    return _ORIGIN.fullmatch(asking) is not None and any(
        _matches(asking, allowed.lower()) for allowed in cors.allowed_origins
    )


def _matches(origin: str, allowed: str) -> bool:
    if "*" not in allowed:
        return origin == allowed
    (our_scheme, _, ours), (their_scheme, _, theirs) = allowed.partition("://"), origin.partition("://")
    return our_scheme == their_scheme and bool(ours) and bounded(ours) and theirs.endswith(ours.removeprefix("*"))
