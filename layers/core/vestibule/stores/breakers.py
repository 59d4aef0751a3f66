"""Circuit breakers: a target that keeps failing is left alone for a while, and then tried by one call at a time."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from urllib.parse import urlsplit

from msgspec import Struct

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


class Breaker(Struct, frozen=True):
    """Of a target that works, nothing. `wait`: for how many seconds it is to be left alone.

    `since` is when such a rest ended (epoch microseconds), where nobody found out yet whether the target is back.
    """

    wait: int = 0
    since: int = 0


class Breakers:
    """Item: pk `B#<digest of the target's host>`, sk `#`; `f` failures in a row, `until` when it may be tried again.

    Nothing is stored of targets that work.
    """

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def state(self, url: str) -> Breaker:
        """One read, which changes nothing."""
        item = self._table.get([_key(url)])[0]
        if item is None or "until" not in item:
            return Breaker()
        left = item["until"] - to_micros(self._clock.now())
        return Breaker(wait=1 + left // 1_000_000) if left > 0 else Breaker(since=item["until"])

    def may_try(self, url: str, breaker: Breaker) -> bool:
        """Whether the caller may call the target now: of those that find its rest to be over, one may."""
        if not breaker.since:
            return breaker.wait == 0
        until = to_micros(self._clock.now() + PROBE)
        same = Equals("until", breaker.since)
        try:
            self._table.write(Update(_key(url), set={"until": until}, conditions=(same,)))
        except ConditionFailed:
            return False
        return True

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


def _key(url: str) -> Key:
    """By host; an address that is a secret stands for itself."""
    target = url if "secret://" in url else urlsplit(url).netloc
    return (f"B#{hashlib.sha256(target.encode()).hexdigest()[:32]}", "#")
