"""Events as rows and rows as events, and what an event must satisfy to be kept."""

from __future__ import annotations

import json
import math
from dataclasses import fields
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import String, Text, null

from spotdiff.errors import DataError
from spotdiff.watching.event import EVENT_KINDS, STATES, Event
from spotdiff.watching.store.tables import events
from spotdiff.watching.store.times import instant, micros

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from spotdiff.types import Box

INSTANTS = ("first_seen", "confirmed", "closed")
BOXES = ("box", "box_before")
_NAMES = tuple(field.name for field in fields(Event))


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of an event, or some of them, as JSON can hold them: instants as numbers, boxes as lists.

    Raises:
        DataError: an instant has no time zone.
    """
    given = dict(values)
    for name in given.keys() & set(INSTANTS):
        given[name] = None if given[name] is None else micros(given[name])
    for name in given.keys() & set(BOXES):
        given[name] = None if given[name] is None else [int(side) for side in given[name]]
    return {name: clean(value) if name in ("text", "note") else value for name, value in given.items()}


def columns(values: Mapping[str, Any]) -> dict[str, Any]:
    """What `plain` gave, as it is written into the table: no box is NULL."""
    return {name: null() if name in BOXES and value is None else value for name, value in values.items()}


def row_of(event: Event) -> dict[str, Any]:
    """The row of an event, as `plain` gives it, with its number.

    Raises:
        DataError: the event cannot be kept (see `check_event`).
    """
    check_event(event)
    row = plain({name: getattr(event, name) for name in _NAMES})
    return {**row, "score": float(event.score), "number": number_of(event.id)}


def event_of(row: Mapping[str, Any]) -> Event:
    """The event that a row of the table holds."""
    values = {name: row[name] for name in _NAMES}
    for name in INSTANTS:
        values[name] = None if values[name] is None else instant(values[name])
    for name in BOXES:
        values[name] = None if values[name] is None else cast("Box", tuple(values[name]))
    return Event(**values)


def number_of(id: str) -> int:  # noqa: A002 (the field's name)
    """The number at the end of an event's id, 0 without one.

    Examples:
        >>> number_of("hall-17"), number_of("hall")
        (17, 0)
    """
    digits = id.rpartition("-")[2]
    return int(digits) if digits.isascii() and digits.isdigit() else 0


def clean(text: str) -> str:
    """The text without what no database takes."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def check_event(event: Event) -> None:
    """Check that an event can be kept as it is.

    Raises:
        DataError: a name is too long or cannot be part of a file's name, an instant has no time zone, the kind or the
            state is unknown, or the score is no number.
    """
    check_camera(event.camera)
    if event.kind not in EVENT_KINDS or event.state not in STATES:
        raise DataError(f"{event.id or event.camera}: no event is of the kind {event.kind!r} and state {event.state!r}")
    if not all(math.isfinite(value) for value in (event.score, event.seconds, event.confirmed_seconds)):
        raise DataError(f"{event.id or event.camera}: its score and seconds must be numbers")
    check_words({name: getattr(event, name) for name in _NAMES})


def differences(before: Event, after: Event) -> dict[str, Any]:
    """The fields of `after` that are not as in `before`."""
    both = ((name, getattr(before, name), getattr(after, name)) for name in _NAMES)
    return {name: new for name, old, new in both if old != new}


def check_id(event: Event) -> None:
    """Check that the id of an event, unless it is "", is its camera's name and a number.

    Raises:
        DataError: it is not.
    """
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


def check_words(values: Mapping[str, Any]) -> None:
    """Check that texts fit their columns.

    Raises:
        DataError: one is too long or is no text.
    """
    for name, value in values.items():
        kind = events.columns[name].type
        if not isinstance(kind, String) or isinstance(kind, Text):
            continue
        if not isinstance(value, str) or len(value) > (kind.length or 0) or clean(value) != value:
            raise DataError(f"{name} takes a text of at most {kind.length} letters, not {str(value)[:60]!r}")


def check_fact(name: str, value: object) -> None:
    """Check that a small fact can be kept.

    Raises:
        DataError: its name is too long, or JSON cannot hold its value.
    """
    if len(name) > 300 or clean(name) != name:
        raise DataError(f"the name of a fact is a text of at most 300 letters, not {name[:60]!r}")
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise DataError(f"{name} cannot be kept: {error}") from None


def between(since: datetime | None, until: datetime | None) -> tuple[int | None, int | None]:
    """The two ends of a span as numbers; None for an open end.

    Raises:
        DataError: an end has no time zone.
    """
    return (None if since is None else micros(since), None if until is None else micros(until))
