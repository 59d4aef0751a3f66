"""Passwords that were not imported: the system that has them is asked at the first sign-in. Contract 02 §5."""

from __future__ import annotations

import json
import logging
from base64 import b64encode
from typing import TYPE_CHECKING, Any

from vestibule.config.json_shapes import is_object
from vestibule.config.points import Point
from vestibule.domain.delivery import DeliveryStatus
from vestibule.domain.errors import BadGateway, Misconfigured
from vestibule.domain.flow import Flow
from vestibule.domain.identity import Identity
from vestibule.domain.json import Json
from vestibule.domain.request import Request
from vestibule.hooks.hook import Moment
from vestibule.hooks.web_hook import calling, noting
from vestibule.hooks.web_hook.context import context
from vestibule.hooks.web_hook.event import event_id
from vestibule.hooks.web_hook.request import CannotCall, prepared
from vestibule.hooks.web_hook.troubles import Improper
from vestibule.ports import SecretUnavailable, WebResponse, WebUnreachable
from vestibule.services import Services

if TYPE_CHECKING:
    from vestibule.config.methods import MigrateHookConfig

ANSWER_LIMIT = 1024
"""Bytes."""

_PLAIN = "base64://" + b64encode(b"function(ctx) { identifier: ctx.identifier, password: ctx.password }").decode()
_OK, _FORBIDDEN = 200, 403
_POSITION = -1
"""Of the event's id: no hook of the list stands there."""

_NAME = "password_migration_hook"
"""In the delivery log."""

_log = logging.getLogger("vestibule")


def is_former_password(
    request: Request, flow: Flow, identity: Identity, identifier: str, password: str, svc: Services
) -> bool:
    """Whether the other system knows the password for the identifier. Raises Misconfigured, BadGateway."""
    hook = svc.config.selfservice.methods.password.config.migrate_hook
    if not hook.enabled or hook.config.url is None:
        raise Misconfigured("A password is to be asked for elsewhere, and no place is configured")
    moment = Moment(
        point=Point.LOGIN_AFTER, request=request, flow=flow, identity=identity, method="password", position=_POSITION
    )
    ctx = context(moment, svc) | {"identifier": identifier, "password": password}
    call = noting.Noted(_NAME, moment, event_id(moment, svc), svc)
    try:
        answer = _answer(hook.config, ctx, request.received_at + calling.STEP_SECONDS, call, svc)
    except (CannotCall, SecretUnavailable, Improper, WebUnreachable) as trouble:
        level = logging.ERROR if isinstance(trouble, CannotCall | SecretUnavailable) else logging.WARNING
        why = "it did not answer" if isinstance(trouble, WebUnreachable) else trouble
        _log.log(level, "the password migration hook failed: %s", why)
        noting.note(call.ended(DeliveryStatus.FAILED, str(trouble)), svc)
        raise BadGateway(_UNKNOWN) from None
    noting.note(call.ended(DeliveryStatus.DELIVERED if answer is not None else DeliveryStatus.CANCELLED), svc)
    return answer is not None and answer.status == _OK and _matches(answer)


def _answer(
    config: MigrateHookConfig, ctx: Json, deadline: float, noted: noting.Noted, svc: Services
) -> WebResponse | None:
    """None where the template cancels: this one is not known there."""
    call = prepared(config, ctx, svc.templates, svc.read_secret, default_body=_PLAIN)
    if call is None:
        return None
    answer = calling.call(
        call,
        deadline,
        svc,
        named=config.emit_analytics_event,
        event_id=noted.event_id,
        policy=calling.policy(config, limit=ANSWER_LIMIT),
        attempts=noted.attempts,
    )
    if answer.status not in (_OK, _FORBIDDEN):
        raise Improper(f"it answered {answer.status}")
    return answer


_UNKNOWN = "The service that knows this password did not answer as it should; try again later"


def _matches(answer: WebResponse) -> bool:
    try:
        document: Any = json.loads(answer.body)
    except (ValueError, RecursionError):
        return False
    return is_object(document) and document.get("status") == "password_match"
