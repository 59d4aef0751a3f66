"""Calls that a step waits for, on their way into the delivery log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestibule.domain.delivery import DeliveryStatus, Run
from vestibule.hooks.hook import Moment
from vestibule.hooks.web_hook.calling import Attempt
from vestibule.hooks.web_hook.naming import name_of
from vestibule.hooks.web_hook.tries import tries_of
from vestibule.services import Services

if TYPE_CHECKING:
    from vestibule.config.hooks import WebHookConfig


class Noted:
    """One call, from its beginning. `attempts` are filled while it is made."""

    def __init__(self, config: WebHookConfig, moment: Moment, event_id: str, svc: Services) -> None:
        self.event_id = event_id
        self.attempts: list[Attempt] = []
        self._hook = name_of(config)
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
        )
