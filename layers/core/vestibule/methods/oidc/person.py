"""Who signed in at a provider: the claims of its ID token, or of what it shows to whoever has the access token."""

from __future__ import annotations

import hmac
import re
from typing import Any
from urllib.parse import urlencode

from vestibule.config.json_shapes import is_object
from vestibule.config.urls import with_query
from vestibule.domain.json import Json
from vestibule.methods.oidc import client, id_tokens
from vestibule.methods.oidc.claims import LONGEST, claims
from vestibule.methods.oidc.client import Tokens
from vestibule.methods.oidc.endpoints import Endpoints, nonsense
from vestibule.methods.oidc.id_tokens import Expected, Untrusted
from vestibule.methods.oidc.profiles import READERS
from vestibule.methods.oidc.providers import Provider
from vestibule.ports import WebResponse
from vestibule.services import Services

_FORM = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}


def of_tokens(provider: Provider, at: Endpoints, tokens: Tokens, nonce: str, svc: Services) -> Json:
    """The claims of who signed in. Raises Untrusted, UpstreamFailed."""
    _ensure_granted(provider, tokens, svc)
    if provider.row.speaks != "oidc":
        return _of_documents(provider, at, tokens, svc)
    if not tokens.id:
        raise Untrusted("the provider sent no ID token")
    expected = Expected((provider.config.client_id,), nonce or None)
    said = id_tokens.verified(tokens.id, provider, at, expected, svc)
    if provider.row.claims_of_profile or provider.config.claims_source == "userinfo":
        said = _by_profile(provider, at, tokens, said, svc)
    if provider.config.provider == "microsoft":
        said = _by_subject_source(provider, tokens, said, svc)
    return _usable(provider, claims(said, said, issuer=at.issuers[0]))


def of_id_token(provider: Provider, at: Endpoints, token: str, nonce: str, svc: Services) -> Json:
    """The claims of a token that an app brings. Raises Untrusted, UpstreamFailed."""
    audiences = (provider.config.client_id, *provider.config.additional_id_token_audiences)
    expected = Expected(audiences, nonce or None, provider.row.nonce_may_lack, by_app=True)
    if provider.config.provider == "netid":
        token = _of_fedcm_token(provider, at, token, svc)
    said = id_tokens.verified(token, provider, at, expected, svc)
    return _usable(provider, claims(said, said, issuer=at.issuers[0]))


def _of_fedcm_token(provider: Provider, at: Endpoints, token: str, svc: Services) -> str:
    """The ID token for what a browser's account chooser (FedCM) got of netID. Raises Untrusted, UpstreamFailed."""
    origin = provider.config.net_id_token_origin_header
    headers = _FORM | ({"Origin": origin} if origin else {})
    body = urlencode({"grant_type": "netid_fedcm", "fedcm_token": token}).encode()
    answer = client.ask(provider, "POST", at.token, svc, headers=headers, body=body)
    if 400 <= answer.status < 500:
        raise Untrusted("the provider does not know the token")
    return str(_object(provider, answer, "FedCM token").get("id_token", ""))


def _by_profile(provider: Provider, at: Endpoints, tokens: Tokens, said: Json, svc: Services) -> Json:
    """What the profile says. Only the signed token says who vouches for the person, and how strictly."""
    profile = profile_at(provider, at.userinfo, tokens, svc)
    if profile.get("sub") != said["sub"]:
        raise Untrusted("the provider's answers are about two persons")
    return profile | {name: said.get(name) for name in ("iss", "acr", "amr")}


def _of_documents(provider: Provider, at: Endpoints, tokens: Tokens, svc: Services) -> Json:
    first, *rest = ((name, provider.address(url)) for name, url in provider.row.documents.items())
    profile = dict(profile_at(provider, first[1], tokens, svc))
    for name, url in rest:
        if provider.config.provider != "github" or "user:email" in provider.config.scope:
            profile[name] = _read_at(provider, url, tokens, svc)
    seen = profile | {"token": tokens.answer} if provider.config.provider == "vk" else profile
    return _usable(provider, claims(READERS[provider.row.reader](seen), profile, issuer=at.issuers[0]))


def _by_subject_source(provider: Provider, tokens: Tokens, said: Json, svc: Services) -> Json:
    """Microsoft's `sub` is another one for each client; these are the same for all of a tenant's."""
    match provider.config.subject_source:
        case "me":
            me = profile_at(provider, provider.row.documents["me"], tokens, svc)
            return said | {"sub": me.get("id")}
        case "oid":
            return said | {"sub": said.get("oid")}
        case _:
            return said


def _usable(provider: Provider, said: Json) -> Json:
    if not said.get("sub") or len(said["sub"]) > LONGEST:
        raise Untrusted(f"{provider.label} does not say who signed in")
    return said


def _ensure_granted(provider: Provider, tokens: Tokens, svc: Services) -> None:
    """Where no scopes are named, those are granted that were asked for (RFC 6749 §5.1). Raises Untrusted."""
    if not provider.row.checked:
        return
    granted = _introspected(provider, tokens, svc) if provider.row.introspection else tokens.answer.get("scope")
    if isinstance(granted, str) and not set(re.split(r"[\s,]+", granted)).issuperset(provider.scopes):
        raise Untrusted("not everything that is needed was allowed at the provider")


def _introspected(provider: Provider, tokens: Tokens, svc: Services) -> str:
    """The scopes of the access token, asked of the provider. Raises UpstreamFailed."""
    asked = {
        "client_id": provider.config.client_id,
        "client_secret": client.secret(provider, svc),
        "token": tokens.access,
    }
    body = urlencode(asked).encode()
    answer = client.ask(provider, "POST", provider.row.introspection, svc, headers=_FORM, body=body)
    return str(_object(provider, answer, "introspection").get("scope", ""))


def profile_at(provider: Provider, url: str, tokens: Tokens, svc: Services) -> Json:
    """Raises UpstreamFailed."""
    document = _read_at(provider, url, tokens, svc)
    if not is_object(document):
        raise nonsense(provider, "profile")
    return document


def _read_at(provider: Provider, url: str, tokens: Tokens, svc: Services) -> Any:
    if not url:
        raise nonsense(provider, "it has no address for profiles")
    headers = {"Accept": "application/json"}
    if provider.row.bearer.startswith("?"):
        url = with_query(url, **{provider.row.bearer[1:]: tokens.access})
    else:
        name, _, scheme = provider.row.bearer.partition(": ")
        headers[name] = f"{scheme} {tokens.access}".lstrip()
    if provider.config.provider == "facebook":
        key = (provider.config.client_secret or "").encode()
        url = with_query(url, appsecret_proof=hmac.new(key, tokens.access.encode(), "sha256").hexdigest())
    answer = client.ask(provider, "GET", url, svc, headers=headers)
    document = client.json_of(answer)
    if answer.status != 200 or document is None:
        raise nonsense(provider, f"profile, {answer.status}")
    return document


def _object(provider: Provider, answer: WebResponse, what: str) -> Json:
    document = client.json_of(answer)
    if answer.status != 200 or not is_object(document):
        raise nonsense(provider, f"{what}, {answer.status}")
    return document
