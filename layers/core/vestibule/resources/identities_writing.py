"""What creating, replacing and patching an identity share: checking it, storing it, trying again. Contract 06 §3."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar
from uuid import UUID

from msgspec.structs import replace

from vestibule.config import normalise
from vestibule.domain.errors import BadRequest, Conflict, NotFound, TooLarge
from vestibule.domain.identity import AddressStatus, Identity, State
from vestibule.domain.json import Json
from vestibule.domain.times import from_rfc3339
from vestibule.methods.factors import SECOND, with_second_factors
from vestibule.ports import ItemTooLarge
from vestibule.resources.admin_body import Clash
from vestibule.resources.identities_bodies import CreateBody, VerifiableAddressBody
from vestibule.resources.identities_import import Imported
from vestibule.services import Services
from vestibule.stores.derivation import KnownStatus, derived
from vestibule.stores.identities import AlreadyExists, IdentityChanged
from vestibule.stores.identity_items import addresses_of, identifiers_of
from vestibule.stores.key_rows import KEY_TYPES, MOST_KEYS, key_entries

T = TypeVar("T")

Claim = tuple[str, str, str]
"""(what is unique, credential type or channel, value)"""

ATTEMPTS = 5
"""How often a change is made anew when others write the same identity meanwhile."""

LONGEST_EXTERNAL_ID = 255
MOST_CLAIMS = 80
"""Identifiers, addresses and keys that one write may touch, so that it fits into a transaction (100 items)."""

_MOST_NAMED = 20
_CLASHES = {
    "identifier": "An identity with one of these credential identifiers exists already",
    "address": "An identity with one of these addresses exists already",
    "external_id": "An identity with this external id exists already",
    "key": "Another identity has one of these security keys",
}


# --- creating -------------------------------------------------------------------------------------------


def proposed(body: CreateBody, credentials: Imported, svc: Services) -> tuple[Identity, dict[str, Json]]:
    """The identity that the body describes (version 0) and its secrets. Raises BadRequest."""
    now = svc.clock.now()
    blank = Identity(
        id=svc.random.uuid4(),
        schema_id=body.schema_id or svc.config.identity.default_schema_id,
        traits={} if body.traits is None else body.traits,
        state=state(body.state) or State.ACTIVE,
        metadata_public=body.metadata_public,
        metadata_admin=body.metadata_admin,
        external_id=external_id(body.external_id),
        organization_id=_uuid(body.organization_id, "organization_id"),
        created_at=now,
        updated_at=now,
        state_changed_at=now,
    )
    known = [known_status(address) for address in body.verifiable_addresses or ()]
    identity, secrets = credentials.onto(checked(blank, svc, known), {}, now)
    return with_second_factors(identity, secrets), secrets


def stored(identity: Identity, secrets: Mapping[str, Json], svc: Services) -> Identity:
    """Raises Conflict, BadRequest, TooLarge."""
    _ensure_few(secrets, identity)
    try:
        return svc.identities.create(identity, secrets)
    except AlreadyExists as taken:
        raise Conflict(_CLASHES[taken.what]) from None
    except ItemTooLarge:
        raise _too_large() from None


# --- changing -------------------------------------------------------------------------------------------


def changed(identity_id: str, svc: Services, change: Callable[[Identity], T]) -> T:
    """Read, change, write; anew from reading when another write came in between. Raises NotFound, Clash."""
    for _ in range(ATTEMPTS):
        identity = svc.identities.find(identity_id)
        if identity is None:
            raise NotFound
        try:
            return change(identity)
        except IdentityChanged:
            continue
    raise Clash("Others are changing the same identity; read it again and repeat the request")


def replaced(old: Identity, new: Identity, secrets: Mapping[str, Json | None], svc: Services) -> Identity:
    """Store `new` in the place of `old`. Raises Clash, BadRequest, TooLarge, IdentityChanged."""
    _ensure_few(secrets, old, new)
    try:
        return svc.identities.update(old, new, secrets)
    except AlreadyExists as taken:
        raise Clash(_CLASHES[taken.what]) from None
    except ItemTooLarge:
        raise _too_large() from None


def merged(identity: Identity, credentials: Imported, svc: Services) -> tuple[Identity, dict[str, Json]]:
    """The identity with the credentials added to those it has, and the configs that change."""
    if not credentials.configs:
        return identity, {}
    present = svc.identities.configs(identity.id, {*credentials.configs, *SECOND})
    identity, secrets = credentials.onto(identity, present, svc.clock.now())
    return with_second_factors(identity, {**present, **secrets}), secrets


def claims_of(identity: Identity) -> set[Claim]:
    """What no other identity may have."""
    claims: set[Claim] = {("identifier", *each) for each in identifiers_of(identity)}
    claims |= {("address", *each) for each in addresses_of(identity)}
    return claims | ({("external_id", "", identity.external_id)} if identity.external_id else set[Claim]())


# --- checking -------------------------------------------------------------------------------------------


def checked(identity: Identity, svc: Services, known: Sequence[KnownStatus] = ()) -> Identity:
    """The identity with what follows from its traits. Raises BadRequest for an unknown schema and for bad traits."""
    schema = svc.schemas.get(identity.schema_id)
    if schema is None:
        raise BadRequest("There is no identity schema of this schema_id")
    violations = schema.validate(identity.traits)
    if violations:
        named = [f"{each.pointer}: {each.text}" for each in violations[:_MOST_NAMED]]
        raise BadRequest(f"The traits do not keep the identity schema. {' '.join(named)}")
    return derived(identity, schema, now=svc.clock.now(), new_id=svc.random.uuid4, known=known)


def state(text: str | None) -> State | None:
    """Raises BadRequest."""
    if not text:
        return None
    try:
        return State(text)
    except ValueError:
        raise BadRequest("The state of an identity is active or inactive") from None


def external_id(text: str | None) -> str | None:
    """Raises BadRequest."""
    if text and len(text) > LONGEST_EXTERNAL_ID:
        raise BadRequest(f"An external id has at most {LONGEST_EXTERNAL_ID} characters")
    return text or None


def known_status(address: VerifiableAddressBody) -> KnownStatus:
    """Raises BadRequest."""
    if address.status and address.status not in list(AddressStatus):
        raise BadRequest("The status of a verifiable address is pending, sent or completed")
    try:
        verified_at = from_rfc3339(address.verified_at) if address.verified_at else None
    except ValueError:
        raise BadRequest("verified_at has to be a time as RFC 3339 writes it") from None
    return KnownStatus(
        value=_address(address.via, address.value),
        via=address.via,
        verified=address.verified is True,
        status=address.status or None,
        verified_at=verified_at,
    )


def _address(via: str, value: str) -> str:
    try:
        return normalise.phone(value) if via == "sms" else normalise.email(value)
    except normalise.InvalidPhone:
        return value


def _uuid(text: str | None, name: str) -> str | None:
    try:
        return str(UUID(text)) if text else None
    except ValueError:
        raise BadRequest(f"{name} has to be a UUID") from None


def _ensure_few(secrets: Mapping[str, Json | None], *identities: Identity) -> None:
    """Where keys change, as many as there may be can go as well."""
    keys = [len(list(key_entries(secrets[type_]))) for type_ in KEY_TYPES if type_ in secrets]
    if any(count > MOST_KEYS for count in keys):
        raise BadRequest(f"An identity may have at most {MOST_KEYS} security keys, and as many passkeys")
    claims = set[Claim]().union(*map(claims_of, identities))
    if len(claims) + sum(keys) + MOST_KEYS * len(keys) > MOST_CLAIMS:
        raise BadRequest(f"One request may change at most {MOST_CLAIMS} identifiers, addresses and keys of an identity")


def _too_large() -> TooLarge:
    return TooLarge("An identity, and each of its credentials, takes at most 400 KB")


def touched(identity: Identity, svc: Services) -> Identity:
    """The identity, changed now."""
    return replace(identity, updated_at=svc.clock.now())
