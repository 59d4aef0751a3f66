"""Port Events inside one process: for the local server, whose bus takes from it, and for tests."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from vestibule.domain.event import Event
from vestibule.ports import Clock


class QueuedEvents:
    """Ends with the process: what was not taken by then is found again by the sweeper, or by who keeps it.

    `keep` is told of everything that is published, before its publisher hears that it was taken.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._order = itertools.count()
        self._waiting: list[tuple[datetime, int, Event]] = []
        self.keep: Callable[[Event], None] = lambda _: None
        self.buried: list[Event] = []

    def publish(self, events: Sequence[Event]) -> Sequence[int]:
        for event in events:
            self.keep(event)
            self._add(event, self._clock.now())
        return ()

    def later(self, event: Event, seconds: int) -> None:
        self._add(event, self._clock.now() + timedelta(seconds=seconds))

    def hold(self, handle: str, seconds: int) -> None:
        """There are no handles here: who takes events sees to it."""

    def bury(self, event: Event) -> None:
        self.buried.append(event)

    def send(self, event: Event) -> None:
        self.publish([event])

    def take(self) -> list[Event]:
        """Those that are due now, first ones first."""
        now, taken = self._clock.now(), list[Event]()
        with self._lock:
            while self._waiting and self._waiting[0][0] <= now:
                taken.append(heapq.heappop(self._waiting)[2])
        return taken

    def _add(self, event: Event, due: datetime) -> None:
        with self._lock:
            heapq.heappush(self._waiting, (due, next(self._order), event))
