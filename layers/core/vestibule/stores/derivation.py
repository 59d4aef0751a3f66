"""What an identity has because its traits say so: addresses and credential identifiers. Contract 06 §10."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from vestibule.config.identity_schema import IdentitySchema
from vestibule.domain.credential import Credential
from vestibule.domain.identity import AddressStatus, Identity, RecoveryAddress, VerifiableAddress


class KnownStatus(Struct, frozen=True):
    """What an administrator or a hook knows of a derived address. Addresses that the traits lack are dropped."""

    value: str
    via: str
    verified: bool = False
    status: str | None = None
    verified_at: datetime | None = None


def derived(
    identity: Identity,
    schema: IdentitySchema,
    *,
    now: datetime,
    new_id: Callable[[], str],
    known: Sequence[KnownStatus] = (),
) -> Identity:
    """The identity with normalised traits and what follows from them.

    Addresses that stay (same channel and normalised value) keep their id and state, new ones are pending unless
    `known` says more, others are gone. Credentials that only exist by their identifiers come and go with those.
    """
    traits = schema.normalised_traits(identity.traits)
    return replace(
        identity,
        traits=traits,
        verifiable_addresses=_verifiable(identity, schema.verifiable(traits), now, new_id, known),
        recovery_addresses=_recovery(identity, schema.recovery(traits), now, new_id),
        credentials=_credentials(identity, schema.identifiers(traits), now),
    )


def with_credential(identity: Identity, type_: str, *, now: datetime, identifiers: Sequence[str] = ()) -> Identity:
    """The identity with a credential of that type whose secret was just set; identifiers stay unless given."""
    present = identity.credential(type_)
    if present is None:
        made = Credential(type=type_, identifiers=tuple(identifiers), created_at=now, updated_at=now, version=1)
        return replace(identity, credentials=(*identity.credentials, made))
    changed = replace(present, updated_at=now, identifiers=tuple(identifiers) or present.identifiers)
    return replace(identity, credentials=tuple(changed if each is present else each for each in identity.credentials))


def without_credential(identity: Identity, type_: str) -> Identity:
    """The identity without its credential of that type, secrets apart."""
    return replace(identity, credentials=tuple(each for each in identity.credentials if each.type != type_))


def _verifiable(
    identity: Identity,
    wanted: Sequence[tuple[str, str]],
    now: datetime,
    new_id: Callable[[], str],
    known: Sequence[KnownStatus],
) -> tuple[VerifiableAddress, ...]:
    present = {(address.via, address.value): address for address in identity.verifiable_addresses}
    told = {(status.via, status.value): status for status in known}
    addresses: list[VerifiableAddress] = []
    for via, value in dict.fromkeys(wanted):
        address = present.get((via, value)) or VerifiableAddress(
            id=new_id(), via=via, value=value, created_at=now, updated_at=now
        )
        status = told.get((via, value))
        addresses.append(_as_told(address, status, now) if status is not None else address)
    return tuple(addresses)


def _as_told(address: VerifiableAddress, status: KnownStatus, now: datetime) -> VerifiableAddress:
    if not status.verified:
        return replace(address, verified=False, status=status.status or AddressStatus.PENDING, verified_at=None)
    verified_at = status.verified_at or address.verified_at or now
    return replace(
        address, verified=True, status=status.status or AddressStatus.COMPLETED, verified_at=verified_at, updated_at=now
    )


def _recovery(
    identity: Identity, wanted: Sequence[tuple[str, str]], now: datetime, new_id: Callable[[], str]
) -> tuple[RecoveryAddress, ...]:
    present = {(address.via, address.value): address for address in identity.recovery_addresses}
    return tuple(
        present.get((via, value)) or RecoveryAddress(id=new_id(), via=via, value=value, created_at=now, updated_at=now)
        for via, value in dict.fromkeys(wanted)
    )


def _credentials(identity: Identity, identifiers: Mapping[str, Sequence[str]], now: datetime) -> tuple[Credential, ...]:
    """Types whose identifiers come from traits take the new ones; all other credentials stay."""
    kept = [credential for credential in identity.credentials if credential.type not in identifiers]
    made: list[Credential] = []
    for type_, values in identifiers.items():
        present = identity.credential(type_)
        unique = tuple(dict.fromkeys(values))
        if present is None and not unique:
            continue
        if present is None:
            made.append(Credential(type=type_, identifiers=unique, created_at=now, updated_at=now, version=1))
        elif present.identifiers != unique:
            made.append(replace(present, identifiers=unique, updated_at=now))
        else:
            made.append(present)
    return tuple(sorted([*kept, *made], key=lambda credential: credential.type))


def known_statuses(addresses: Sequence[Mapping[str, Any]], normalise: Callable[[str], str]) -> list[KnownStatus]:
    """`verifiable_addresses` as administrators and hooks write them."""
    return [
        KnownStatus(
            value=normalise(str(address.get("value", ""))),
            via=str(address.get("via", "")),
            verified=address.get("verified") is True,
            status=address.get("status"),
        )
        for address in addresses
    ]
