"""The sessions of whoever asks: who am I, where else am I signed in, end that. Contract 06 §7."""

from __future__ import annotations

from datetime import timedelta

from vestibule.crypto.text import same, to_base64url
from vestibule.crypto.tokens import ExchangeCode, SessionToken
from vestibule.domain.errors import BadRequest, NoSession, NotFound
from vestibule.domain.flow import Flow, Kind
from vestibule.domain.outcome import CookieChanges, Document, Empty, Outcome, SessionCookie
from vestibule.domain.request import Request
from vestibule.domain.session import Session
from vestibule.domain.times import from_rfc3339
from vestibule.lifecycle import assurance, drawing
from vestibule.lifecycle.issuing import session_document
from vestibule.lifecycle.loading import active_session, canonical_uuid
from vestibule.resources import paging, session_token
from vestibule.services import Services
from vestibule.stores import exchanges
from vestibule.stores.flows import FlowChanged, flow_key

_LISTING = "own-sessions"
_SECOND = timedelta(seconds=1)
_CACHE_FOR = "Ory-Session-Cache-For"
_UNKNOWN_SECONDS = 60


def whoami(request: Request, svc: Services) -> Outcome:
    """The session that the request's token or cookie opens, with `tokenize_as` also as a signed token.

    Raises NoSession, Aal2Required, BadRequest, InternalError.
    """
    try:
        session = _required(request, svc)
    except NoSession as refused:
        if request.session_token is None:
            refused.headers |= _cacheable(svc, None)
        raise
    body, kept = session_document(session, svc), _cacheable(svc, session)
    if template := request.param("tokenize_as"):
        body["tokenized"], kept = session_token.of(session, template, svc), {}
    return Document(
        body=body,
        headers={"X-Kratos-Authenticated-Identity-Id": session.identity_id, **kept},
        cookies=_renewed(request, session),
    )


def listing(request: Request, svc: Services) -> Outcome:
    """The other active sessions of the same identity, newest first. Raises NoSession, Aal2Required."""
    current = _required(request, svc)
    now = svc.clock.now()
    others = [session for session in _of_same_identity(current, svc) if session.id != current.id]
    active = [session for session in others if session.active_at(now)]
    page = paging.asked(request, _LISTING, svc)
    body = [_listed(session, svc) for session in page.counted_from_one().of(active)]
    return Document(body=body, headers=paging.headers(request, _LISTING, page, len(active), svc))


def revoke(request: Request, svc: Services) -> Outcome:
    """DELETE /sessions ends all others, DELETE /sessions/{id} one of them. Raises NoSession, BadRequest.

    An id of nobody or of somebody else is answered like one that was ended: it says nothing about others' sessions.
    """
    current = _session(request, svc)
    asked = request.path_parameters.get("id")
    if asked is None:
        if current.identity is None:
            raise NoSession
        return Document(body={"count": svc.sessions.revoke_all(current.identity, keep=current.id, at=svc.clock.now())})
    session_id = canonical_uuid(asked)
    if session_id is None or session_id == current.id:
        raise BadRequest
    svc.sessions.revoke(current.identity_id, session_id)
    return Empty(headers={"Content-Type": "application/json; charset=utf-8"})


def exchange(request: Request, svc: Services) -> Outcome:
    """Native apps trade their two codes for the session that a browser opened for them. Contract 01 §15.

    Once: the codes are used up. Raises BadRequest, and NotFound for codes that are unknown or were used.
    """
    init, returned = request.param("init_code"), request.param("return_to_code")
    if not init or not returned:
        raise BadRequest("The query needs both init_code and return_to_code")
    flow = _exchanged(ExchangeCode.parse(init), ExchangeCode.parse(returned), svc)
    if flow is None:
        raise NotFound("There is no session for these codes")
    if open_ := exchanges.open_flow_of(flow):
        return _still_open(*open_, request, svc)
    token = SessionToken.parse(exchanges.token_of(flow, returned, svc.journey_sealer) or "")
    session = svc.sessions.find(token) if token else None
    if token is None or session is None or not session.active_at(svc.clock.now()):
        raise NotFound("There is no session for these codes")
    try:
        svc.flows.save(exchanges.without(flow))
    except FlowChanged:
        raise NotFound("There is no session for these codes") from None
    return Document(body={"session_token": token.text, "session": session_document(session, svc) | {"devices": []}})


def _exchanged(init: ExchangeCode | None, returned: ExchangeCode | None, svc: Services) -> Flow | None:
    """The flow that both codes belong to."""
    if init is None or returned is None:
        return None
    item = svc.table.get([flow_key(init.flow_id)])[0]
    flow = svc.flows.read(item, Kind.LOGIN) or svc.flows.read(item, Kind.REGISTRATION)
    if flow is None or flow.exchange_code_digest is None:
        return None
    first = same(to_base64url(init.digest("init")), flow.exchange_code_digest)
    second = same(to_base64url(returned.digest("return_to")), exchanges.digest_of(flow))
    return flow if first and second else None


def _still_open(flow_id: str, kind: str, request: Request, svc: Services) -> Document:
    """The form that the person has to go on with. Raises NotFound."""
    flow = svc.flows.find(flow_id, Kind(kind))
    if flow is None:
        raise NotFound("There is no session for these codes")
    return Document(body=drawing.document(flow, request, svc), status=422)


def _required(request: Request, svc: Services) -> Session:
    """The session, at the level that `session.whoami.required_aal` wants. Contract 01 §14."""
    session = _session(request, svc)
    assurance.ensure(session, svc.config.session.whoami.required_aal, svc)
    return session


def _session(request: Request, svc: Services) -> Session:
    session = active_session(request, svc)
    if session is None:
        raise NoSession("No valid session credentials came with the request")
    return session


def _of_same_identity(session: Session, svc: Services) -> list[Session]:
    return svc.sessions.of_identity(session.identity) if session.identity is not None else []


def _listed(session: Session, svc: Services) -> dict[str, object]:
    """As whoami shows it, but for the identity's addresses and its schema's address."""
    wire = session_document(session, svc, with_identity=False)
    if session.identity is not None:
        wire["identity"] = session.identity.to_wire(svc.urls.public, addresses=False) | {"schema_url": ""}
    return wire


def _cacheable(svc: Services, session: Session | None) -> dict[str, str]:
    """For how many seconds a proxy may keep the answer, where the configuration lets it (contract 02 §6)."""
    flags = svc.config.feature_flags
    if not flags.cacheable_sessions:
        return {}
    if session is None:
        return {_CACHE_FOR: str(_UNKNOWN_SECONDS)}
    left = session.expires_at - svc.clock.now()
    kept = min(left, flags.cacheable_sessions_max_age) if flags.cacheable_sessions_max_age else left
    return {_CACHE_FOR: str(int(kept.total_seconds()))}


def _renewed(request: Request, session: Session) -> CookieChanges:
    """A session that was extended outlives its cookie: the browser gets a new one."""
    if request.cookie_expires_at is None or request.session_token is None:
        return CookieChanges()
    if session.expires_at - from_rfc3339(request.cookie_expires_at) < _SECOND:
        return CookieChanges()
    return CookieChanges(session=SessionCookie(request.session_token, session.expires_at))
