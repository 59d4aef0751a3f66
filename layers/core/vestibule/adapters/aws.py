"""Clients of AWS services, made at the first call: by `json_service` where that reaches them, else by botocore.

Importing botocore costs 350 ms of a cold start.

One attempt a call: what may be repeated is decided by who calls, since a repeated send is a second message.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false
# (boto3 has no types of its own; what leaves this module has)

from __future__ import annotations

import threading
from functools import cached_property
from typing import Any

from vestibule.adapters.json_service import PROTOCOLS, JsonService, NoAnswer, reachable

_SECONDS = (3, 8)
"""Until it is connected, and until it answers."""


class AwsRefused(Exception):
    """The service answered with an error; `code` is its name."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class AwsUnanswered(Exception):
    """No answer: whether the call was carried out is unknown."""


class AwsService:
    """`call` names the client's method and its arguments as the service documents them."""

    def __init__(self, service: str, region: str | None = None) -> None:
        self._service = service
        self._region = region
        self._is_lean = service in PROTOCOLS and reachable(region)
        self._client: Any = None
        self._lock = threading.Lock()

    def call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """Raises AwsRefused, AwsUnanswered."""
        return self._by_json(operation, arguments) if self._is_lean else self._by_botocore(operation, arguments)

    def close(self) -> None:
        """Ends the connections; the next call makes one."""
        if self._is_lean:
            self._json.close()
        elif self._client is not None:
            self._client.close()

    def _by_json(self, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        try:
            told, code = self._json.call(operation.title().replace("_", ""), arguments).read()
        except NoAnswer as error:
            raise AwsUnanswered(str(error)) from error
        if code:
            raise AwsRefused(code)
        return told

    @cached_property
    def _json(self) -> JsonService:
        return JsonService(self._service, self._region, None, seconds=_SECONDS)

    def _by_botocore(self, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 (as the module says)

        try:
            return getattr(self._made(), operation)(**arguments)
        except ClientError as error:
            raise AwsRefused(str(error.response.get("Error", {}).get("Code", ""))) from error
        except BotoCoreError as error:
            raise AwsUnanswered(type(error).__name__) from error

    def _made(self) -> Any:
        from botocore.config import Config  # noqa: PLC0415 (as the module says)

        from vestibule.adapters.aws_client import client  # noqa: PLC0415 (as the module says)

        with self._lock:  # making a client is not safe under threads, using it is
            if self._client is None:
                config = Config(
                    connect_timeout=_SECONDS[0],
                    read_timeout=_SECONDS[1],
                    retries={"mode": "standard", "total_max_attempts": 1},
                )
                self._client = client(self._service, region_name=self._region, config=config)
            return self._client
