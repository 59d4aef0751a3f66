"""A sign-in that lasts."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from vestibule.domain.identity import Identity
from vestibule.domain.json import Json
from vestibule.domain.times import to_rfc3339

NIL_UUID = "00000000-0000-0000-0000-000000000000"


class Aal(StrEnum):
    """Authenticator assurance levels, NIST SP 800-63B §4."""

    AAL0 = "aal0"
    AAL1 = "aal1"
    AAL2 = "aal2"


class AuthenticationMethod(Struct, frozen=True):
    """One entry of `authentication_methods`: what was proven, at which level, when.

    `provider` and `organization` say who vouched for the person, `acr` and `amr` how strictly by their own words.
    """

    method: str
    aal: Aal
    completed_at: datetime
    provider: str = ""
    organization: str = ""
    acr: str = ""
    amr: tuple[str, ...] = ()

    @property
    def levels(self) -> set[Aal]:
        """A strong sign-in at a provider stands for both factors. Contract 01 §14."""
        return {Aal.AAL1, self.aal} if self.provider else {self.aal}

    def to_wire(self) -> Json:
        wire: Json = {"method": self.method, "aal": str(self.aal), "completed_at": to_rfc3339(self.completed_at)}
        upstream: Json = {
            "provider": self.provider,
            "organization": self.organization,
            "upstream_acr": self.acr,
            "upstream_amr": list(self.amr),
        }
        return wire | {name: value for name, value in upstream.items() if value}


class Device(Struct, frozen=True):
    """Where a session was opened from. `user_agent` and `location` are cut at 512 characters."""

    id: str
    ip_address: str
    user_agent: str
    location: str = ""

    def to_wire(self) -> Json:
        return {
            "id": self.id,
            "ip_address": self.ip_address,
            "user_agent": self.user_agent,
            "location": self.location,
        }


class Session(Struct, frozen=True, kw_only=True):
    """`revoked` is the stored flag; whether a session is active also depends on time and on its identity."""

    id: str
    identity_id: str
    token_digest: bytes
    issued_at: datetime
    authenticated_at: datetime
    expires_at: datetime
    methods: tuple[AuthenticationMethod, ...]
    devices: tuple[Device, ...] = ()
    revoked: bool = False
    identity: Identity | None = None
    version: int = 0

    @property
    def aal(self) -> Aal:
        """An aal1 and an aal2 entry make aal2. Contract 01 §14."""
        levels = {level for method in self.methods for level in method.levels}
        if not levels:
            return Aal.AAL0
        return Aal.AAL2 if {Aal.AAL1, Aal.AAL2} <= levels else Aal.AAL1

    def active_at(self, now: datetime) -> bool:
        """Not revoked, not expired, and not voided by its identity (where that is known)."""
        if self.revoked or self.expires_at <= now:
            return False
        if self.identity is None:
            return True
        void_before = self.identity.sessions_void_before
        voided = void_before is not None and self.issued_at < void_before and self.id != self.identity.kept_session_id
        return self.identity.active and not voided

    def extended(self, expires_at: datetime) -> Session:
        return replace(self, expires_at=expires_at)

    def to_wire(self, now: datetime, *, identity: Json | None = None, devices: bool = True) -> Json:
        """The public JSON of contract 06 §7; `identity` is its rendered identity, left out when None."""
        wire: Json = {
            "id": self.id,
            "active": self.active_at(now),
            "expires_at": to_rfc3339(self.expires_at),
            "authenticated_at": to_rfc3339(self.authenticated_at),
            "authenticator_assurance_level": str(self.aal),
            "authentication_methods": [method.to_wire() for method in self.methods],
            "issued_at": to_rfc3339(self.issued_at),
        }
        if devices:
            wire["devices"] = [device.to_wire() for device in self.devices]
        if identity is not None:
            wire["identity"] = identity
        return wire
