"""Guess counters: how often a secret of one identifier was tried without success. design.md §4.

A guess is reserved before (or beside) the comparison, and counts only if the reservation held; so any number of
parallel guesses stays within the limits. An identifier without an account has a counter as good as any other.
"""

from __future__ import annotations

from datetime import timedelta

from msgspec import Struct

from vestibule.domain.times import to_micros
from vestibule.ports import (
    Absent,
    AnyOf,
    Clock,
    Condition,
    ConditionFailed,
    Delete,
    Equals,
    Item,
    Key,
    LessThan,
    Put,
    Table,
    Update,
    Write,
)

_TRIES = 5
"""Writes of one reservation. More means that many others reserve at this moment: then it may wait like them."""

_MICROS = 1_000_000


class GuessLimits(Struct, frozen=True):
    """`vestibule.guesses` of the configuration.

    `free` guesses need no waiting; after them every guess waits from the one before, first `first_wait`, then twice
    as long each time up to `max_wait`. From `cap` guesses on all are refused. A counter is forgotten by a success,
    or `forgotten_after` its last counted guess: refused ones do not prolong that, so nobody is locked out for good.
    """

    free: int = 10
    first_wait: timedelta = timedelta(seconds=1)
    max_wait: timedelta = timedelta(minutes=15)
    cap: int = 100
    forgotten_after: timedelta = timedelta(days=1)

    def wait_after(self, count: int) -> timedelta:
        """From the guess of that number to the next one; `count` is below the cap."""
        if count < self.free:
            return timedelta(0)
        doublings = min(count - self.free, 40)
        return min(self.first_wait * 2**doublings, self.max_wait)


class Reserved(Struct, frozen=True):
    """The guess may be compared. `count`: its number since the last success."""

    count: int


class Refused(Struct, frozen=True):
    """The guess must not be compared, not even a right one."""

    retry_after: timedelta


class Guesses:
    """Item: pk `RL#<scope>#<subject>`, sk `#`; `count`, `last`, `lapse`, `ttl`.

    `scope` is what is guessed (`password`, `totp`); `subject` the HMAC of the normalised identifier, or an id. `last`
    is the time of the last counted guess in epoch microseconds; `lapse` that of the counter's end, negated, so that
    LessThan can ask whether it is still ahead.
    """

    def __init__(self, table: Table, clock: Clock, limits: GuessLimits) -> None:
        self._table = table
        self._clock = clock
        self._limits = limits

    def reserve(self, scope: str, subject: str, limits: GuessLimits | None = None) -> Reserved | Refused:
        """Count a guess, or refuse it. One write; a second one where the free guesses are used up or have lapsed.

        `limits` where a scope has others than those for guesses. Raises StoreUnavailable: then nothing may be compared.
        """
        limits = limits or self._limits
        key = counter_key(scope, subject)
        now = to_micros(self._clock.now())
        write: Write = _free_guess(key, now, limits)
        for _ in range(_TRIES):
            try:
                stored = self._table.write(write)
            except ConditionFailed as failed:
                judged = _judge(key, failed.item, now, limits)
                if isinstance(judged, Refused):
                    return judged
                write = judged
            else:
                return Reserved(stored["count"] if stored else 1)
        return Refused(limits.first_wait)

    def succeeded(self, scope: str, subject: str) -> Delete:
        """Forgets the counter: to be written once the secret was right, alone or in the transaction that follows."""
        return Delete(counter_key(scope, subject))

    def forgetting(self, scope: str, subject: str, count: int) -> list[Delete]:
        """`succeeded` where each right secret is another one: put off while half of the free guesses are left.

        So the right one is a guess, too, and mostly saves a write; a later success forgets them all.
        """
        return [self.succeeded(scope, subject)] if 2 * count > self._limits.free else []

    def forgetting_each(self, *counters: tuple[str, str]) -> list[Delete]:
        """The same for counters (scope, subject) that nothing was reserved of: one read, which may be behind."""
        keys = [counter_key(*each) for each in counters]
        found = zip(counters, self._table.get(keys, consistent=False), strict=True)
        return [delete for counter, item in found if item for delete in self.forgetting(*counter, item["count"])]


def _free_guess(key: Key, now: int, limits: GuessLimits) -> Update:
    """One of the free ones, of a counter that has not lapsed."""
    within: tuple[Condition, ...] = (
        AnyOf((Absent(), LessThan("count", limits.free))),
        AnyOf((Absent(), LessThan("lapse", -now))),
    )
    return Update(key, set=_times(now, limits), add={"count": 1}, conditions=within)


def _judge(key: Key, item: Item | None, now: int, limits: GuessLimits) -> Refused | Write:
    """What to do about a counter whose free guesses are used up, or which has lapsed."""
    if item is None:
        return _free_guess(key, now, limits)
    count, last, lapse = item["count"], item["last"], -item["lapse"]
    unchanged: tuple[Condition, ...] = (Equals("count", count), Equals("last", last))
    if lapse <= now:
        return Put({"pk": key[0], "sk": key[1], "count": 1, **_times(now, limits)}, unchanged)
    next_at = lapse if count >= limits.cap else last + _micros(limits.wait_after(count))
    if next_at > now:
        return Refused(timedelta(microseconds=next_at - now))
    return Update(key, set=_times(now, limits), add={"count": 1}, conditions=unchanged)


def _times(now: int, limits: GuessLimits) -> dict[str, int]:
    end = now + _micros(limits.forgotten_after)
    return {"last": now, "lapse": -end, "ttl": end // _MICROS + 1}


def counter_key(scope: str, subject: str) -> Key:
    return (f"RL#{scope}#{subject}", "#")


def _micros(duration: timedelta) -> int:
    return duration // timedelta(microseconds=1)
