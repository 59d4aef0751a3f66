"""Circuit breakers: a target that keeps failing is left alone for a while, and then tried by one call at a time."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from urllib.parse import urlsplit

from vestibule.domain.times import epoch_seconds, to_micros
from vestibule.ports import Clock, ConditionFailed, Delete, Equals, Key, Table, Update

TOLERATED = 5
"""Runs in a row that may fail before the target is left alone."""

FIRST_REST = timedelta(seconds=30)
LONGEST_REST = timedelta(minutes=15)
"""Each further failure doubles the rest before it."""

PROBE = timedelta(minutes=2)
"""How long one run has for finding out whether the target is back; the others wait meanwhile."""

_KEPT = timedelta(days=1)


class Breakers:
    """Item: pk `B#<digest of the target's host>`, sk `#`; `f` failures in a row, `until` when it may be tried again.

    Nothing is stored of targets that work.
    """

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def wait(self, url: str) -> int:
        """For how many seconds the target is to be left alone; 0 lets the caller try."""
        item = self._table.get([_key(url)])[0]
        if item is None or "until" not in item:
            return 0
        now = to_micros(self._clock.now())
        if item["until"] > now:
            return 1 + (item["until"] - now) // 1_000_000
        probing = Update(_key(url), set={"until": now + PROBE // timedelta(microseconds=1)}, conditions=(_same(item),))
        try:
            self._table.write(probing)
        except ConditionFailed:
            return int(PROBE.total_seconds())
        return 0

    def failed(self, url: str) -> None:
        """A run found it not working."""
        now = self._clock.now()
        item = self._table.write(Update(_key(url), add={"f": 1}, set={"ttl": epoch_seconds(now + _KEPT)}))
        failures = item["f"] if item is not None else 1
        if failures >= TOLERATED:
            rest = min(FIRST_REST * 2 ** min(failures - TOLERATED, 20), LONGEST_REST)
            self._table.write(Update(_key(url), set={"until": to_micros(now + rest)}))

    def worked(self, url: str) -> None:
        """It answers again, or still."""
        if self._table.get([_key(url)])[0] is not None:
            self._table.write(Delete(_key(url)))


def _same(item: dict[str, object]) -> Equals:
    return Equals("until", item["until"])  # pyright: ignore[reportArgumentType] a number: it was written above


def _key(url: str) -> Key:
    """By host; an address that is a secret stands for itself."""
    target = url if "secret://" in url else urlsplit(url).netloc
    return (f"B#{hashlib.sha256(target.encode()).hexdigest()[:32]}", "#")
