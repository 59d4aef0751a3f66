"""The hook itself: when it runs, and what comes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from vestibule.config.points import Point
from vestibule.domain.errors import BadGateway, GatewayTimeout, HookUnusable
from vestibule.domain.outcome import Document, Outcome
from vestibule.hooks import choosing
from vestibule.hooks.hook import Contribution, Moment
from vestibule.hooks.web_hook import asking, ignoring
from vestibule.services import Services

if TYPE_CHECKING:
    from vestibule.config.hooks import WebHook, WebHookConfig

_TOLD_TO_EVERYBODY = frozenset({Point.RECOVERY_BEFORE, Point.VERIFICATION_BEFORE})
"""Where browsers too get the error itself, as recorded."""

_ERROR = {"Content-Type": "application/json", "Ory-Error-Id": ""}


class CallWebHook:
    """In registration and settings, hooks whose answers are read run before the identity is stored, others after it."""

    def __init__(self, entry: WebHook) -> None:
        self._entry = entry
        self._config: WebHookConfig = entry.config

    def __call__(self, moment: Moment, svc: Services) -> Outcome | Moment | None:
        """Raises BadGateway, GatewayTimeout, FlowRefused, HookUnusable."""
        try:
            return self._ran(moment, svc)
        except (BadGateway, GatewayTimeout, HookUnusable) as error:
            if moment.point not in _TOLD_TO_EVERYBODY:
                raise
            return Document(body={"error": error.to_wire()}, status=error.status, headers=_ERROR)

    def _ran(self, moment: Moment, svc: Services) -> Outcome | Moment | None:
        config = self._config
        if choosing.is_silent(self._entry, moment.point):
            return None
        if config.response.ignore and config.parses:
            raise asking.unusable(config, moment, "an answer that is ignored cannot be read")
        if config.response.ignore:
            return self._told(moment, svc)
        return asking.ask(config, moment, svc)

    def prepare(self, moment: Moment, svc: Services) -> Contribution:
        """A call that nobody waits for is announced by the write that it is about."""
        config = self._config
        ignores = config.response.ignore and not config.parses
        return Contribution(moment, ignoring.announced(config, moment, svc) if ignores else ())

    def _told(self, moment: Moment, svc: Services) -> Moment | None:
        if moment.point in ignoring.WITH_THE_WRITE:
            return None  # see `prepare`
        return replace(moment, writes=(*moment.writes, *ignoring.announced(self._config, moment, svc)))
