"""The hook itself: when it runs, and what comes of it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from msgspec.structs import replace

from vestibule.config.points import Point
from vestibule.domain.errors import (
    BadGateway,
    FlowRefused,
    GatewayTimeout,
    HookUnusable,
    HookUnusableAtSubmit,
)
from vestibule.domain.flow import Kind
from vestibule.domain.json import Json
from vestibule.domain.message import Problem
from vestibule.domain.outcome import Document, Outcome
from vestibule.hooks.hook import Contribution, Moment
from vestibule.hooks.web_hook import answer, calling, changes, ignoring
from vestibule.hooks.web_hook.context import context, is_before
from vestibule.hooks.web_hook.event import event_id
from vestibule.hooks.web_hook.request import CannotCall, prepared
from vestibule.lifecycle import drawing
from vestibule.ports import WebTimeout, WebUnreachable
from vestibule.services import Services

if TYPE_CHECKING:
    from vestibule.config.hooks import WebHook, WebHookConfig

_log = logging.getLogger("vestibule")

_BEFORE_STORING = frozenset({Point.REGISTRATION_PRE_PERSIST, Point.SETTINGS_PRE_PERSIST})
_AFTER_STORING = frozenset({Point.REGISTRATION_POST_PERSIST, Point.SETTINGS_POST_PERSIST})
_TOLD_TO_EVERYBODY = frozenset({Point.RECOVERY_BEFORE, Point.VERIFICATION_BEFORE})
"""Where browsers too get the error itself, as recorded."""

_ERROR = {"Content-Type": "application/json", "Ory-Error-Id": ""}

_PLAIN_ERRORS = frozenset({Kind.LOGIN, Kind.REGISTRATION})
"""Flows whose single-page apps get a broken hook under its own status."""


class CallWebHook:
    """In registration and settings, hooks whose answers are read run before the identity is stored, others after it."""

    def __init__(self, entry: WebHook) -> None:
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
        if moment.point in (_AFTER_STORING if config.parses else _BEFORE_STORING):
            return None
        if config.response.ignore and config.parses:
            self._unusable(moment, "an answer that is ignored cannot be read")
        if config.response.ignore:
            return self._told(moment, svc)
        return self._ask(context(moment, svc), moment, svc)

    def prepare(self, moment: Moment, svc: Services) -> Contribution:
        """A call that nobody waits for is announced by the write that it is about."""
        config = self._config
        ignores = config.response.ignore and not config.parses
        return Contribution(moment, ignoring.announced(config, moment, svc) if ignores else ())

    def _told(self, moment: Moment, svc: Services) -> Moment | None:
        if moment.point in ignoring.WITH_THE_WRITE:
            return None  # see `prepare`
        return replace(moment, writes=(*moment.writes, *ignoring.announced(self._config, moment, svc)))

    def _ask(self, ctx: Json, moment: Moment, svc: Services) -> Outcome | Moment | None:
        config = self._config
        deadline = moment.request.received_at + calling.STEP_SECONDS
        try:
            call = prepared(config, ctx, svc.templates)
            if call is None:
                return None
            named, id_ = config.emit_analytics_event, event_id(moment, svc)
            said = answer.read(calling.call(call, deadline, svc, named=named, event_id=id_), config)
            return self._followed(said, moment, svc)
        except CannotCall as cannot:
            self._unusable(moment, str(cannot))
        except answer.Improper as improper:
            _log.warning("a web hook failed: %s", improper, extra=self._named(moment))
            raise BadGateway("A service that takes part in this did not answer as it should; try again later") from None
        except WebTimeout:
            _log.warning("a web hook took too long", extra=self._named(moment))
            raise GatewayTimeout("A service that takes part in this did not answer in time; try again later") from None
        except WebUnreachable:
            _log.warning("a web hook could not be reached", extra=self._named(moment))
            raise BadGateway("A service that takes part in this could not be reached; try again later") from None

    def _followed(self, said: answer.Passed | answer.Stopped, moment: Moment, svc: Services) -> Outcome | Moment | None:
        if isinstance(said, answer.Stopped):
            return _refused(said.problems, moment, svc, moment.values)
        went_on = changes.changed(moment, said.identity, svc)
        return went_on if isinstance(went_on, Moment) else _refused(went_on, moment, svc)

    def _unusable(self, moment: Moment, why: str) -> NoReturn:
        _log.error("a web hook cannot run: %s", why, extra=self._named(moment))
        flow = moment.flow
        if not flow.is_api and flow.kind in _PLAIN_ERRORS:
            raise HookUnusable
        if is_before(moment.point) and not (flow.is_api and flow.kind is Kind.LOGIN):
            raise HookUnusable
        raise HookUnusableAtSubmit

    def _named(self, moment: Moment) -> dict[str, Any]:
        return {"hook": self._config.id, "point": str(moment.point)}


def _refused(
    problems: tuple[Problem, ...], moment: Moment, svc: Services, values: Mapping[str, Any] | None = None
) -> Outcome:
    """The form again. Before a flow there is none to say it in. Raises FlowRefused."""
    if is_before(moment.point):
        told = [problem.message.to_wire() for problem in problems]
        raise FlowRefused("This is not open to you now", details={"messages": told})
    return drawing.refuse(moment.flow, problems, moment.request, svc, dict(values or {}), moment.writes)
