"""Ids of events. The same thing that happens has the same id, however often it is told. design.md §1."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from vestibule.crypto.text import to_base62

_SIZE = 16
_ANEW = frozenset({"csrf_token"})
"""Fields that are another text each time a form is drawn."""


def of_hook(key: bytes, flow_id: str, point: str, position: int, form: str) -> str:
    """Of a web hook's call: `evt_` and 22 letters and digits.

    `form` is `form_digest` of what was submitted: sent again as it was it keeps the id, corrected it gets another.
    """
    return "evt_" + to_base62(hmac.digest(key, json.dumps([flow_id, point, position, form]).encode(), "sha256")[:_SIZE])


def of_write(type_: str, *written: str) -> str:
    """Of something that happened: named after what was written, ids and versions of it."""
    return "evt_" + to_base62(hashlib.sha256(json.dumps([type_, *written]).encode()).digest()[:_SIZE])


def form_digest(fields: Mapping[str, Any]) -> str:
    """Of a submitted form, whatever the order of its fields. It may hold passwords: not to be stored or shown."""
    kept = {name: value for name, value in fields.items() if name not in _ANEW}
    return hashlib.sha256(json.dumps(kept, sort_keys=True, default=str).encode()).hexdigest()
