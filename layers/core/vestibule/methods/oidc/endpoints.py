"""Where a provider is to be found: said by itself at its issuer (OpenID Connect Discovery), or by its row."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from vestibule.config.json_shapes import is_list
from vestibule.domain.errors import Misconfigured, UpstreamFailed
from vestibule.methods.oidc.providers import Provider
from vestibule.ports import WebTimeout, WebUnreachable
from vestibule.services import Services
from vestibule.stores.web_documents import DocumentUnusable

_log = logging.getLogger("vestibule")

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures that a published key checks. `none` and those of a shared secret prove nothing here."""


class Endpoints(Struct, frozen=True, kw_only=True):
    """`issuers` are the names that it may go by. `client_in_body`: it takes our secret in no header."""

    issuers: tuple[str, ...]
    authorize: str
    token: str
    keys: str = ""
    userinfo: str = ""
    algorithms: tuple[str, ...] = ("RS256",)
    knows_pkce: bool = False
    names_itself: bool = False
    """Whether its answers say who gives them (RFC 9207)."""
    client_in_body: bool = False


def endpoints(provider: Provider, svc: Services) -> Endpoints:
    """Raises Misconfigured where what is found there is no such provider, UpstreamFailed where nothing is."""
    row = provider.row
    if row.trade:
        return Endpoints(
            issuers=(provider.issuer, *row.also_issuers),
            authorize=provider.address(row.page),
            token=provider.address(row.trade),
            keys=provider.address(row.keys),
            userinfo=provider.address(row.documents.get("user", "")),
            algorithms=ALGORITHMS,
            client_in_body=row.client_in != "header",
        )
    issuers = (provider.issuer, *row.also_issuers)
    said = _discovered(provider, svc)
    if said.get("issuer") not in issuers:
        raise Misconfigured(f"The provider {provider.id} goes by another name than its issuer_url")
    overridden = bool(provider.config.auth_url and provider.config.token_url)
    algorithms = tuple(name for name in _texts(said, "id_token_signing_alg_values_supported") if name in ALGORITHMS)
    methods = _texts(said, "token_endpoint_auth_methods_supported")
    return Endpoints(
        issuers=issuers,
        authorize=str(provider.config.auth_url) if overridden else _address(said, "authorization_endpoint", provider),
        token=str(provider.config.token_url) if overridden else _address(said, "token_endpoint", provider),
        keys=_address(said, "jwks_uri", provider),
        userinfo=str(said.get("userinfo_endpoint") or ""),
        algorithms=algorithms or ("RS256",),
        knows_pkce="S256" in _texts(said, "code_challenge_methods_supported"),
        names_itself=said.get("authorization_response_iss_parameter_supported") is True,
        client_in_body=row.client_in == "body" or (bool(methods) and "client_secret_basic" not in methods),
    )


def _discovered(provider: Provider, svc: Services) -> dict[str, Any]:
    try:
        return svc.documents.find(f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration")
    except DocumentUnusable as unusable:
        _log.warning("a provider's configuration cannot be used: %s", unusable, extra={"provider": provider.id})
        raise Misconfigured(f"The provider {provider.id} does not say how to sign in there") from None
    except WebUnreachable as unreachable:
        raise failed(provider, unreachable) from None


def failed(provider: Provider, unreachable: WebUnreachable) -> UpstreamFailed:
    """What is said where a provider gives no usable answer. No address and no cause is in it."""
    late = isinstance(unreachable, WebTimeout)
    _log.warning("a provider %s", "is too slow" if late else "cannot be reached", extra={"provider": provider.id})
    how = "did not answer in time" if late else "cannot be reached"
    return UpstreamFailed(f"{provider.label} {how}; try again soon, or sign in in another way")


def nonsense(provider: Provider, what: str) -> UpstreamFailed:
    _log.warning("a provider's answer cannot be used: %s", what, extra={"provider": provider.id})
    return UpstreamFailed(f"{provider.label} did not answer as it should; try again soon, or sign in in another way")


def _texts(said: dict[str, Any], name: str) -> list[str]:
    values = said.get(name)
    return [each for each in values if isinstance(each, str)] if is_list(values) else []


def _address(said: dict[str, Any], name: str, provider: Provider) -> str:
    """Raises Misconfigured."""
    value = said.get(name)
    if isinstance(value, str):
        try:
            if urlsplit(value).scheme in ("http", "https") and urlsplit(value).hostname:
                return value
        except ValueError:
            pass
    raise Misconfigured(f"The provider {provider.id} publishes no {name}")
