"""`verification`: whoever is new, or has a new address, is sent a code or link to prove it."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from vestibule.config.points import Point
from vestibule.crypto import csrf
from vestibule.domain.addresses import as_sent
from vestibule.domain.flow import Flow
from vestibule.domain.identity import AddressStatus, Identity, VerifiableAddress
from vestibule.domain.outcome import Outcome
from vestibule.domain.session import Aal
from vestibule.hooks.hook import Contribution, Moment
from vestibule.lifecycle import verifying
from vestibule.ports import TransactionCancelled, TransactWrite
from vestibule.services import Services
from vestibule.stores.identities import IdentityChanged

_TRIES = 5


class Verification:
    """Runs by itself after registration and settings, where verification is enabled; at login where it is listed.

    It asks for the first address that is not verified (in settings: that nothing was sent to yet); with
    `feature_flags.legacy_continue_with_verification_ui` for all of them, and tells apps of each.
    """

    def __init__(self, entry: Any) -> None:
        """Takes no settings."""

    def prepare(self, moment: Moment, svc: Services) -> Contribution:
        """The flow, its code and the message are stored in the same transaction as the identity."""
        return _asking(moment, svc)

    def __call__(self, moment: Moment, svc: Services) -> Outcome | Moment | None:
        """At login, in a transaction of its own in front of the one that opens the session."""
        if moment.point is not Point.LOGIN_AFTER or moment.factor is None or moment.factor.aal is not Aal.AAL1:
            return None
        if not svc.config.selfservice.flows.verification.enabled:
            return None
        for _ in range(_TRIES):
            added = _asking(moment, svc)
            if moment.identity is None or added.moment.identity is None or not added.writes:
                return None
            try:
                return _with_identity(added.moment, _stored(moment, added, svc))
            except (IdentityChanged, TransactionCancelled):
                newest = svc.identities.find(moment.identity.id)
                if newest is None:
                    return None
                moment = replace(moment, identity=newest)
        return None


def _asking(moment: Moment, svc: Services) -> Contribution:
    identity = moment.identity
    if identity is None:
        return Contribution(moment)
    legacy = svc.config.feature_flags.legacy_continue_with_verification_ui
    asked = [address for address in identity.verifiable_addresses if _needs(address, moment.point, svc)]
    writes: tuple[TransactWrite, ...] = ()
    for address in asked if legacy else asked[:1]:
        moment = _with_secret(moment, svc)
        sent = verifying.opened(
            moment.flow, identity, address, moment.request, svc, secret=moment.csrf or moment.request.csrf
        )
        writes = (*writes, svc.flows.adding(sent.flow), sent.message)
        identity = as_sent(identity, address.via, address.value, svc.clock.now())
        moment = _told(moment, sent.flow, svc, legacy=legacy)
    return Contribution(replace(moment, identity=identity), writes)


def _needs(address: VerifiableAddress, point: Point, svc: Services) -> bool:
    if address.verified or not verifying.reaches(address, svc):
        return False
    return point is not Point.SETTINGS_POST_PERSIST or address.status == AddressStatus.PENDING


def _with_secret(moment: Moment, svc: Services) -> Moment:
    """A browser that is about to get a new CSRF secret: the flow belongs to that one."""
    renewed = moment.point is Point.REGISTRATION_POST_PERSIST or (
        moment.point is Point.LOGIN_AFTER and moment.issued is not None and moment.issued.is_new
    )
    if moment.flow.is_api or moment.csrf or not renewed:
        return moment
    return replace(moment, csrf=csrf.new_secret(svc.random.bytes))


def _told(moment: Moment, flow: Flow, svc: Services, *, legacy: bool) -> Moment:
    if legacy:
        item = verifying.shown(flow, svc, with_url=not flow.is_api)
        moment = replace(moment, continue_with=(*moment.continue_with, item))
    return moment if moment.verification else replace(moment, verification=flow)


def _stored(moment: Moment, added: Contribution, svc: Services) -> Identity:
    """The identity as it is now. Raises IdentityChanged, TransactionCancelled."""
    old, new = moment.identity, added.moment.identity
    if old is None or new is None:
        raise ValueError("nobody signs in")
    # A login by code stores the identity itself, behind the hooks.
    if new is old or moment.method == "code":
        svc.table.transact(added.writes)
        return old
    return svc.identities.update(old, new, also=added.writes, told=())


def _with_identity(moment: Moment, identity: Identity) -> Moment:
    issued = moment.issued
    if issued is not None:
        issued = replace(
            issued,
            session=replace(issued.session, identity=identity),
            shown=replace(issued.shown, identity=identity),
        )
    return replace(moment, identity=identity, issued=issued)
