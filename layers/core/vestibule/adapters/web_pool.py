"""HTTP on httpcore, the transport of httpx: a fifth of its import time, and the place where sockets can be guarded."""

from __future__ import annotations

import os
import ssl
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from typing import NoReturn
from urllib.parse import SplitResult, quote, unquote, urlsplit

import certifi
import httpcore

from vestibule.adapters.web_sockets import Deadline, GuardedBackend
from vestibule.ports import WebResponse, WebTimeout, WebUnreachable

_CONNECTIONS, _KEPT, _KEPT_SECONDS = 50, 10, 15
_SAFE = "/%:@!$&'()*+,;=~-._"
_PORTS = {"http": 80, "https": 443}
_WITH_BODY = {"POST", "PUT", "PATCH"}  # these say Content-Length even when it is 0
_DEFAULTS = {"User-Agent": "vestibule", "Accept": "*/*", "Accept-Encoding": "identity"}


class Pool:
    """Safe under threads. Errors name the host alone: addresses may carry secrets, and causes tell about networks."""

    def __init__(self, allow: Callable[[str], bool] | None) -> None:
        self._deadline = Deadline()
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl.create_default_context(cafile=os.environ.get("SSL_CERT_FILE") or certifi.where()),
            max_connections=_CONNECTIONS,
            max_keepalive_connections=_KEPT,
            keepalive_expiry=_KEPT_SECONDS,
            network_backend=GuardedBackend(allow, self._deadline),
        )

    def close(self) -> None:
        self._pool.close()

    def request(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None, timeout: float, limit: int
    ) -> WebResponse:
        """Raises WebUnreachable, WebTimeout."""
        parts = _split(url)
        self._deadline.start(timeout)
        waits = dict.fromkeys(("connect", "read", "write", "pool"), timeout)
        try:
            with self._pool.stream(
                method,
                httpcore.URL(scheme=parts.scheme, host=_host(parts), port=parts.port, target=_target(parts)),
                headers=_headers(parts, headers),
                content=b"" if body is None and method in _WITH_BODY else body,
                extensions={"timeout": waits},
            ) as response:
                received = _within(limit, response.iter_stream(), parts)
                return WebResponse(response.status, _read(response.headers), received)
        except httpcore.TimeoutException as error:
            raise WebTimeout(f"{parts.hostname} gave no answer in time") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, OSError) as error:
            raise WebUnreachable(f"{parts.hostname} gave no usable answer") from error


def _within(limit: int, chunks: Iterable[bytes], parts: SplitResult) -> bytes:
    received = bytearray()
    for chunk in chunks:
        received += chunk
        if len(received) > limit:
            raise WebUnreachable(f"{parts.hostname} answered with more than {limit} bytes")
    return bytes(received)


def _read(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Names in lower case; repeated ones joined by commas."""
    merged: dict[str, str] = {}
    for name, value in headers:
        key, text = name.decode("ascii", "replace").lower(), value.decode("latin-1")
        merged[key] = f"{merged[key]}, {text}" if key in merged else text
    return merged


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in _PORTS and parts.hostname and (parts.port or 1) > 0
    except ValueError:
        _refuse()
    return parts if usable else _refuse()


def _host(parts: SplitResult) -> bytes:
    try:
        return (parts.hostname or "").encode("idna")
    except UnicodeError:
        _refuse()


def _target(parts: SplitResult) -> bytes:
    try:
        path, query = quote(parts.path or "/", _SAFE), quote(parts.query, _SAFE + "?")
    except UnicodeError:
        _refuse()
    return (f"{path}?{query}" if query else path).encode()


def _headers(parts: SplitResult, given: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    host = _host(parts).decode()
    host = f"[{host}]" if ":" in host else host
    port = "" if parts.port in {None, _PORTS[parts.scheme]} else f":{parts.port}"
    wanted = {"Host": host + port, **_DEFAULTS}
    if parts.username is not None:
        credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        wanted["Authorization"] = "Basic " + b64encode(credentials.encode("utf-8", "replace")).decode()
    names = {name.lower() for name in given}
    merged = {name: value for name, value in wanted.items() if name.lower() not in names} | dict(given)
    try:
        return [(name.encode("ascii"), value.encode("latin-1")) for name, value in merged.items()]
    except UnicodeError:
        raise WebUnreachable("a header cannot be sent: it holds characters that headers may not have") from None


def _refuse() -> NoReturn:
    raise WebUnreachable("the address is no http or https address") from None
