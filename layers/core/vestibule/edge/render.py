"""How each outcome and each error reaches the three clients. The one table of answers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct, field

from vestibule.domain.errors import FlowError, LocationChangeRequired, TooManyRequests
from vestibule.domain.flow import Flow, Kind
from vestibule.domain.json import Json
from vestibule.domain.outcome import (
    UNCHANGED,
    Content,
    CookieChanges,
    Document,
    Empty,
    FlowContinued,
    FlowInvalid,
    FlowShown,
    FlowStarted,
    LoggedOut,
    Outcome,
    Redirect,
    SignedIn,
    SignedUp,
)
from vestibule.domain.request import ClientKind, Request
from vestibule.services import Services

_JSON = "application/json; charset=utf-8"
_PAGE = re.compile(r"/self-service/(?!errors$)(?!.*/flows$).*|/ui/.*")
"""Addresses that people open: their errors are pages. All others answer JSON whoever asks."""


class Response(Struct, frozen=True):
    """An HTTP answer, before cookies and headers that all answers share."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    cookies: CookieChanges = UNCHANGED


def client_of(request: Request, flow: Flow | None = None) -> ClientKind:
    """Contract 01 §1: the flow's type decides first, then what the request accepts."""
    if flow is not None and flow.is_api:
        return ClientKind.NATIVE
    if flow is None and request.path.endswith("/api"):
        return ClientKind.NATIVE
    return ClientKind.SPA if request.wants_json else ClientKind.BROWSER


def _started(outcome: FlowStarted, request: Request, svc: Services) -> Response:
    # The start of a browser flow looks at Accept alone; its request has no body to have a type (contract 01 §1).
    if outcome.flow.is_api or request.accepts_json:
        return _json(outcome.document, cookies=outcome.cookies)
    return _see(svc.urls.ui(outcome.flow.kind, flow=outcome.flow.id), cookies=outcome.cookies)


def _shown(outcome: FlowShown, request: Request, svc: Services) -> Response:
    return _json(outcome.document, cookies=outcome.cookies)


def _invalid(outcome: FlowInvalid, request: Request, svc: Services) -> Response:
    if client_of(request, outcome.flow) is not ClientKind.BROWSER:
        return _json(outcome.document, 400, cookies=outcome.cookies)
    return _see(svc.urls.ui(outcome.flow.kind, flow=outcome.flow.id), outcome.browser_status, outcome.cookies)


def _continued(outcome: FlowContinued, request: Request, svc: Services) -> Response:
    if outcome.apps == "told" and request.wants_json:
        return _only_in_a_browser(outcome.location, outcome.cookies)
    if outcome.apps != "shown":
        return _see(outcome.location, cookies=outcome.cookies)
    # A verification goes on for whom its request accepts, whatever type its flow has (contract 01 §1, 08).
    by_accept = outcome.flow.kind is Kind.VERIFICATION
    if not (request.accepts_html if by_accept else client_of(request, outcome.flow) is ClientKind.BROWSER):
        return _json(outcome.document, cookies=outcome.cookies)
    return _see(outcome.location or svc.urls.ui(outcome.flow.kind, flow=outcome.flow.id), cookies=outcome.cookies)


def _only_in_a_browser(location: str, cookies: CookieChanges) -> Response:
    error = LocationChangeRequired("The flow goes on in a browser, at redirect_browser_to")
    body = {"error": error.to_wire(), "redirect_browser_to": location}
    headers = {"Ory-Error-Id": error.id or "", "Content-Type": "application/json"}
    return Response(error.status, encoded(body), headers, cookies)


def _signed_in(outcome: SignedIn, request: Request, svc: Services) -> Response:
    match client_of(request, outcome.flow):
        case ClientKind.BROWSER:
            return _see(outcome.return_to, cookies=outcome.cookies)
        case ClientKind.SPA:
            if not outcome.complete:
                return _only_in_a_browser(outcome.return_to, outcome.cookies)
            items = [_redirect_item(outcome.return_to), *outcome.continue_with]
            return _json({"session": outcome.session, "continue_with": items}, cookies=outcome.cookies)
        case ClientKind.NATIVE:
            items = list(outcome.continue_with) or None
            return _json({"session_token": outcome.token, "session": outcome.session, "continue_with": items})


def _signed_up(outcome: SignedUp, request: Request, svc: Services) -> Response:
    client = client_of(request, outcome.flow)
    if client is ClientKind.BROWSER:
        return _see(outcome.return_to, cookies=outcome.cookies)
    items = list(outcome.continue_with)
    body: Json = {"identity": outcome.identity}
    if outcome.session is not None:
        body["session"] = outcome.session
    if client is ClientKind.SPA:
        items.insert(0, _redirect_item(outcome.return_to))
    elif outcome.token is not None:
        body["session_token"] = outcome.token
        items.append({"action": "set_ory_session_token", "ory_session_token": outcome.token})
    return _json(body | {"continue_with": items or None}, cookies=outcome.cookies)


def _logged_out(outcome: LoggedOut, request: Request, svc: Services) -> Response:
    headers = {"Clear-Site-Data": '"cookies", "storage", "cache"'} if outcome.clear_site_data else {}
    if request.wants_json:
        return Response(204, headers=headers, cookies=outcome.cookies)
    return Response(303, headers=headers | {"Location": outcome.return_to}, cookies=outcome.cookies)


def _document(outcome: Document, request: Request, svc: Services) -> Response:
    return _json(outcome.body, outcome.status, outcome.cookies, outcome.headers)


def _content(outcome: Content, request: Request, svc: Services) -> Response:
    headers = {"Content-Type": outcome.content_type, **outcome.headers}
    return Response(outcome.status, outcome.body, headers, outcome.cookies)


def _empty(outcome: Empty, request: Request, svc: Services) -> Response:
    return Response(outcome.status, headers=outcome.headers, cookies=outcome.cookies)


def _redirect(outcome: Redirect, request: Request, svc: Services) -> Response:
    return _see(outcome.location, outcome.status, outcome.cookies)


_ANSWERS: Mapping[type[Any], Callable[[Any, Request, Services], Response]] = {
    FlowStarted: _started,
    FlowShown: _shown,
    FlowInvalid: _invalid,
    FlowContinued: _continued,
    SignedIn: _signed_in,
    SignedUp: _signed_up,
    LoggedOut: _logged_out,
    Document: _document,
    Content: _content,
    Empty: _empty,
    Redirect: _redirect,
}


def response(outcome: Outcome, request: Request, svc: Services) -> Response:
    """The answer to a request. Contract 01 §4 and §5."""
    return _ANSWERS[type(outcome)](outcome, request, svc)


def error_response(error: FlowError, request: Request, store: Callable[[Json], str], svc: Services) -> Response:
    """Apps get the error itself. Browsers get the page it names, or the error page; `store` keeps it and gives the id.

    Contract 04 §5.
    """
    headers = {"Ory-Error-Id": error.id or "", **error.headers}
    if isinstance(error, TooManyRequests):
        headers["Retry-After"] = str(max(1, -int(-error.retry_after.total_seconds() // 1)))
    if _PAGE.fullmatch(request.path) and client_of(request) is ClientKind.BROWSER:
        location = error.browser_location or svc.urls.ui("error", id=store(error.to_wire()))
        return Response(error.browser_status, headers=headers | {"Location": location}, cookies=error.cookies)
    body = {"error": error.to_wire(), **error.beside}
    return Response(error.status, encoded(body), headers | {"Content-Type": "application/json"}, error.cookies)


def encoded(body: Any) -> bytes:
    """JSON that is harmless inside HTML too."""
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    escaped = text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    return escaped.encode("utf-8", "backslashreplace")


def _json(
    body: Any, status: int = 200, cookies: CookieChanges = UNCHANGED, headers: Mapping[str, str] | None = None
) -> Response:
    return Response(status, encoded(body), {"Content-Type": _JSON, **(headers or {})}, cookies)


def _see(location: str, status: int = 303, cookies: CookieChanges = UNCHANGED) -> Response:
    return Response(status, headers={"Location": location}, cookies=cookies)


def _redirect_item(location: str) -> Json:
    return {"action": "redirect_browser_to", "redirect_browser_to": location}
