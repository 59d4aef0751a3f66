"""Pages by number, as the public lists have them, with the Link header of the reference. Contract 06 §6 and §7."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any, TypeVar
from urllib.parse import urlencode

from msgspec import Struct

from vestibule.domain.request import Request
from vestibule.services import Services

T = TypeVar("T")

DEFAULT_SIZE = 250
MAX_SIZE = 1000


class NumberedPage(Struct, frozen=True):
    """`number` counts from 0."""

    number: int
    size: int

    def of(self, items: Sequence[T]) -> Sequence[T]:
        start = self.number * self.size
        return items[start : start + self.size]

    def counted_from_one(self) -> NumberedPage:
        """As recorded of people's own sessions: the token of page 1 leads to the first page, like that of page 0."""
        return NumberedPage(max(self.number - 1, 0), self.size)


def asked(request: Request, listing: str, svc: Services) -> NumberedPage:
    """`page_size` or `per_page` entries behind `page_token`. A size that is no number counts as not given, 0 is 1.

    `page` counts only in the links: as recorded, asking by it is answered with the first page.
    """
    given = _number(request.param("page_size") or request.param("per_page"))
    size = min(DEFAULT_SIZE if given is None else max(given, 1), MAX_SIZE)
    token = request.param("page_token")
    opened = svc.page_tokens.open(listing, token) if token else None
    return NumberedPage(int(opened[0]) // size if opened else 0, size)


def headers(request: Request, listing: str, page: NumberedPage, total: int, svc: Services) -> dict[str, str]:
    """`X-Total-Count` and `Link` with relative addresses."""
    size = min(page.size, total) or page.size
    count, number = ceil(total / size), page.number
    if number * size >= total:
        relations = [("first", 0), ("next", number + 1), ("prev", number - 1)]
    elif count == 1:
        relations = [("first", 0)]
    elif number == 0:
        relations = [("next", 1), ("last", count - 1)]
    elif number == count - 1:
        relations = [("first", 0), ("prev", number - 1)]
    else:
        relations = [("first", 0), ("next", number + 1), ("prev", number - 1), ("last", count - 1)]
    links = [f'<{_address(request, listing, at, size, svc)}>; rel="{relation}"' for relation, at in relations]
    return {"Link": ",".join(links), "X-Total-Count": str(total)}


def _address(request: Request, listing: str, number: int, size: int, svc: Services) -> str:
    kept: list[tuple[str, Any]] = [
        pair for pair in request.query if pair[0] not in ("page", "page_size", "page_token", "per_page")
    ]
    token = svc.page_tokens.seal(listing, [str(number * size)])
    query = [*kept, ("page", number), ("page_size", size), ("page_token", token), ("per_page", size)]
    return f"{request.path}?{urlencode(sorted(query, key=lambda pair: pair[0]))}"


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None
