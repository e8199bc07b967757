"""Changes of a store as values that a line of JSON holds, and how each is done.

A change says what shall be so, not how it differs: done twice it does no more than once. So a change whose commit
was cut off may safely be done again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, and_, insert, select, update

from spotdiff.watching.event import Event
from spotdiff.watching.store.rows import columns
from spotdiff.watching.store.tables import events, evidence, journal, kept, outbox

Change = dict[str, Any]
Letters = Callable[[Event | None, Event], Sequence[Mapping[str, Any]]]  # (as it was, as it is): rows of the outbox
NUMBER = "number:"  # + camera: the last number given, in `kept`


def added(row: Mapping[str, Any], files: Sequence[Mapping[str, Any]], letters: Sequence[Mapping[str, Any]]) -> Change:
    """A new event with its evidence and the letters to send."""
    return {"do": "add", "event": dict(row), "files": list(files), "letters": list(letters)}


def changed(id: str, values: Mapping[str, Any], letters: Sequence[Mapping[str, Any]]) -> Change:  # noqa: A002
    """New values of an event's columns."""
    return {"do": "change", "id": id, "set": dict(values), "letters": list(letters)}


def filed(file: Mapping[str, Any]) -> Change:
    """One more file of an event, in the place of the one of the same role."""
    return {"do": "file", "file": dict(file)}


def told(at: int, camera: str, what: str, said: str) -> Change:
    """A line of the journal."""
    return {"do": "journal", "row": {"at": at, "camera": camera, "what": what, "said": said}}


def remembered(name: str, value: object) -> Change:
    """A small fact by name."""
    return {"do": "keep", "name": name, "value": value}


def perform(connection: Connection, change: Change, *, again: bool = False) -> None:
    """Do a change inside a transaction.

    Args:
        connection: In a transaction that writes.
        change: What to do.
        again: It may have been done before: what is there already is right.

    Raises:
        DBAPIError: the database does not take it.
    """
    _DEEDS[change["do"]](connection, change, again)


def remember(connection: Connection, name: str, value: object) -> None:
    """Write a small fact over the one of the same name.

    Raises:
        DBAPIError: the database does not take it.
    """
    if connection.execute(update(kept).where(kept.c.name == name).values(value=value)).rowcount == 0:
        connection.execute(insert(kept).values(name=name, value=value))


def fact(connection: Connection, name: str) -> Any:  # noqa: ANN401 (whatever JSON holds)
    """A small fact by name, or None.

    Raises:
        DBAPIError: the database does not answer.
    """
    return connection.execute(select(kept.c.value).where(kept.c.name == name)).scalar()


def _add(connection: Connection, change: Change, again: bool) -> None:  # noqa: FBT001 (all deeds are called alike)
    row = change["event"]
    if again and _there(connection, events, {"id": row["id"]}):
        return
    connection.execute(insert(events).values(**columns(row)))
    if change["files"]:
        connection.execute(insert(evidence), change["files"])
    if row["number"] > (fact(connection, NUMBER + row["camera"]) or 0):
        remember(connection, NUMBER + row["camera"], row["number"])
    _post(connection, change["letters"])


def _change(connection: Connection, change: Change, _again: bool) -> None:  # noqa: FBT001
    connection.execute(update(events).where(events.c.id == change["id"]).values(**columns(change["set"])))
    _post(connection, change["letters"])


def _file(connection: Connection, change: Change, _again: bool) -> None:  # noqa: FBT001
    row = change["file"]
    same = and_(evidence.c.event == row["event"], evidence.c.role == row["role"])
    if connection.execute(update(evidence).where(same).values(**row)).rowcount == 0:
        connection.execute(insert(evidence).values(**row))


def _tell(connection: Connection, change: Change, again: bool) -> None:  # noqa: FBT001
    if not (again and _there(connection, journal, change["row"])):
        connection.execute(insert(journal).values(**change["row"]))


def _keep(connection: Connection, change: Change, _again: bool) -> None:  # noqa: FBT001
    remember(connection, change["name"], change["value"])


def _post(connection: Connection, letters: Sequence[Mapping[str, Any]]) -> None:
    for letter in letters:
        if not _there(connection, outbox, {"key": letter["key"]}):
            connection.execute(insert(outbox).values(**letter))


def _there(connection: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    same = and_(*(table.c[name] == value for name, value in values.items()))
    return connection.execute(select(1).select_from(table).where(same).limit(1)).first() is not None


_DEEDS: dict[str, Callable[[Connection, Change, bool], None]] = {
    "add": _add,
    "change": _change,
    "file": _file,
    "journal": _tell,
    "keep": _keep,
}
