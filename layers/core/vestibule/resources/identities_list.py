"""GET /identities: by one filter, or all in the order of their ids. Contract 06 §2."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlencode
from uuid import UUID

from msgspec import Struct

from vestibule.config import normalise
from vestibule.domain.credential import CredentialType
from vestibule.domain.errors import BadRequest
from vestibule.domain.identity import Identity
from vestibule.domain.outcome import Document, Outcome
from vestibule.domain.request import Request
from vestibule.domain.session import NIL_UUID
from vestibule.lifecycle.loading import canonical_uuid
from vestibule.resources import keyset
from vestibule.resources.identities_views import included, shown
from vestibule.services import Services

DEFAULT_SIZE = 250
MAX_SIZE = 500
MOST_IDS = 500
FARTHEST = 1000
"""How many identities numbered pages may skip."""

MOST_LOOKED_AT = 2000
"""Identities that one request reads to find those of an organization; the next page goes on behind them."""

_CASE_SENSITIVE = (
    CredentialType.OIDC,
    CredentialType.SAML,
    CredentialType.TOTP,
    CredentialType.LOOKUP_SECRET,
    CredentialType.PASSKEY,
    CredentialType.DEVICEAUTHN,
)


class Page(Struct, frozen=True):
    """`following` is the id behind which the next page begins; None on the last one."""

    identities: Sequence[Identity]
    following: str | None = None
    with_credentials: bool = False


def listing(request: Request, svc: Services) -> Outcome:
    """`consistency` is taken and changes nothing: look-ups are consistent, lists of all are not. Raises BadRequest."""
    types = included(request)
    filters = [name for name in _FILTERS if request.params(name)]
    if len(filters) > 1:
        raise BadRequest(f"These filters cannot be combined: {', '.join(filters)}")
    if not filters and _is_numbered(request):
        return _numbered(request, types, svc)
    size = keyset.page_size(request, default=DEFAULT_SIZE, largest=MAX_SIZE)
    after = _after(request)
    page = _FILTERS[filters[0]](request, after, size, svc) if filters else _all(after, size, svc)
    headers = keyset.link(request, size, first=NIL_UUID, following=page.following)
    return Document(body=_body(page, types, svc), headers=headers)


def _body(page: Page, types: Sequence[str], svc: Services) -> list[object]:
    with_credentials = page.with_credentials or bool(types)
    views: list[Callable[[], object]] = [
        lambda identity=identity: shown(identity, svc, types, with_credentials=with_credentials)
        for identity in page.identities
    ]
    # The secrets of each identity are a read of their own.
    return svc.parallel(*views) if types else [view() for view in views]


def _after(request: Request) -> str | None:
    token = request.param("page_token")
    if token is None or token == NIL_UUID:
        return None
    after = canonical_uuid(token)
    if after is None:
        raise BadRequest("page_token has to be taken from the Link header of another page")
    return after


# --- all ------------------------------------------------------------------------------------------------


def _all(after: str | None, size: int, svc: Services) -> Page:
    """One more than asked for tells whether there is more. A short batch may be one of which some were just deleted."""
    found: list[Identity] = []
    while len(found) <= size and (batch := svc.identities.page(after=after, limit=size + 1 - len(found))):
        found += batch
        after = batch[-1].id
    return Page(found[:size], found[size - 1].id if len(found) > size else None)


def _is_numbered(request: Request) -> bool:
    """The deprecated `page` and `per_page`."""
    given = {name for name, value in request.query if value}
    return bool(given & {"page", "per_page"}) and not given & {"page_size", "page_token"}


def _numbered(request: Request, types: Sequence[str], svc: Services) -> Outcome:
    """Pages from 1. Without a total, which nobody counts here."""
    size = min(keyset.whole(request, "per_page") or DEFAULT_SIZE, FARTHEST)
    number = max(keyset.whole(request, "page"), 1)
    if (number - 1) * size > FARTHEST:
        raise BadRequest(f"page and per_page reach {FARTHEST} identities far; use page_size and page_token")
    found = svc.identities.page(after=None, limit=number * size + 1)
    identities = found[(number - 1) * size : number * size]
    numbers = {"first": 1, "prev": number - 1, "next": number + 1 if len(found) > number * size else 0}
    kept = [pair for pair in request.query if pair[0] not in ("page", "per_page")]
    links = [
        f'<{request.path}?{urlencode(sorted([*kept, ("page", at), ("per_page", size)]))}>; rel="{relation}"'
        for relation, at in numbers.items()
        if at
    ]
    return Document(body=_body(Page(identities), types, svc), headers={"Link": ",".join(links)})


# --- filters --------------------------------------------------------------------------------------------


def _by_ids(request: Request, after: str | None, size: int, svc: Services) -> Page:
    asked = request.params("ids")
    ids = {canonical for each in asked if (canonical := canonical_uuid(each))}
    if len(asked) > MOST_IDS:
        raise BadRequest(f"At most {MOST_IDS} ids can be asked for at once")
    if not all(map(canonical_uuid, asked)):
        raise BadRequest("Each of the ids has to be a UUID")
    found = svc.identities.find_many(sorted(each for each in ids if after is None or each > after))
    return Page(found[:size], found[size - 1].id if len(found) > size else None)


def _by_identifier(request: Request, after: str | None, size: int, svc: Services) -> Page:
    asked = request.param("credentials_identifier") or ""
    return Page(_with_identifier(asked, svc), with_credentials=True)


def _by_similar_identifier(request: Request, after: str | None, size: int, svc: Services) -> Page:
    """Whole identifiers only: what would find parts of them is not kept (docs/differences.md)."""
    asked = request.param("preview_credentials_identifier_similar") or ""
    return Page(_with_identifier(asked, svc), with_credentials=True)


def _with_identifier(identifier: str, svc: Services) -> list[Identity]:
    """All identities that have it, for credentials of any type. Identifiers from others are case-sensitive."""
    plain = normalise.identifier(identifier)
    keys = [
        svc.identities.identifier_key(type_, identifier if type_ in _CASE_SENSITIVE else plain)
        for type_ in CredentialType
    ]
    entries = [svc.identities.read_identifier(item) for item in svc.table.get(keys)]
    ids = dict.fromkeys(entry.identity_id for entry in entries if entry is not None)
    return svc.identities.find_many(sorted(ids))


def _by_organization(request: Request, after: str | None, size: int, svc: Services) -> Page:
    try:
        wanted = str(UUID(request.param("organization_id") or ""))
    except ValueError:
        raise BadRequest("organization_id has to be a UUID") from None
    found: list[Identity] = []
    for _ in range(MOST_LOOKED_AT // MAX_SIZE):
        batch = svc.identities.page(after=after, limit=MAX_SIZE)
        if not batch:
            return Page(found)
        for identity in batch:
            if identity.organization_id != wanted:
                continue
            if len(found) == size:
                return Page(found, found[-1].id)
            found.append(identity)
        after = batch[-1].id
    return Page(found, after)


_FILTERS: Mapping[str, Callable[[Request, str | None, int, Services], Page]] = {
    "ids": _by_ids,
    "credentials_identifier": _by_identifier,
    "preview_credentials_identifier_similar": _by_similar_identifier,
    "organization_id": _by_organization,
}
