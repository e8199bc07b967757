"""Days, hours and spans of time as people write them, and which times came due between two looks at the clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING

from spotdiff.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MISSED = timedelta(hours=12)  # a time longer ago is not made up for
_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Hours:
    """When a rule holds.

    Attributes:
        days: Numbers of the days, Monday is 0.
        spans: (from, to) in minutes of the day; one that ends before it begins reaches into the next day, and counts
            to the day it began on. () for all day.
    """

    days: frozenset[int] = frozenset(range(7))
    spans: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, days: str, hours: str) -> Hours:
        """Read days such as `mon-fri, sun` and hours such as `06:00-14:00, 20:00-04:00`; empty means all.

        Raises:
            OptionError: they cannot be read.
        """
        return cls(days_of(days), tuple(_span(part) for part in _listed(hours)))

    def holds(self, local: datetime) -> bool:
        """Whether the rule holds at a local time.

        Examples:
            >>> night = Hours.of("fri", "22:00-04:00")
            >>> night.holds(datetime(2024, 3, 2, 3, 30)), night.holds(datetime(2024, 3, 1, 3, 30))
            (True, False)
        """
        minute, today = local.hour * 60 + local.minute, local.weekday()
        if not self.spans:
            return today in self.days
        yesterday = (today - 1) % 7
        for begin, end in self.spans:
            if begin < end and today in self.days and begin <= minute < end:
                return True
            overnight = begin >= end
            if overnight and ((today in self.days and minute >= begin) or (yesterday in self.days and minute < end)):
                return True
        return False


class MachineZone(tzinfo):
    """The time zone of this machine, summers included; a fixed offset would be wrong after the next change."""

    def utcoffset(self, dt: datetime | None) -> timedelta | None:
        """What is ahead of UTC at a local time."""
        return None if dt is None else dt.replace(tzinfo=None).astimezone().utcoffset()

    def dst(self, dt: datetime | None) -> timedelta | None:
        """Not known."""
        return None

    def tzname(self, dt: datetime | None) -> str | None:
        """The zone in letters, such as CET."""
        return None if dt is None else dt.replace(tzinfo=None).astimezone().tzname()

    def fromutc(self, dt: datetime) -> datetime:
        """A moment of UTC as local time."""
        system = dt.replace(tzinfo=UTC).astimezone()
        local = system.replace(tzinfo=self)
        return local if local.utcoffset() == system.utcoffset() else local.replace(fold=1)


def days_of(text: str) -> frozenset[int]:
    """Numbers of days from words.

    Raises:
        OptionError: a word is no day.

    Examples:
        >>> sorted(days_of("sat-mon, wed"))
        [0, 2, 5, 6]
    """
    days: set[int] = set()
    for part in _listed(text):
        ends = [_day(word) for word in part.split("-")]
        if len(ends) > 2:
            raise OptionError(f"days takes days and spans such as mon-fri, sun; not {part!r}")
        span = (ends[-1] - ends[0]) % 7
        days |= {(ends[0] + step) % 7 for step in range(span + 1)}
    return frozenset(days or range(7))


def clock_of(text: str) -> time:
    """A time of the day such as `18:00`.

    Raises:
        OptionError: it is none.
    """
    minutes = _minutes(text)
    if minutes == _DAY:
        raise OptionError("a time of the day ends at 23:59; write 00:00 for midnight")
    return time(minutes // 60, minutes % 60)


def seconds_of(text: str) -> float:
    """A span of time such as `90`, `90 s`, `5 min`, `2 h` or `3 d` in seconds.

    Raises:
        OptionError: it is none.

    Examples:
        >>> seconds_of("5 min"), seconds_of("1.5h")
        (300.0, 5400.0)
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(s|sec|min|m|h|d)?\s*", text)
    if match is None:
        raise OptionError(f"{text!r} is no span of time; write 90 s, 5 min, 2 h or 3 d")
    unit = {"s": 1, "sec": 1, "min": 60, "m": 60, "h": 3600, "d": 86400}[match[2] or "s"]
    return float(match[1]) * unit


def due_times(
    at: Sequence[time], days: frozenset[int], zone: tzinfo, *, after: datetime, until: datetime
) -> Iterator[datetime]:
    """The times that came due in (after, until], as UTC, each once; none where the clock went back.

    Args:
        at: Times of the day, local.
        days: Numbers of the days.
        zone: The local time zone. An hour that the summer skips is made up for after it, one that comes twice counts
            the first time.
        after: Aware; the latest moment already seen to.
        until: Aware; now. What is more than 12 hours ago is let go.
    """
    after = max(after, until - _MISSED)
    first, last = after.astimezone(zone).date(), until.astimezone(zone).date()
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        if day.weekday() in days:
            for moment in sorted(datetime.combine(day, clock, tzinfo=zone).astimezone(UTC) for clock in at):
                if after < moment <= until:
                    yield moment


def _listed(text: str) -> list[str]:
    return [part.strip().lower() for part in text.split(",") if part.strip()]


def _day(word: str) -> int:
    short = word.strip()[:3]
    if short not in DAYS:
        raise OptionError(f"{word.strip()!r} is no day; write {', '.join(DAYS)}")
    return DAYS.index(short)


def _span(text: str) -> tuple[int, int]:
    ends = text.split("-")
    if len(ends) != 2:
        raise OptionError(f"hours takes spans such as 20:00-06:00, not {text!r}")
    return _minutes(ends[0]), _minutes(ends[1])


def _minutes(text: str) -> int:
    match = re.fullmatch(r"\s*(\d{1,2}):(\d{2})\s*", text)
    if match is None or int(match[1]) * 60 + int(match[2]) > _DAY or int(match[2]) > 59:
        raise OptionError(f"{text.strip()!r} is no time of the day; write it as 18:00")
    return int(match[1]) * 60 + int(match[2])
