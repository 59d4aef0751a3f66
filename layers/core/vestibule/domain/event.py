"""What happened, for those outside who want to know: stored with the write that it speaks of, published behind it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, field

MESSAGE_QUEUED = "CourierMessageQueued"
WEB_HOOK_DUE = "WebHookDue"
"""A call that nobody waits for; what it is to say is sealed for us alone."""

IDENTITY_CREATED = "IdentityCreated"
IDENTITY_UPDATED = "IdentityUpdated"
IDENTITY_DELETED = "IdentityDeleted"
SESSION_ISSUED = "SessionIssued"
SESSION_CHANGED = "SessionChanged"
SESSION_EXTENDED = "SessionLifespanExtended"
SESSION_REVOKED = "SessionRevoked"
LOGIN_SUCCEEDED = "LoginSucceeded"
LOGIN_SUSPICIOUS = "LoginSuspicious"
"""It succeeded, after many wrong guesses or with a new device. It is ours; other names are Kratos's (02 §4.7)."""
KEY_COPY_SUSPECTED = "KeyCopySuspected"
"""A key's counter did not move on: nobody was let in by it. Ours, too."""
REGISTRATION_SUCCEEDED = "RegistrationSucceeded"
RECOVERY_SUCCEEDED = "RecoverySucceeded"
RECOVERY_INITIATED_BY_ADMIN = "RecoveryInitiatedByAdmin"
VERIFICATION_SUCCEEDED = "VerificationSucceeded"
SETTINGS_SUCCEEDED = "SettingsSucceeded"
MESSAGE_DISPATCHED = "CourierMessageDispatched"
MESSAGE_ABANDONED = "CourierMessageAbandoned"
WEB_HOOK_DELIVERED = "WebhookDelivered"
"""One attempt, whatever came of it."""
WEB_HOOK_SUCCEEDED = "WebhookSucceeded"
WEB_HOOK_FAILED = "WebhookFailed"
"""Nobody tries again."""


class Event(Struct, frozen=True):
    """The same `id` is the same event, however often it arrives. `detail` is JSON and holds no secrets."""

    id: str
    type: str
    detail: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def to_json(self) -> dict[str, Any]:
        return {"type": self.type, "id": self.id, **self.detail}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Event:
        """Raises KeyError when it has no type or id."""
        detail = {name: value for name, value in document.items() if name not in ("type", "id")}
        return cls(str(document["id"]), str(document["type"]), detail)


def written(events: Sequence[Event]) -> str:
    """As the attribute `ev` of an item holds them."""
    return json.dumps([event.to_json() for event in events], separators=(",", ":"))


def read(text: str) -> list[Event]:
    """What `written` wrote."""
    return [Event.from_json(document) for document in json.loads(text)]
