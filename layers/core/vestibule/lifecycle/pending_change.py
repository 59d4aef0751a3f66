"""A change of address that waits for its proof (`verify_new_address`). Contract 02 §3."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from vestibule.domain.addresses import as_verified, verifiable
from vestibule.domain.flow import Flow
from vestibule.domain.identity import Identity, VerifiableAddress
from vestibule.domain.session import Session
from vestibule.lifecycle import verifying
from vestibule.ports import TransactWrite
from vestibule.services import Services
from vestibule.stores import pending_changes
from vestibule.stores.derivation import derived
from vestibule.stores.pending_changes import PendingChange


class Due(Struct, frozen=True):
    """A change that may be made now: the identity as it was and as it is to be, and by which session it was asked for.

    `writes` belong into the transaction that makes it.
    """

    change: PendingChange
    session: Session
    before: Identity
    identity: Identity
    writes: tuple[TransactWrite, ...]


Follow = Callable[[Due], Due]
"""What others add to a change that is about to be made."""


def digest(traits: Any) -> str:
    """By which it is noticed that traits were changed in between."""
    return hashlib.sha256(json.dumps(traits, sort_keys=True).encode()).hexdigest()


def waiting(
    flow: Flow, identity: Identity, wanted: Identity, address: VerifiableAddress, session: Session, origin: Flow
) -> PendingChange:
    """`wanted` is the identity with the new address, which is proven in `flow`."""
    return PendingChange(
        flow_id=flow.id,
        via=address.via,
        address=address.value,
        traits=wanted.traits,
        before=digest(identity.traits),
        session_id=session.id,
        origin_id=origin.id,
    )


def due(flow: Flow, via: str, value: str, identity: Identity, svc: Services) -> Due | None:
    """The change that waits for this address, or None: there is none, or it may not be made any more.

    The session that asked for it has to be active, and the traits have to be those that it was asked for.
    """
    change = pending_changes.find(svc.table, identity.id, flow.id)
    if change is None or (change.via, change.address) != (via, value) or digest(identity.traits) != change.before:
        return None
    session = svc.sessions.of(identity, change.session_id)
    if session is None or not session.active_at(svc.clock.now()):
        return None
    now = svc.clock.now()
    schema = svc.schema(identity.schema_id)
    changed = replace(identity, traits=change.traits, updated_at=now)
    wanted = as_verified(derived(changed, schema, now=now, new_id=svc.random.uuid4), via, value, now)
    return Due(change, session, identity, wanted, (pending_changes.taking(identity.id, change),))


def address_of(flow: Flow, via: str, value: str, identity: Identity, svc: Services) -> VerifiableAddress | None:
    """The address that the flow is to prove before it is the identity's."""
    found = due(flow, via, value, identity, svc)
    address = verifiable(found.identity, via, value) if found else None
    return address if address is not None and verifying.reaches(address, svc) else None
