"""`require_verified_address`: no session until one address of the identity is verified."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from vestibule.domain.addresses import as_sent
from vestibule.domain.errors import AddressNotVerified, Misconfigured, ServiceUnavailable
from vestibule.domain.flow import Flow, Kind
from vestibule.domain.identity import Identity, VerifiableAddress
from vestibule.domain.message import Problem
from vestibule.domain.outcome import Outcome
from vestibule.hooks.hook import Moment
from vestibule.lifecycle import drawing, verifying
from vestibule.methods.code import may_be_written_to
from vestibule.methods.password_login import PASSWORD
from vestibule.services import Services
from vestibule.stores.identities import IdentityChanged
from vestibule.ui import messages

_TRIES = 5


class RequireVerifiedAddress:
    """After a login by any method: otherwise a code or link goes to the first address, and to its form the person."""

    def __init__(self, entry: Any) -> None:
        """Takes no settings."""

    def __call__(self, moment: Moment, svc: Services) -> Outcome | Moment | None:
        """Raises AddressNotVerified, Misconfigured (an identity without any address)."""
        identity = moment.identity
        legacy = svc.config.feature_flags.legacy_require_verified_login_error
        if identity is None or (legacy and moment.method != PASSWORD):  # other methods were not asked in those days
            return None
        if not identity.verifiable_addresses:
            raise Misconfigured("Only identities with a verified address may sign in, and this one has no address")
        if any(address.verified for address in identity.verifiable_addresses):
            return None
        address = next((each for each in identity.verifiable_addresses if verifying.reaches(each, svc)), None)
        if legacy or address is None or not svc.config.selfservice.flows.verification.enabled:
            why = Problem(messages.ADDRESS_NOT_VERIFIED())
            return replace(
                drawing.refuse(moment.flow, (why,), moment.request, svc, also=moment.writes), method=moment.method
            )
        raise _refusal(_sent(moment, identity, address, svc), svc)


def _sent(moment: Moment, identity: Identity, address: VerifiableAddress, svc: Services) -> Flow:
    allowed = may_be_written_to(address.via, address.value, svc)
    for _ in range(_TRIES):
        sent = verifying.opened(moment.flow, identity, address, moment.request, svc, secret=moment.request.csrf)
        also = (svc.flows.adding(sent.flow), *((sent.message,) if allowed else ()))
        marked = as_sent(identity, address.via, address.value, svc.clock.now())
        try:
            if marked is identity:
                svc.table.transact(also)
            else:
                svc.identities.update(identity, marked, also=also, told=())
        except IdentityChanged:
            newest = svc.identities.find(identity.id)
            if newest is None:
                break
            identity = newest
        else:
            return sent.flow
    raise ServiceUnavailable("Too many requests for this person at once; try again soon")


def _refusal(flow: Flow, svc: Services) -> AddressNotVerified:
    return AddressNotVerified(
        "This account has no verified address yet: a message was sent to it, please follow it first",
        details={"continue_with": [verifying.shown(flow, svc, with_url=True)]},
        browser_location=svc.urls.ui(Kind.VERIFICATION, flow=flow.id),
    )
