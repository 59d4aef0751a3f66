"""A person, as the schema describes one."""

from __future__ import annotations

import base64
from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from vestibule.domain.credential import Credential
from vestibule.domain.json import Json
from vestibule.domain.times import to_rfc3339


class State(StrEnum):
    ACTIVE = "active"
    INACTIVE = "inactive"


class AddressStatus(StrEnum):
    PENDING = "pending"
    SENT = "sent"
    COMPLETED = "completed"


class VerifiableAddress(Struct, frozen=True, kw_only=True):
    """An address whose owner can be asked to prove that it is theirs. `value` is normalised."""

    id: str
    value: str
    via: str
    created_at: datetime
    updated_at: datetime
    verified: bool = False
    status: str = AddressStatus.PENDING
    verified_at: datetime | None = None

    def to_wire(self) -> Json:
        wire: Json = {
            "id": self.id,
            "value": self.value,
            "verified": self.verified,
            "via": self.via,
            "status": str(self.status),
            "created_at": to_rfc3339(self.created_at),
            "updated_at": to_rfc3339(self.updated_at),
        }
        if self.verified_at is not None:
            wire["verified_at"] = to_rfc3339(self.verified_at)
        return wire


class RecoveryAddress(Struct, frozen=True, kw_only=True):
    """An address that recovery mail may be sent to. `value` is normalised."""

    id: str
    value: str
    via: str
    created_at: datetime
    updated_at: datetime

    def to_wire(self) -> Json:
        return {
            "id": self.id,
            "value": self.value,
            "via": self.via,
            "created_at": to_rfc3339(self.created_at),
            "updated_at": to_rfc3339(self.updated_at),
        }


class Identity(Struct, frozen=True, kw_only=True):
    """`version` counts writes: 0 is not stored yet, and a write names the version it changes.

    `credentials` say what the identity has, without their secrets: a step that needs one reads its config apart.
    `sessions_void_before` ends every session that was issued earlier, except `kept_session_id`.
    """

    id: str
    schema_id: str
    traits: Any
    created_at: datetime
    updated_at: datetime
    state_changed_at: datetime
    state: State = State.ACTIVE
    verifiable_addresses: tuple[VerifiableAddress, ...] = ()
    recovery_addresses: tuple[RecoveryAddress, ...] = ()
    metadata_public: Any = None
    metadata_admin: Any = None
    external_id: str | None = None
    organization_id: str | None = None
    credentials: tuple[Credential, ...] = ()
    aal2_possible: bool = False
    sessions_void_before: datetime | None = None
    kept_session_id: str | None = None
    version: int = 0

    @property
    def active(self) -> bool:
        return self.state is State.ACTIVE

    def credential(self, type_: str) -> Credential | None:
        return next((credential for credential in self.credentials if credential.type == type_), None)

    def in_state(self, state: State, at: datetime) -> Identity:
        """The identity in that state; `state_changed_at` moves only when it is another one."""
        return self if state is self.state else replace(self, state=state, state_changed_at=at)

    def to_wire(self, base_url: str, *, admin: bool = False, addresses: bool = True) -> Json:
        """The public JSON; with `admin`, `metadata_admin` is added when it is set. Contract 06 §2."""
        wire: Json = {
            "id": self.id,
            "schema_id": self.schema_id,
            "schema_url": schema_url(base_url, self.schema_id),
            "state": str(self.state),
            "state_changed_at": to_rfc3339(self.state_changed_at),
            "traits": self.traits,
            "metadata_public": self.metadata_public,
            "created_at": to_rfc3339(self.created_at),
            "updated_at": to_rfc3339(self.updated_at),
            "organization_id": self.organization_id,
        }
        if self.external_id is not None:
            wire["external_id"] = self.external_id
        if addresses and self.verifiable_addresses:
            wire["verifiable_addresses"] = [address.to_wire() for address in self.verifiable_addresses]
        if addresses and self.recovery_addresses:
            wire["recovery_addresses"] = [address.to_wire() for address in self.recovery_addresses]
        if admin and self.metadata_admin is not None:
            wire["metadata_admin"] = self.metadata_admin
        return wire


def schema_url(base_url: str, schema_id: str) -> str:
    """Where a schema can be read: its id is base64url without padding. Contract 06 §2."""
    encoded = base64.urlsafe_b64encode(schema_id.encode()).decode().rstrip("=")
    return f"{base_url.rstrip('/')}/schemas/{encoded}"
