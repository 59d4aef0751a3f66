"""The sessions of one identity, over the admin API. Contract 06 §1."""

from __future__ import annotations

from vestibule.domain.errors import BadRequest, NotFound
from vestibule.domain.outcome import Document, Empty, Outcome
from vestibule.domain.request import Request
from vestibule.lifecycle.loading import canonical_uuid
from vestibule.resources import paging
from vestibule.resources.admin_query import flag
from vestibule.resources.identities_views import without_addresses
from vestibule.services import Services


def listing(request: Request, svc: Services) -> Outcome:
    """Newest first; none for an identity that there is not. Raises BadRequest."""
    identity_id = _identity_id(request)
    active = flag(request, "active")
    identity = svc.identities.find(identity_id)
    now = svc.clock.now()
    stored = svc.sessions.of_identity(identity) if identity else []
    sessions = [each for each in stored if active is None or each.active_at(now) is active]
    name = f"sessions-of:{identity_id}:{active}"
    page = paging.asked(request, name, svc)
    shown = without_addresses(identity, svc) | {"schema_url": ""} if identity else None
    body = [session.to_wire(now, identity=shown) for session in page.of(sessions)]
    return Document(body=body, headers=paging.headers(request, name, page, len(sessions), svc))


def delete(request: Request, svc: Services) -> Outcome:
    """End all of them, then remove them. Raises NotFound where there is none, BadRequest."""
    identity = svc.identities.find(_identity_id(request))
    sessions = svc.sessions.of_identity(identity) if identity else []
    if identity is None or not sessions:
        raise NotFound
    svc.sessions.revoke_all(identity, keep=None, at=svc.clock.now())
    svc.parallel(*[lambda each=each: svc.sessions.delete(each.identity_id, each.id) for each in sessions])
    return Empty()


def _identity_id(request: Request) -> str:
    asked = canonical_uuid(request.path_parameters["id"])
    if asked is None:
        raise BadRequest
    return asked
