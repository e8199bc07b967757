"""The tables of a store, events as their rows, and the migrations that bring an older database to this shape."""

from __future__ import annotations

import json
import math
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    null,
)

from spotdiff.clock import from_microseconds, to_microseconds
from spotdiff.database.migrations import Migrations
from spotdiff.errors import DataError
from spotdiff.watching.event import EVENT_KINDS, STATES, Event

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spotdiff.types import Box

metadata = MetaData()
LONG = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up only what is called an integer

# Instants of the wall are microseconds since 1970 in UTC: they sort, and no database bends them to a time zone.
events = Table(
    "events",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("number", LONG, nullable=False),
    Column("camera", String(150), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("zone", String(200), nullable=False, default=""),
    Column("box", JSON),
    Column("box_before", JSON),
    Column("first_seen", BigInteger, nullable=False),
    Column("confirmed", BigInteger, nullable=False),
    Column("closed", BigInteger),
    Column("score", Float, nullable=False),
    Column("text", Text, nullable=False),
    Column("outcome", String(20), nullable=False, default=""),
    Column("seconds", Float, nullable=False, default=0.0),
    Column("confirmed_seconds", Float, nullable=False, default=0.0),
    Column("boot", String(100), nullable=False, default=""),
    Column("inspection", String(200), nullable=False, default=""),
    Column("acknowledged_by", String(200), nullable=False, default=""),
    Column("note", Text, nullable=False, default=""),
    UniqueConstraint("camera", "number", name="event_number"),
    Index("events_by_state", "camera", "state"),
    Index("events_by_time", "first_seen"),
)

evidence = Table(
    "evidence",
    metadata,
    Column("id", LONG, primary_key=True, autoincrement=True),
    Column("event", String(200), ForeignKey("events.id", ondelete="CASCADE"), nullable=False),
    Column("role", String(20), nullable=False),  # before, after, mask, clip, thumbnail
    Column("path", String(500), nullable=False),  # below the evidence folder, with forward slashes
    Column("bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("written", BigInteger, nullable=False),
    UniqueConstraint("event", "role", name="evidence_role"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", LONG, primary_key=True, autoincrement=True),
    Column("key", String(400), nullable=False, unique=True),  # idempotency: event, change, sink, "text"
    Column("event", String(200), nullable=False),
    Column("sink", String(150), nullable=False),
    Column("message", JSON, nullable=False),
    Column("state", String(20), nullable=False),  # waiting, sent, dead
    Column("tries", Integer, nullable=False, default=0),
    Column("created", BigInteger, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("sent", BigInteger),
    Column("error", Text, nullable=False, default=""),
    Index("outbox_by_due", "state", "due"),
)

journal = Table(  # what happened to the watch itself: starts, steps of the clock, what was thrown away
    "journal",
    metadata,
    Column("id", LONG, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("camera", String(150), nullable=False, default=""),
    Column("what", String(50), nullable=False),
    Column("said", Text, nullable=False, default=""),
)

facts = Table(  # by name, such as when an inspection was last reported
    "kept",
    metadata,
    Column("name", String(300), primary_key=True),
    Column("value", JSON, nullable=False),
)


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
    return to_microseconds(when)


def instant(value: int) -> datetime:
    """The instant, in UTC, that `micros` gave the number of.

    Examples:
        >>> instant(micros(datetime(2026, 3, 1, 12, 30, 0, 7, tzinfo=UTC))).isoformat()
        '2026-03-01T12:30:00.000007+00:00'
    """
    return from_microseconds(value)


def utc_now() -> datetime:
    """The wall's time now, in UTC."""
    return datetime.now(UTC)


_INSTANTS = ("first_seen", "confirmed", "closed")
_BOXES = ("box", "box_before")
_FIELDS = tuple(field.name for field in fields(Event))


def json_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of an event, or some of them, as JSON can hold them: instants as numbers, boxes as lists.

    Raises:
        DataError: an instant has no time zone.
    """
    converted = dict(values)
    for name, value in values.items():
        if name in _INSTANTS and value is not None:
            converted[name] = micros(value)
        elif name in _BOXES and value is not None:
            converted[name] = [int(side) for side in value]
        elif name in ("text", "note"):
            converted[name] = storable(value)
    return converted


def column_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """What `json_values` gave, as it is written into the table: no box is NULL."""
    return {name: null() if name in _BOXES and value is None else value for name, value in values.items()}


def row_of(event: Event) -> dict[str, Any]:
    """The row of an event that `check_event` accepts, as `json_values` gives it, with its number."""
    row = json_values({name: getattr(event, name) for name in _FIELDS})
    return {**row, "score": float(event.score), "number": number_of(event.id)}


def event_of(row: Mapping[str, Any]) -> Event:
    """The event that a row of the table holds."""
    values = {name: row[name] for name in _FIELDS}
    for name in _INSTANTS:
        values[name] = None if values[name] is None else instant(values[name])
    for name in _BOXES:
        values[name] = None if values[name] is None else cast("Box", tuple(values[name]))
    return Event(**values)


def changed_fields(before: Event, after: Event) -> dict[str, Any]:
    """The fields of `after` that are not as in `before`."""
    pairs = ((name, getattr(before, name), getattr(after, name)) for name in _FIELDS)
    return {name: new for name, old, new in pairs if old != new}


def number_of(id: str) -> int:  # noqa: A002 (the field's name)
    """The number at the end of an event's id, 0 without one.

    Examples:
        >>> number_of("hall-17"), number_of("hall")
        (17, 0)
    """
    digits = id.rpartition("-")[2]
    return int(digits) if digits.isascii() and digits.isdigit() else 0


def storable(text: str) -> str:
    """The text without what no database takes."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def check_event(event: Event) -> None:
    """Check that an event can be stored as it is.

    Raises:
        DataError: a name is too long or cannot be part of a file's name, the id is not "" or the camera's name and a
            number, the kind or the state is unknown, or the score is no number.
    """
    check_camera(event.camera)
    if event.kind not in EVENT_KINDS or event.state not in STATES:
        raise DataError(f"{event.id or event.camera}: no event is of the kind {event.kind!r} and state {event.state!r}")
    if not all(math.isfinite(value) for value in (event.score, event.seconds, event.confirmed_seconds)):
        raise DataError(f"{event.id or event.camera}: its score and seconds must be numbers")
    for name in _FIELDS:
        kind, value = events.columns[name].type, getattr(event, name)
        if not isinstance(kind, String) or isinstance(kind, Text):
            continue
        if not isinstance(value, str) or len(value) > (kind.length or 0) or storable(value) != value:
            raise DataError(f"{name} takes a text of at most {kind.length} letters, not {str(value)[:60]!r}")
    if event.id and event.id != f"{event.camera}-{number_of(event.id)}":
        raise DataError(f"an event of {event.camera} cannot be called {event.id!r}; take an id from next_id")


def check_camera(camera: str) -> None:
    """Check that a camera's name can be the name of a file.

    Raises:
        DataError: it cannot.
    """
    wrong = any(letter in "/\\" or ord(letter) < 32 or 0xD800 <= ord(letter) < 0xE000 for letter in camera)
    if not camera or wrong or camera.startswith(".") or len(camera.encode("utf-8", "replace")) > 150:
        raise DataError(f"a camera cannot be called {camera[:150]!r}: no slashes, no dot in front, 1 to 150 bytes")


def check_fact(name: str, value: object) -> None:
    """Check that a small fact can be stored.

    Raises:
        DataError: its name is too long, or JSON cannot hold its value.
    """
    if len(name) > 300 or storable(name) != name:
        raise DataError(f"the name of a fact is a text of at most 300 letters, not {name[:60]!r}")
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise DataError(f"{name} cannot be kept: {error}") from None


VERSION = "spotdiff_version"
MIGRATIONS = Migrations(Path(__file__).parent / "migrations", metadata, VERSION, "a store of events")
