"""AWS services that speak JSON, by the standard library: half of a cold start by botocore, a fifth of its CPU a call.

For functions, whose environment holds the credentials of their role, and for emulators. Where anything else is to be
known (profiles, proxies, endpoints of other kinds), `reachable` says no, and botocore knows it.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import select
import socket
import time
import zlib
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from msgspec import Struct

from vestibule.adapters.signature_v4 import Credentials, Signer
from vestibule.config.json_shapes import is_object

if TYPE_CHECKING:
    import ssl


class Protocol(Struct, frozen=True):
    target: str
    """What goes before the operation in `X-Amz-Target`."""

    version: str
    variable: str
    """The service's name in `AWS_ENDPOINT_URL_…`."""

    signs_as: str


PROTOCOLS: Mapping[str, Protocol] = {
    "dynamodb": Protocol("DynamoDB_20120810", "1.0", "DYNAMODB", "dynamodb"),
    "streams.dynamodb": Protocol("DynamoDBStreams_20120810", "1.0", "DYNAMODB_STREAMS", "dynamodb"),
    "events": Protocol("AWSEvents", "1.1", "EVENTBRIDGE", "events"),
    "secretsmanager": Protocol("secretsmanager", "1.1", "SECRETS_MANAGER", "secretsmanager"),
    "sqs": Protocol("AmazonSQS", "1.0", "SQS", "sqs"),
    "ssm": Protocol("AmazonSSM", "1.1", "SSM", "ssm"),
}
"""By the name that its host begins with."""

_REGION = re.compile(r"(af|ap|ca|cn|eu|il|me|mx|sa|us|us-gov)-[a-z]+-\d")
"""Of the partitions whose hosts `_host` knows."""

LEFT_TO_BOTOCORE = (
    *("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"),
    *("AWS_CA_BUNDLE", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"),
)

LOCAL_CREDENTIALS = Credentials("local", "local")
LOCAL_REGION = "us-east-1"


class NoAnswer(Exception):
    """Refused or lost connection, time-out, or no answer of a service. The call may have been applied."""


class Answer(Struct, frozen=True):
    status: int
    body: bytes

    def read(self, hook: Callable[[dict[str, Any]], Any] | None = None) -> tuple[dict[str, Any], str]:
        """(the document, the name of the error that it tells of or nothing). Raises NoAnswer.

        `hook` may change each of the document's objects.
        """
        try:
            told: Any = json.loads(self.body or b"{}", object_hook=hook)
        except ValueError as error:
            raise NoAnswer("the answer is no JSON") from error
        if not is_object(told):
            raise NoAnswer("the answer is no object")
        if self.status < 300:  # services redirect nobody
            return told, ""
        return told, str(told.get("__type", "")).rpartition("#")[2] or str(self.status)


def reachable(region: str | None = None, endpoint: str | None = None) -> bool:
    """Whether services there can be called without botocore."""
    if endpoint is not None and endpoint.startswith("http:"):
        return True
    if _REGION.fullmatch(region or os.environ.get("AWS_REGION", "")) is None:
        return False
    is_function = "AWS_LAMBDA_FUNCTION_NAME" in os.environ and "AWS_ACCESS_KEY_ID" in os.environ
    return is_function and not any(map(os.environ.get, LEFT_TO_BOTOCORE))


class JsonService:
    """One service. Connections are kept, and shared by all threads. One attempt a call."""

    def __init__(self, name: str, region: str | None, endpoint: str | None, *, seconds: tuple[float, float]) -> None:
        """`seconds` until it is connected, and until it answers."""
        self._protocol = PROTOCOLS[name]
        region = region or os.environ.get("AWS_REGION") or LOCAL_REGION
        self._signer = Signer(_credentials(), region, self._protocol.signs_as)
        url = endpoint or os.environ.get(f"AWS_ENDPOINT_URL_{self._protocol.variable}")
        self._url = urlsplit(url or os.environ.get("AWS_ENDPOINT_URL") or f"https://{_host(name, region)}")
        self._seconds = seconds
        self._idle: list[http.client.HTTPConnection] = []

    def call(self, operation: str, document: Mapping[str, Any]) -> Answer:
        """Raises NoAnswer."""
        body = json.dumps(document, default=_base64).encode()
        headers = {
            "content-type": f"application/x-amz-json-{self._protocol.version}",
            "host": self._url.netloc,
            "x-amz-target": f"{self._protocol.target}.{operation}",
        }
        signed = self._signer.signed(headers, body, time.time())
        connection = None
        try:
            connection = self._connection()
            connection.request("POST", "/", body, signed)
            response = connection.getresponse()
            answer = Answer(response.status, response.read())
        except (OSError, http.client.HTTPException) as error:
            if connection is not None:
                connection.close()
            self.close()  # what waited beside it (while a function was frozen, say) most likely ended with it
            raise NoAnswer(type(error).__name__) from error
        if response.will_close:
            connection.close()
        else:
            self._idle.append(connection)
        checksum = response.headers.get("x-amz-crc32")
        if checksum is not None and int(checksum) != zlib.crc32(answer.body):
            raise NoAnswer("the answer's checksum is wrong")
        return answer

    def close(self) -> None:
        """Ends the connections that nobody uses."""
        while (connection := self._waiting()) is not None:
            connection.close()

    def _waiting(self) -> http.client.HTTPConnection | None:
        try:
            return self._idle.pop()
        except IndexError:  # or another thread took it
            return None

    def _connection(self) -> http.client.HTTPConnection:
        """The last that came back, whose peer most likely still listens; or a new one."""
        while (connection := self._waiting()) is not None:
            if not _is_dropped(connection):
                return connection
            connection.close()
        connect_seconds, read_seconds = self._seconds
        host, port = self._url.hostname or "", self._url.port
        if self._url.scheme == "https":
            connection = http.client.HTTPSConnection(host, port, timeout=connect_seconds, context=_tls())
        else:
            connection = http.client.HTTPConnection(host, port, timeout=connect_seconds)
        connection.connect()
        connection.sock.settimeout(read_seconds)
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        return connection


def _credentials() -> Credentials:
    found = [os.environ.get(f"AWS_{name}", "") for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN")]
    return Credentials(*found) if found[0] else LOCAL_CREDENTIALS


def _host(name: str, region: str) -> str:
    return f"{name}.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}"


@cache
def _tls() -> ssl.SSLContext:
    import ssl  # noqa: PLC0415 (emulators are called without)

    import certifi  # noqa: PLC0415 (as above)

    return ssl.create_default_context(cafile=certifi.where())


def _is_dropped(connection: http.client.HTTPConnection) -> bool:
    """Nothing is to be read from an idle connection but that the peer closed it."""
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return bool(poll.poll(0))


def _base64(value: object) -> str:
    from base64 import b64encode  # noqa: PLC0415 (few documents hold bytes)

    if isinstance(value, bytes):
        return b64encode(value).decode()
    raise TypeError(f"no document of AWS holds a {type(value).__name__}")
