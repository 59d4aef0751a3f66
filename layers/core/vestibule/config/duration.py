"""Go's notation of durations. Apart from `values`, whose models a function need not have for it."""

from __future__ import annotations

import re
from datetime import timedelta

_DURATION = re.compile(r"(?:[0-9]+(?:ns|us|ms|s|m|h))+\Z")
_DURATION_PART = re.compile(r"([0-9]+)(ns|us|ms|s|m|h)")
_NANOSECONDS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_LONGEST = 2**63 - 1  # nanoseconds, as in Go: about 292 years


def parse_duration(text: str) -> timedelta:
    """`1h30m`, `500ms`, without fractions, rounded down to microseconds. Raises ValueError."""
    if not _DURATION.match(text):
        raise ValueError("a duration is whole numbers with units, such as 1h30m, 45s or 500ms")
    nanoseconds = sum(int(number) * _NANOSECONDS[unit] for number, unit in _DURATION_PART.findall(text))
    if nanoseconds > _LONGEST:
        raise ValueError("a duration is at most 292 years")
    return timedelta(microseconds=nanoseconds // 1000)
