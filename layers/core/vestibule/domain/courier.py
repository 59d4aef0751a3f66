"""Mails and text messages on their way to a person. Contract 06 §8."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class MessageStatus(StrEnum):
    QUEUED = "queued"
    PROCESSING = "processing"
    SENT = "sent"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True, kw_only=True)
class CourierMessage:
    """`data` is what the template is filled with: it may hold codes, so it is sealed at rest and never logged.

    `via` is `email` or `sms`; `channel` the configured channel that delivers it.
    """

    id: str
    via: str
    channel: str
    recipient: str = field(repr=False)
    template_type: str
    data: Mapping[str, Any] = field(repr=False)
    created_at: datetime
    updated_at: datetime
    status: MessageStatus = MessageStatus.QUEUED
    send_count: int = 0
    version: int = 0
