"""The bus inside the local server: follows the table's changes, and runs publisher and workers with the same code."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any

from vestibule.adapters.queued_events import QueuedEvents
from vestibule.domain.event import MESSAGE_QUEUED, Event
from vestibule.local.call_queue import CallQueue
from vestibule.ports import Change, Key, StoreUnavailable, Update
from vestibule.services import Services
from vestibule.workers import courier, webhooks
from vestibule.workers.later import TryLater
from vestibule.workers.publish import publish
from vestibule.workers.sweep import sweep

POLL_SECONDS = 0.5
"""For what other processes wrote, and for what waits; what this one wrote wakes it at once."""

SWEEP_SECONDS = 60
CLEAN_SECONDS = 3600

_POSITION: Key = ("BUS", "#")
_BATCH = 100
_WORKERS = 4

_log = logging.getLogger("vestibule.local")

WORKERS: dict[str, Callable[[Event, Services], object]] = {MESSAGE_QUEUED: courier.take}
"""Type of an event → who takes it, as the rules of infra/messaging.yaml say."""


class Bus:
    """`step` is all it does; `start` does it on a thread until `close`. Its position survives a restart."""

    def __init__(
        self,
        svc: Services,
        *,
        current: Callable[[], Services] | None = None,
        clean: Callable[[], Any] | None = None,
    ) -> None:
        """`current` gives the services of a later revision of the configuration; bus and table stay the same."""
        if not isinstance(svc.events, QueuedEvents):
            raise TypeError("a local bus needs events that stay in the process")
        self._current = current or (lambda: svc)
        self._events = svc.events
        self._calls = CallQueue(svc.table, svc.clock)
        self._events.keep = self._calls.keep
        self._clean = clean
        self._after: str | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._awake = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="bus", daemon=True)

    @property
    def _svc(self) -> Services:
        return self._current()

    def start(self) -> None:
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="courier")
        self._thread.start()

    def wake(self) -> None:
        """Something was written."""
        self._awake.set()

    def close(self) -> None:
        """Take nothing new. What a worker has at that moment, another start finds again."""
        self._closing = True
        self._awake.set()
        if self._thread.is_alive():
            self._thread.join(POLL_SECONDS)
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def step(self) -> None:
        """Publish all changes, then hand out all events that are due. Without `start`, workers run right here."""
        while changes := self._svc.table.changes(self._after, _BATCH):
            carried = False
            for change in changes:
                self._publish(change)
                carried = carried or (change.new is not None and "ev" in change.new)
            self._after = changes[-1].sequence
            if carried:  # noting every position would itself be a change to follow
                self._svc.table.write(Update(_POSITION, set={"after": self._after}))
        for event in self._events.take():
            if worker := WORKERS.get(event.type):
                self._hand_out(worker, event)
        for event in self._calls.take():
            self._hand_out(self._call, event)

    def restore(self) -> None:
        """Go on where the process before stopped, with what it left behind."""
        item = self._svc.table.get([_POSITION])[0]
        self._after = item["after"] if item is not None else None
        sweep(self._svc, overdue=timedelta())

    def _publish(self, change: Change) -> None:
        """On AWS a change that cannot be published ends among the dead letters; here it is named in the log."""
        try:
            publish(change, self._svc)
        except (ValueError, KeyError, TypeError) as failure:
            _log.error("a change cannot be published: %s", type(failure).__name__)

    def _call(self, event: Event, svc: Services) -> None:
        """As the queue does on AWS: what comes again is hidden until then, what failed until its lease ends."""
        try:
            webhooks.take(event, svc)
        except TryLater as later:
            self._calls.hold(event, later.seconds)
        else:
            self._calls.done(event)

    def _hand_out(self, worker: Callable[[Event, Services], object], event: Event) -> None:
        if self._pool is None:
            worker(event, self._svc)
            return
        with suppress(RuntimeError):  # the pool is closed: the server stops
            self._pool.submit(self._work, worker, event)

    def _work(self, worker: Callable[[Event, Services], object], event: Event) -> None:
        try:
            worker(event, self._svc)
        except Exception as failure:  # noqa: BLE001 the sweeper brings it back
            _log.error("a worker failed: %s", type(failure).__name__)

    def _run(self) -> None:
        every = [_Every(SWEEP_SECONDS, self._sweep)]
        if self._clean is not None:
            every.append(_Every(CLEAN_SECONDS, self._clean))
        restored = False
        while not self._closing:
            self._awake.clear()
            try:
                if not restored:
                    self.restore()
                    restored = True
                self.step()
                for task in every:
                    task.if_due()
            except StoreUnavailable as unavailable:
                _log.warning("the bus waits: %s", unavailable)
                time.sleep(POLL_SECONDS)
            except Exception as failure:  # noqa: BLE001 the bus goes on whatever one change did
                _log.error("the bus failed: %s", type(failure).__name__)
                time.sleep(POLL_SECONDS)
            self._awake.wait(POLL_SECONDS)

    def _sweep(self) -> None:
        sweep(self._svc, overdue=timedelta(seconds=5))


class _Every:
    def __init__(self, seconds: float, task: Callable[[], Any]) -> None:
        self._seconds = seconds
        self._task = task
        self._next = time.monotonic() + seconds

    def if_due(self) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + self._seconds
            self._task()
