"""A DynamoDB that holds nothing and takes everything: for what happens before the store matters."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from tests.aws_stub import AwsStub, running

_ANSWERS: dict[str, dict[str, Any]] = {
    "BatchGetItem": {"Responses": {}, "UnprocessedKeys": {}},
    "Query": {"Items": [], "Count": 0},
}


def running_stub() -> AbstractContextManager[str]:
    """Its address; it ends with the block."""
    return running(_Stub)


class _Stub(AwsStub):
    def answer(self, operation: str, asked: dict[str, Any]) -> dict[str, Any]:
        return _ANSWERS.get(operation, {})
