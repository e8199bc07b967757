"""Instants of the wall as the whole numbers that the tables hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from spotdiff.errors import DataError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(when: datetime) -> int:
    """Microseconds from 1970 in UTC, without loss.

    Raises:
        DataError: the instant has no time zone.

    Examples:
        >>> micros(datetime(1970, 1, 1, 1, tzinfo=UTC))
        3600000000
    """
    if when.tzinfo is None:
        raise DataError(f"{when} has no time zone; a store takes aware times")
    return (when - EPOCH) // _MICROSECOND


def instant(value: int) -> datetime:
    """The instant, in UTC, that `micros` gave the number of.

    Examples:
        >>> instant(micros(datetime(2026, 3, 1, 12, 30, 0, 7, tzinfo=UTC))).isoformat()
        '2026-03-01T12:30:00.000007+00:00'
    """
    return EPOCH + timedelta(microseconds=value)


def utc_now() -> datetime:
    """The wall's time now, in UTC."""
    return datetime.now(UTC)
