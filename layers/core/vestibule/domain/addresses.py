"""What becomes of an identity's verifiable address: asked about, and proven."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from vestibule.domain.identity import AddressStatus, Identity, VerifiableAddress


def verifiable(identity: Identity, via: str, value: str) -> VerifiableAddress | None:
    """The address of that channel and normalised value."""
    return next((each for each in identity.verifiable_addresses if (each.via, each.value) == (via, value)), None)


def as_sent(identity: Identity, via: str, value: str, at: datetime) -> Identity:
    """A code or link is on its way to the address; one that is verified stays as it is."""
    address = verifiable(identity, via, value)
    if address is None or address.verified or address.status == AddressStatus.SENT:
        return identity
    return _with(identity, address, replace(address, status=AddressStatus.SENT, updated_at=at))


def as_verified(identity: Identity, via: str, value: str, at: datetime) -> Identity:
    """Its owner has proven the address."""
    address = verifiable(identity, via, value)
    if address is None:
        return identity
    proven = replace(address, verified=True, status=AddressStatus.COMPLETED, verified_at=at, updated_at=at)
    return _with(identity, address, proven)


def _with(identity: Identity, old: VerifiableAddress, new: VerifiableAddress) -> Identity:
    addresses = tuple(new if each is old else each for each in identity.verifiable_addresses)
    return replace(identity, verifiable_addresses=addresses)
