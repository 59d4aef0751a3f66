"""Calls that a step waits for, on their way into the delivery log."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from vestibule.domain.delivery import DeliveryStatus, Run
from vestibule.hooks.web_hook.calling import Attempt
from vestibule.hooks.web_hook.tries import tries_of
from vestibule.ports import StoreUnavailable
from vestibule.services import Services

if TYPE_CHECKING:
    from vestibule.hooks.hook import Moment

_log = logging.getLogger("vestibule")


class Noted:
    """One call, from its beginning. `attempts` are filled while it is made; `payload` is what a replay needs."""

    def __init__(self, hook: str, moment: Moment, event_id: str, svc: Services) -> None:
        self.event_id = event_id
        self.attempts: list[Attempt] = []
        self.payload = ""
        self._hook = hook
        self._moment = moment
        self._at = svc.clock.now()

    def ended(self, status: DeliveryStatus, error: str = "") -> Run:
        moment = self._moment
        return Run(
            event_id=self.event_id,
            hook=self._hook,
            point=str(moment.point),
            status=status,
            at=self._at,
            tries=tries_of(self.attempts),
            flow_id=moment.flow.id,
            identity_id=moment.identity.id if moment.identity is not None else None,
            error=error,
            payload=self.payload,
        )


def note(run: Run, svc: Services) -> None:
    """By itself, where no write of the step follows. What came of the call is told either way."""
    try:
        svc.table.transact(svc.deliveries.noting(run))
    except StoreUnavailable:
        _log.warning("a call of a web hook could not be noted", extra={"hook": run.hook})
