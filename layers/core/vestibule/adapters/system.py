"""The operating system's time, randomness and threads."""

from __future__ import annotations

import logging
import os
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from datetime import UTC, datetime
from typing import Any

from vestibule.ports import Clock

_log = logging.getLogger("vestibule")

_COUNTER_MAX = 0xFFF
_COUNTER_START = 0x7FF
"""A fresh millisecond starts its counter at random below the half, so that it has room to count up."""


class SystemClock:
    """Port Clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class SystemRandom:
    """Port Random. `clock` dates UUIDv7s."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._last = (0, 0)

    def bytes(self, count: int) -> bytes:
        return os.urandom(count)

    def uuid4(self) -> str:
        return str(uuid.uuid4())

    def uuid7(self) -> str:
        """RFC 9562, 5.7, with the fixed-length counter of 6.2 (method 1) in rand_a.

        So later calls sort behind earlier ones of this process, inside a millisecond and when the clock steps back.
        """
        now = int(self._clock.now().timestamp() * 1000)
        with self._lock:
            milliseconds, counter = self._last
            if now > milliseconds:
                self._last = (now, int.from_bytes(os.urandom(2), "big") & _COUNTER_START)
            elif counter < _COUNTER_MAX:
                self._last = (milliseconds, counter + 1)
            else:
                self._last = (milliseconds + 1, 0)
            milliseconds, counter = self._last
        tail = int.from_bytes(os.urandom(8), "big") & ((1 << 62) - 1)
        return str(uuid.UUID(int=(milliseconds << 80) | (7 << 76) | (counter << 64) | (2 << 62) | tail))


class SystemPace:
    """Port Pace."""

    def now(self) -> float:
        return time.monotonic()

    def pause(self, seconds: float) -> None:
        time.sleep(seconds)


class ThreadBackground:
    """Port Background, on threads of its own that end with the process's others."""

    def __init__(self, workers: int = 4) -> None:
        self._workers = workers
        self._pool: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()

    def __call__(self, task: Callable[[], None]) -> None:
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="vestibule-background")
            self._pool.submit(_logged, task)


class ThreadParallel:
    """Port Parallel, on threads that start with the first use.

    The calling thread takes a share of the work, and whatever no worker has begun: so tasks may themselves run tasks
    side by side without ever waiting for a free worker.
    """

    def __init__(self, workers: int = 8) -> None:
        self._workers = workers
        self._pool: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()

    def __call__(self, *tasks: Callable[[], Any]) -> list[Any]:
        if not tasks:
            return []
        pool = self._started()
        futures = [pool.submit(copy_context().run, task) for task in tasks[1:]]
        outcomes = [_ended(tasks[0])]
        for task, future in zip(tasks[1:], futures, strict=True):
            outcomes.append(_ended(task) if future.cancel() else _ended(future.result))
        return [outcome.result() for outcome in outcomes]

    def _started(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="vestibule")
            return self._pool


def _logged(task: Callable[[], None]) -> None:
    try:
        task()
    except Exception:  # noqa: BLE001 (a thread has no caller who could be told)
        _log.exception("a task in the background failed")


def _ended(task: Callable[[], Any]) -> Future[Any]:
    """The task's result or exception, kept until all tasks have ended."""
    outcome: Future[Any] = Future()
    try:
        outcome.set_result(task())
    except BaseException as error:  # noqa: BLE001  # raised by the caller once the other tasks have ended
        outcome.set_exception(error)
    return outcome
