"""Messages by HTTP: `courier.http`, and `courier.channels[]`. Contract 06 §8."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from vestibule.adapters.jsonnet import Jsonnet, JsonnetExhausted, JsonnetMissing, JsonnetRefused
from vestibule.config.fetch import FetchError
from vestibule.config.json_shapes import is_object
from vestibule.domain.courier import CourierMessage, Letter
from vestibule.domain.courier_fields import template_data
from vestibule.ports import ChannelUnavailable, MessageRefused, Web, WebUnreachable

if TYPE_CHECKING:
    from vestibule.config.courier import RequestConfig
    from vestibule.config.hooks import Auth

TIMEOUT = 10.0
ANSWER_LIMIT = 64 * 1024

_BUSY = frozenset({408, 425, 429, 502, 503, 504})
"""Statuses that say something of the gateway and nothing of the message."""

_FORM = "application/x-www-form-urlencoded"
_DEFAULT_FIELDS = (
    "to", "recovery_code", "recovery_url", "verification_url", "verification_code", "login_code", "registration_code",
)  # fmt: skip


class HttpChannel:
    """Port Deliver. One request a try; any 2xx answer takes the message over."""

    def __init__(self, settings: RequestConfig, web: Web, fetch: Callable[[str], bytes], jsonnet: Jsonnet) -> None:
        self._settings = settings
        self._web = web
        self._jsonnet = jsonnet
        self._fetch = fetch
        self._template: str | None = None

    def __call__(self, message: CourierMessage, letter: Letter) -> None:
        if self._settings.url is None:
            raise ChannelUnavailable("No address is configured for it")
        headers = self._headers(message)
        body = _encoded(self._body(message, letter), headers)
        try:
            answer = self._web.request(
                self._settings.method, self._settings.url, headers=headers, body=body, timeout=TIMEOUT,
                limit=ANSWER_LIMIT,
            )  # fmt: skip
        except WebUnreachable as unreachable:
            raise ChannelUnavailable(f"The gateway did not answer: {unreachable}") from None
        if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            return
        if answer.status in _BUSY:
            raise ChannelUnavailable(f"The gateway answered {answer.status}")
        raise MessageRefused(f"The gateway answered {answer.status}")

    def _headers(self, message: CourierMessage) -> dict[str, str]:
        """Those of the configuration go before ours. The key lets a gateway tell a repeat."""
        given = dict(self._settings.headers)
        if self._settings.auth is not None:
            given |= authorisation(self._settings.auth)
        names = {name.lower() for name in given}
        ours = {"Content-Type": "application/json", "Idempotency-Key": message.id}
        return {name: value for name, value in ours.items() if name.lower() not in names} | given

    def _body(self, message: CourierMessage, letter: Letter) -> Any:
        context = _context(message, letter)
        if self._settings.body is None:
            return _default_body(context)
        try:
            if self._template is None:
                self._template = self._fetch(self._settings.body).decode()
            return self._jsonnet.evaluate(self._template, tla={"ctx": context})
        except JsonnetMissing as missing:
            raise ChannelUnavailable(str(missing)) from None
        except (FetchError, UnicodeDecodeError):
            raise ChannelUnavailable("The template of its body cannot be read") from None
        except JsonnetExhausted as exhausted:
            raise MessageRefused(str(exhausted)) from None
        except JsonnetRefused:
            raise MessageRefused("The template of its body failed") from None  # its words may quote the message


def authorisation(auth: Auth) -> dict[str, str]:
    """The header that proves who calls."""
    if auth.type == "api_key":
        value = auth.config.value
        return {"Cookie": f"{auth.config.name}={value}"} if auth.config.in_ == "cookie" else {auth.config.name: value}
    credentials = f"{auth.config.user}:{auth.config.password}"
    return {"Authorization": f"Basic {b64encode(credentials.encode()).decode()}"}


def _context(message: CourierMessage, letter: Letter) -> dict[str, Any]:
    """What the template's `ctx` is."""
    context = {
        "recipient": message.recipient,
        "subject": letter.subject,
        "body": letter.plain,
        "template_type": message.template_type,
        "template_data": template_data(message),
        "message_type": message.via,
        "request_headers": message.data.get("request_headers") or {},
    }
    return context | ({"html_body": letter.html} if letter.html else {})


def _default_body(context: Mapping[str, Any]) -> dict[str, Any]:
    """Kratos's own, as far as documented: what most gateways need, null where the message has none."""
    data = context["template_data"]
    filled = {name: data.get(name) for name in _DEFAULT_FIELDS}
    return {name: context[name] for name in ("recipient", "template_type", "subject", "body")} | filled


def _encoded(body: Any, headers: Mapping[str, str]) -> bytes:
    """JSON, or a form where the configured content type asks for one (texts stay as they are, the rest is JSON)."""
    kind = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    if kind.lower().startswith(_FORM) and is_object(body):
        return urlencode({k: v if isinstance(v, str) else json.dumps(v) for k, v in body.items()}).encode()
    return json.dumps(body, ensure_ascii=False).encode()
