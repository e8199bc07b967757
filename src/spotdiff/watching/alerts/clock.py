"""The two clocks as one thing that can be handed in."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Clock(Protocol):
    """What measures (`seconds`) and what says when (`wall`)."""

    def seconds(self) -> float:
        """Never steps; counts from anywhere."""
        ...

    def wall(self) -> datetime:
        """Aware, UTC; may be stepped at any time."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def seconds(self) -> float:
        """The monotonic clock, in seconds."""
        return time.monotonic()

    def wall(self) -> datetime:
        """The time of day; aware, UTC."""
        return datetime.now(UTC)


def microseconds(instant: datetime) -> int:
    """An aware instant as whole microseconds since 1970 in UTC, as the tables hold it.

    Examples:
        >>> microseconds(datetime(1970, 1, 1, 0, 0, 1, 5, tzinfo=UTC))
        1000005
    """
    return (instant - _EPOCH) // _MICROSECOND


def instant_of(micros: int) -> datetime:
    """The instant, aware in UTC, that so many microseconds since 1970 stand for."""
    return _EPOCH + micros * _MICROSECOND
