"""Whether the wall clock may be believed when something is thrown away because it is old.

A clock that leaps cannot be told from a watch that was off, so both are waited out: whoever can set it right has a
day to do so, and until then nothing is old.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from spotdiff.watching.events.schema import evidence, instant, journal, micros
from spotdiff.watching.events.write import add_journal_line, apply, read_fact, write_fact

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from spotdiff.watching.events.write import Writer

_MICROSECOND = timedelta(microseconds=1)
LEAP = timedelta(days=7)  # between two looks at the clock, from which on it is doubted
_STEADY = timedelta(days=1) // _MICROSECOND  # that a doubted clock must go on for
_MOST_COUNTED = timedelta(hours=6) // _MICROSECOND  # of the time between two looks, which may be a leap
_CLOCK_FACT = "clock"


def is_trusted(writer: Writer, now: datetime) -> bool:
    """Look at the clock, which says `now`: has it gone on steadily since the store was last used?

    Raises:
        StoreDown: the database does not answer.
    """
    return writer.transact(lambda connection: _look(connection, micros(now)))


def _look(connection: Connection, now: int) -> bool:
    last = read_fact(connection, _CLOCK_FACT) or {"seen": _last_written(connection, now), "steady": _STEADY}
    gap, steady = now - int(last["seen"]), int(last["steady"])
    if steady >= _STEADY and abs(gap) > LEAP // _MICROSECOND:
        text = f"it was {instant(int(last['seen'])):%Y-%m-%d %H:%M} and is {instant(now):%Y-%m-%d %H:%M} UTC"
        _note(connection, now, f"{text}: nothing is thrown away for its age until the clock has gone on for a day")
        steady = 0
    elif steady < _STEADY:
        steady = max(steady + min(gap, _MOST_COUNTED), 0)
        if steady >= _STEADY:
            _note(connection, now, "it has gone on for a day and is believed again")
    write_fact(connection, _CLOCK_FACT, {"seen": now, "steady": steady})
    return steady >= _STEADY


def _last_written(connection: Connection, now: int) -> int:
    """When the store was last written, as far as its rows tell."""
    latest = [connection.execute(select(func.max(column))).scalar() for column in (evidence.c.written, journal.c.at)]
    return max((int(moment) for moment in latest if moment is not None), default=now)


def _note(connection: Connection, now: int, text: str) -> None:
    apply(connection, add_journal_line(now, "", "clock", text))
