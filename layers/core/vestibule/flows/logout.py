"""Sign out: browsers by a link with a token, apps by their session token. Contract 01 §9."""

from __future__ import annotations

from vestibule.config.urls import with_query
from vestibule.crypto import csrf
from vestibule.crypto.tokens import SessionToken, is_logout_token, logout_token
from vestibule.domain.errors import BadRequest, Forbidden, SessionInactive
from vestibule.domain.outcome import CookieChanges, Document, Empty, LoggedOut, Outcome
from vestibule.domain.request import Request
from vestibule.domain.session import Session
from vestibule.lifecycle import destinations
from vestibule.lifecycle.loading import active_session
from vestibule.services import Services
from vestibule.ui.decode import BadBody, decode
from vestibule.ui.shape import shape

_HTTPS = "https://"


def start(request: Request, svc: Services) -> Outcome:
    """The link that ends the browser's session. Raises SessionInactive, ReturnToForbidden."""
    session = _session(request, svc)
    destinations.requested(request, svc)
    token = logout_token(svc.logout_keys[0], session.id)
    return_to = request.param("return_to")
    query = {"return_to": return_to, "token": token} if return_to else {"token": token}
    return Document(
        body={"logout_token": token, "logout_url": with_query(svc.urls.self_service("logout"), **query)},
    )


def submit(request: Request, svc: Services) -> Outcome:
    """GET with the link's token for browsers, DELETE with the session token for apps."""
    return _by_app(request, svc) if request.method == "DELETE" else _by_browser(request, svc)


def _by_browser(request: Request, svc: Services) -> Outcome:
    """Raises BadRequest (no token), SessionInactive, Forbidden (a token of another session), ReturnToForbidden."""
    token = request.param("token")
    if token is None:
        raise BadRequest("The query parameter token is missing; get it from the start of the logout flow")
    session = _session(request, svc)
    if not is_logout_token(token, svc.logout_keys, session.id):
        raise Forbidden("The logout token does not belong to this session")
    return_to = destinations.requested(request, svc)
    svc.sessions.revoke(session.identity_id, session.id)
    logout = svc.config.selfservice.flows.logout
    default = svc.urls.absolute(logout.after.default_browser_return_url or svc.urls.default_return)
    return LoggedOut(
        return_to=return_to or default,
        clear_site_data=logout.clear_browser_data and svc.urls.public.startswith(_HTTPS),
        cookies=CookieChanges(csrf=csrf.new_secret(svc.random.bytes), ended=True),
    )


def _by_app(request: Request, svc: Services) -> Outcome:
    """Ending a session again is fine; a token that opens none is refused. Raises BadRequest, Forbidden."""
    try:
        form = decode(request.body, request.headers.get("content-type"), shape("session_token"))
    except BadBody as bad:
        raise BadRequest(str(bad)) from bad
    token = SessionToken.parse(str(form.get("session_token") or ""))
    session = svc.sessions.find(token) if token else None
    if session is None:
        raise Forbidden("The session token opens no session")
    svc.sessions.revoke(session.identity_id, session.id)
    return Empty()


def _session(request: Request, svc: Services) -> Session:
    session = active_session(request, svc)
    if session is None:
        raise SessionInactive("There is no session to end")
    return session
