"""The sessions of whoever asks: who am I, where else am I signed in, end that. Contract 06 §7."""

from __future__ import annotations

from datetime import timedelta

from vestibule.crypto import csrf
from vestibule.domain.errors import BadRequest, NoSession
from vestibule.domain.outcome import CookieChanges, Document, Empty, Outcome, Redirect, SessionCookie
from vestibule.domain.request import Request
from vestibule.domain.session import Session
from vestibule.domain.times import from_rfc3339
from vestibule.lifecycle import assurance
from vestibule.lifecycle.issuing import session_document
from vestibule.lifecycle.loading import active_session, canonical_uuid, csrf_violation
from vestibule.resources import paging, session_token
from vestibule.services import Services
from vestibule.ui.decode import BadBody, decode
from vestibule.ui.shape import shape

EVERY_OTHER = "others"
"""In place of an id: all sessions but the one that asks."""

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
    """DELETE /sessions ends all others, DELETE /sessions/{id} one of them, a POST the page's form says which.

    Raises NoSession, BadRequest, CsrfViolation, Aal2Required.

    An id of nobody or of somebody else is answered like one that was ended: it says nothing about others' sessions.
    """
    if request.method == "POST":
        return _ended_on_the_page(request, svc)
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


def _ended_on_the_page(request: Request, svc: Services) -> Redirect:
    """The form of the built-in page, which has no other verbs: `session` is an id, or EVERY_OTHER."""
    try:
        form = decode(request.body, request.headers.get("content-type"), shape("csrf_token", "session"))
    except BadBody as bad:
        raise BadRequest(str(bad)) from None
    token, asked = form.get("csrf_token"), form.get("session")
    known = () if request.csrf_is_new else request.csrf_secrets
    if not isinstance(token, str) or not any(csrf.matches(secret, token) for secret in known):
        raise csrf_violation(request)
    current = _required(request, svc)
    if asked == EVERY_OTHER and current.identity is not None:
        svc.sessions.revoke_all(current.identity, keep=current.id, at=svc.clock.now())
    elif (session_id := canonical_uuid(str(asked))) and session_id != current.id:
        svc.sessions.revoke(current.identity_id, session_id)
    else:
        raise BadRequest("The form names no session that could be ended here")
    return Redirect(location=f"{svc.urls.public}/ui/sessions?ended={'all' if asked == EVERY_OTHER else 'one'}")


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
