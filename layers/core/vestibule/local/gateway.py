"""The local API gateway as an ASGI application: HTTP in, a handler called with an event, HTTP out."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from vestibule.local import event
from vestibule.local.doors import LIMIT_SECONDS, Context, Handler
from vestibule.local.event import BadResult, HttpRequest, HttpResponse
from vestibule.local.routes import Api, Match, Router

BODY_LIMIT = 10 * 1024 * 1024
HEADER_LIMIT = 10_240
"""Bytes of the request line and all headers together. Source: quotas of HTTP APIs."""

_BODILESS = frozenset({204, 304})
_READING = frozenset({"GET", "HEAD", "OPTIONS"})

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

log = logging.getLogger("vestibule.local")


class Gateway:
    """Answers for both APIs; which one is asked shows by the port. Handlers run in threads, one request each.

    `dev` logs what a handler that crashed raised; the APIs `without_health` do not log their /health requests.
    `wrote` is called behind each request that may have written; `extra` are pages that exist here only, by path.
    """

    def __init__(
        self,
        router: Router,
        handlers: Mapping[str, Handler],
        ports: Mapping[int, Api],
        *,
        dev: bool = False,
        without_health: frozenset[Api] = frozenset(),
        wrote: Callable[[], None] = lambda: None,
        extra: Mapping[tuple[Api, str], Callable[[HttpRequest], HttpResponse]] | None = None,
        threads: int = 16,
    ) -> None:
        self._router = router
        self._handlers = handlers
        self._ports = ports
        self._dev = dev
        self._without_health = without_health
        self._wrote = wrote
        self._extra = extra or {}
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="handler")
        self._running: set[str] = set()

    @property
    def busy(self) -> bool:
        """True while a handler runs, even one that nobody waits for any more."""
        return bool(self._running)

    def close(self) -> None:
        """Take no more requests. Handlers that run are not waited for."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        request_id = str(uuid.uuid4())
        response = await self._respond(scope, receive, request_id)
        if response is None:
            return
        await _send(response, request_id, send)
        api, method = self._ports[scope["server"][1]], scope["method"]
        path = scope["raw_path"].decode("ascii", "replace")  # percent-encoded; never the query: it may carry secrets
        if not (api in self._without_health and path.startswith("/health/")):
            took = (time.perf_counter() - started) * 1000
            log.info("%s %s %s %d %.0fms %s", api, method, path, response.status, took, request_id)

    async def _respond(self, scope: Message, receive: Receive, request_id: str) -> HttpResponse | None:
        """The answer; None when the client went away before its request was complete."""
        if not scope["raw_path"].startswith(b"/"):
            return HttpResponse.message(400, "Bad Request")
        if _header_bytes(scope) > HEADER_LIMIT:
            return HttpResponse.message(431, "Request Header Fields Too Large")
        try:
            body = await _read(receive)
        except _TooLarge:
            return HttpResponse.message(413, "Request Entity Too Large")
        except _ClientGone:
            return None
        request = _request(scope, self._ports[scope["server"][1]], body, request_id)
        page = self._extra.get((request.api, request.path)) if request.method == "GET" else None
        match = self._router.match(request.api, request.method, request.path)
        loop = asyncio.get_running_loop()
        if page is not None:
            return await loop.run_in_executor(self._pool, page, request)
        if match is None:
            return HttpResponse.message(404, "Not Found")
        call = loop.run_in_executor(self._pool, self._call, request, match)
        try:
            return await asyncio.wait_for(call, LIMIT_SECONDS)
        except (TimeoutError, asyncio.CancelledError):  # cancelled: the server stops, and waited as long as it may
            return HttpResponse.message(503, "Service Unavailable")

    def _call(self, request: HttpRequest, match: Match) -> HttpResponse:
        """Run the handler in this thread. What it raises is a 500, as it is behind API Gateway."""
        function = match.route.function.name
        self._running.add(request.request_id)
        try:
            result = self._handlers[function](event.from_request(request, match), Context(function, request.request_id))
            return event.to_response(result)
        except BadResult as error:
            said = "%s answered what API Gateway refuses: %s %s"
            log.error(said, function, error, request.request_id)  # noqa: TRY400  # our own words, no traceback
        except Exception as error:  # a handler may fail in any way; the server goes on
            # The text of an error may hold what a user sent: only its kind, unless somebody develops.
            kind, shown = type(error).__name__, error if self._dev else None
            log.error("%s crashed: %s %s", function, kind, request.request_id, exc_info=shown)  # noqa: TRY400  # see above
        finally:
            self._running.discard(request.request_id)
            if request.method not in _READING:
                self._wrote()
        return HttpResponse.message(500, "Internal Server Error")


class _TooLarge(Exception):
    pass


class _ClientGone(Exception):
    pass


async def _read(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _ClientGone
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > BODY_LIMIT:
            raise _TooLarge
        if not message.get("more_body"):
            return b"".join(parts)


def _header_bytes(scope: Message) -> int:
    line = len(scope["method"]) + len(scope["raw_path"]) + len(scope["query_string"])
    return line + sum(len(name) + len(value) for name, value in scope["headers"])


def _request(scope: Message, api: Api, body: bytes, request_id: str) -> HttpRequest:
    return HttpRequest(
        api=api,
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]),
        body=body,
        source_ip=scope["client"][0] if scope["client"] else "",
        protocol=f"HTTP/{scope['http_version']}",
        request_id=request_id,
        at=datetime.now(UTC),
    )


async def _send(response: HttpResponse, request_id: str, send: Send) -> None:
    headers = [(name.encode(), value.encode()) for name, value in response.headers]
    headers.append((b"apigw-requestid", request_id.encode()))
    body = b"" if response.status in _BODILESS else response.body
    if response.status not in _BODILESS:
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
