"""A call whose answer the step waits for: what comes of it, and what is done when it fails."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from vestibule.config.points import Point
from vestibule.domain.delivery import DeliveryStatus, Run
from vestibule.domain.errors import (
    FlowError,
    FlowRefused,
    HookUnusable,
    HookUnusableAtSubmit,
)
from vestibule.domain.flow import Kind
from vestibule.domain.json import Json
from vestibule.domain.message import Problem
from vestibule.domain.outcome import Outcome
from vestibule.hooks.hook import Moment
from vestibule.hooks.web_hook import answer, calling, changes, ignoring, noting, troubles
from vestibule.hooks.web_hook.context import context, is_before
from vestibule.hooks.web_hook.event import event_id
from vestibule.hooks.web_hook.naming import name_of
from vestibule.hooks.web_hook.request import CannotCall, prepared
from vestibule.lifecycle import drawing
from vestibule.ports import SecretUnavailable, WebUnreachable
from vestibule.services import Services

if TYPE_CHECKING:
    from vestibule.config.hooks import WebHookConfig

_log = logging.getLogger("vestibule")

_PLAIN_ERRORS = frozenset({Kind.LOGIN, Kind.REGISTRATION})
"""Flows whose single-page apps get a broken hook under its own status."""

_TROUBLES = (CannotCall, SecretUnavailable, troubles.Improper, WebUnreachable)


def ask(config: WebHookConfig, moment: Moment, svc: Services) -> Outcome | Moment:
    """The moment goes on, perhaps with a changed identity, or this is the answer.

    Raises BadGateway, GatewayTimeout, HookUnusable (unless `on_error` lets the step go on), FlowRefused.
    """
    call = noting.Noted(name_of(config), moment, event_id(moment, svc), svc)
    ctx = context(moment, svc)
    call.payload = ignoring.kept(name_of(config), call.event_id, moment, ctx, svc)
    try:
        said = _said(config, ctx, moment, call, svc)
        followed = changes.changed(moment, said.identity, svc) if isinstance(said, answer.Passed) else said.problems
    except _TROUBLES as trouble:
        error = _told(trouble, moment, config)
        return _failed(error, call.ended(DeliveryStatus.FAILED, str(trouble)), config, moment, svc)
    if isinstance(followed, Moment):
        status = DeliveryStatus.DELIVERED if call.attempts else DeliveryStatus.CANCELLED
        return replace(followed, writes=(*followed.writes, *svc.deliveries.noting(call.ended(status))))
    values = moment.values if isinstance(said, answer.Stopped) else None
    return _refused(followed, call.ended(DeliveryStatus.DELIVERED), moment, svc, values)


def unusable(config: WebHookConfig, moment: Moment, why: str) -> HookUnusable:
    """What to raise where the hook cannot run as it is configured."""
    _log.error("a web hook cannot run: %s", why, extra=_named(config, moment))
    flow = moment.flow
    if not flow.is_api and flow.kind in _PLAIN_ERRORS:
        return HookUnusable()
    if is_before(moment.point) and not (flow.is_api and flow.kind is Kind.LOGIN):
        return HookUnusable()
    return HookUnusableAtSubmit()


def _said(
    config: WebHookConfig, ctx: Json, moment: Moment, call: noting.Noted, svc: Services
) -> answer.Passed | answer.Stopped:
    prepared_ = prepared(config, ctx, svc.templates, svc.read_secret)
    if prepared_ is None:
        return answer.Passed()
    response = calling.call(
        prepared_,
        moment.request.received_at + calling.STEP_SECONDS,
        svc,
        named=config.emit_analytics_event,
        event_id=call.event_id,
        policy=calling.policy(config),
        attempts=call.attempts,
    )
    return answer.read(response, config)


def _told(trouble: Exception, moment: Moment, config: WebHookConfig) -> FlowError:
    if isinstance(trouble, CannotCall):
        return unusable(config, moment, str(trouble))
    return troubles.told(trouble, "a web hook", _named(config, moment))


def _failed(error: FlowError, run: Run, config: WebHookConfig, moment: Moment, svc: Services) -> Moment:
    """The moment goes on where `on_error` says so. Raises the error."""
    if config.on_error == "allow":
        return replace(moment, writes=(*moment.writes, *svc.deliveries.noting(run)))
    if config.on_error == "compensate" and moment.point is Point.REGISTRATION_POST_PERSIST and moment.identity:
        svc.identities.delete(moment.identity.id)
    noting.note(run, svc)
    raise error


def _refused(
    problems: tuple[Problem, ...], run: Run, moment: Moment, svc: Services, values: Mapping[str, Any] | None
) -> Outcome:
    """The form again. Before a flow there is none to say it in. Raises FlowRefused."""
    if is_before(moment.point):
        noting.note(run, svc)
        told = [problem.message.to_wire() for problem in problems]
        raise FlowRefused("This is not open to you now", details={"messages": told})
    also = (*moment.writes, *svc.deliveries.noting(run))
    return drawing.refuse(moment.flow, problems, moment.request, svc, dict(values or {}), also)


def _named(config: WebHookConfig, moment: Moment) -> dict[str, Any]:
    return {"hook": name_of(config), "point": str(moment.point)}
