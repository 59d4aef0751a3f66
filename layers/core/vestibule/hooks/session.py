"""`session`: whoever signed up is signed in."""

from __future__ import annotations

from typing import Any

from vestibule.domain.outcome import Outcome, SignedUp
from vestibule.hooks.hook import Moment
from vestibule.lifecycle import issuing
from vestibule.ports import TransactionCancelled
from vestibule.services import Services


class OpenSession:
    """After a registration: opens a session and ends the chain with the answer that carries it.

    It runs last whatever the configuration's order is: nothing may happen behind an open door (contract 02 §2).
    """

    def __init__(self, entry: Any) -> None:
        """Takes no settings."""

    def __call__(self, moment: Moment, svc: Services) -> Outcome | None:
        identity, factor = moment.identity, moment.factor
        if identity is None or factor is None or not identity.active:
            return None
        issued = issuing.issue(identity, factor, moment.request, svc)
        try:
            active = svc.identities.still_active(identity)
            svc.table.transact([active, svc.sessions.adding(issued.session), *moment.writes])
        except TransactionCancelled:
            return None  # an administrator deleted or disabled the identity at this moment
        return SignedUp(
            flow=moment.flow,
            method=moment.method,
            identity=identity.to_wire(svc.urls.public),
            session=issuing.session_document(issued.shown, svc),
            token=issued.token,
            return_to=moment.return_to,
            continue_with=moment.continue_with,
            cookies=issuing.cookies(issued, moment.flow, svc, secret=moment.csrf),
        )
