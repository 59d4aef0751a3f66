"""What is peculiar about signing in with Apple: the secret is a token of our own making, the name comes in a form."""

from __future__ import annotations

import json
from typing import Any

from vestibule.config.document import dig
from vestibule.config.json_shapes import is_object
from vestibule.domain.errors import Misconfigured
from vestibule.domain.json import Json
from vestibule.domain.times import epoch_seconds
from vestibule.methods.oidc.providers import Provider
from vestibule.services import Services

_SECONDS = 300


def client_secret(provider: Provider, svc: Services) -> str:
    """A token that says who we are, signed with the key that Apple gave out. Raises Misconfigured."""
    from joserfc import jwt  # noqa: PLC0415 (300 ms of a cold start that other sign-ins do not pay)
    from joserfc.errors import JoseError  # noqa: PLC0415
    from joserfc.jwk import ECKey  # noqa: PLC0415

    config, now = provider.config, epoch_seconds(svc.clock.now())
    says = {
        "iss": config.apple_team_id,
        "iat": now,
        "exp": now + _SECONDS,
        "aud": provider.issuer,
        "sub": config.client_id,
    }
    try:
        key = ECKey.import_key(config.apple_private_key or "")
        return jwt.encode({"alg": "ES256", "kid": config.apple_private_key_id or ""}, says, key)
    except (JoseError, ValueError, TypeError):
        raise Misconfigured(f"The apple_private_key of the provider {provider.id} cannot be used") from None


def named(claims: Json, form: str) -> Json:
    """The claims with the name that comes beside them, at the first sign-in only. It is not signed: a name, no more."""
    try:
        user: Any = json.loads(form) if len(form) < 2048 else None
    except (ValueError, RecursionError):
        user = None
    if not is_object(user):
        return claims
    first, last = (dig(user, "name", name) for name in ("firstName", "lastName"))
    said = {"given_name": first, "last_name": last, "family_name": last}
    return {name: value for name, value in said.items() if isinstance(value, str) and value} | claims
