"""Passwords that were not imported: the system that has them is asked at the first sign-in. Contract 02 §5."""

from __future__ import annotations

import json
import logging
from base64 import b64encode
from typing import Any

from vestibule.config.json_shapes import is_object
from vestibule.config.points import Point
from vestibule.domain.errors import BadGateway, Misconfigured
from vestibule.domain.flow import Flow
from vestibule.domain.identity import Identity
from vestibule.domain.request import Request
from vestibule.hooks.hook import Moment
from vestibule.hooks.web_hook import calling
from vestibule.hooks.web_hook.context import context
from vestibule.hooks.web_hook.event import event_id
from vestibule.hooks.web_hook.request import CannotCall, prepared
from vestibule.ports import SecretUnavailable, WebResponse, WebUnreachable
from vestibule.services import Services

ANSWER_LIMIT = 1024
"""Bytes."""

_PLAIN = "base64://" + b64encode(b"function(ctx) { identifier: ctx.identifier, password: ctx.password }").decode()
_OK, _FORBIDDEN = 200, 403
_POSITION = -1
"""Of the event's id: no hook of the list stands there."""

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
    try:
        call = prepared(hook.config, ctx, svc.templates, svc.read_secret, default_body=_PLAIN)
        if call is None:
            return False  # its template cancels: this one is not known there
        answer = calling.call(
            call,
            request.received_at + calling.STEP_SECONDS,
            svc,
            named=hook.config.emit_analytics_event,
            event_id=event_id(moment, svc),
            policy=calling.policy(hook.config, limit=ANSWER_LIMIT),
        )
    except (CannotCall, SecretUnavailable) as cannot:
        _log.error("the password migration hook cannot run: %s", cannot)
        raise BadGateway(_UNKNOWN) from None
    except WebUnreachable:
        _log.warning("the password migration hook did not answer")
        raise BadGateway(_UNKNOWN) from None
    if answer.status not in (_OK, _FORBIDDEN):
        _log.warning("the password migration hook answered %d", answer.status)
        raise BadGateway(_UNKNOWN)
    return answer.status == _OK and _matches(answer)


_UNKNOWN = "The service that knows this password did not answer as it should; try again later"


def _matches(answer: WebResponse) -> bool:
    try:
        document: Any = json.loads(answer.body)
    except (ValueError, RecursionError):
        return False
    return is_object(document) and document.get("status") == "password_match"
