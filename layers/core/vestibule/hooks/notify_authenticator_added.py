"""`notify_authenticator_added`: the person's addresses are told of a new key, passkey or authenticator app."""

from __future__ import annotations

from typing import Any

from vestibule.config.points import ONLY_METHODS
from vestibule.domain.outcome import Outcome
from vestibule.domain.times import to_rfc3339
from vestibule.hooks.hook import Contribution, Moment
from vestibule.services import Services


class NotifyAuthenticatorAdded:
    """The messages are written with what they tell of: none is lost. Only proven addresses are surely theirs."""

    def __init__(self, entry: Any) -> None:
        self._name: str = entry.hook

    def prepare(self, moment: Moment, svc: Services) -> Contribution:
        """What was shown to be there (`factor`) was added; what was taken off has none to show."""
        identity = moment.identity
        if identity is None or moment.factor is None or moment.method not in ONLY_METHODS[self._name]:
            return Contribution(moment)
        data = {
            "identity": identity.to_wire(svc.urls.public),
            "added_at": to_rfc3339(svc.clock.now()),
            "transient_payload": dict(moment.flow.transient_payload or {}),
        }
        messages = [
            svc.messages.queueing(
                "authenticator_key_added",
                via=address.via,
                recipient=address.value,
                data={"to": address.value, **data},
            )
            for address in identity.verifiable_addresses
            if address.verified
        ]
        return Contribution(moment, tuple(messages))

    def __call__(self, moment: Moment, svc: Services) -> Outcome | Moment | None:
        return None
