"""`notify_previous_addresses`: the addresses that the person had are told that they were changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vestibule.domain.identity import Identity, VerifiableAddress
from vestibule.domain.outcome import Outcome
from vestibule.domain.times import to_rfc3339
from vestibule.hooks.hook import Contribution, Moment
from vestibule.methods.profile_settings import PROFILE
from vestibule.services import Services


class NotifyPreviousAddresses:
    """After a profile is stored; the messages are written with it, so that none is lost."""

    def __init__(self, entry: Any) -> None:
        self._recipients: str = entry.config.recipients

    def prepare(self, moment: Moment, svc: Services) -> Contribution:
        old, new = moment.flow.identity, moment.identity
        if moment.method != PROFILE or old is None or new is None or _values(old) == _values(new):
            return Contribution(moment)
        data = {
            "identity": new.to_wire(svc.urls.public),
            "changed_at": to_rfc3339(svc.clock.now()),
            "transient_payload": dict(moment.flow.transient_payload or {}),
        }
        told = _told(self._recipients, old, new)
        messages = [
            svc.messages.queueing(
                "verifiable_address_changed",
                via=address.via,
                recipient=address.value,
                data={"to": address.value, **data},
            )
            for address in told
        ]
        return Contribution(moment, tuple(messages))

    def __call__(self, moment: Moment, svc: Services) -> Outcome | Moment | None:
        return None


def _told(recipients: str, old: Identity, new: Identity) -> Sequence[VerifiableAddress]:
    if recipients == "all":
        return old.verifiable_addresses
    if recipients == "all_verified":
        return [address for address in old.verifiable_addresses if address.verified]
    return [address for address in old.verifiable_addresses if (address.via, address.value) not in _values(new)]


def _values(identity: Identity) -> set[tuple[str, str]]:
    return {(address.via, address.value) for address in identity.verifiable_addresses}
