"""How whoever signed up twice can sign in instead, where the configuration lets that be told. Contract 01 §5, 07 §4."""

from __future__ import annotations

from vestibule.domain.message import Message
from vestibule.methods.code import CODE
from vestibule.methods.factors import FIRST, entries
from vestibule.services import Services
from vestibule.stores.identities import AlreadyExists
from vestibule.ui import messages


def of(exists: AlreadyExists, svc: Services) -> Message | None:
    """The account that has the identifier already; None where it was no identifier, or the account is gone again."""
    identity = svc.identities.by_identifier([exists.type], exists.value) if exists.what == "identifier" else None
    if identity is None:
        return None
    configs = svc.identities.configs(identity.id, FIRST)
    keys = [key for key in entries(configs.get("webauthn", {}), "credentials") if key.get("is_passwordless")]
    providers = [str(each.get("provider", "")) for each in entries(configs.get("oidc", {}), "providers")]
    has = {
        CODE: identity.credential(CODE) is not None,
        "oidc": bool(providers),
        "passkey": bool(entries(configs.get("passkey", {}), "credentials")),
        "password": bool(configs.get("password", {}).get("hashed_password")),
        "webauthn": bool(keys),
    }
    return messages.DUPLICATE_CREDENTIALS_WITH_HINTS(
        available_credential_types=[type_ for type_, present in has.items() if present],
        available_oidc_providers=list(dict.fromkeys(providers)),
        credential_identifier_hint=exists.value,
    )
