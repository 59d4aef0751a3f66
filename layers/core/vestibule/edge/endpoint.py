"""From a step to a Lambda handler: event → request → step → answer. Every door is made here."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from msgspec.structs import replace

from vestibule import wiring
from vestibule.domain.errors import FlowError, InternalError, ServiceUnavailable, TooLarge
from vestibule.domain.json import Json
from vestibule.domain.outcome import CookieChanges, Outcome
from vestibule.domain.request import Request
from vestibule.edge import cookies, cors, render, telemetry
from vestibule.edge.event import Event, came_through_the_proxy, headers_of, to_request
from vestibule.edge.render import Response
from vestibule.ports import ItemTooLarge, StoreUnavailable
from vestibule.services import Services

Step = Callable[[Request, Services], Outcome]
Handler = Callable[[Event, Any], dict[str, Any]]

_UNCACHED = "private, no-cache, no-store, must-revalidate"


class Api(StrEnum):
    PUBLIC = "public"
    ADMIN = "admin"


def endpoint(step: Step, *, api: Api = Api.PUBLIC) -> Handler:
    """The handler that serves a step. On Lambda the services are made while the environment starts, not per request."""
    if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
        wiring.services()

    def handler(event: Event, context: Any) -> dict[str, Any]:
        svc = wiring.services_at(event.get("stageVariables") or {})
        with telemetry.request(event, context):
            return _answer(step, event, svc, public=api is Api.PUBLIC)

    return handler


def _answer(step: Step, event: Event, svc: Services, *, public: bool) -> dict[str, Any]:
    if public and not came_through_the_proxy(event, svc):  # nothing is stored for it, not even an error
        return {"statusCode": 403, "headers": {"Content-Type": "text/plain"}, "body": "Use the public address.\n"}
    try:
        request = to_request(event, svc, public=public)
    except FlowError as error:
        method, path = event["requestContext"]["http"]["method"], event.get("rawPath", "/")
        blank = Request(method=method, path=path, url="", headers=headers_of(event))
        telemetry.refused(error, blank)
        return _sent(_failed(error, blank, svc), blank, svc, public=public)
    if public and request.method == "OPTIONS":
        return _sent(Response(204), request, svc, public=public)
    try:
        outcome = step(request, svc)
        telemetry.count(outcome)
        response = render.response(outcome, request, svc)
    except FlowError as error:
        telemetry.refused(error, request)
        response = _failed(error, request, svc)
    except ItemTooLarge:
        error = TooLarge("What was sent is larger than what can be stored")
        telemetry.refused(error, request)
        response = _failed(error, request, svc)
    except StoreUnavailable as unavailable:
        telemetry.failed(unavailable)
        response = _failed(ServiceUnavailable("The store is busy or out of reach; try again soon"), request, svc)
        response = replace(response, headers={**response.headers, "Retry-After": "1"})
    except Exception as failure:  # noqa: BLE001 (the last door: whatever happens, the client gets an answer)
        telemetry.failed(failure)
        response = _failed(InternalError(), request, svc)
    return _sent(response, request, svc, public=public)


def _failed(error: FlowError, request: Request, svc: Services) -> Response:
    def stored(document: Json) -> str:
        try:
            return svc.failures.add(document).id
        except StoreUnavailable:
            return "unavailable"

    return render.error_response(error, request, stored, svc)


def _sent(response: Response, request: Request, svc: Services, *, public: bool) -> dict[str, Any]:
    """API Gateway's answer (payload version 2.0), with what every answer carries."""
    headers: dict[str, str] = dict(response.headers)
    if request.method in ("GET", "HEAD"):
        headers.setdefault("Cache-Control", _UNCACHED)
    set_cookies: list[str] = []
    if public:
        headers |= cors.headers(request, svc.config.serve.public.cors)
        changes = response.cookies
        if request.csrf_is_new and not changes.csrf:
            changes = CookieChanges(request.csrf, changes.session, changes.ended)
        set_cookies = cookies.written(changes, svc.config, svc.urls.public, svc.cookie_sealer, svc.clock.now())
    return {"statusCode": response.status, "headers": headers, "cookies": set_cookies, **_body(response)}


def _body(response: Response) -> Mapping[str, Any]:
    try:
        return {"body": response.body.decode(), "isBase64Encoded": False}
    except UnicodeDecodeError:
        return {"body": base64.b64encode(response.body).decode(), "isBase64Encoded": True}
