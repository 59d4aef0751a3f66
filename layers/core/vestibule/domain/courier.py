"""Mails and text messages on their way to a person. Contract 06 §8."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from msgspec import Struct

from vestibule.domain.record import Unprinted


class MessageStatus(StrEnum):
    QUEUED = "queued"
    PROCESSING = "processing"
    SENT = "sent"
    ABANDONED = "abandoned"


class CourierMessage(Unprinted, frozen=True, kw_only=True):
    """`data` is what the template is filled with: it may hold codes, so it is sealed at rest and never logged.

    `via` is `email` or `sms`; `channel` the configured channel that delivers it. `send_count` counts every try,
    `refusals` only those in which the channel worked and did not take the message.
    """

    id: str
    via: str
    channel: str
    recipient: str
    template_type: str
    data: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime
    status: MessageStatus = MessageStatus.QUEUED
    send_count: int = 0
    refusals: int = 0
    version: int = 0

    @property
    def expires_at(self) -> datetime | None:
        """When the code or link in it is worth nothing any more; None when there is none."""
        minutes = self.data.get("expires_in_minutes")
        return self.created_at + timedelta(minutes=minutes) if isinstance(minutes, int) else None


class Letter(Unprinted, frozen=True):
    """A message as the recipient reads it. Text messages have neither subject nor HTML."""

    subject: str
    plain: str
    html: str = ""


class DispatchStatus(StrEnum):
    SUCCESS = "success"
    FAILED = "failed"


class Dispatch(Struct, frozen=True):
    """One try to deliver a message, or what was heard of it afterwards. `error` is a sentence without secrets."""

    id: str
    message_id: str
    status: DispatchStatus
    at: datetime
    error: str = ""
