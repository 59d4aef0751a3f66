"""Clients of AWS services by botocore, made at the first call: importing it costs 350 ms of a cold start.

One attempt a call: what may be repeated is decided by who calls, since a repeated send is a second message.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false
# (boto3 has no types of its own; what leaves this module has)

from __future__ import annotations

import threading
from typing import Any

_CONNECT_SECONDS, _READ_SECONDS = 3, 8


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
        self._client: Any = None
        self._lock = threading.Lock()

    def call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """Raises AwsRefused, AwsUnanswered."""
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
                    connect_timeout=_CONNECT_SECONDS,
                    read_timeout=_READ_SECONDS,
                    retries={"mode": "standard", "total_max_attempts": 1},
                )
                self._client = client(self._service, region_name=self._region, config=config)
            return self._client
