"""A one-time code or link that was sent, as the flow remembers it: never the code itself."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class Purpose(StrEnum):
    """What a code is good for; one of another purpose never passes (NIST SP 800-63B §3.1.3.2)."""

    VERIFICATION = "verification"
    RECOVERY = "recovery"
    RECOVERY_LINK = "recovery_link"
    LOGIN = "login"
    REGISTRATION = "registration"
    SECOND_FACTOR = "second_factor"


class SentCode(Struct, frozen=True, kw_only=True):
    """`digest` binds code, flow, purpose, identity and address. `identity_id` is empty for who is not known yet.

    `given` is a digest of what else must not have changed since, empty where nothing is asked for.
    """

    digest: str
    purpose: Purpose
    via: str
    address: str
    identity_id: str
    expires_at: datetime
    given: str = ""
