"""The call that a hook makes: its headers and body. Contract 02 §4.1."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

from msgspec.structs import replace

from vestibule.config import references
from vestibule.config.json_shapes import is_object
from vestibule.domain.json import Json
from vestibule.domain.record import Unprinted
from vestibule.ports import ReadSecret, SecretUnavailable, TemplateCancelled, TemplateFailed, Templates

if TYPE_CHECKING:
    from vestibule.config.hooks import Auth, WebHookConfig
    from vestibule.config.methods import MigrateHookConfig

_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"
_CONTENT_TYPE = "content-type"
_SECRET = frozenset({"authorization", "cookie", "www-authenticate"})
"""Headers that other hosts never get, when one redirects there."""


def _no_secret(reference: str) -> str:
    del reference
    raise SecretUnavailable("secrets cannot be read here")


class CannotCall(Exception):
    """The hook's configuration or template makes no call. The text is for whoever configured it."""


class Call(Unprinted, frozen=True):
    """`private` are the (lower-case) names of the headers that prove who calls. `event_id` is what is told of.

    `told_url` is the address as it is configured, without the secrets in it: what logs may say.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    private: frozenset[str] = _SECRET
    told_url: str = ""
    event_id: str = ""

    def without_body(self) -> Call:
        """What a redirect makes of a call whose answer is elsewhere."""
        headers = {name: value for name, value in self.headers.items() if name.lower() != _CONTENT_TYPE}
        return replace(self, method="HEAD" if self.method == "HEAD" else "GET", headers=headers, body=None)

    def to_stranger(self) -> Call:
        """For another host: without what proves who calls."""
        kept = {name: value for name, value in self.headers.items() if name.lower() not in self.private}
        return replace(self, headers=kept)


def prepared(
    config: WebHookConfig | MigrateHookConfig,
    ctx: Json,
    templates: Templates,
    read_secret: ReadSecret = _no_secret,
    *,
    default_body: str | None = None,
) -> Call | None:
    """The call, or None where the template cancels it. Raises CannotCall, SecretUnavailable."""
    configured, body = config.url or "", config.body or default_body
    headers, private = _headers(config, read_secret)
    kind = next((value for name, value in headers.items() if name.lower() == _CONTENT_TYPE), "")
    url = references.filled(configured, read_secret, quote=lambda value: quote(value, safe=""))
    call = Call(config.method.upper(), url, headers, None, private, configured)
    if call.method == "TRACE":
        return call
    if kind.split(";")[0].strip().lower() not in (_JSON, _FORM):
        raise CannotCall(f"the content type is neither {_JSON} nor {_FORM}")
    if not body:
        raise CannotCall("it has no body")
    as_form = kind.lower().startswith(_FORM)
    secrets = {name: read_secret(reference) for name, reference in config.secrets.items()} or None
    try:
        value = templates(body, ctx, secrets=secrets)
    except TemplateCancelled:
        if not as_form:
            return None
        raise CannotCall("calls with a form cannot be cancelled") from None
    except TemplateFailed as failed:
        raise CannotCall(str(failed)) from None
    return replace(call, body=_form(value) if as_form else json.dumps(value, ensure_ascii=False).encode())


def _headers(config: WebHookConfig | MigrateHookConfig, read: ReadSecret) -> tuple[dict[str, str], frozenset[str]]:
    proof = _proof(config.auth, read) if config.auth is not None else {}
    given = {name: references.filled(value, read) for name, value in config.headers.items()} | proof
    ours = {} if any(name.lower() == _CONTENT_TYPE for name in given) else {"Content-Type": _JSON}
    secret = {name.lower() for name, value in config.headers.items() if references.has_secrets(value)}
    return ours | given, _SECRET | {name.lower() for name in proof} | secret


def _proof(auth: Auth, read: ReadSecret) -> dict[str, str]:
    if auth.type == "api_key":
        key, value = auth.config, references.filled(auth.config.value, read)
        return {"Cookie": f"{key.name}={value}"} if key.in_ == "cookie" else {key.name: value}
    user, password = (references.filled(text, read) for text in (auth.config.user, auth.config.password))
    return {"Authorization": f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"}


def _form(value: Any) -> bytes:
    if not is_object(value) or not all(isinstance(each, str) for each in value.values()):
        raise CannotCall("the template of a form makes an object of texts")
    return "&".join(f"{quote_plus(name)}={quote_plus(text)}" for name, text in sorted(value.items())).encode()
