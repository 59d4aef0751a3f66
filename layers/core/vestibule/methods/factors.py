"""What an identity could sign in with, counted. Contract 06 §4 and 03."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from vestibule.config.json_shapes import is_list, is_object
from vestibule.domain.identity import Identity
from vestibule.domain.json import Json
from vestibule.services import Services

Configs = Mapping[str, Json]
"""Credential type to its config."""

FIRST = ("password", "oidc", "saml", "webauthn", "passkey")
"""Types whose configs `first_factors` looks at."""

SECOND = ("totp", "lookup_secret", "webauthn")
"""Types whose configs `with_second_factors` looks at."""


def first_factors(identity: Identity, configs: Configs, svc: Services) -> int:
    """In how many ways the person can sign in without another factor. Codes count once wherever they are offered."""
    keys = [key for key in entries(configs.get("webauthn", {}), "credentials") if key.get("is_passwordless")]
    return sum(
        (
            int(has_password(configs) and _identified(identity, "password")),
            len(entries(configs.get("oidc", {}), "providers")),
            len(entries(configs.get("saml", {}), "providers")),
            len(keys) if _identified(identity, "webauthn") else 0,
            len(entries(configs.get("passkey", {}), "credentials")),
            int(svc.config.selfservice.methods.code.passwordless_enabled),
        )
    )


def has_password(configs: Configs) -> bool:
    """Whether there is one, here or in the system that the migration hook asks."""
    password = configs.get("password", {})
    return bool(password.get("hashed_password") or password.get("use_password_migration_hook"))


def with_second_factors(identity: Identity, configs: Configs) -> Identity:
    """The identity with `aal2_possible` as its stored secrets say. Backup codes that are used up still count."""
    keys = [key for key in entries(configs.get("webauthn", {}), "credentials") if not key.get("is_passwordless")]
    codes = entries(configs.get("lookup_secret", {}), "recovery_codes")
    return replace(identity, aal2_possible=bool(configs.get("totp", {}).get("totp_url") or codes or keys))


def entries(config: Mapping[str, Any], name: str) -> list[Json]:
    """The objects in a list of the config."""
    held = config.get(name)
    return [entry for entry in held if is_object(entry)] if is_list(held) else []


def _identified(identity: Identity, type_: str) -> bool:
    credential = identity.credential(type_)
    return credential is not None and bool(credential.identifiers)
