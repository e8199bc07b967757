"""Messages that wait in the database until their sinks have taken them: what was put is never lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from spotdiff.watching.alerts.clock import Clock, SystemClock, instant_of, microseconds
from spotdiff.watching.alerts.message import Message
from spotdiff.watching.store.tables import events, outbox

_MICROS = 1_000_000


@dataclass(frozen=True, slots=True)
class Letter:
    """One message on its way to one sink.

    Attributes:
        id: Counts up in the order in which messages were put.
        key: Event, change, sink and part: the same message never has another, nor another message the same.
        sink: Name of the sink.
        message: What is told.
        state: waiting, sent or dead.
        tries: How often it could not be delivered.
        created: When it was put; aware, UTC.
        due: When it is to be tried; aware, UTC.
        error: Why it could not be delivered the last time, or "".
    """

    id: int
    key: str
    sink: str
    message: Message
    state: str
    tries: int
    created: datetime
    due: datetime
    error: str


class Outbox:
    """The messages in the table `outbox`.

    Args:
        engine: SQLite or PostgreSQL, with the tables of `watching.store.tables`.
        clock: Says when things are put.
    """

    def __init__(self, engine: Engine, clock: Clock | None = None) -> None:
        self.clock: Clock = clock or SystemClock()
        self._engine = engine
        self._listeners: list[Callable[[], None]] = []

    def listen(self, listener: Callable[[], None]) -> None:
        """Have `listener` called whenever something was put, in the thread that put it."""
        self._listeners.append(listener)

    def put(self, message: Message, sinks: Iterable[str], *, connection: Connection | None = None) -> int:
        """Have a message sent to sinks; what has been put before is not put again.

        A still that is not there yet is left out, so that the text need not wait: put `message.with_picture(path)`
        once it is. That goes only to the sinks whose text went without, and only if the still is there.

        Args:
            message: What is told.
            sinks: Names of sinks.
            connection: A transaction of the caller's, which is not committed here; None for one of its own.

        Returns:
            How many sinks will get it that would not have otherwise.
        """
        with self._transaction(connection) as open_connection:
            added = sum(self._put(open_connection, message, sink) for sink in dict.fromkeys(sinks))
        for listener in self._listeners:
            listener()
        return added

    def _put(self, connection: Connection, message: Message, sink: str) -> int:
        there = message.picture is not None and message.picture.is_file()
        if message.part == "picture" and (not there or self._has_picture(connection, message, sink)):
            return 0
        if not there:
            message = replace(message, picture=None)
        row = letter_row(message, sink, self.clock.wall())
        insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        fresh = insert(outbox).values(**row).on_conflict_do_nothing(index_elements=["key"]).returning(outbox.c.id)
        return len(connection.execute(fresh).all())

    @staticmethod
    def _has_picture(connection: Connection, message: Message, sink: str) -> bool:
        text = select(outbox.c.message).where(outbox.c.key == key_of(replace(message, part="text"), sink))
        said = connection.execute(text).scalar_one_or_none()
        return said is not None and said["picture"] is not None

    def head(self, sink: str) -> Letter | None:
        """The oldest letter that waits for a sink, due or not; None when none does."""
        waiting = select(outbox).where(outbox.c.state == "waiting", outbox.c.sink == sink)
        return next(iter(self._letters(waiting.order_by(outbox.c.id).limit(1))), None)

    def mark_sent(self, letter: Letter) -> None:
        """Note that a letter has been delivered."""
        self._change(letter, state="sent", sent=microseconds(self.clock.wall()), error="")

    def put_off(self, letter: Letter, *, seconds: float, reason: str) -> None:
        """Note that a letter could not be delivered and is to be tried again after some seconds."""
        due = microseconds(self.clock.wall()) + round(seconds * _MICROS)
        self._change(letter, tries=letter.tries + 1, due=due, error=reason)

    def bury(self, letter: Letter, *, reason: str) -> None:
        """Note that a letter will never be delivered."""
        self._change(letter, state="dead", tries=letter.tries + 1, error=reason)

    def give_up(self, sink: str, *, older: float, reason: str) -> int:
        """Bury the letters that have waited for a sink longer than `older` seconds; how many those were."""
        before = microseconds(self.clock.wall()) - round(older * _MICROS)
        waiting = (outbox.c.state == "waiting") & (outbox.c.sink == sink) & (outbox.c.created <= before)
        with self._engine.begin() as connection:
            return connection.execute(update(outbox).where(waiting).values(state="dead", error=reason)).rowcount

    def waiting(self, sink: str | None = None) -> tuple[Letter, ...]:
        """What waits, for one sink or all, in the order in which it was put."""
        return self._in_state("waiting", sink)

    def dead(self, sink: str | None = None) -> tuple[Letter, ...]:
        """What was given up, for one sink or all, in the order in which it was put."""
        return self._in_state("dead", sink)

    def revive(self, keys: Iterable[str]) -> int:
        """Have dead letters tried again; how many those were."""
        now = microseconds(self.clock.wall())
        dead = (outbox.c.state == "dead") & outbox.c.key.in_(list(keys))
        fresh = {"state": "waiting", "tries": 0, "created": now, "due": now}
        with self._engine.begin() as connection:
            count = connection.execute(update(outbox).where(dead).values(**fresh)).rowcount
        for listener in self._listeners:
            listener()
        return count

    def idle(self, sinks: Iterable[str]) -> bool:
        """Whether nothing waits for any of these sinks."""
        waiting = select(outbox.c.id).where(outbox.c.state == "waiting", outbox.c.sink.in_(list(sinks)))
        with self._engine.connect() as connection:
            return connection.execute(waiting.limit(1)).first() is None

    def counts(self) -> dict[tuple[str, str], int]:
        """How many letters there are, by sink and state."""
        grouped = select(outbox.c.sink, outbox.c.state, func.count()).group_by(outbox.c.sink, outbox.c.state)
        with self._engine.connect() as connection:
            return {(sink, state): count for sink, state, count in connection.execute(grouped)}

    def tidy(self, older: timedelta) -> int:
        """Forget what was sent longer ago than `older`, unless its event is not closed yet; how many letters.

        While an event is not closed, what was sent of it must be known, or it would be sent again.
        """
        before = microseconds(self.clock.wall() - older)
        standing = select(events.c.id).where(events.c.state != "closed")
        old = (outbox.c.state == "sent") & (outbox.c.sent < before) & outbox.c.event.not_in(standing)
        with self._engine.begin() as connection:
            return connection.execute(delete(outbox).where(old)).rowcount

    def _in_state(self, state: str, sink: str | None) -> tuple[Letter, ...]:
        found = select(outbox).where(outbox.c.state == state).order_by(outbox.c.id)
        return self._letters(found if sink is None else found.where(outbox.c.sink == sink))

    def _letters(self, query: Select[Any]) -> tuple[Letter, ...]:
        with self._engine.connect() as connection:
            return tuple(_letter(row) for row in connection.execute(query))

    def _change(self, letter: Letter, **values: object) -> None:
        still = (outbox.c.id == letter.id) & (outbox.c.state == "waiting")
        with self._engine.begin() as connection:
            connection.execute(update(outbox).where(still).values(**values))

    @contextmanager
    def _transaction(self, connection: Connection | None) -> Iterator[Connection]:
        if connection is not None:
            yield connection
            return
        with self._engine.begin() as own:
            yield own


def key_of(message: Message, sink: str) -> str:
    """The idempotency key of a message to a sink: `event/change/sink/part`."""
    return f"{message.event}/{message.change}/{sink}/{message.part}"


def letter_row(message: Message, sink: str, now: datetime) -> dict[str, Any]:
    """The row of the outbox for a message to a sink, to be written in whatever transaction."""
    at = microseconds(now)
    return {
        "key": key_of(message, sink),
        "event": message.event,
        "sink": sink,
        "message": message.to_json(),
        "state": "waiting",
        "created": at,
        "due": at,
    }


def _letter(row: Row[Any]) -> Letter:
    return Letter(
        id=row.id,
        key=row.key,
        sink=row.sink,
        message=Message.from_json(row.message),
        state=row.state,
        tries=row.tries,
        created=instant_of(row.created),
        due=instant_of(row.due),
        error=row.error,
    )
