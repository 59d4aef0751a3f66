"""What a provider's ID token says, if it holds. OpenID Connect Core §3.1.3.7, RFC 8725.

The library is imported where a token is read: 300 ms of a cold start that no other request pays.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from vestibule.config.json_shapes import is_list, is_object
from vestibule.crypto.text import same
from vestibule.domain.json import Json
from vestibule.domain.times import epoch_seconds
from vestibule.methods.oidc.endpoints import Endpoints, failed, nonsense
from vestibule.methods.oidc.providers import Provider
from vestibule.ports import WebUnreachable
from vestibule.services import Services
from vestibule.stores.web_documents import DocumentUnusable

SKEW = 60
"""Seconds by which clocks may differ."""

_LONGEST = 32 * 1024
_KINDS = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
_TENANT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Untrusted(Exception):
    """The token proves nothing. The text says why and holds nothing of it."""


class Expected(Struct, frozen=True):
    """What a token has to say to be meant for us. `nonce` None: none was sent, so none may come back.

    `by_app`: an app brings the token, and may be another client of the same provider than the one it is for. Only a
    nonce shows then that the token was made for this sign-in.
    """

    audiences: tuple[str, ...]
    nonce: str | None = None
    nonce_may_lack: bool = False
    by_app: bool = False


def verified(token: str, provider: Provider, at: Endpoints, expected: Expected, svc: Services) -> Json:
    """The claims of a token that the provider signed for us. Raises Untrusted, UpstreamFailed."""
    if len(token) > _LONGEST:
        raise Untrusted("the ID token is too long")
    header = _header(token)
    algorithm, kid = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in at.algorithms:
        raise Untrusted("the ID token is not signed in a way that the provider announces")
    for again in (False, True):
        keys = [key for key in _keys(provider, at, svc, again=again) if _fits(key, algorithm, kid)]
        claims = _checked(token, algorithm, keys)
        if claims is not None:
            _ensure_meant(claims, provider, at, expected, svc)
            return claims
        if keys and kid is not None:
            break
    raise Untrusted("the ID token's signature does not hold")


def _header(token: str) -> Json:
    from joserfc import jws  # noqa: PLC0415 (as the module says)
    from joserfc.errors import JoseError  # noqa: PLC0415

    try:
        header: Any = jws.extract_compact(token.encode()).headers()
    except (JoseError, ValueError, RecursionError):
        raise Untrusted("the ID token cannot be read") from None
    return header if is_object(header) else {}


def _keys(provider: Provider, at: Endpoints, svc: Services, *, again: bool) -> list[Json]:
    """The keys that the provider publishes; whatever keys a token brings along are not looked at."""
    try:
        found = svc.documents.find(at.keys, again=again).get("keys")
    except DocumentUnusable as unusable:
        raise nonsense(provider, str(unusable)) from None
    except WebUnreachable as unreachable:
        raise failed(provider, unreachable) from None
    return [key for key in found if is_object(key)] if is_list(found) else []


def _fits(key: Json, algorithm: str, kid: object) -> bool:
    return (
        key.get("kty") == _KINDS[algorithm[:2]]
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and (kid is None or key.get("kid", kid) == kid)
    )


def _checked(token: str, algorithm: str, keys: list[Json]) -> Json | None:
    """The claims, if one of the keys made the signature."""
    from joserfc import jws  # noqa: PLC0415 (as the module says)
    from joserfc.errors import JoseError  # noqa: PLC0415
    from joserfc.jwk import import_key  # noqa: PLC0415

    registry = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    for key in keys:
        try:
            payload: Any = json.loads(jws.deserialize_compact(token, import_key(dict(key)), registry=registry).payload)
        except (JoseError, ValueError, TypeError, RecursionError):
            continue
        if is_object(payload):
            return payload
    return None


def _ensure_meant(claims: Json, provider: Provider, at: Endpoints, expected: Expected, svc: Services) -> None:
    """Raises Untrusted."""
    if claims.get("iss") not in _issuers(claims, provider, at):
        raise Untrusted("the ID token is of another issuer")
    audience: Any = claims.get("aud")
    audiences: list[Any] = audience if is_list(audience) else [audience]
    if not any(name in expected.audiences for name in audiences):
        raise Untrusted("the ID token is for another client")
    party = claims.get("azp")
    if (len(audiences) > 1 or (party is not None and not expected.by_app)) and party not in expected.audiences:
        raise Untrusted("the ID token was given to another client")
    now = epoch_seconds(svc.clock.now())
    if _time(claims, "exp") <= now - SKEW:
        raise Untrusted("the ID token has expired")
    if _time(claims, "iat") > now + SKEW or ("nbf" in claims and _time(claims, "nbf") > now + SKEW):
        raise Untrusted("the ID token is not valid yet")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise Untrusted("the ID token names nobody")
    _ensure_asked_for(claims, expected)


def _ensure_asked_for(claims: Mapping[str, Any], expected: Expected) -> None:
    nonce = claims.get("nonce")
    if nonce is None:
        may_lack = expected.nonce_may_lack or claims.get("nonce_supported") is False
        if (expected.by_app or expected.nonce is not None) and not may_lack:
            raise Untrusted("the ID token lacks the nonce that was asked for")
    elif not (isinstance(nonce, str) and expected.nonce and same(nonce, expected.nonce)):
        raise Untrusted("the ID token was made for another sign-in")


def _issuers(claims: Json, provider: Provider, at: Endpoints) -> tuple[str, ...]:
    """Of Microsoft's shared tenants, that of the person's own tenant."""
    tenant = provider.config.microsoft_tenant or "common"
    if provider.config.provider != "microsoft" or _TENANT.fullmatch(tenant):
        return at.issuers
    own = str(claims.get("tid", ""))
    if not _TENANT.fullmatch(own):
        return ()
    return (f"https://login.microsoftonline.com/{own}/v2.0",)


def _time(claims: Json, name: str) -> float:
    """Raises Untrusted."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Untrusted(f"the ID token has no {name}")
    return value
