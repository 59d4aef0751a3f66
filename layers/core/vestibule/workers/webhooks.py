"""Make the calls that nobody waits for: rendered, signed and sent here, and sent again until somebody takes them."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from vestibule.domain.delivery import DeliveryStatus, Run, Try
from vestibule.domain.event import Event
from vestibule.domain.times import from_rfc3339
from vestibule.hooks.web_hook import calling, ignoring
from vestibule.hooks.web_hook.due import RUNS_BEFORE, SENT_AGAIN, WAITED_FOR, afresh, kept_as
from vestibule.hooks.web_hook.request import CannotCall, prepared
from vestibule.hooks.web_hook.tries import tries_of
from vestibule.ports import SecretUnavailable, WebUnreachable
from vestibule.services import Services
from vestibule.stores.breakers import PROBE, Breaker
from vestibule.stores.deliveries import InWork
from vestibule.workers.later import TryLater

if TYPE_CHECKING:
    from vestibule.config.hooks import WebHookConfig

WAITS = (5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 10 * 3600)
"""Seconds in front of the second run, the third …; each run has the quick retries of Kratos. Behind the last: dead."""

RUN_SECONDS = 100.0
"""What one run may take with its quick retries: less than its function has."""

OLDEST = timedelta(days=3)
"""Before the queue forgets an event, it is given up where somebody sees it."""

_BAD_REQUEST = 400
_GONE = 410
_LONGEST_WAIT = 11 * 3600
"""A queue hides a message for at most twelve hours."""

_log = logging.getLogger("vestibule.webhooks")


class _Result(Struct, frozen=True):
    status: DeliveryStatus
    tries: tuple[Try, ...] = ()
    error: str = ""
    broken: bool = False
    """The target does not work, for any event."""
    asked_wait: float = 0.0


def take(event: Event, svc: Services) -> None:
    """One run of a call. Raises TryLater; returning means that nothing more is to be done, or that it is buried."""
    config = ignoring.configured(event, svc)
    breaker = svc.breakers.state(config.url) if config is not None else Breaker()
    if breaker.wait:
        _rest(event, breaker.wait, svc)
        return
    try:
        number = svc.deliveries.claim(event.id)
    except InWork as busy:
        raise TryLater(busy.seconds) from None
    if number is None:
        return
    if config is not None and not svc.breakers.may_try(config.url, breaker):
        svc.deliveries.released(event.id)
        _rest(event, int(PROBE.total_seconds()), svc)
        return
    result = _ran(event, config, svc)
    if config is not None and result.broken:
        svc.breakers.failed(config.url)
    elif config is not None and result.tries:
        svc.breakers.worked(config.url)
    planned = number - int(event.detail.get(RUNS_BEFORE, 0))
    last = planned > len(WAITS) or _is_old(event, svc)
    status = DeliveryStatus.DEAD if last and result.status is DeliveryStatus.RETRYING else result.status
    svc.deliveries.ended(_run(event, number, status, result, svc))
    if status is DeliveryStatus.DEAD:
        _bury(afresh(event, number), result.error, svc)
    elif status is DeliveryStatus.RETRYING:
        raise TryLater(_wait(planned, result, svc))


def _ran(event: Event, config: WebHookConfig | None, svc: Services) -> _Result:
    if config is None:
        return _Result(DeliveryStatus.DEAD, error="no hook of this name is configured any more")
    ctx = ignoring.context_of(event, svc)
    if ctx is None:
        return _Result(DeliveryStatus.DEAD, error="no secret of secrets.cipher opens what it was to say any more")
    attempts: list[calling.Attempt] = []
    try:
        call = prepared(config, ctx, svc.templates, svc.read_secret)
        if call is None:
            return _Result(DeliveryStatus.CANCELLED)
        answer = calling.call(
            call,
            svc.pace.now() + RUN_SECONDS,
            svc,
            named=config.emit_analytics_event,
            event_id=event.id,
            policy=calling.policy(config),
            attempts=attempts,
        )
    except SecretUnavailable as unavailable:
        _log.error("a secret of a web hook cannot be read: %s", unavailable, extra={"hook": event.detail["hook"]})
        return _Result(DeliveryStatus.RETRYING, error="a secret of it cannot be read")
    except CannotCall as cannot:
        _log.error("a web hook cannot run: %s", cannot, extra={"hook": event.detail["hook"]})
        return _Result(DeliveryStatus.RETRYING, error=f"it makes no call: {cannot}")
    except WebUnreachable:
        tries = tries_of(attempts)
        error = tries[-1].error if tries else "unreachable"
        return _Result(DeliveryStatus.RETRYING, tries, f"no answer: {error}", broken=True)
    tries = tries_of(attempts)
    if answer.status < _BAD_REQUEST:
        return _Result(DeliveryStatus.DELIVERED, tries)
    status = DeliveryStatus.DEAD if answer.status == _GONE else DeliveryStatus.RETRYING
    broken, wait = calling.is_failure(answer.status), calling.asked_wait(answer, 0.0, svc)
    return _Result(status, tries, f"it answered {answer.status}", broken, wait)


def _run(event: Event, number: int, status: DeliveryStatus, result: _Result, svc: Services) -> Run:
    return Run(
        event_id=event.id,
        hook=str(event.detail["hook"]),
        point=str(event.detail["point"]),
        status=status,
        at=svc.clock.now(),
        tries=result.tries,
        waited_for=WAITED_FOR in event.detail,
        flow_id=str(event.detail.get("flow", "")),
        identity_id=event.detail.get("identity"),
        number=number,
        error=result.error,
        payload=kept_as(event),
    )


def _wait(planned: int, result: _Result, svc: Services) -> int:
    """Seconds; a tenth more or less, so that an outage does not end with all of them at once."""
    wait = WAITS[max(planned, 1) - 1] * (0.9 + 0.2 * svc.random.bytes(1)[0] / 256)
    return int(min(max(wait, result.asked_wait), _LONGEST_WAIT))


def _rest(event: Event, seconds: int, svc: Services) -> None:
    """The target is left alone; that is no run of the event. Raises TryLater."""
    if not _is_old(event, svc):
        raise TryLater(seconds)
    left = _Result(DeliveryStatus.DEAD, error="its target has not worked for days")
    svc.deliveries.given_up(_run(event, 0, left.status, left, svc))
    _bury(event, left.error, svc)


def _bury(event: Event, why: str, svc: Services) -> None:
    _log.error("a web hook's call is given up: %s", why, extra={"hook": event.detail["hook"], "event": event.id})
    svc.events.bury(event)


def _is_old(event: Event, svc: Services) -> bool:
    return svc.clock.now() - from_rfc3339(str(event.detail.get(SENT_AGAIN, event.detail["time"]))) > OLDEST
