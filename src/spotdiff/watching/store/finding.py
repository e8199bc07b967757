"""Events looked up: by what they are, where and when, or by their id."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

from sqlalchemy import Connection, select

from spotdiff.errors import DataError
from spotdiff.watching.store.rows import between, event_of
from spotdiff.watching.store.tables import events

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Column, ColumnElement

    from spotdiff.watching.event import Event

Words = str | Sequence[str] | None
_LATEST = 5000  # ids among which a mistyped one is looked for


def find_events(
    connection: Connection,
    *,
    words: dict[str, Words],
    span: tuple[datetime | None, datetime | None],
    limit: int | None,
) -> list[Event]:
    """Events by columns and time, ordered by `first_seen`, camera and number.

    Args:
        connection: To read with.
        words: What columns may hold: a word, several, or None for anything.
        span: From (inclusive) and to (exclusive) when they were first seen.
        limit: Only so many, the latest ones.

    Raises:
        DataError: an end of the span has no time zone.
        DBAPIError: the database does not answer.
    """
    since, until = between(*span)
    query = select(events).order_by(events.c.first_seen.desc(), events.c.camera.desc(), events.c.number.desc())
    query = query.where(*(_is(events.c[name], word) for name, word in words.items() if word is not None))
    if since is not None:
        query = query.where(events.c.first_seen >= since)
    if until is not None:
        query = query.where(events.c.first_seen < until)
    if limit is not None:
        query = query.limit(limit)
    return [event_of(dict(row)) for row in reversed(connection.execute(query).mappings().all())]


def find_event(connection: Connection, id: str) -> Event:  # noqa: A002 (the field's name)
    """The event of this id.

    Raises:
        DataError: there is none; the nearest id is suggested.
        DBAPIError: the database does not answer.
    """
    row = connection.execute(select(events).where(events.c.id == id)).mappings().first()
    if row is None:
        latest = select(events.c.id).order_by(events.c.first_seen.desc()).limit(_LATEST)
        unknown(id, list(connection.execute(latest).scalars()))
    return event_of(dict(row))


def unknown(id: str, known: Sequence[str]) -> NoReturn:  # noqa: A002
    """Say that there is no such event.

    Raises:
        DataError: always, with the nearest of the known ids.
    """
    near = difflib.get_close_matches(id, known, n=1)
    raise DataError(f"there is no event {id!r}{f'; did you mean {near[0]}?' if near else ''}")


def _is(column: Column[str], words: str | Sequence[str]) -> ColumnElement[bool]:
    return column == words if isinstance(words, str) else column.in_(list(words))
