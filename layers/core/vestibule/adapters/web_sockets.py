"""Sockets that keep a deadline and connect to allowed addresses only."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import httpcore

_PIECE = 16 * 1024


class Deadline:
    """When the request that this thread makes must be over. Timeouts of single reads would let slow drops go on."""

    def __init__(self) -> None:
        self._thread = threading.local()

    def start(self, seconds: float) -> None:
        self._thread.at = time.monotonic() + seconds

    def left(self, error: type[httpcore.TimeoutException]) -> float:
        """Seconds, more than 0; raises `error` when it is over."""
        left: float = self._thread.at - time.monotonic()
        if left <= 0:
            raise error
        return left


class GuardedBackend(httpcore.NetworkBackend):
    def __init__(self, allow: Callable[[str], bool] | None, deadline: Deadline) -> None:
        self._allow = allow
        self._deadline = deadline
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 # the deadline counts
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """A connection to the first allowed address of the host that answers."""
        addresses = _resolve(host, port, self._deadline.left(httpcore.ConnectTimeout))
        allowed = [address for address in addresses if self._allow is None or self._allow(address)]
        failure: Exception = httpcore.ConnectError("no allowed address")
        for position, address in enumerate(allowed):
            # A share of the time each: an address that swallows everything leaves some for the next.
            share = self._deadline.left(httpcore.ConnectTimeout) / (len(allowed) - position)
            try:
                stream = self._plain.connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _Stream(stream, self._deadline)
        raise failure

    def sleep(self, seconds: float) -> None:
        self._plain.sleep(seconds)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 # the deadline counts
        return self._stream.read(max_bytes, self._deadline.left(httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 # the deadline counts
        for start in range(0, len(buffer), _PIECE):
            self._stream.write(buffer[start : start + _PIECE], self._deadline.left(httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 # the deadline counts
    ) -> httpcore.NetworkStream:
        left = self._deadline.left(httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _resolve(host: str, port: int, seconds: float) -> list[str]:
    """The addresses of a name, as text. On a thread of its own: the system's resolver knows no time limit."""
    answers: list[list[str]] = []

    def look_up() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            found = []
        answers.append(list(dict.fromkeys(str(address[0]) for *_, address in found)))

    thread = threading.Thread(target=look_up, name="vestibule-resolver", daemon=True)
    thread.start()
    thread.join(seconds)
    if not answers:
        raise httpcore.ConnectTimeout("the name was not resolved in time")
    if not answers[0]:
        raise httpcore.ConnectError("the name is unknown")
    return answers[0]
