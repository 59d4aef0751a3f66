"""The admin API's Lambda authoriser: `Authorization: Bearer <key>`, for SDKs that cannot sign requests for AWS_IAM.

Payload format 2.0 with simple answers ("Control access to HTTP APIs with Lambda authorizers", API Gateway guide).
"""

from __future__ import annotations

import hmac
import json
import os
import time
from collections.abc import Callable, Mapping
from typing import Any, cast

KEPT_SECONDS = 60.0
"""How long a key that was replaced still opens, at most; the gateway keeps answers as long again."""


class Authorizer:
    """Says whether a request carries one of the keys of `read`: one text, or a JSON list while one is replaced."""

    def __init__(self, read: Callable[[], str], now: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._now = now
        self._keys: list[bytes] = []
        self._fresh_until = float("-inf")

    def __call__(self, event: Mapping[str, Any], context: object) -> dict[str, bool]:
        del context
        headers: Mapping[str, str] = event.get("headers") or {}
        given = next((value for name, value in headers.items() if name.lower() == "authorization"), "")
        scheme, _, key = given.partition(" ")
        sent = key.strip().encode()
        # Each key is compared in full, so that the time tells neither which was near nor how many there are to try.
        matches = [hmac.compare_digest(sent, known) for known in self._known()]
        return {"isAuthorized": scheme.lower() == "bearer" and any(matches)}

    def _known(self) -> list[bytes]:
        if self._now() >= self._fresh_until:
            self._keys = [key.encode() for key in _keys(self._read()) if key]
            self._fresh_until = self._now() + KEPT_SECONDS
        return self._keys


def _keys(text: str) -> list[str]:
    if not text.startswith("["):
        return [text]
    return [str(key) for key in cast("list[object]", json.loads(text))]


def _from_secrets_manager() -> str:
    from vestibule.adapters import secrets_manager  # noqa: PLC0415 - when the first request comes

    return secrets_manager.read(os.environ["VESTIBULE_ADMIN_KEY"])


handler = Authorizer(_from_secrets_manager)
