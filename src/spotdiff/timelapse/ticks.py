"""Where a time axis has its marks, and what stands at them."""

from __future__ import annotations

from datetime import datetime, timedelta

Tick = tuple[float, str]

MINUTE, HOUR, DAY = 60, 3600, 86400
_EPOCH, _MONDAY = datetime(1970, 1, 1), 4 * DAY
_SECONDS = (
    *(1, 5, 15, 30),
    *(count * MINUTE for count in (1, 2, 5, 15, 30)),
    *(count * HOUR for count in (1, 2, 3, 6, 12)),
    *(count * DAY for count in (1, 2, 7, 14)),
)
_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 6000)


def time_ticks(start: float, end: float, *, most: int = 8) -> list[Tick]:
    """Marks at round times from `start` to `end`, both in seconds from 1970 on, `most` at most.

    Examples:
        >>> [text for _, text in time_ticks(0, 90 * DAY, most=4)]
        ['1970-01', '1970-02', '1970-03', '1970-04']
        >>> [text for _, text in time_ticks(8 * HOUR, 11 * HOUR, most=4)]
        ['01-01 08:00', '01-01 09:00', '01-01 10:00', '01-01 11:00']
    """
    for step in _SECONDS:
        # from a Monday on, so that marks a week apart are Mondays
        first = -int((_MONDAY - start) // step)
        last = int((end - _MONDAY) // step)
        if last - first < most:
            return [_tick(_MONDAY + count * step, _style(step)) for count in range(first, last + 1)]
    for months in _MONTHS:
        found = _month_starts(start, end, months)
        if len(found) <= most:
            break
    return [_tick(second, "%Y-%m" if months < 12 else "%Y") for second in found]


def number_ticks(count: int, *, most: int = 8) -> list[Tick]:
    """Marks for `count` pictures that stand one beside the other, numbered from 1.

    Examples:
        >>> number_ticks(3)
        [(0.0, '1'), (1.0, '2'), (2.0, '3')]
    """
    step = -(-count // most)
    return [(float(index), str(index + 1)) for index in range(0, count, step)]


def _style(step: int) -> str:
    if step >= DAY:
        return "%Y-%m-%d"
    return "%m-%d %H:%M" if step >= MINUTE else "%H:%M:%S"


def _tick(seconds: float, style: str) -> Tick:
    return float(seconds), (_EPOCH + timedelta(seconds=seconds)).strftime(style)


def _month_starts(start: float, end: float, months: int) -> list[float]:
    """The first instant of every month whose number, counted from year 0, `months` divides."""
    opening = _EPOCH + timedelta(seconds=start)
    month = 12 * opening.year + opening.month - 1
    month -= month % months
    found = []
    while month < 12 * 9999:
        second = (datetime(max(month // 12, 1), month % 12 + 1, 1) - _EPOCH).total_seconds()
        if second > end:
            break
        found += [second] if second >= start else []
        month += months
    return found
