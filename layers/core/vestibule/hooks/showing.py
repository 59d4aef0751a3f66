"""Calls as whoever tries them may see them: with their bodies, and without secrets."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from vestibule.config.json_shapes import is_list, is_object
from vestibule.domain.json import Json
from vestibule.hooks.web_hook.calling import Attempt
from vestibule.hooks.web_hook.request import Call
from vestibule.ports import WebResponse
from vestibule.services import Services
from vestibule.stores import redaction

_LONGEST = 10_000
"""Characters of a body."""


class Secrets:
    """Port ReadSecret, which knows what it has told."""

    def __init__(self, svc: Services) -> None:
        self._svc = svc
        self._told: set[str] = set()

    def __call__(self, reference: str) -> str:
        value = self._svc.read_secret(reference)
        self._told.add(value)
        return value

    def masked(self, value: Any) -> Any:
        """The JSON value without them."""
        if is_object(value):
            return {name: self.masked(each) for name, each in value.items()}
        if is_list(value):
            return [self.masked(each) for each in value]
        if isinstance(value, str):
            for secret in filter(None, self._told):
                value = value.replace(secret, redaction.REDACTED)
        return value


def request(call: Call, secrets: Secrets) -> Json:
    """The body as it is sent, but for secrets; headers that prove who calls are only named."""
    return {
        "method": call.method,
        "url": redaction.address(call.told_url or call.url),
        "headers": redaction.headers(call.headers),
        "body": secrets.masked(_body(call.body)),
    }


def response(answer: WebResponse) -> Json:
    headers: Mapping[str, str] = redaction.headers(answer.headers)
    return {"status": answer.status, "headers": headers, "body": _body(answer.body)}


def attempts(made: Sequence[Attempt]) -> list[Json]:
    return [
        {
            "milliseconds": round(each.seconds * 1000),
            "status": each.answer.status if each.answer is not None else None,
            "error": each.error or None,
        }
        for each in made
    ]


def _body(content: bytes | None) -> Any:
    if not content:
        return None
    text = content.decode("utf-8", "replace")
    if len(text) > _LONGEST:
        return f"{text[:_LONGEST]}…"
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
