"""A stored flow of somebody who is signed in: settings. Contract 01 §8 and §11."""

from __future__ import annotations

from msgspec.structs import replace

from vestibule.crypto.tokens import SessionToken
from vestibule.domain.errors import BadRequest, Gone, IdentityMismatch, NoSession, NotFound
from vestibule.domain.flow import Flow, Kind
from vestibule.domain.identity import Identity
from vestibule.domain.request import Request
from vestibule.domain.session import Session
from vestibule.lifecycle import assurance
from vestibule.lifecycle.loading import canonical_uuid, how_to_start_again
from vestibule.services import Services
from vestibule.stores.flows import flow_key

Owned = tuple[Flow, Session, Identity]
"""A flow with its owner (who is `flow.identity`, too), and the session that the owner came with."""


def fetch(kind: Kind, request: Request, svc: Services) -> Flow:
    """The flow of `?id=`, for its owner. Raises NoSession, NotFound, IdentityMismatch, Aal2Required, Gone."""
    flow, session, _ = _read(kind, "id", request, svc)
    required = svc.config.selfservice.flows.settings.required_aal
    assurance.ensure(session, required, svc, svc.urls.ui(kind, flow=flow.id))
    if flow.expires_at <= svc.clock.now():
        raise Gone("The flow has expired; start a new one", details=how_to_start_again(flow, svc))
    return flow


def resume(kind: Kind, request: Request, svc: Services) -> Owned:
    """The flow of `?flow=`, expired or not. Raises NoSession, BadRequest, NotFound, IdentityMismatch, Aal2Required."""
    flow, session, identity = _read(kind, "flow", request, svc)
    required = svc.config.selfservice.flows.settings.required_aal
    assurance.ensure(session, required, svc, svc.urls.action(kind, flow.id))
    return flow, session, identity


def _read(kind: Kind, parameter: str, request: Request, svc: Services) -> Owned:
    """Flow, session and identity in one batch read."""
    flow_id = canonical_uuid(request.param(parameter))
    token = SessionToken.parse(request.session_token) if request.session_token else None
    if token is None:
        raise _no_session(svc)
    session_key, identity_key = svc.sessions.keys(token)
    keys = [session_key, identity_key, *([flow_key(flow_id)] if flow_id else ())]
    found = dict(zip(keys, svc.table.get(keys), strict=True))
    session = svc.sessions.read(token, found[session_key], found[identity_key])
    if session is None or session.identity is None or not session.active_at(svc.clock.now()):
        raise _no_session(svc)
    if flow_id is None:
        raise _no_flow(parameter)
    flow = svc.flows.read(found[flow_key(flow_id)], kind)
    if flow is None:
        raise NotFound
    if flow.identity_id != session.identity_id:
        raise IdentityMismatch("This flow belongs to somebody else; start one of your own")
    return replace(flow, identity=session.identity), session, session.identity


def _no_session(svc: Services) -> NoSession:
    reason = "Sign in first: there is no session whose settings could be shown"
    return NoSession(reason, browser_location=svc.urls.ui("login"), browser_status=302)


def _no_flow(parameter: str) -> BadRequest | NotFound:
    if parameter == "id":
        return NotFound()
    return BadRequest("The query parameter flow is missing or is no flow id; start a flow first")
