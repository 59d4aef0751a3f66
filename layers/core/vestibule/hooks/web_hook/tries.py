"""Attempts as the delivery log keeps them."""

from __future__ import annotations

from collections.abc import Sequence

from vestibule.domain.delivery import Try
from vestibule.domain.json import Json
from vestibule.hooks.web_hook.calling import Attempt
from vestibule.stores import redaction


def tries_of(attempts: Sequence[Attempt]) -> tuple[Try, ...]:
    """Redacted: what was said, without what it said of people, and without secrets."""
    return tuple(
        Try(
            at=each.at,
            milliseconds=int(each.seconds * 1000),
            status=each.answer.status if each.answer is not None else 0,
            error=each.error,
            request=_request(each),
            response=_response(each),
        )
        for each in attempts
    )


def _request(attempt: Attempt) -> Json:
    call = attempt.call
    return {
        "method": call.method,
        "url": redaction.address(call.told_url or call.url),
        "headers": redaction.headers(call.headers),
        "body": redaction.body(call.body),
    }


def _response(attempt: Attempt) -> Json:
    if attempt.answer is None:
        return {}
    return {"headers": redaction.headers(attempt.answer.headers), "body": redaction.body(attempt.answer.body)}
