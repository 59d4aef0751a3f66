"""The call that a hook makes: its headers and body. Contract 02 §4.1."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

from msgspec.structs import replace

from vestibule.config.json_shapes import is_object
from vestibule.domain.json import Json
from vestibule.domain.record import Unprinted
from vestibule.ports import TemplateCancelled, TemplateFailed, Templates

if TYPE_CHECKING:
    from vestibule.config.hooks import Auth, WebHookConfig

_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"
_CONTENT_TYPE = "content-type"
_SECRET = frozenset({"authorization", "cookie", "www-authenticate"})
"""Headers that other hosts never get, when one redirects there."""


class CannotCall(Exception):
    """The hook's configuration or template makes no call. The text is for whoever configured it."""


class Call(Unprinted, frozen=True):
    """`private` are the (lower-case) names of the headers that prove who calls. `event_id` is what is told of."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    private: frozenset[str] = _SECRET
    event_id: str = ""

    def without_body(self) -> Call:
        """What a redirect makes of a call whose answer is elsewhere."""
        headers = {name: value for name, value in self.headers.items() if name.lower() != _CONTENT_TYPE}
        return replace(self, method="HEAD" if self.method == "HEAD" else "GET", headers=headers, body=None)

    def to_stranger(self) -> Call:
        """For another host: without what proves who calls."""
        kept = {name: value for name, value in self.headers.items() if name.lower() not in self.private}
        return replace(self, headers=kept)


def prepared(config: WebHookConfig, ctx: Json, templates: Templates) -> Call | None:
    """The call, or None where the template cancels it. Raises CannotCall."""
    headers, private = _headers(config)
    kind = next((value for name, value in headers.items() if name.lower() == _CONTENT_TYPE), "")
    call = Call(config.method.upper(), config.url, headers, None, private)
    if call.method == "TRACE":
        return call
    if kind.split(";")[0].strip().lower() not in (_JSON, _FORM):
        raise CannotCall(f"the content type is neither {_JSON} nor {_FORM}")
    if not config.body:
        raise CannotCall("it has no body")
    as_form = kind.lower().startswith(_FORM)
    try:
        value = templates(config.body, ctx)
    except TemplateCancelled:
        if not as_form:
            return None
        raise CannotCall("calls with a form cannot be cancelled") from None
    except TemplateFailed as failed:
        raise CannotCall(str(failed)) from None
    return replace(call, body=_form(value) if as_form else json.dumps(value, ensure_ascii=False).encode())


def _headers(config: WebHookConfig) -> tuple[dict[str, str], frozenset[str]]:
    proof = _proof(config.auth) if config.auth is not None else {}
    given = dict(config.headers) | proof
    ours = {} if any(name.lower() == _CONTENT_TYPE for name in given) else {"Content-Type": _JSON}
    return ours | given, _SECRET | {name.lower() for name in proof}


def _proof(auth: Auth) -> dict[str, str]:
    if auth.type == "api_key":
        key = auth.config
        return {"Cookie": f"{key.name}={key.value}"} if key.in_ == "cookie" else {key.name: key.value}
    credentials = f"{auth.config.user}:{auth.config.password}"
    return {"Authorization": f"Basic {b64encode(credentials.encode()).decode()}"}


def _form(value: Any) -> bytes:
    if not is_object(value) or not all(isinstance(each, str) for each in value.values()):
        raise CannotCall("the template of a form makes an object of texts")
    return "&".join(f"{quote_plus(name)}={quote_plus(text)}" for name, text in sorted(value.items())).encode()
