"""Instants in UTC, and as the whole microseconds that tables and shared memory hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def in_utc(moment: datetime) -> datetime:
    """A moment in UTC; one without a zone is taken as a time of this machine's zone."""
    return moment.astimezone(UTC)


def utc_unless_zoned(moment: datetime | None) -> datetime | None:
    """A moment as it is; one without a zone is taken as a time of UTC. None for none."""
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def to_microseconds(instant: datetime) -> int:
    """An aware instant as whole microseconds since 1970, without loss.

    Examples:
        >>> to_microseconds(datetime(1970, 1, 1, 0, 0, 1, 5, tzinfo=UTC))
        1000005
    """
    return (instant - EPOCH) // _MICROSECOND


def from_microseconds(count: int) -> datetime:
    """The instant, aware in UTC, that `to_microseconds` gave the number of."""
    return EPOCH + count * _MICROSECOND
