"""How whoever signed up twice can sign in instead. Contract 01 §5, 07 §4."""

from __future__ import annotations

from msgspec import Struct

from vestibule.domain.identity import Identity
from vestibule.domain.message import Message
from vestibule.methods.code import CODE
from vestibule.methods.factors import FIRST, entries, has_password
from vestibule.services import Services
from vestibule.stores.addresses import address_key
from vestibule.stores.identities import AlreadyExists
from vestibule.ui import messages


class Ways(Struct, frozen=True):
    """Credential types that sign the person in, and the providers that do."""

    types: tuple[str, ...]
    providers: tuple[str, ...]


def of(exists: AlreadyExists, svc: Services) -> Message | None:
    """The account that has the identifier already; None where it was no identifier, or the account is gone again."""
    identity = owner(exists, svc) if exists.what == "identifier" else None
    if identity is None:
        return None
    ways = ways_in(identity, svc)
    return messages.DUPLICATE_CREDENTIALS_WITH_HINTS(
        available_credential_types=list(ways.types),
        available_oidc_providers=list(ways.providers),
        credential_identifier_hint=exists.value,
    )


def owner(exists: AlreadyExists, svc: Services) -> Identity | None:
    """Whose identifier or address it is; None where it is neither, or the account is gone again."""
    if exists.what == "identifier":
        return svc.identities.by_identifier([exists.type], exists.value)
    if exists.what != "address":
        return None
    item = svc.table.get([address_key(svc.index, exists.type, exists.value)])[0]
    return svc.identities.find(item["id"]) if item is not None else None


def ways_in(identity: Identity, svc: Services) -> Ways:
    """Without another factor."""
    configs = svc.identities.configs(identity.id, FIRST)
    keys = [key for key in entries(configs.get("webauthn", {}), "credentials") if key.get("is_passwordless")]
    providers = [str(each.get("provider", "")) for each in entries(configs.get("oidc", {}), "providers")]
    has = {
        CODE: identity.credential(CODE) is not None,
        "oidc": bool(providers),
        "passkey": bool(entries(configs.get("passkey", {}), "credentials")),
        "password": has_password(configs),
        "webauthn": bool(keys),
    }
    return Ways(tuple(type_ for type_, present in has.items() if present), tuple(dict.fromkeys(providers)))
