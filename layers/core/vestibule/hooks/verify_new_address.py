"""`verify_new_address`: a new address is the person's once it is proven, and the old one stays until then."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from vestibule.domain.errors import TooManyRequests
from vestibule.domain.flow import Kind
from vestibule.domain.identity import Identity, VerifiableAddress
from vestibule.domain.message import Problem
from vestibule.domain.outcome import FlowContinued, FlowInvalid, Outcome
from vestibule.domain.session import Session
from vestibule.hooks.hook import Moment
from vestibule.lifecycle import drawing, pending_change, verifying
from vestibule.methods.code import may_be_written_to
from vestibule.methods.profile_settings import PROFILE
from vestibule.ports import Key
from vestibule.services import Services
from vestibule.stores import pending_changes
from vestibule.stores.addresses import address_key
from vestibule.stores.identity_items import addresses_of, identifiers_of
from vestibule.ui import messages

_HOUR = timedelta(hours=1)


class VerifyNewAddress:
    """Before a profile is stored: one that brings an address waits, and the code goes to that address.

    Who asks has a fresh session: settings see to that first. An address that nothing can be sent to by the configured
    method could never be proven, and is not held up.
    """

    def __init__(self, entry: Any) -> None:
        """Takes no settings."""

    def __call__(self, moment: Moment, svc: Services) -> Outcome | None:
        """Raises TooManyRequests, TransactionCancelled."""
        old, new, issued = moment.flow.identity, moment.identity, moment.issued
        if moment.method != PROFILE or old is None or new is None or issued is None:
            return None
        if not svc.config.selfservice.flows.verification.enabled:
            return None
        had = {(address.via, address.value) for address in old.verifiable_addresses}
        added = [each for each in new.verifiable_addresses if (each.via, each.value) not in had]
        asked = [address for address in added if verifying.reaches(address, svc)]
        if not asked:
            return None
        if len(added) > 1:
            return _too_many(moment, svc)
        if _is_taken(old, new, svc):
            return _refused(moment, Problem(messages.DUPLICATE_CREDENTIALS()), svc)
        if not may_be_written_to(asked[0].via, asked[0].value, svc):
            raise TooManyRequests("Too many codes were sent to this address; try again later", retry_after=_HOUR)
        return _waiting(moment, old, new, asked[0], issued.session, svc)


def _waiting(
    moment: Moment, old: Identity, new: Identity, address: VerifiableAddress, session: Session, svc: Services
) -> FlowContinued:
    """The change, the flow that decides about it and its message, and the form as it was sent: one transaction.

    Raises TransactionCancelled.
    """
    origin, request = moment.flow, moment.request
    sent = verifying.opened(origin, old, address, request, svc, secret=moment.csrf or request.csrf)
    change = pending_change.waiting(sent.flow, old, new, address, session, origin)
    shown = replace(origin, messages=(), problems=(), updated_at=svc.clock.now())
    svc.table.transact(
        [
            pending_changes.putting(old.id, change, until=sent.flow.expires_at),
            svc.flows.adding(sent.flow),
            sent.message,
            svc.flows.saving(shown),
        ]
    )
    shown = replace(shown, version=shown.version + 1)
    items = [verifying.shown(sent.flow, svc, with_url=not origin.is_api)]
    return FlowContinued(
        flow=shown,
        document=drawing.document(shown, request, svc, continue_with=items),
        method=moment.method,
        location=svc.urls.ui(Kind.VERIFICATION, flow=sent.flow.id),
    )


def _too_many(moment: Moment, svc: Services) -> FlowContinued:
    """As recorded the form is shown as one that goes on."""
    refused = _refused(moment, Problem(messages.SETTINGS_TOO_MANY_ADDRESS_CHANGES()), svc)
    return FlowContinued(flow=refused.flow, document=refused.document, method=moment.method)


def _refused(moment: Moment, problem: Problem, svc: Services) -> FlowInvalid:
    return replace(
        drawing.refuse(moment.flow, (problem,), moment.request, svc, also=moment.writes), method=moment.method
    )


def _is_taken(old: Identity, new: Identity, svc: Services) -> bool:
    """Whether somebody else has what the identity would get: told now, not when the code is entered."""
    addresses = [key for key in addresses_of(new) if key not in addresses_of(old)]
    identifiers = set(identifiers_of(new)) - set(identifiers_of(old))
    keys: list[Key] = [address_key(svc.index, via, value) for via, value in addresses]
    keys += [svc.identities.identifier_key(type_, value) for type_, value in identifiers]
    return any(item is not None and item["id"] != new.id for item in svc.table.get(keys))
