"""Calls of web hooks as they went, for whoever has to find out why one did not do what it should."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct, field

from vestibule.domain.json import Json


class DeliveryStatus(StrEnum):
    """What became of an event: of the call that a step waited for, or of one that left by the outbox."""

    DELIVERED = "delivered"
    """The target answered below 400, or said why it refuses."""
    CANCELLED = "cancelled"
    """The template wanted no call."""
    FAILED = "failed"
    """No usable answer, and nobody tries again."""
    RETRYING = "retrying"
    """No usable answer yet; another try follows."""
    DEAD = "dead"
    """Given up after the last try."""


class Try(Struct, frozen=True):
    """One request and what came back. `status` is 0 where nothing did; then `error` says why, without addresses.

    `request` and `response` are redacted by whoever stores them: {"method", "url", "headers", "body"}, and
    {"headers", "body"}.
    """

    at: datetime
    milliseconds: int
    status: int = 0
    error: str = ""
    request: Json = field(default_factory=dict[str, Any])
    response: Json = field(default_factory=dict[str, Any])


class Run(Struct, frozen=True, kw_only=True):
    """A call with its quick retries. `number` counts runs of the same event, from 1.

    `hook` is the hook's name in the log (`config.id`, or one made of its address), `point` where it stands.
    """

    event_id: str
    hook: str
    point: str
    status: DeliveryStatus
    at: datetime
    tries: tuple[Try, ...] = ()
    waited_for: bool = True
    """Whether a step of a flow waited for the answer; else it left by the outbox."""
    flow_id: str = ""
    identity_id: str | None = None
    number: int = 1
    error: str = ""
    payload: str = ""
    """What is needed to make the call once more. It is kept with the delivery, and not read with its runs."""


class Delivery(Struct, frozen=True, kw_only=True):
    """All runs of one event. `updated_at` is the time of the last one, `last_status` what it was answered with."""

    event_id: str
    hook: str
    point: str
    status: DeliveryStatus
    updated_at: datetime
    waited_for: bool
    flow_id: str = ""
    runs: int = 0
    last_status: int = 0
    error: str = ""
    can_replay: bool = False
