"""Our side of the conversation with a provider: where people are sent, and what their code is traded for."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, urlencode

from msgspec import field

from vestibule.config.json_shapes import is_object
from vestibule.config.urls import with_query
from vestibule.crypto.text import to_base64url
from vestibule.domain.errors import InternalError
from vestibule.domain.json import Json
from vestibule.domain.record import Unprinted
from vestibule.methods.oidc import apple
from vestibule.methods.oidc.endpoints import Endpoints, failed, nonsense
from vestibule.methods.oidc.providers import Provider, requested_claims
from vestibule.ports import WebResponse, WebUnreachable
from vestibule.services import Services

_log = logging.getLogger("vestibule")

TIMEOUT = 8.0
"""Seconds for one question to a provider: three of them stay below what a request may take."""

LIMIT = 512 * 1024
_LONGEST_TOKEN = 32 * 1024
_UPSTREAM = ("hd", "prompt", "auth_type", "acr_values")
"""Which parameters of the sign-in page a client may choose."""

_CODE = re.compile(r"[a-zA-Z0-9_.-]{1,64}")


class Tokens(Unprinted, frozen=True):
    """What a code was traded for. `answer` is all that came with them."""

    access: str = ""
    id: str = ""
    refresh: str = ""
    answer: Json = field(default_factory=dict[str, Any])


# --- the way there --------------------------------------------------------------------------------------


def redirect_uri(provider: Provider, svc: Services) -> str:
    """Where the provider sends people back to."""
    base = str(svc.config.selfservice.methods.oidc.config.base_redirect_uri or svc.urls.public).rstrip("/")
    callback = f"{base}/self-service/methods/oidc/callback"
    return callback if provider.pkce == "force" else f"{callback}/{quote(provider.id, safe='')}"


def uses_pkce(provider: Provider, at: Endpoints) -> bool:
    return provider.pkce == "force" or (provider.pkce == "auto" and at.knows_pkce)


def challenge(verifier: str) -> str:
    """RFC 7636 §4.2, S256."""
    return to_base64url(hashlib.sha256(verifier.encode()).digest())


def sign_in_address(
    provider: Provider, at: Endpoints, state: str, svc: Services, *, verifier: str, nonce: str,
    refresh: bool = False, upstream: Mapping[str, Any] | None = None,
) -> str:  # fmt: skip
    """The provider's sign-in page. `upstream` is what the client asks of it. Raises Misconfigured."""
    asked = {
        "client_id": provider.config.client_id,
        "redirect_uri": redirect_uri(provider, svc),
        "response_type": "code",
        "scope": " ".join(provider.scopes),
        "state": state,
        **provider.parameters(refresh=refresh),
    }
    if verifier:
        asked |= {"code_challenge": challenge(verifier), "code_challenge_method": "S256"}
    if nonce:
        asked["nonce"] = nonce
    if wanted := requested_claims(provider.config):
        asked["claims"] = json.dumps(wanted, separators=(",", ":"))
    chosen = {name: value for name in _UPSTREAM if isinstance(value := (upstream or {}).get(name), str) and value}
    fixed = dict(provider.row.on_refresh) if refresh else dict[str, str]()  # nobody gets around signing in once more
    return with_query(at.authorize, **dict(sorted((asked | chosen | fixed).items())))


# --- the code -------------------------------------------------------------------------------------------


def traded(provider: Provider, at: Endpoints, code: str, verifier: str, svc: Services) -> Tokens:
    """The tokens for a code. Raises UpstreamFailed, and InternalError where the provider refuses it."""
    form = {
        "code": code,
        "grant_type": "authorization_code",
        "redirect_uri": redirect_uri(provider, svc),
        **provider.row.exchange,
        **({"code_verifier": verifier} if verifier else {}),
    }
    answer = _asked_for_tokens(provider, at, form, svc)
    said = document(answer)
    refused = said is not None and not said.get("access_token") and not said.get("accessToken")
    if 400 <= answer.status < 500 or (answer.status < 300 and refused and "error" in (said or {})):
        error = str((said or {}).get("error", ""))
        why = error if _CODE.fullmatch(error) else str(answer.status)
        _log.warning("a provider refuses the code: %s", why, extra={"provider": provider.id})
        raise InternalError
    if answer.status >= 300 or said is None:
        raise nonsense(provider, f"token endpoint, {answer.status}")
    return _tokens(provider, said)


def _asked_for_tokens(provider: Provider, at: Endpoints, form: dict[str, str], svc: Services) -> WebResponse:
    client_id, ours = provider.config.client_id, secret(provider, svc)
    headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
    body = urlencode(sorted(form.items()))
    if provider.row.client_in == "json":
        headers["Content-Type"] = "application/json"
        names = {"clientId": client_id, "clientSecret": ours, "code": form["code"]}
        body = json.dumps(names | {"grantType": form["grant_type"]})
    elif at.client_in_body:
        body = urlencode(sorted({**form, "client_id": client_id, "client_secret": ours}.items()))
    else:
        # RFC 6749 §2.3.1: form-encoded before they are joined.
        pair = f"{quote_plus(client_id)}:{quote_plus(ours)}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    return ask(provider, "POST", at.token, svc, headers=headers, body=body.encode())


def secret(provider: Provider, svc: Services) -> str:
    """Ours, by which the provider knows us. Raises Misconfigured."""
    if provider.config.provider == "apple":
        return apple.client_secret(provider, svc)
    return provider.config.client_secret or ""


def _tokens(provider: Provider, said: Json) -> Tokens:
    texts = {
        name: str(said.get(name) or said.get(other) or "")
        for name, other in (("access_token", "accessToken"), ("id_token", ""), ("refresh_token", "refreshToken"))
    }
    if not texts["access_token"] or any(len(text) > _LONGEST_TOKEN for text in texts.values()):
        raise nonsense(provider, "token endpoint, no usable token")
    return Tokens(texts["access_token"], texts["id_token"], texts["refresh_token"], said)


# --- questions ------------------------------------------------------------------------------------------


def ask(
    provider: Provider, method: str, url: str, svc: Services, *, headers: Mapping[str, str], body: bytes | None = None
) -> WebResponse:
    """Raises UpstreamFailed."""
    try:
        return svc.web.request(method, url, headers=headers, body=body, timeout=TIMEOUT, limit=LIMIT)
    except WebUnreachable as unreachable:
        raise failed(provider, unreachable) from None


def document(answer: WebResponse) -> Json | None:
    """JSON, or the form that some answer with whatever they are asked for."""
    document = json_of(answer)
    if document is None and "form-urlencoded" in answer.headers.get("content-type", ""):
        return dict(parse_qsl(answer.body.decode("utf-8", "replace")))
    return document if is_object(document) else None


def json_of(answer: WebResponse) -> Any:
    """None where it is none."""
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
