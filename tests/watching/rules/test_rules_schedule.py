"""Days, hours and appointments: each once and none lost, whatever the clock does."""

import os
import time as clocks
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from spotdiff.errors import OptionError
from spotdiff.watching.rules.schedule import Hours, MachineZone, clock_of, days_of, due_times, seconds_of

BERLIN = ZoneInfo("Europe/Berlin")
EVERY = frozenset(range(7))
NIGHT = Hours.of("", "22:00-06:00")


def kept(at, start, end, *, days=EVERY, zone=BERLIN, step=timedelta(minutes=7)):
    """The appointments seen by who looks at the clock now and then, in local time."""
    found, last = [], start
    while last < end:
        now = min(last + step, end)
        found += due_times([clock_of(text) for text in at], days, zone, after=last, until=now)
        last = now
    return [f"{moment.astimezone(zone):%d %H:%M}" for moment in found]


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("days", "hours", "holds", "not_then"),
    [
        ("", "", ["mon 00:00", "sun 23:59"], []),
        ("mon-fri", "", ["mon 00:00", "fri 23:59"], ["sat 00:00", "sun 23:59"]),
        ("sat-mon", "", ["sat 01:00", "sun 01:00", "mon 01:00"], ["tue 01:00", "fri 23:59"]),
        ("", "06:00-14:00", ["mon 06:00", "mon 13:59"], ["mon 05:59", "mon 14:00"]),
        ("", "06:00-08:00, 20:00-21:00", ["mon 07:00", "mon 20:59"], ["mon 09:00", "mon 21:00"]),
        ("fri", "22:00-04:00", ["fri 22:00", "sat 03:59"], ["fri 03:00", "fri 21:59", "sat 04:00", "sat 22:00"]),
        ("sun", "22:00-04:00", ["sun 23:00", "mon 03:00"], ["sun 03:00", "mon 23:00"]),
        ("", "00:00-24:00", ["mon 00:00", "mon 23:59"], []),
        ("", "08:00-08:00", ["mon 07:59", "mon 08:00"], []),
        ("Wednesday", "9:30-10:00", ["wed 09:30"], ["wed 10:00", "tue 09:30"]),
    ],
)
def test_hours_hold_when_they_should(days, hours, holds, not_then):
    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

    def at(text):
        day, clock = text.split()
        hour, minute = map(int, clock.split(":"))
        return datetime(2024, 1, 1 + names.index(day), hour, minute)  # a Monday

    rule = Hours.of(days, hours)
    assert [text for text in holds if not rule.holds(at(text))] == []
    assert [text for text in not_then if rule.holds(at(text))] == []


def test_a_night_holds_through_the_changes_of_the_clock():
    for first in (utc(2024, 3, 30, 21), utc(2024, 10, 26, 20)):
        local = [(first + timedelta(minutes=10 * n)).astimezone(BERLIN) for n in range(8 * 6)]
        assert all(NIGHT.holds(moment) == (moment.hour >= 22 or moment.hour < 6) for moment in local)


def test_spans_of_time_are_read():
    said = ("90", " 90 s ", "5 min", "5m", "1.5h", "2 h", "3 d", "0")
    assert [seconds_of(one) for one in said] == [90, 90, 300, 300, 5400, 7200, 259200, 0]
    for wrong in ("", "soon", "-5", "5 weeks", "1e3", "5 5", "nan"):
        with pytest.raises(OptionError, match="is no span of time"):
            seconds_of(wrong)


def test_words_that_are_no_day_or_time_are_told():
    assert days_of("") == EVERY
    assert clock_of(" 7:05 ") == time(7, 5)
    for text in ("18", "24:00", "24:01", "18:60", "6 pm", "-1:00"):
        with pytest.raises(OptionError):
            clock_of(text)
    for text in ("mon-", "mon-fri-sun", "xyz", "1"):
        with pytest.raises(OptionError):
            days_of(text)


def test_an_appointment_comes_once_a_day_on_its_days():
    found = kept(["18:00", "06:00"], utc(2024, 3, 1), utc(2024, 3, 5), days=days_of("sat-sun"))
    assert found == ["02 06:00", "02 18:00", "03 06:00", "03 18:00"]


def test_an_hour_that_the_spring_skips_is_made_up_for():
    found = kept(["01:59", "02:00", "02:30", "03:00"], utc(2024, 3, 30, 12), utc(2024, 3, 31, 12))
    assert found == ["31 01:59", "31 03:00", "31 03:00", "31 03:30"]


def test_an_hour_that_autumn_brings_twice_counts_once():
    start, end = utc(2024, 10, 26, 12), utc(2024, 10, 27, 12)
    assert kept(["02:30"], start, end) == ["27 02:30"]
    times = [clock_of(text) for text in ("02:30", "03:00")]
    moments = list(due_times(times, EVERY, BERLIN, after=utc(2024, 10, 27, 0), until=utc(2024, 10, 27, 3)))
    assert moments == [utc(2024, 10, 27, 0, 30), utc(2024, 10, 27, 2)]


def test_a_clock_that_goes_back_brings_none():
    at = [time(18)]
    assert list(due_times(at, EVERY, UTC, after=utc(2024, 3, 1, 18, 30), until=utc(2024, 3, 1, 17, 30))) == []
    assert list(due_times(at, EVERY, UTC, after=utc(2024, 3, 1, 18, 30), until=utc(1970, 1, 1))) == []


def test_the_ends_of_a_span_count_as_they_should():
    at, six = [time(18)], utc(2024, 3, 1, 18)
    assert list(due_times(at, EVERY, UTC, after=six, until=six + timedelta(hours=1))) == []
    assert list(due_times(at, EVERY, UTC, after=six - timedelta(hours=1), until=six)) == [six]
    assert list(due_times(at, EVERY, UTC, after=six, until=six)) == []


def test_what_was_missed_for_long_is_let_go():
    at = [time(6), time(18)]
    found = list(due_times(at, EVERY, UTC, after=utc(1970, 1, 1), until=utc(2024, 3, 1, 12)))
    assert found == [utc(2024, 3, 1, 6)]
    assert list(due_times(at, EVERY, UTC, after=utc(2024, 1, 1), until=utc(2024, 3, 1, 5, 59))) == [
        utc(2024, 2, 29, 18)
    ]


def test_the_first_day_of_all_is_a_day():
    assert kept(["18:00"], utc(1970, 1, 1), utc(1970, 1, 2)) == ["01 18:00"]


@settings(deadline=None)
@given(
    start=some.datetimes(datetime(1970, 1, 2), datetime(2040, 1, 1), timezones=some.just(UTC)),
    steps=some.lists(some.integers(1, 7200), min_size=1, max_size=12),
    clocks_=some.lists(some.times().map(lambda one: one.replace(second=0, microsecond=0)), min_size=1, max_size=4),
    days=some.frozensets(some.integers(0, 6), min_size=1),
    zone=some.sampled_from(["Europe/Berlin", "UTC", "America/Santiago", "Australia/Lord_Howe", "Asia/Beirut"]),
)
def test_steps_bring_what_one_look_brings(start, steps, clocks_, days, zone):
    end = start + timedelta(seconds=min(sum(steps), 11 * 3600))
    whole = list(due_times(clocks_, days, ZoneInfo(zone), after=start, until=end))
    parts, last = [], start
    for step in steps:
        now = min(last + timedelta(seconds=step), end)
        parts += due_times(clocks_, days, ZoneInfo(zone), after=last, until=now)
        last = now
    assert parts == whole
    assert whole == sorted(whole)


@settings(deadline=None)
@given(
    start=some.datetimes(datetime(1971, 1, 2), datetime(2040, 1, 1), timezones=some.just(UTC)),
    clock=some.times().map(lambda one: one.replace(second=0, microsecond=0)),
)
def test_every_day_has_each_appointment_once(start, clock):
    found, last = [], start
    for _ in range(5 * 4):
        now = last + timedelta(hours=6)
        found += [one.astimezone(BERLIN).date() for one in due_times([clock], EVERY, BERLIN, after=last, until=now)]
        last = now
    inner = found[1:-1]
    assert len(set(found)) == len(found)
    assert all(later - former == timedelta(days=1) for former, later in pairwise(inner))
    assert len(found) >= 4


@pytest.fixture
def berlin_machine(monkeypatch):
    before = os.environ.get("TZ")
    monkeypatch.setenv("TZ", "Europe/Berlin")
    clocks.tzset()
    yield MachineZone()
    if before is None:
        monkeypatch.delenv("TZ")
    else:
        monkeypatch.setenv("TZ", before)
    clocks.tzset()


def test_the_zone_of_the_machine_has_its_summers(berlin_machine):
    for hours in range(0, 366 * 24, 5):
        moment = utc(2024, 1, 1) + timedelta(hours=hours)
        local = moment.astimezone(berlin_machine)
        assert local.replace(tzinfo=None) == moment.astimezone(BERLIN).replace(tzinfo=None)
        assert local.astimezone(UTC) == moment
    twice = [utc(2024, 10, 27, hour, 30).astimezone(berlin_machine) for hour in (0, 1)]
    assert [(one.hour, one.fold, one.tzname()) for one in twice] == [(2, 0, "CEST"), (2, 1, "CET")]
    assert kept(["02:30"], utc(2024, 3, 30, 12), utc(2024, 3, 31, 12), zone=berlin_machine) == ["31 03:30"]
