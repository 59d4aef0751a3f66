"""DynamoDB through botocore's client. Importing this costs 350 ms of a cold start."""

# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false
# (boto3 has no types of its own; what leaves this module has)

from __future__ import annotations

import os
import threading
from typing import Any

from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError  # noqa: A004 boto3's
from botocore.parsers import ResponseParserError

from vestibule.adapters.aws_client import client
from vestibule.adapters.dynamodb_call import (
    EMULATOR_SECONDS,
    SECONDS,
    STREAM_OPERATIONS,
    Refused,
    Unanswered,
    is_emulator,
)
from vestibule.adapters.dynamodb_values import Document
from vestibule.ports import StoreUnavailable

CONFIG = Config(
    connect_timeout=SECONDS[0],
    read_timeout=SECONDS[1],
    tcp_keepalive=True,
    max_pool_connections=32,
    retries={"mode": "standard", "total_max_attempts": 1},  # the adapter retries, the same behind every transport
    parameter_validation=False,  # the adapter makes the documents
)

LOCAL_CONFIG = Config(connect_timeout=EMULATOR_SECONDS[0], read_timeout=EMULATOR_SECONDS[1])
LOCAL_CREDENTIALS = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
LOCAL_REGION = "us-east-1"


class BotoCall:
    """A Call. Clients are made at the first call of their kind and shared by all threads.

    Credentials come from boto3's chain; an endpoint without TLS is an emulator and gets made-up ones unless the
    environment has some, so that the chain does not look for an instance's, and longer time-outs.
    """

    def __init__(self, region: str | None = None, endpoint: str | None = None) -> None:
        self._options: dict[str, Any] = {"region_name": region, "endpoint_url": endpoint, "config": CONFIG}
        if is_emulator(endpoint):
            self._options["region_name"] = region or os.environ.get("AWS_REGION") or LOCAL_REGION
            self._options["config"] = CONFIG.merge(LOCAL_CONFIG)
            if "AWS_ACCESS_KEY_ID" not in os.environ:
                self._options |= LOCAL_CREDENTIALS
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    def __call__(self, operation: str, document: Document) -> Document:
        service = "dynamodbstreams" if operation in STREAM_OPERATIONS else "dynamodb"
        try:
            return getattr(self.client(service), xform_name(operation))(**document)
        except ClientError as error:
            answer: Document = dict(error.response)
            problem = answer.get("Error", {})
            raise Refused(problem.get("Code", ""), problem.get("Message", ""), answer) from error
        except (ConnectionError, HTTPClientError, ResponseParserError) as error:
            raise Unanswered(type(error).__name__) from error
        except BotoCoreError as error:  # no region, no credentials, …
            raise StoreUnavailable(f"DynamoDB cannot be called: {error}") from error

    def client(self, service: str = "dynamodb") -> Any:
        """boto3's client, for its events."""
        with self._lock:  # making a client is not safe under threads, using it is
            if service not in self._clients:
                self._clients[service] = client(service, **self._options)
            return self._clients[service]

    def close(self) -> None:
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()


def boto_call(region: str | None = None, endpoint: str | None = None) -> BotoCall:
    return BotoCall(region, endpoint)
