"""A stored flow, for those who may see or submit it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from uuid import UUID

from msgspec import Struct

from vestibule.crypto import csrf
from vestibule.crypto.tokens import SessionToken
from vestibule.domain.errors import BadRequest, CsrfViolation, FlowExpired, Gone, NotFound
from vestibule.domain.flow import Flow, Kind
from vestibule.domain.message import Problem
from vestibule.domain.request import Request
from vestibule.domain.session import Session
from vestibule.ports import Item, Key
from vestibule.services import Services
from vestibule.stores.flows import flow_key
from vestibule.ui import messages

_HARMLESS_COOKIE = re.compile(r"^(__cf|_cf|cf_)")
_EXPIRE_WITH_ID = {Kind.LOGIN, Kind.REGISTRATION}
_CSRF_DOCS = "https://www.ory.com/docs/troubleshooting/csrf"


class Resumed(Struct, frozen=True):
    """A flow that is submitted, who submits it (an active session or None), and what else was asked for."""

    flow: Flow
    session: Session | None
    found: Mapping[Key, Item | None]


def fetch(kind: Kind, request: Request, svc: Services) -> Flow:
    """The flow of `?id=`, for the browser it belongs to. Contract 01 §11.

    Raises NotFound, CsrfViolation, FlowExpired or Gone.
    """
    flow_id = canonical_uuid(request.param("id"))
    flow = svc.flows.find(flow_id, kind) if flow_id else None
    if flow is None:
        raise NotFound
    ensure_own(flow, request)
    if flow.expires_at <= svc.clock.now():
        named = kind in _EXPIRE_WITH_ID or (kind is Kind.RECOVERY and flow.is_api)
        expired = FlowExpired if named else Gone
        raise expired("The flow has expired; start a new one", details=how_to_start_again(flow, svc))
    return flow


def resume(kind: Kind, request: Request, svc: Services, also: Sequence[Key] = ()) -> Resumed:
    """The flow of `?flow=` with the session of its client, in one batch read. `also` is read with them.

    Raises BadRequest (no id, or none that could be one) and NotFound.
    """
    flow_id = canonical_uuid(request.param("flow"))
    if flow_id is None:
        raise BadRequest("The query parameter flow is missing or is no flow id; start a flow first")
    token = SessionToken.parse(request.session_token) if request.session_token else None
    keys = [flow_key(flow_id), *(svc.sessions.keys(token) if token else ()), *also]
    wanted = list(dict.fromkeys(keys))
    found = dict(zip(wanted, svc.table.get(wanted), strict=True))
    flow = svc.flows.read(found[flow_key(flow_id)], kind)
    if flow is None:
        raise NotFound
    session = None
    if token is not None:
        session_key, identity_key = svc.sessions.keys(token)
        session = svc.sessions.read(token, found[session_key], found[identity_key])
    active = session if session is not None and session.active_at(svc.clock.now()) else None
    return Resumed(flow, active, found)


def active_session(request: Request, svc: Services) -> Session | None:
    """The session whose token the request carries, if it is active. No token, no read."""
    token = SessionToken.parse(request.session_token) if request.session_token else None
    session = svc.sessions.find(token) if token else None
    return session if session is not None and session.active_at(svc.clock.now()) else None


def guard(flow: Flow, request: Request, token: str) -> Problem | None:
    """Whether the form comes from the flow's own client. Contract 07 §2.

    A browser flow needs the cookie's secret in the form: raises CsrfViolation. An api flow must not come from a
    browser at all, where cookies would be sent along unasked: that is a problem of the form.
    """
    if flow.is_api:
        return _browser_in_disguise(request)
    presented = token or request.headers.get("x-csrf-token", "")
    secret = csrf_secret(flow, request)
    if secret is None or not csrf.matches(secret, presented):
        raise csrf_violation(request)
    return None


def ensure_own(flow: Flow, request: Request) -> None:
    """For answers that show a browser's flow before its form could be read. Raises CsrfViolation."""
    if not flow.is_api and not flow.unguarded and csrf_secret(flow, request) is None:
        raise csrf_violation(request)


def csrf_secret(flow: Flow, request: Request) -> str | None:
    """Which of the browser's CSRF secrets the flow belongs to; None for another browser's flow."""
    if request.csrf_is_new or not flow.csrf:
        return None
    return next((secret for secret in request.csrf_secrets if csrf.belongs_to(secret, flow.csrf)), None)


def csrf_violation(request: Request) -> CsrfViolation:
    scripted = request.headers.get("sec-fetch-mode") in ("cors", "same-origin")
    hint = (
        "The request was made by a script: send cookies with it (credentials: include)"
        if scripted
        else "The form was sent without the cookies it was opened with: are they blocked, or is it on another host?"
    )
    if not request.cookies:
        why = "No cookies came with the request"
    elif request.csrf_is_new or not request.csrf:
        why = "The CSRF cookie is missing"
    elif request.method in ("GET", "HEAD"):
        why = ""  # as recorded: a flow of another browser was asked for, with no token to speak of
    else:
        why = "The CSRF token is missing or does not belong to the CSRF cookie"
    details = {"docs": _CSRF_DOCS, "hint": hint}
    if why:
        details["reject_reason"] = why
    return CsrfViolation("The request could not be told from one that another site forged", details=details)


def canonical_uuid(text: str | None) -> str | None:
    """Lower-case canonical text, or None for anything that is no UUID."""
    if text is None or len(text) != 36:
        return None
    try:
        return str(UUID(text))
    except ValueError:
        return None


def _browser_in_disguise(request: Request) -> Problem | None:
    cookies = [name for name in request.cookies if not _HARMLESS_COOKIE.match(name)]
    if "origin" not in request.headers and not cookies:
        return None
    reason = (
        "This flow is for native apps, and the request looks like one of a browser (it has an Origin header or "
        "cookies). Start a browser flow instead"
    )
    return Problem(messages.GENERIC(reason=reason))


def how_to_start_again(flow: Flow, svc: Services) -> dict[str, str]:
    if flow.is_api:
        return {"api": svc.urls.self_service(f"{flow.kind}/api")}
    return_to = flow.return_to
    if return_to is None:
        return {"redirect_to": svc.urls.self_service(f"{flow.kind}/browser"), "return_to": ""}
    start = svc.urls.self_service(f"{flow.kind}/browser", return_to=return_to)
    return {"redirect_to": start, "return_to": return_to}
