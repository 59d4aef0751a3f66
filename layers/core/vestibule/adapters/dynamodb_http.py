"""DynamoDB without botocore: what functions and emulators are called by. See `json_service`."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

from vestibule.adapters.dynamodb_call import (
    EMULATOR_SECONDS,
    SECONDS,
    STREAM_OPERATIONS,
    Refused,
    Unanswered,
    is_emulator,
)
from vestibule.adapters.dynamodb_values import Document
from vestibule.adapters.json_service import JsonService, NoAnswer


class HttpCall:
    """A Call, safe under threads."""

    def __init__(self, region: str | None = None, endpoint: str | None = None) -> None:
        seconds = EMULATOR_SECONDS if is_emulator(endpoint) else SECONDS
        self._table, self._stream = (
            JsonService(name, region, endpoint, seconds=seconds) for name in ("dynamodb", "streams.dynamodb")
        )

    def __call__(self, operation: str, document: Document) -> Document:
        service = self._stream if operation in STREAM_OPERATIONS else self._table
        try:
            answer = service.call(operation, document)
            told, code = answer.read(_binary if b'"B":' in answer.body else None)
        except NoAnswer as error:
            raise Unanswered(str(error)) from error
        if code:
            raise Refused(code, str(told.get("message") or told.get("Message") or ""), told)
        return told

    def close(self) -> None:
        self._table.close()
        self._stream.close()


def _binary(value: dict[str, Any]) -> dict[str, Any]:
    """A binary AttributeValue comes in base64. An attribute named `B` holds no text, but a value."""
    content = value.get("B")
    return {"B": b64decode(content)} if isinstance(content, str) else value
