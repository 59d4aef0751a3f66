"""What an identity can prove itself with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import field

from vestibule.domain.json import Json
from vestibule.domain.record import Unprinted
from vestibule.domain.times import to_rfc3339


class CredentialType(StrEnum):
    """Contract 03 §12; the names are the wire's."""

    PASSWORD = "password"  # noqa: S105 (the name of a method)
    OIDC = "oidc"
    SAML = "saml"
    TOTP = "totp"
    LOOKUP_SECRET = "lookup_secret"  # noqa: S105 (the name of a method)
    WEBAUTHN = "webauthn"
    CODE = "code"
    PASSKEY = "passkey"
    DEVICEAUTHN = "deviceauthn"


class Credential(Unprinted, frozen=True, kw_only=True):
    """One per type and identity. `identifiers` are normalised; `config` is the method's own document."""

    type: str
    identifiers: tuple[str, ...]
    created_at: datetime
    updated_at: datetime
    config: Mapping[str, Any] = field(default_factory=dict[str, Any])
    version: int = 0
    held: bool = True
    """False: nothing is stored but its identifiers, so that nobody need look for a config."""

    def to_wire(self, *, with_config: bool = False) -> Json:
        wire: Json = {
            "type": self.type,
            "identifiers": list(self.identifiers),
            "version": self.version,
            "created_at": to_rfc3339(self.created_at),
            "updated_at": to_rfc3339(self.updated_at),
        }
        if with_config:
            wire["config"] = dict(self.config)
        return wire
