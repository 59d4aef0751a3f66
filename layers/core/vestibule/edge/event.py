"""API Gateway's event (HTTP API, payload version 2.0) as a Request. The only place that knows its shape."""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote

from vestibule.crypto import csrf
from vestibule.domain.errors import BadRequest
from vestibule.domain.request import Request
from vestibule.edge import cookies
from vestibule.edge.csrf_cookie import issued_at
from vestibule.services import Services

Event = Mapping[str, Any]

_PATH = "/:@!$&'()*+,;=~"
"""What a path may hold as it is (RFC 3986 §3.3). The gateway hands paths and path parameters over decoded."""

_PROXY_KEY = "x-vestibule-proxy-key"
_MOST_PARAMETERS = 1000


def to_request(event: Event, svc: Services, *, public: bool) -> Request:
    """The request in the event. Only the public API knows cookies and CSRF. Raises BadRequest."""
    parameters: dict[str, str] = event.get("pathParameters") or {}
    headers = headers_of(event)
    http = event["requestContext"]["http"]
    path, raw_query = _text(event.get("rawPath", "/")), _text(event.get("rawQueryString", ""))
    base = svc.urls.public if public else svc.urls.admin
    pairs = cookies.parse(event.get("cookies") or [headers.get("cookie", "")]) if public else []
    secrets = cookies.csrf_secrets(pairs, svc.urls.public)
    is_new = public and not secrets and issued_at(http["method"], path)
    token, cookie_expires_at = _session_token(headers, pairs, svc) if public else (None, None)
    trusted = svc.config.vestibule.trusted_proxy
    headers.pop(_PROXY_KEY, None)  # nothing behind this has to do with it
    return Request(
        method=http["method"],
        path=path,
        url=f"{base}{quote(path, safe=_PATH)}" + (f"?{raw_query}" if raw_query else ""),
        query=_query(raw_query),
        headers=headers,
        cookies=dict(reversed(pairs)),
        body=_body(event),
        path_parameters=parameters,
        client_ip=_client_ip(headers, http.get("sourceIp", ""), trusted=trusted),
        location=_location(headers) if trusted else "",
        csrf_secrets=(csrf.new_secret(svc.random.bytes),) if is_new else secrets,
        csrf_is_new=is_new,
        session_token=token,
        cookie_expires_at=cookie_expires_at,
    )


def came_through_the_proxy(event: Event, svc: Services) -> bool:
    """Whether the request was not sent around the proxy, which counts requests and says where they come from."""
    key = svc.config.vestibule.proxy_key
    return key is None or hmac.compare_digest(headers_of(event).get(_PROXY_KEY, "").encode(), key.encode())


def headers_of(event: Event) -> dict[str, str]:
    """By lower-case name."""
    given: dict[str, str] = event.get("headers") or {}
    return {name.lower(): _text(value) for name, value in given.items()}


def _text(given: str) -> str:
    """Half a surrogate pair is no text: it can be written in an event, but neither stored nor answered."""
    return given if given.isascii() else given.encode("utf-8", "replace").decode()


def _query(raw: str) -> tuple[tuple[str, str], ...]:
    try:
        return tuple(parse_qsl(raw, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS))
    except ValueError:
        raise BadRequest(f"The query has more than {_MOST_PARAMETERS} parameters") from None


def _body(event: Event) -> bytes:
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return body.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        raise BadRequest("The body cannot be decoded") from None


def _session_token(
    headers: Mapping[str, str], pairs: list[tuple[str, str]], svc: Services
) -> tuple[str | None, str | None]:
    """(token, expiry of its cookie): from X-Session-Token, else the cookie, else a bearer token. Contract 06 §7."""
    if token := headers.get("x-session-token"):
        return token, None
    if opened := cookies.opened_session(pairs, svc.config, svc.cookie_sealer):
        return opened
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    token = credentials.lstrip(" ")  # 1*SP before it (RFC 6750 §2.1); what follows it belongs to it
    return (token, None) if scheme.lower() == "bearer" and token else (None, None)


def _client_ip(headers: Mapping[str, str], source_ip: str, *, trusted: bool) -> str:
    """What the gateway saw; behind a trusted proxy, what that says it saw. Contract 06 §7, design §5."""
    if not trusted:
        return source_ip
    for name in ("true-client-ip", "cf-connecting-ip", "x-real-ip"):
        if address := _address(headers.get(name, "")):
            return address
    forwarded = [_address(part) for part in headers.get("x-forwarded-for", "").split(",")]
    public = [address for address in forwarded if address and not _is_inside(address)]
    return public[-1] if public else source_ip


_INSIDE = tuple(
    ipaddress.ip_network(network)
    for network in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16"),
        *("fc00::/7", "fe80::/10", "::1/128"),
    )
)
"""Where proxies of our own stand. Narrower than `is_private`, which also holds addresses for documentation."""


def _is_inside(address: str) -> bool:
    parsed = ipaddress.ip_address(address)
    return any(parsed in network for network in _INSIDE if network.version == parsed.version)


def _address(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:
        return None


def _location(headers: Mapping[str, str]) -> str:
    return ", ".join(filter(None, (headers.get("cf-ipcity", ""), headers.get("cf-ipcountry", ""))))
