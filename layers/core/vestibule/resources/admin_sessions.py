"""Sessions of everybody, over the admin API. Contract 06 §7."""

from __future__ import annotations

from collections.abc import Collection

from vestibule.domain.errors import BadRequest, NotFound
from vestibule.domain.json import Json
from vestibule.domain.outcome import Document, Empty, Outcome
from vestibule.domain.request import Request
from vestibule.domain.session import Session
from vestibule.lifecycle.loading import canonical_uuid
from vestibule.resources import admin_sessions_manage, keyset
from vestibule.resources.admin_body import Clash
from vestibule.resources.admin_query import flag
from vestibule.resources.dispatch import Steps, dispatched
from vestibule.resources.identities_views import without_addresses
from vestibule.services import Services
from vestibule.stores.sessions import Position, SessionChanged

DEFAULT_SIZE = 250
MAX_SIZE = 1000
ROUNDS = 10
"""How many pages one request looks at to fill its own with active (or ended) sessions."""

ATTEMPTS = 5
_EXPANDABLE = ("identity", "devices")


def serve(request: Request, svc: Services) -> Outcome:
    """Everything below /sessions, with or without /admin in front."""
    return dispatched(_STEPS, request, svc)


def listing(request: Request, svc: Services) -> Outcome:
    """Newest first. Raises BadRequest."""
    expand, active = _expand(request), flag(request, "active")
    size = keyset.page_size(request, default=DEFAULT_SIZE, largest=MAX_SIZE)
    name = f"sessions:{active}"
    found, following = _page(_after(request, name, svc), size, active, svc)
    headers = keyset.link(
        request,
        size,
        first=svc.page_tokens.seal(name, []),
        following=svc.page_tokens.seal(name, [following.session_id, following.identity_id]) if following else None,
    )
    return Document(body=[_listed(session, expand, svc) for session in found], headers=headers)


def get(request: Request, svc: Services) -> Outcome:
    """Raises NotFound, BadRequest."""
    expand = _expand(request)
    session = _found(request, svc)
    identity = session.identity
    wire = session.to_wire(svc.clock.now()) | {"identity": None}
    if "devices" not in expand:
        wire["devices"] = []
    if "identity" in expand and identity is not None:
        wire["identity"] = identity.to_wire(svc.urls.public) | {"metadata_admin": identity.metadata_admin}
    return Document(body=wire)


def disable(request: Request, svc: Services) -> Outcome:
    """End it; it stays in the lists. Raises NotFound, BadRequest."""
    session = _found(request, svc)
    if not svc.sessions.revoke(session.identity_id, session.id):
        raise NotFound
    return Empty(headers={"Content-Type": "application/json; charset=utf-8"})  # of nothing, as recorded


def extend(request: Request, svc: Services) -> Outcome:
    """A new lifespan from now on. What has ended stays ended, also when it ends just now: NotFound.

    Earlier than `session.earliest_possible_extend` before its end, the session stays as it is. Raises BadRequest.
    """
    session = _extended(_found(request, svc), svc)
    if svc.config.feature_flags.faster_session_extend:
        return Empty()
    identity = session.identity.to_wire(svc.urls.public) if session.identity else None
    return Document(body=session.to_wire(svc.clock.now(), identity=identity) | {"devices": []})


def _extended(session: Session, svc: Services) -> Session:
    settings = svc.config.session
    for _ in range(ATTEMPTS):
        now = svc.clock.now()
        if not session.active_at(now):
            raise NotFound
        earliest = settings.earliest_possible_extend
        if earliest is not None and session.expires_at - now > earliest:
            return session
        try:
            return svc.sessions.prolong(session.extended(now + svc.session_lifespan(session.identity)))
        except SessionChanged:
            session = _by_id(session.id, svc)
    raise Clash("Others are changing the same session; repeat the request")


def _page(
    after: Position | None, size: int, active: bool | None, svc: Services
) -> tuple[list[Session], Position | None]:
    """A page, and behind which session the next one begins. One entry more than asked for tells whether there is one.

    Where most sessions are not of the kind that is asked for, the page may be shorter than it could be.
    """
    found: list[Session] = []
    now = svc.clock.now()
    for _ in range(ROUNDS):
        batch = svc.sessions.page(after=after, limit=size + 1)
        if not batch:  # a short one may lack sessions whose identity is being deleted
            return found, None
        found += [each for each in batch if active is None or each.active_at(now) is active]
        if len(found) > size:
            return found[:size], _position(found[size - 1])
        after = _position(batch[-1])
    return found, after


def _after(request: Request, name: str, svc: Services) -> Position | None:
    token = request.param("page_token")
    opened = svc.page_tokens.open(name, token) if token else []
    if opened is None:
        raise BadRequest
    return Position(*opened) if opened else None


def _position(session: Session) -> Position:
    return Position(session.id, session.identity_id)


def _listed(session: Session, expand: Collection[str], svc: Services) -> Json:
    """Devices that are not asked for are null here, and an empty list when a single session is shown."""
    wire = session.to_wire(svc.clock.now()) | {"identity": None}
    if "devices" not in expand:
        wire["devices"] = None
    if "identity" in expand and session.identity is not None:
        wire["identity"] = without_addresses(session.identity, svc)
    return wire


def _expand(request: Request) -> set[str]:
    asked = {each.lower() for each in request.params("expand")}
    if not asked.issubset(_EXPANDABLE):
        raise BadRequest(f"A session can be expanded by {' and '.join(_EXPANDABLE)}")
    return asked


def _found(request: Request, svc: Services) -> Session:
    asked = canonical_uuid(request.path_parameters["id"])
    if asked is None:
        raise BadRequest
    return _by_id(asked, svc)


def _by_id(session_id: str, svc: Services) -> Session:
    session = svc.sessions.by_id(session_id)
    if session is None:
        raise NotFound
    return session


_STEPS: Steps = {
    ("GET", ""): listing,
    ("POST", ""): admin_sessions_manage.manage,
    ("GET", "id"): get,
    ("DELETE", "id"): disable,
    ("PATCH", "id extend"): extend,
}
