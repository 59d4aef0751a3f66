"""Deliver one message: claim it, compose it, hand it to its channel, note how that went. Contract 06 §8."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from vestibule.domain.courier import CourierMessage
from vestibule.domain.event import MESSAGE_QUEUED, Event
from vestibule.ports import ChannelUnavailable, MessageRefused, StoreUnavailable
from vestibule.services import Services

FIRST_WAIT = 10
LONGEST_WAIT = 300
"""Seconds between tries: each is three times the one before."""

PATIENCE = timedelta(hours=24)
"""How long a message without code or link waits for a channel that does not work."""

EXPIRED = "The code or link in it had expired before it could be sent"

GIVEN_UP = "MessageGivenUp"
"""What is counted then. An alarm in infra/observability.yaml watches it."""

_log = logging.getLogger("vestibule.courier")


def take(event: Event, svc: Services) -> str | None:
    """A message was queued, or is due again. GIVEN_UP where it is, and that is no fault of its recipient's address."""
    return GIVEN_UP if deliver(event.id, svc) else None


def deliver(message_id: str, svc: Services) -> bool:
    """One try, unless the message is sent, given up, not due, or in another worker's hands: so repeats do nothing.

    A channel that does not work is no fault of the message: it is tried until what is in it expires. A channel that
    works and refuses the message is asked `courier.message_retries` times more. Whether it was given up for another
    reason than that: then somebody has to look after the channel, or the templates. Raises StoreUnavailable.
    """
    message = svc.messages.claim(message_id)
    if message is None:
        return False
    if not message.recipient:
        return svc.messages.abandoned(message, "No configured secret opens it any more")
    if message.expires_at is not None and message.expires_at <= svc.clock.now():
        return svc.messages.abandoned(message, EXPIRED)
    try:
        svc.deliver(message, svc.compose(message))
    except ChannelUnavailable as unavailable:
        return _wait(message, str(unavailable), svc, refused=False)
    except MessageRefused as refusal:
        _wait(message, str(refusal), svc, refused=True)
        return False
    except StoreUnavailable:
        raise
    except Exception as failure:  # noqa: BLE001 a template or channel that breaks must not hold up the others
        _log.error("a message broke", extra={"error": type(failure).__name__, "message_id": message.id})
        return _wait(message, f"It could not be made ({type(failure).__name__})", svc, refused=True)
    svc.messages.sent(message)
    return False


def _wait(message: CourierMessage, error: str, svc: Services, *, refused: bool) -> bool:
    """Put it back, or give it up: then True."""
    now = svc.clock.now()
    if _hopeless(message, now, svc, refused=refused):
        return svc.messages.abandoned(message, error)
    seconds = _back_off(message.send_count, svc)
    if svc.messages.postponed(message, error, refused=refused, until=now + timedelta(seconds=seconds)):
        svc.events.later(Event(message.id, MESSAGE_QUEUED), seconds)
    return False


def _hopeless(message: CourierMessage, now: datetime, svc: Services, *, refused: bool) -> bool:
    if refused and message.refusals + 1 > svc.config.courier.message_retries:
        return True
    return now >= (message.expires_at or message.created_at + PATIENCE)


def _back_off(tries: int, svc: Services) -> int:
    """Seconds; spread over a fifth more, so that an outage does not end with all of them at once."""
    seconds = min(FIRST_WAIT * 3 ** min(tries - 1, 10), LONGEST_WAIT)
    return seconds + seconds * svc.random.bytes(1)[0] // (5 * 256)
