"""Times as the wire writes them: RFC 3339, UTC, `Z`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_rfc3339(moment: datetime) -> str:
    """`2026-01-02T03:04:05.678901Z`; whole seconds without a fraction."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def from_rfc3339(text: str) -> datetime:
    """Raises ValueError for anything else than an aware RFC 3339 time."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without an offset")
    return moment.astimezone(UTC)


def to_micros(moment: datetime) -> int:
    """Whole microseconds since the epoch, for items: they order and compare as numbers, exactly."""
    return (moment - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)


def epoch_seconds(moment: datetime) -> int:
    return int(moment.timestamp())
