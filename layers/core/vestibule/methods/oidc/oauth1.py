"""OAuth 1.0a, which X still speaks: RFC 5849, signed with HMAC-SHA1."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, urlsplit

from vestibule.config.urls import with_query
from vestibule.crypto.text import to_base64url
from vestibule.domain.errors import InternalError
from vestibule.domain.json import Json
from vestibule.domain.times import epoch_seconds
from vestibule.methods.oidc import client
from vestibule.methods.oidc.claims import claims
from vestibule.methods.oidc.client import Tokens, redirect_uri
from vestibule.methods.oidc.endpoints import nonsense
from vestibule.methods.oidc.id_tokens import Untrusted
from vestibule.methods.oidc.profiles import READERS
from vestibule.methods.oidc.providers import Provider
from vestibule.ports import WebResponse
from vestibule.services import Services

_REQUEST_TOKEN = "https://api.twitter.com/oauth/request_token"  # noqa: S105 (an address)


def sign_in_address(provider: Provider, state: str, svc: Services, *, refresh: bool = False) -> str:
    """The sign-in page, for a request token that knows where to go back to. Raises UpstreamFailed."""
    back = with_query(redirect_uri(provider, svc), state=state)
    answer = _asked(provider, "POST", _REQUEST_TOKEN, {"oauth_callback": back}, "", svc)
    said = _form(answer)
    if answer.status != 200 or said.get("oauth_callback_confirmed") != "true" or not said.get("oauth_token"):
        raise nonsense(provider, f"request token, {answer.status}")
    return with_query(provider.row.page, oauth_token=said["oauth_token"], **provider.parameters(refresh=refresh))


def person(provider: Provider, token: str, verifier: str, svc: Services) -> tuple[Json, Tokens]:
    """Who signed in. Raises Untrusted, UpstreamFailed, and InternalError where the provider refuses the verifier."""
    given = {"oauth_token": token, "oauth_verifier": verifier}
    answer = _asked(provider, "POST", provider.row.trade, given, "", svc)
    said = _form(answer)
    if 400 <= answer.status < 500:
        raise InternalError
    access, secret = said.get("oauth_token"), said.get("oauth_token_secret")
    if answer.status != 200 or not access or not secret:
        raise nonsense(provider, f"access token, {answer.status}")
    url = provider.row.documents["user"]
    if "email" in provider.config.scope:
        url = with_query(url, include_email="true")
    shown = _asked(provider, "GET", url, {"oauth_token": access}, secret, svc)
    profile = client.document(shown)
    if shown.status != 200 or profile is None:
        raise nonsense(provider, f"profile, {shown.status}")
    found = claims(READERS[provider.row.reader](profile), profile, issuer=provider.issuer)
    if not found.get("sub"):
        raise Untrusted(f"{provider.label} does not say who signed in")
    return found, Tokens(access)


def _asked(
    provider: Provider, method: str, url: str, given: Mapping[str, str], token_secret: str, svc: Services
) -> WebResponse:
    parameters = {
        "oauth_consumer_key": provider.config.client_id,
        "oauth_nonce": to_base64url(svc.random.bytes(16)),
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": str(epoch_seconds(svc.clock.now())),
        "oauth_version": "1.0",
        **given,
    }
    signed = signature(method, url, parameters, provider.config.client_secret or "", token_secret)
    pairs = sorted({**parameters, "oauth_signature": signed}.items())
    header = "OAuth " + ", ".join(f'{_escaped(name)}="{_escaped(value)}"' for name, value in pairs)
    return client.ask(provider, method, url, svc, headers={"Authorization": header, "Accept": "application/json"})


def signature(method: str, url: str, parameters: Mapping[str, str], secret: str, token_secret: str) -> str:
    """RFC 5849 §3.4: over the verb, the address without its query, and all parameters in order."""
    parts = urlsplit(url)
    every = [*parameters.items(), *parse_qsl(parts.query, keep_blank_values=True)]
    joined = "&".join(f"{name}={value}" for name, value in sorted((_escaped(n), _escaped(v)) for n, v in every))
    base = "&".join(map(_escaped, (method, f"{parts.scheme}://{parts.netloc}{parts.path}", joined)))
    key = f"{_escaped(secret)}&{_escaped(token_secret)}".encode()
    return base64.b64encode(hmac.digest(key, base.encode(), "sha1")).decode()


def _escaped(text: str) -> str:
    return quote(text, safe="-._~")


def _form(answer: WebResponse) -> dict[str, str]:
    return dict(parse_qsl(answer.body.decode("utf-8", "replace")))
