"""Security keys and passkeys: what their answers say. Web Authentication, Level 3."""

from __future__ import annotations

from msgspec import Struct

from vestibule.domain.record import Unprinted


class RelyingParty(Struct, frozen=True):
    """Who asks: the domain that a key is made for, and the origins of the pages (or apps) that may ask it."""

    id: str
    name: str
    origins: tuple[str, ...]
    must_verify: bool = False
    """Whether the key has to have verified the person, by PIN or fingerprint, beside noticing one."""


class NewKey(Unprinted, frozen=True, kw_only=True):
    """A key that was made for us, as its checked answer describes it. `public` is COSE."""

    id: bytes
    public: bytes
    aaguid: bytes
    counter: int
    attestation: str
    verified: bool
    backup_eligible: bool
    backed_up: bool
    transports: tuple[str, ...] = ()


class UsedKey(Struct, frozen=True, kw_only=True):
    """What a right signature said besides."""

    counter: int
    verified: bool
    backed_up: bool
