"""Alerts that wait in the database until their sinks have taken them: what was put is never lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Select, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from spotdiff.watching.alerts.clock import Clock, SystemClock
from spotdiff.watching.alerts.message import PART, Message
from spotdiff.watching.events.schema import events, instant, micros, outbox

_MICROS = 1_000_000


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message on its way to one sink.

    Attributes:
        id: Counts up in the order in which messages were put.
        key: Event, change and sink: the same message never has another, nor another message the same.
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


class AlertQueue:
    """The messages in the table `outbox`.

    Args:
        engine: SQLite or PostgreSQL, with the tables of `watching.events.schema`.
        clock: Says when things are put.
    """

    def __init__(self, engine: Engine, clock: Clock | None = None) -> None:
        self.clock: Clock = clock or SystemClock()
        self._engine = engine
        self._listeners: list[Callable[[], None]] = []

    def listen(self, listener: Callable[[], None]) -> None:
        """Have `listener` called whenever something was put, in the thread that put it."""
        self._listeners.append(listener)

    def put(self, message: Message, sinks: Iterable[str]) -> int:
        """Have a message sent to sinks; what has been put before is not put again.

        Returns:
            How many sinks will get it that would not have otherwise.
        """
        with self._engine.begin() as connection:
            insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
            added = 0
            for sink in dict.fromkeys(sinks):
                row = delivery_row(message, sink, self.clock.wall())
                fresh = insert(outbox).values(**row).on_conflict_do_nothing(index_elements=["key"])
                added += len(connection.execute(fresh.returning(outbox.c.id)).all())
        self._notify()
        return added

    def head(self, sink: str) -> Delivery | None:
        """The oldest delivery that waits for a sink, due or not; None when none does."""
        waiting = select(outbox).where(outbox.c.state == "waiting", outbox.c.sink == sink)
        return next(iter(self._deliveries(waiting.order_by(outbox.c.id).limit(1))), None)

    def mark_sent(self, delivery: Delivery) -> None:
        """Note that the sink has it."""
        self._change(delivery, state="sent", sent=micros(self.clock.wall()), error="")

    def reschedule(self, delivery: Delivery, *, seconds: float, reason: str) -> None:
        """Note that it failed and is to be tried again after some seconds."""
        due = micros(self.clock.wall()) + round(seconds * _MICROS)
        self._change(delivery, tries=delivery.tries + 1, due=due, error=reason)

    def mark_dead(self, delivery: Delivery, *, reason: str) -> None:
        """Note that it will never succeed."""
        self._change(delivery, state="dead", tries=delivery.tries + 1, error=reason)

    def expire(self, sink: str, *, older: float, reason: str) -> int:
        """Give up what has waited for a sink longer than `older` seconds; how many deliveries those were."""
        before = micros(self.clock.wall()) - round(older * _MICROS)
        waiting = (outbox.c.state == "waiting") & (outbox.c.sink == sink) & (outbox.c.created <= before)
        with self._engine.begin() as connection:
            return connection.execute(update(outbox).where(waiting).values(state="dead", error=reason)).rowcount

    def waiting(self, sink: str | None = None) -> tuple[Delivery, ...]:
        """What waits, for one sink or all, in the order in which it was put."""
        return self._in_state("waiting", sink)

    def dead(self, sink: str | None = None) -> tuple[Delivery, ...]:
        """What was given up, for one sink or all, in the order in which it was put."""
        return self._in_state("dead", sink)

    def revive(self, keys: Iterable[str]) -> int:
        """Have dead deliveries tried again; how many those were."""
        now = micros(self.clock.wall())
        dead = (outbox.c.state == "dead") & outbox.c.key.in_(list(keys))
        fresh = {"state": "waiting", "tries": 0, "created": now, "due": now}
        with self._engine.begin() as connection:
            count = connection.execute(update(outbox).where(dead).values(**fresh)).rowcount
        self._notify()
        return count

    def idle(self, sinks: Iterable[str]) -> bool:
        """Whether nothing waits for any of these sinks."""
        waiting = select(outbox.c.id).where(outbox.c.state == "waiting", outbox.c.sink.in_(list(sinks)))
        with self._engine.connect() as connection:
            return connection.execute(waiting.limit(1)).first() is None

    def counts(self) -> dict[tuple[str, str], int]:
        """How many deliveries there are, by sink and state."""
        grouped = select(outbox.c.sink, outbox.c.state, func.count()).group_by(outbox.c.sink, outbox.c.state)
        with self._engine.connect() as connection:
            return {(sink, state): count for sink, state, count in connection.execute(grouped)}

    def forget_sent(self, older: timedelta) -> int:
        """Forget what was sent longer ago than `older`, unless its event is not closed yet; how many deliveries.

        While an event is not closed, what was sent of it must be known, or it would be sent again.
        """
        before = micros(self.clock.wall() - older)
        not_closed = select(events.c.id).where(events.c.state != "closed")
        old = (outbox.c.state == "sent") & (outbox.c.sent < before) & outbox.c.event.not_in(not_closed)
        with self._engine.begin() as connection:
            return connection.execute(delete(outbox).where(old)).rowcount

    def _in_state(self, state: str, sink: str | None) -> tuple[Delivery, ...]:
        query = select(outbox).where(outbox.c.state == state).order_by(outbox.c.id)
        return self._deliveries(query if sink is None else query.where(outbox.c.sink == sink))

    def _deliveries(self, query: Select[Any]) -> tuple[Delivery, ...]:
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        return tuple(
            Delivery(
                id=row.id,
                key=row.key,
                sink=row.sink,
                message=Message.from_json(row.message),
                state=row.state,
                tries=row.tries,
                created=instant(row.created),
                due=instant(row.due),
                error=row.error,
            )
            for row in rows
        )

    def _change(self, delivery: Delivery, **values: object) -> None:
        still = (outbox.c.id == delivery.id) & (outbox.c.state == "waiting")
        with self._engine.begin() as connection:
            connection.execute(update(outbox).where(still).values(**values))

    def _notify(self) -> None:
        for listener in self._listeners:
            listener()


def delivery_row(message: Message, sink: str, now: datetime) -> dict[str, Any]:
    """The row of a message to a sink that has not been tried, to be written in whatever transaction."""
    at = micros(now)
    return {
        "key": f"{message.event}/{message.change}/{sink}/{PART}",
        "event": message.event,
        "sink": sink,
        "message": message.to_json(),
        "state": "waiting",
        "created": at,
        "due": at,
    }
