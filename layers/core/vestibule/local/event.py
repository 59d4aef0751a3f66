"""API Gateway's HTTP API payload, version 2.0: from an HTTP request, and back from what a function returns.

Source: "Create AWS Lambda proxy integrations for HTTP APIs", API Gateway developer guide; and what API Gateway is known
to do beside it: it decodes `rawPath`, moves the Cookie header to `cookies`, and base64-encodes bodies that do not
call themselves text, HTML forms among them. No header is added: `X-Forwarded-*` are what the client sent.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast
from urllib.parse import parse_qsl, unquote

from msgspec import Struct

from vestibule.local.routes import Api, Match

ACCOUNT = "123456789012"
"""The account of AWS's own examples."""

_TEXT = ("text/", "application/json", "application/xml", "application/javascript")
_OURS = frozenset({"content-length", "transfer-encoding", "connection"})
"""Response headers that belong to the connection: the server sets them."""


class HttpRequest(Struct, frozen=True):
    api: Api
    method: str
    path: str
    """Percent-encoded, as sent."""
    query: str
    headers: tuple[tuple[str, str], ...]
    """Names in lower case, repeats kept."""
    body: bytes
    source_ip: str
    protocol: str
    """`HTTP/1.1`"""
    request_id: str
    at: datetime
    """Aware, UTC."""

    def header(self, name: str) -> str:
        """The first value, or nothing."""
        return next((value for key, value in self.headers if key == name), "")


class HttpResponse(Struct, frozen=True):
    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @classmethod
    def message(cls, status: int, text: str) -> HttpResponse:
        """API Gateway's own answers look like this."""
        body = json.dumps({"message": text}).encode()
        return cls(status, (("content-type", "application/json"),), body)


class BadResult(Exception):
    """The function returned what API Gateway would not take. The text says what, never a value."""


def from_request(request: HttpRequest, match: Match) -> dict[str, Any]:
    """The event for the function behind `match`. Members without content are left out, as API Gateway does."""
    host = request.header("host")
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": match.route.key,
        "rawPath": unquote(request.path),
        "rawQueryString": request.query,
        "headers": _headers(request),
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": request.api,
            "domainName": host,
            "domainPrefix": host.partition(".")[0],
            "http": {
                "method": request.method,
                "path": unquote(request.path),
                "protocol": request.protocol,
                "sourceIp": request.source_ip,
                "userAgent": request.header("user-agent"),
            },
            "requestId": request.request_id,
            "routeKey": match.route.key,
            "stage": "$default",
            "time": request.at.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(request.at.timestamp() * 1000),
        },
        "isBase64Encoded": False,
    }
    if cookies := _cookies(request):
        event["cookies"] = cookies
    if parameters := _query(request.query):
        event["queryStringParameters"] = parameters
    if match.parameters:
        event["pathParameters"] = dict(match.parameters)
    if request.body:
        event["body"], event["isBase64Encoded"] = _body(request)
    return event


def to_response(result: Any) -> HttpResponse:
    """What API Gateway would send for the function's return value. Raises BadResult."""
    if not isinstance(result, dict) or "statusCode" not in result:
        return _inferred(result)
    answer = cast("dict[str, Any]", result)
    status = answer["statusCode"]
    if not isinstance(status, int | str) or not str(status).isdecimal() or not 100 <= int(status) <= 599:
        raise BadResult("statusCode is no HTTP status")
    headers = _response_headers(answer)
    body = _response_body(answer)
    if body and not any(name == "content-type" for name, _ in headers):
        headers.append(("content-type", "text/plain;charset=UTF-8"))
    return HttpResponse(int(status), tuple(headers), body)


# --- the request's parts --------------------------------------------------------------------------------


def _headers(request: HttpRequest) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in request.headers:
        if name != "cookie":
            joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _cookies(request: HttpRequest) -> list[str]:
    sent = ";".join(value for name, value in request.headers if name == "cookie")
    return [cookie.strip() for cookie in sent.split(";") if cookie.strip()]


def _query(query: str) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _body(request: HttpRequest) -> tuple[str, bool]:
    """The body as text, or base64 and True."""
    kind = request.header("content-type").strip().lower()
    if not kind or kind.startswith(_TEXT):
        try:
            return request.body.decode("utf-8"), False
        except UnicodeDecodeError:
            pass  # called text and is none: base64, as any other bytes
    return base64.b64encode(request.body).decode("ascii"), True


# --- the response's parts -------------------------------------------------------------------------------


def _inferred(result: Any) -> HttpResponse:
    """A return value without statusCode is the body of a 200, as JSON unless it is text."""
    try:
        body = result if isinstance(result, str) else json.dumps(result)
    except (TypeError, ValueError):
        raise BadResult("the return value is no JSON") from None
    return HttpResponse(200, (("content-type", "application/json"),), body.encode())


def _response_headers(answer: Mapping[str, Any]) -> list[tuple[str, str]]:
    sent: dict[str, Any] = answer.get("headers") or {}
    given = {name.lower(): _text(value) for name, value in sent.items()}
    headers = [(name, value) for name, value in given.items() if name not in _OURS]
    headers += [("set-cookie", _text(cookie)) for cookie in answer.get("cookies") or ()]
    if any("\r" in value or "\n" in value or "\0" in value for _, value in headers):
        raise BadResult("a header has a line break")
    return headers


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    raise BadResult("a header is no text")


def _response_body(answer: Mapping[str, Any]) -> bytes:
    body = answer.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise BadResult("the body is no text")
    if not answer.get("isBase64Encoded"):
        return body.encode("utf-8", "replace")
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        raise BadResult("the body is no base64") from None
