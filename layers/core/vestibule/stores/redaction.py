"""What of a call may stand in the delivery log: its shape, not what it says of people, and no secret."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from vestibule.config.json_shapes import is_list, is_object
from vestibule.domain.json import Json

REDACTED = "<redacted>"
LARGEST = 2048
"""Bytes of a body's shape; of more only the size is told."""

_DEEPEST = 12
_TOLD = frozenset(
    {
        "accept",
        "content-length",
        "content-type",
        "date",
        "ory-webhook-request-id",
        "ory-webhook-trigger-id",
        "retry-after",
        "user-agent",
        "webhook-id",
        "webhook-timestamp",
    }
)
"""Headers whose values may be read; of others it is told that they are there."""


def address(url: str) -> str:
    """Without user, query and fragment, where secrets stand."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}{'?' + REDACTED if parts.query else ''}"


def headers(sent: Mapping[str, str]) -> Json:
    return {name: value if name.lower() in _TOLD else REDACTED for name, value in sent.items()}


def body(content: bytes | None) -> Any:
    """The names and structure of JSON, with its numbers; of anything else its size."""
    if not content:
        return None
    try:
        shape = _shape(json.loads(content), 0)
    except (ValueError, RecursionError):
        return f"<{len(content)} bytes>"
    return shape if len(json.dumps(shape)) <= LARGEST else f"<{len(content)} bytes of JSON>"


def _shape(value: Any, depth: int) -> Any:
    if depth > _DEEPEST:
        return REDACTED
    if is_object(value):
        return {name: _shape(each, depth + 1) for name, each in value.items()}
    if is_list(value):
        return [_shape(each, depth + 1) for each in value]
    return REDACTED if isinstance(value, str) else value
