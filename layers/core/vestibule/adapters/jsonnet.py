"""Jsonnet by the reference engine, in a process of its own: a hostile template kills that one, never ours."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_CHILD = Path(__file__).with_name("jsonnet_child.py")
_START_SECONDS = 10.0
_READ = 64 * 1024


class JsonnetError(Exception):
    """Base of what an evaluation raises. The texts name places in the template; they may quote its values."""


class JsonnetRefused(JsonnetError):
    """The template is wrong: it does not parse, fails, imports, or makes too much."""


class JsonnetExhausted(JsonnetError):
    """The template took more time or memory than it may; its process is gone, the next call starts another."""


class JsonnetMissing(JsonnetError):
    """The engine is not installed, or its process does not start."""


class Jsonnet:
    """Evaluates one template at a time, in a process that starts with the first one and is kept warm.

    `seconds` are for one evaluation, `memory` bytes for the whole process, `output` characters for its result. Threads
    wait for each other.
    """

    def __init__(
        self, *, seconds: float = 1.0, memory: int = 256 * 2**20, output: int = 2**20, stack: int = 500
    ) -> None:
        self._seconds = seconds
        self._limits = (str(memory), str(output))
        self._output = output
        self._stack = stack
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None

    def evaluate(
        self, source: str, *, tla: Mapping[str, Any] | None = None, ext: Mapping[str, Any] | None = None
    ) -> Any:
        """The template's value. `tla` are its function's arguments, `ext` what `std.extVar` finds: JSON values.

        A template that is a function gets those of `tla` that it is given; others of its parameters need defaults.
        Raises JsonnetRefused, JsonnetExhausted, JsonnetMissing.
        """
        request = {"source": source, "stack": self._stack, "tla": _codes(tla), "ext": _codes(ext)}
        line = json.dumps(request).encode() + b"\n"
        with self._lock:
            answer = self._asked(line)
        if "refused" in answer:
            raise JsonnetRefused(answer["refused"])
        return json.loads(answer["text"])

    def close(self) -> None:
        """End the process; another call starts it again."""
        with self._lock:
            self._end()

    def __del__(self) -> None:
        self._end()

    # --- the process -----------------------------------------------------------------------------------

    def _asked(self, line: bytes) -> dict[str, Any]:
        child = self._running()
        deadline = time.monotonic() + self._seconds
        try:
            self._send(child, line, deadline)
            return self._heard(child, deadline)
        except (TimeoutError, OSError, ValueError) as trouble:
            self._end()
            limit = "time" if isinstance(trouble, TimeoutError) else "memory"
            raise JsonnetExhausted(f"the template took more {limit} than it may") from None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is not None and self._child.poll() is None:
            return self._child
        self._end()
        engine = importlib.util.find_spec("_gojsonnet")
        if engine is None or engine.origin is None:
            raise JsonnetMissing("the Jsonnet engine is not installed")
        try:
            child = self._child = subprocess.Popen(  # noqa: S603 (our own program, no shell)
                [sys.executable, "-I", str(_CHILD), engine.origin, *self._limits],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={
                    "LD_LIBRARY_PATH": os.environ.get("LD_LIBRARY_PATH", ""),
                    "GOMAXPROCS": "1",
                },  # none of our secrets
                cwd="/",
            )
            os.set_blocking(_fd(child.stdin), False)
            self._heard(child, time.monotonic() + _START_SECONDS)
        except (TimeoutError, OSError, ValueError):
            self._end()
            raise JsonnetMissing("the Jsonnet engine does not start") from None
        return child

    def _send(self, child: subprocess.Popen[bytes], line: bytes, deadline: float) -> None:
        rest = memoryview(line)
        while rest:
            _, ready, _ = select.select([], [_fd(child.stdin)], [], _left(deadline))
            if ready:
                rest = rest[os.write(_fd(child.stdin), rest[:_READ]) :]

    def _heard(self, child: subprocess.Popen[bytes], deadline: float) -> dict[str, Any]:
        received = bytearray()
        while not received.endswith(b"\n"):
            ready, _, _ = select.select([_fd(child.stdout)], [], [], _left(deadline))
            piece = os.read(_fd(child.stdout), _READ) if ready else b""
            if ready and not piece:
                raise OSError("the process ended")
            received += piece
            if len(received) > 12 * self._output + _READ:  # JSON writes a character in 12 bytes at most
                raise OSError("the process says too much")
        return json.loads(received)

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        with contextlib.suppress(OSError):
            child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


def _codes(values: Mapping[str, Any] | None) -> dict[str, str]:
    return {name: json.dumps(value) for name, value in (values or {}).items()}


def _fd(pipe: Any) -> int:
    return pipe.fileno()


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
