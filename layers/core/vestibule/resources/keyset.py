"""Pages that go on behind their last entry, with the Link header of the reference. Contract 06 §2 and §7."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlencode

from vestibule.domain.errors import BadRequest
from vestibule.domain.request import Request
from vestibule.domain.times import epoch_seconds
from vestibule.services import Services

TOKENS_LAST = timedelta(hours=1)

_WHOLE = re.compile(r"[+-]?[0-9]{1,9}")


def page_size(request: Request, *, default: int, largest: int) -> int:
    """`page_size`; nothing, zero and less mean the default. Raises BadRequest for what is no number."""
    return min(whole(request, "page_size") or default, largest)


def whole(request: Request, name: str) -> int:
    """The parameter's number; 0 when it is missing or below. Raises BadRequest."""
    text = request.param(name)
    if text is None:
        return 0
    if not _WHOLE.fullmatch(text):
        raise BadRequest(f"{name} has to be a whole number")
    return max(int(text), 0)


def link(request: Request, size: int, *, first: str, following: str | None) -> dict[str, str]:
    """The header: relative addresses of the first page and, where there is more, of the next one."""
    relations = [("first", first), *([("next", following)] if following else [])]
    return {"Link": ",".join(f'<{_address(request, size, token)}>; rel="{name}"' for name, token in relations)}


def position(request: Request, name: str, svc: Services) -> list[str]:
    """What `token` sealed; nothing for the first page. Raises BadRequest: of another list, or older than an hour."""
    token = request.param("page_token")
    if not token:
        return []
    opened = svc.page_tokens.open(name, token)
    if opened is None or int(opened[0]) < epoch_seconds(svc.clock.now() - TOKENS_LAST):
        raise BadRequest("The page token is of another list, or older than an hour")
    return opened[1:]


def token(name: str, position: list[str], svc: Services) -> str:
    return svc.page_tokens.seal(name, [str(epoch_seconds(svc.clock.now())), *position])


def _address(request: Request, size: int, token: str) -> str:
    kept = [pair for pair in request.query if pair[0] not in ("page_size", "page_token")]
    query = sorted([*kept, ("page_size", str(size)), ("page_token", token)], key=lambda pair: pair[0])
    return f"{request.path}?{urlencode(query)}"
