"""What happens to a verification flow in the store: a code is sent, an attempt is counted, an address is proven.

Each step is one transaction on the version of the flow that it was decided for. Where another request was quicker, it
is decided again for the flow as it is then; so of any number of right codes at once, one proves the address.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from vestibule.domain.addresses import as_sent, as_verified, verifiable
from vestibule.domain.code import Purpose, SentCode
from vestibule.domain.errors import ServiceUnavailable
from vestibule.domain.event import VERIFICATION_SUCCEEDED, Event
from vestibule.domain.flow import Flow, FlowState, Kind
from vestibule.domain.identity import Identity
from vestibule.domain.session import NIL_UUID
from vestibule.lifecycle import pending_change, verifying
from vestibule.lifecycle.pending_change import Due, Follow
from vestibule.methods import codes
from vestibule.methods.code import ensure_reserved, forget_guesses, may_be_written_to, reserve_guess
from vestibule.methods.verification import ADDRESS, BY_HOOK, RESEND
from vestibule.ports import Item, Key, TransactionCancelled, TransactWrite
from vestibule.services import Services
from vestibule.stores.addresses import address_key, verifiable_owner
from vestibule.stores.flows import FlowChanged
from vestibule.stores.guesses import Reserved
from vestibule.stores.identities import AlreadyExists, IdentityChanged
from vestibule.ui import messages

_TRIES = 10
"""Decisions of one step. More means that very many requests for one flow or person come at once."""


Announce = Callable[[Flow, Identity], tuple[TransactWrite, ...]]
"""What hooks tell of a proof: the flow and the identity as they will be stored."""


class Proof(Struct, frozen=True):
    """The address is proven: flow and identity as they are stored now. `made` is the change that waited for it."""

    flow: Flow
    identity: Identity
    made: Due | None = None


class Wrong(Struct, frozen=True):
    """The code is not right, or it has expired; the flow says so."""

    flow: Flow


class Passed(Struct, frozen=True):
    """The flow's address was proven before."""

    flow: Flow


class TooMany(Struct, frozen=True):
    """Too many attempts were counted: nothing was compared."""


class Expired(Struct, frozen=True):
    """The link was good until then."""

    at: datetime


def send(
    flow: Flow, typed: str, found: Mapping[Key, Item | None], payload: Mapping[str, Any], svc: Services
) -> Flow | Passed:
    """Send a code or link to an address as typed, if anybody has it. `found` holds the address's entry.

    An address that nobody has costs the same: the entry, an identity that is not there, and the transaction.
    """
    via, value = verifying.normalised(typed)
    owner = verifiable_owner(found.get(address_key(svc.index, via, value))) or _asked_for(flow)
    identity, allowed = svc.parallel(
        lambda: svc.identities.find(owner or NIL_UUID), lambda: may_be_written_to(via, value, svc)
    )
    for _ in range(_TRIES):
        if flow.state is FlowState.PASSED_CHALLENGE:
            return Passed(flow)
        asking = replace(
            flow,
            values={"email": typed},
            internal={**flow.internal, ADDRESS: typed, RESEND: "email"},
        )
        try:
            sent = _send_once(asking, via, value, identity, payload, svc) if allowed else _send_nothing(asking, svc)
        except IdentityChanged:
            identity = svc.identities.find(owner or NIL_UUID)
        except TransactionCancelled:
            flow = _newest(flow, svc)
        else:
            return replace(sent, version=sent.version + 1)
    raise ServiceUnavailable("Too many requests for this flow at once; try again soon")


def by_code(
    flow: Flow, code: str, follow: Follow, announce: Announce, svc: Services
) -> Proof | Wrong | Passed | TooMany:
    """Count an attempt in the flow, and a guess at the address, then compare. A wrong code is noted in the flow.

    Guesses at an address are counted over all flows: a new one gives no new ones. `follow` adds to a change that
    waited for the proof. Raises TooManyRequests.
    """
    most = svc.config.selfservice.methods.code.config.max_submissions
    if flow.attempts >= most:
        return TooMany()
    asked = flow.codes[-1] if flow.codes else None
    counted, guess, identity = svc.parallel(
        lambda: svc.flows.attempted(flow, most),
        lambda: reserve_guess(asked.address, svc) if asked else Reserved(0),
        lambda: svc.identities.find((asked.identity_id if asked else "") or NIL_UUID),
    )
    if counted is None:
        return TooMany()
    count = ensure_reserved(guess)
    if counted.state is FlowState.PASSED_CHALLENGE:
        return Passed(counted)
    sent = codes.matching(counted, code, Purpose.VERIFICATION, svc)
    if sent is None:
        return _wrong(counted, svc)
    proof = _prove(counted, sent, identity, follow, announce, svc)
    if isinstance(proof, Proof):
        forget_guesses(sent.address, count, svc)
    return proof or _lost(counted, svc)


def by_link(flow: Flow, token: str, follow: Follow, announce: Announce, svc: Services) -> Proof | Expired | None:
    """Compare a link's token. 192 bits need no counting; None where it is not right, or was used."""
    sent = codes.matching(flow, token, Purpose.VERIFICATION, svc, expired=True)
    if sent is None:
        return None
    if sent.expires_at <= svc.clock.now():
        return Expired(sent.expires_at)
    identity = svc.identities.find(sent.identity_id or NIL_UUID)
    return _prove(flow, sent, identity, follow, announce, svc)


def _asked_for(flow: Flow) -> str | None:
    """Whose address a flow that a hook opened is to prove: it need not be theirs yet."""
    return flow.codes[-1].identity_id if flow.internal.get(BY_HOOK) and flow.codes else None


def _send_once(
    flow: Flow, via: str, value: str, identity: Identity | None, payload: Mapping[str, Any], svc: Services
) -> Flow:
    """Raises IdentityChanged, TransactionCancelled."""
    address = verifiable(identity, via, value) if identity else None
    if identity is not None and address is None:
        address = pending_change.address_of(flow, via, value, identity, svc)
    if identity is None or address is None or not verifying.reaches(address, svc):
        nobody = verifying.sending_to_nobody(flow, via, value, svc, payload)
        svc.table.transact([svc.flows.saving(nobody.flow), nobody.message])
        return nobody.flow
    sent = verifying.sending(flow, identity, address, svc, payload)
    also = (svc.flows.saving(sent.flow), sent.message)
    marked = as_sent(identity, via, value, svc.clock.now())
    if marked is identity:
        svc.table.transact(also)
    else:
        svc.identities.update(identity, marked, also=also, told=())
    return sent.flow


def _send_nothing(flow: Flow, svc: Services) -> Flow:
    """Raises TransactionCancelled."""
    held = verifying.held_back(flow, svc)
    svc.table.transact([svc.flows.saving(held)])
    return held


def _prove(
    flow: Flow, sent: SentCode, identity: Identity | None, follow: Follow, announce: Announce, svc: Services
) -> Proof | None:
    """Verify the address and use the code up, in one transaction. None where either is gone, or was used meanwhile.

    An address that is not the person's yet becomes so, with the change that waited for its proof.
    """
    if identity is None or identity.id != sent.identity_id:
        identity = svc.identities.find(sent.identity_id or NIL_UUID)
    for _ in range(_TRIES):
        if identity is None or sent not in flow.codes:
            return None
        made: Due | None = None
        if verifiable(identity, sent.via, sent.address) is None:
            due = pending_change.due(flow, sent.via, sent.address, identity, svc)
            if due is None:
                return None
            made = follow(due)
        passed = _passed(flow, sent, svc)
        proven = made.identity if made else as_verified(identity, sent.via, sent.address, svc.clock.now())
        behind = replace(passed, version=passed.version + 1)
        also = (svc.flows.saving(passed), *(made.writes if made else ()), *announce(behind, proven))
        try:
            told = _told(identity, sent, passed, made, svc)
            stored = svc.identities.update(identity, proven, also=also, told=told)
        except AlreadyExists:
            return None
        except IdentityChanged:
            identity = svc.identities.find(identity.id)
        except TransactionCancelled:
            flow = _newest(flow, svc)
        else:
            made = replace(made, identity=stored) if made else None
            return Proof(behind, stored, made)
    raise ServiceUnavailable("Too many requests for this flow at once; try again soon")


def _told(identity: Identity, sent: SentCode, flow: Flow, made: Due | None, svc: Services) -> list[Event]:
    who, how = identity.id, {"method": flow.active, "via": sent.via}
    verified = svc.outbox.happened(VERIFICATION_SUCCEEDED, flow.id, who, identity=who, flow=flow.id, **how)
    return [verified, svc.identities.updated(identity)] if made else [verified]


def _passed(flow: Flow, sent: SentCode, svc: Services) -> Flow:
    """Other links that were sent still hold; other codes there are none."""
    return replace(
        flow,
        state=FlowState.PASSED_CHALLENGE,
        active=svc.config.selfservice.flows.verification.use,
        codes=tuple(each for each in flow.codes if each is not sent and each != sent),
        messages=(verifying.succeeded(sent.via),),
        problems=(),
        values={},
        internal=codes.emptied(flow),
        updated_at=svc.clock.now(),
    )


def _lost(flow: Flow, svc: Services) -> Wrong | Passed:
    """The code was right, but somebody else used it at this moment, or its address is gone."""
    newest = _newest(flow, svc)
    return Passed(newest) if newest.state is FlowState.PASSED_CHALLENGE else _wrong(newest, svc)


def _wrong(flow: Flow, svc: Services) -> Wrong | Passed:
    for _ in range(_TRIES):
        if flow.state is FlowState.PASSED_CHALLENGE:
            return Passed(flow)
        told = replace(
            flow,
            messages=(messages.VERIFICATION_CODE_INVALID_OR_ALREADY_USED(),),
            problems=(),
            internal=codes.emptied(flow),
            updated_at=svc.clock.now(),
        )
        try:
            wrong = svc.outbox.happened("VerificationFailed", flow.id, str(flow.version + 1), flow=flow.id)
            return Wrong(svc.flows.save(told, told=[wrong]))
        except FlowChanged:
            flow = _newest(flow, svc)
    return Wrong(flow)


def _newest(flow: Flow, svc: Services) -> Flow:
    return svc.flows.find(flow.id, Kind.VERIFICATION) or flow
