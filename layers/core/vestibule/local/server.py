"""Two ports, one process: the sockets, the HTTP server, and a clean stop."""

from __future__ import annotations

import errno
import shlex
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

import uvicorn
from watchfiles import PythonFilter, run_process

from vestibule.local.gateway import Gateway

_KEEP_ALIVE_SECONDS = 75
_GRACE_SECONDS = 1
"""How long requests under way may take when the server is asked to stop."""
_DEBOUNCE_MS = 200


class StartError(Exception):
    """The server cannot start; one line that says what to do."""


def bind(host: str, port: int, option: str) -> socket.socket:
    """A listening socket; port 0 takes a free one. `option` is what would choose another. Raises StartError."""
    if not 0 <= port <= 65_535:
        raise StartError(f"{port} is no port; choose one up to 65535 with {option}")
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address[:2], family=family)
    except socket.gaierror:
        raise StartError(f"the host {host!r} is unknown on this machine; choose another with --host") from None
    except OSError as error:
        raise StartError(_refusal(error, host, port, option)) from None


def _refusal(error: OSError, host: str, port: int, option: str) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"port {port} is in use; stop what listens there or choose another with {option}"
        case errno.EACCES:
            return f"port {port} may not be opened by this user; choose one above 1023 with {option}"
        case errno.EADDRNOTAVAIL:
            return f"the host {host!r} is not an address of this machine; choose another with --host"
        case _:
            return f"cannot listen on {host}:{port} ({error.strerror}); choose another port with {option}"


def serve(gateway: Gateway, sockets: Sequence[socket.socket], ready: Callable[[], None]) -> None:
    """Answer until SIGTERM or SIGINT, then return; `ready` is called once requests are taken."""
    config = uvicorn.Config(
        gateway,  # pyright: ignore[reportArgumentType]  # an ASGI application by its messages, typed as mappings
        http="h11",
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    _Server(config, ready).run(sockets=list(sockets))
    gateway.close()


def restarting(folders: Sequence[Path], command: Sequence[str]) -> None:
    """Run the command, and anew whenever Python code in one of the folders changes, until SIGTERM or SIGINT."""
    run_process(
        *folders, target=shlex.join(command), target_type="command", watch_filter=PythonFilter(), debounce=_DEBOUNCE_MS
    )


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  # the signature is uvicorn's
        """A signal stops the server and is done with: uvicorn would raise it once more and end us with its status."""
        self.force_exit = self.should_exit
        self.should_exit = True
