"""Targets that are asked before a token is issued: they may add claims or deny. Contract 10."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from vestibule.config.json_shapes import is_object
from vestibule.config.points import TOKEN
from vestibule.domain.delivery import DeliveryStatus, Run
from vestibule.domain.json import Json
from vestibule.hooks.web_hook import calling, noting
from vestibule.hooks.web_hook.calling import Attempt
from vestibule.hooks.web_hook.due import due
from vestibule.hooks.web_hook.naming import name_of
from vestibule.hooks.web_hook.request import CannotCall, prepared
from vestibule.hooks.web_hook.tries import tries_of
from vestibule.hooks.web_hook.troubles import Improper
from vestibule.ports import SecretUnavailable, WebResponse, WebUnreachable
from vestibule.services import Services

if TYPE_CHECKING:
    from vestibule.config.oauth2 import TokenWebHookConfig

_OK = 200
_BAD_REQUEST = 400
_FORBIDDEN = 403
_TOKENS = ("access_token", "id_token")


class Denied(Struct, frozen=True):
    """No token is to be issued."""


TROUBLES = (CannotCall, SecretUnavailable, Improper, WebUnreachable)


def ask(config: TokenWebHookConfig, ctx: Json, subject: str, deadline: float, svc: Services) -> Json | Denied | None:
    """Claims, a denial, or None: no change. The call is noted in the delivery log. Raises one of TROUBLES."""
    event_id = f"evt_{svc.random.bytes(16).hex()}"
    if config.response.ignore:
        about = {"point": TOKEN, "identity": subject}
        svc.table.transact(due(config, event_id, {"ctx": ctx}, about, svc))
        return None
    at, attempts = svc.clock.now(), list[Attempt]()

    def note(status: DeliveryStatus, error: str = "") -> None:
        run = Run(
            event_id=event_id,
            hook=name_of(config),
            point=TOKEN,
            status=status,
            at=at,
            tries=tries_of(attempts),
            identity_id=subject or None,
            error=error,
        )
        noting.note(run, svc)

    try:
        said = _said(config, ctx, event_id, deadline, attempts, svc)
    except TROUBLES as trouble:
        note(DeliveryStatus.FAILED, str(trouble))
        raise
    note(DeliveryStatus.DELIVERED if attempts else DeliveryStatus.CANCELLED)
    return said


def claims_of(value: Any) -> Json:
    """Raises Improper unless it is an object with objects (or nothing) for the tokens."""
    if not is_object(value):
        raise Improper("the claims are no object")
    for name in _TOKENS:
        if value.get(name) is not None and not is_object(value[name]):
            raise Improper(f"the claims of {name} are no object")
    return value


def _said(
    config: TokenWebHookConfig, ctx: Json, event_id: str, deadline: float, attempts: list[Attempt], svc: Services
) -> Json | Denied | None:
    call = prepared(config, ctx, svc.templates, svc.read_secret)
    if call is None:
        return None
    named, policy = config.emit_analytics_event, calling.policy(config)
    answer = calling.call(call, deadline, svc, named=named, event_id=event_id, policy=policy, attempts=attempts)
    return read(answer)


def read(answer: WebResponse) -> Json | Denied | None:
    """What an answer means. Raises Improper."""
    if answer.status == _FORBIDDEN:
        return Denied()
    if answer.status >= _BAD_REQUEST:
        raise Improper(f"it answered {answer.status}")
    if answer.status != _OK or not answer.body.strip():
        return None
    return _answered(answer)


def _answered(answer: WebResponse) -> Json | None:
    try:
        document: Any = json.loads(answer.body)
    except (ValueError, RecursionError):
        raise Improper("its answer is no JSON") from None
    session = document.get("session") if is_object(document) else None
    if session is None and is_object(document):
        return None
    return claims_of(session)
