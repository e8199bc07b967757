"""Changes into the database, at once or by way of the spool; and reading from it.

A change is a value that a line of JSON holds. It says what shall be so, not how it differs: done twice it does no more
than once. So a change whose commit was cut off may safely be done again.
"""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Connection, Table, and_, insert, select, update
from sqlalchemy.exc import DBAPIError

from spotdiff.atomic_write import write_whole
from spotdiff.database.connection import writing
from spotdiff.database.failures import is_disk_full, is_rejected, reason
from spotdiff.errors import DataError
from spotdiff.watching.event import Event
from spotdiff.watching.events.errors import StoreDown
from spotdiff.watching.events.schema import column_values, events, evidence, facts, journal, outbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import ColumnElement, Engine

    from spotdiff.watching.events.address import Address
    from spotdiff.watching.events.durable_files import FolderLock, Reserve

T = TypeVar("T")
Change = dict[str, Any]
DeliveryRows = Callable[[Event | None, Event], Sequence[Mapping[str, Any]]]  # (as it was, as it is): rows of `outbox`
NUMBER_FACT = "number:"  # + camera: the last number given
DUE_FACT = "due"  # paths of the files that have lost their rows and are to be removed
SPOOL_FACT = "spool"  # the number of the last change from the spool
RETRY_S = 2.0  # while the database is down it is not tried more often than this


def add_event(
    row: Mapping[str, Any], files: Sequence[Mapping[str, Any]], deliveries: Sequence[Mapping[str, Any]]
) -> Change:
    """A new event with its evidence and the deliveries of its alerts."""
    return {"do": "add", "event": dict(row), "files": list(files), "letters": list(deliveries)}


def update_event(id: str, values: Mapping[str, Any], deliveries: Sequence[Mapping[str, Any]]) -> Change:  # noqa: A002
    """New values of an event's columns."""
    return {"do": "change", "id": id, "set": dict(values), "letters": list(deliveries)}


def put_evidence(file: Mapping[str, Any]) -> Change:
    """One more file of an event, in the place of the one of the same role."""
    return {"do": "file", "file": dict(file)}


def add_journal_line(at: int, camera: str, what: str, text: str) -> Change:
    """A line of the journal."""
    return {"do": "journal", "row": {"at": at, "camera": camera, "what": what, "said": text}}


def put_fact(name: str, value: object) -> Change:
    """A small fact by name."""
    return {"do": "keep", "name": name, "value": value}


def apply(connection: Connection, change: Change, *, again: bool = False) -> None:
    """Do a change inside a transaction.

    Args:
        connection: In a transaction that writes.
        change: What to do.
        again: It may have been done before: what is there already is right.

    Raises:
        DBAPIError: the database does not take it.
    """
    match change["do"]:
        case "add":
            if not (again and _exists(connection, events, {"id": change["event"]["id"]})):
                _insert_event(connection, change["event"], change["files"], change["letters"])
        case "change":
            values = column_values(change["set"])
            connection.execute(update(events).where(events.c.id == change["id"]).values(**values))
            _insert_deliveries(connection, change["letters"])
        case "file":
            _put_file(connection, change["file"])
        case "journal":
            if not (again and _exists(connection, journal, change["row"])):
                connection.execute(insert(journal).values(**change["row"]))
        case "keep":
            write_fact(connection, change["name"], change["value"])
        case unknown:
            raise KeyError(unknown)


def write_fact(connection: Connection, name: str, value: object) -> None:
    """Write a small fact over the one of the same name.

    Raises:
        DBAPIError: the database does not take it.
    """
    _upsert(connection, facts, {"name": name, "value": value}, keys=("name",))


def read_fact(connection: Connection, name: str) -> Any:  # noqa: ANN401 (whatever JSON holds)
    """A small fact by name, or None.

    Raises:
        DBAPIError: the database does not answer.
    """
    return connection.execute(select(facts.c.value).where(facts.c.name == name)).scalar()


def mark_due(connection: Connection, paths: Sequence[str]) -> None:
    """Note that files, which have no rows any more, are to be removed.

    Raises:
        DBAPIError: the database does not take it.
    """
    write_fact(connection, DUE_FACT, [*(read_fact(connection, DUE_FACT) or ()), *paths])


def _put_file(connection: Connection, row: Mapping[str, Any]) -> None:
    keys = {key: row[key] for key in ("event", "role")}
    old = connection.execute(select(evidence.c.path).where(_equal(evidence, keys))).scalar()
    _upsert(connection, evidence, row, keys=tuple(keys))
    if old not in (None, row["path"]):
        mark_due(connection, [old])


def _insert_event(
    connection: Connection,
    row: Mapping[str, Any],
    files: Sequence[Mapping[str, Any]],
    deliveries: Sequence[Mapping[str, Any]],
) -> None:
    connection.execute(insert(events).values(**column_values(row)))
    if files:
        connection.execute(insert(evidence), list(files))
    if row["number"] > (read_fact(connection, NUMBER_FACT + row["camera"]) or 0):
        write_fact(connection, NUMBER_FACT + row["camera"], row["number"])
    _insert_deliveries(connection, deliveries)


def _insert_deliveries(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    for row in rows:
        if not _exists(connection, outbox, {"key": row["key"]}):
            connection.execute(insert(outbox).values(**row))


def _upsert(connection: Connection, table: Table, row: Mapping[str, Any], *, keys: Sequence[str]) -> None:
    if connection.execute(update(table).where(_equal(table, {key: row[key] for key in keys})).values(**row)).rowcount:
        return
    connection.execute(insert(table).values(**row))


def _exists(connection: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    return connection.execute(select(1).select_from(table).where(_equal(table, values)).limit(1)).first() is not None


def _equal(table: Table, values: Mapping[str, Any]) -> ColumnElement[bool]:
    return and_(*(table.c[name] == value for name, value in values.items()))


class Writer:
    """What may change the database, one change after the other."""

    def __init__(self, address: Address, engine: Engine, lock: FolderLock, spool: Spool, reserve: Reserve) -> None:
        self.address, self.engine, self.lock = address, engine, lock
        self._writing = writing(engine)
        self._spool, self._reserve = spool, reserve
        self._failed_at, self._failure = -RETRY_S, ""

    @property
    def waiting(self) -> int:
        """How many changes wait for the database."""
        return self._spool.waiting

    @property
    def rejected(self) -> Path:
        """The file of the changes from the spool that the database has rejected."""
        return self.address.folder / ".refused.jsonl"

    def commit(self, change: Change) -> None:
        """Make a change durable: in the database, or in the spool while the database is down or others wait.

        Raises:
            DataError: the database rejects the change.
            StoreDown: neither can be written.
        """
        with self.lock:
            if not self.caught_up():
                return self._spool_change(change)
            try:
                self._transact(lambda connection: apply(connection, change))
            except DBAPIError as error:
                if is_rejected(error):
                    raise DataError(f"{self.address.shown}: {reason(error, self.address.url)}") from None
                self._note_failure(error)
                self._spool_change(change)

    def flush(self) -> int:
        """Bring what waits into the database, if it can be reached now.

        Returns:
            How many changes still wait.
        """
        with self.lock:
            self._failed_at = -RETRY_S
            self.caught_up()
            return self.waiting

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to read with, after all that has been changed so far.

        Raises:
            StoreDown: the database does not answer.
        """
        self._require_flushed()
        try:
            with self.engine.connect() as connection:
                yield connection
        except DBAPIError as error:
            raise StoreDown(f"{self.address.shown}: {reason(error, self.address.url)}") from None

    def transact(self, work: Callable[[Connection], T]) -> T:
        """Do something in one transaction that writes; it does not go by way of the spool and may be tried twice.

        Raises:
            StoreDown: the database does not answer, or refuses it; nothing of it is done.
        """
        with self.lock:
            self._require_flushed()
            try:
                return self._transact(work)
            except DBAPIError as error:
                raise StoreDown(f"{self.address.shown}: {reason(error, self.address.url)}") from None

    def _require_flushed(self) -> None:
        if self.waiting and self.flush():
            raise StoreDown(f"{self.address.shown}: {self._failure}")

    def _transact(self, work: Callable[[Connection], T]) -> T:
        try:
            with self._writing.begin() as connection:
                return work(connection)
        except DBAPIError as error:
            if not (is_disk_full(error) and self._reserve.release()):
                raise
        with self._writing.begin() as connection:
            return work(connection)

    def caught_up(self) -> bool:
        """Does nothing wait, or no longer? The database is tried only now and then."""
        if not self.waiting:
            return True
        if time.monotonic() - self._failed_at < RETRY_S:
            return False
        try:
            self.drain()
        except DBAPIError as error:
            self._note_failure(error)
        except OSError as error:
            self._failure = f"its spool cannot be read ({reason(error)})"
        return not self.waiting

    def drain(self) -> None:
        """Take all changes from the spool, each once.

        Raises:
            DBAPIError: the database does not answer; then none is taken.
            OSError: the spool cannot be read.
        """
        with self.lock:
            last = self._transact(self._take_spooled)
            if last is not None:
                self._spool.clear(last)

    def _take_spooled(self, connection: Connection) -> int | None:
        numbered = self._spool.changes(after=int(read_fact(connection, SPOOL_FACT) or 0))
        for _, change in numbered:
            try:
                with connection.begin_nested():
                    apply(connection, change, again=True)
            except DBAPIError as error:
                if not is_rejected(error):
                    raise
                self._set_aside(connection, change, reason(error, self.address.url))
        if not numbered:
            return None
        write_fact(connection, SPOOL_FACT, numbered[-1][0])
        return numbered[-1][0]

    def _set_aside(self, connection: Connection, change: Change, why: str) -> None:
        """Keep a change that the database rejects, so that those behind it do not wait for ever."""
        with self.rejected.open("a", encoding="ascii") as file:
            file.write(json.dumps({"why": why, "change": change}) + "\n")
            file.flush()
            os.fsync(file.fileno())
        apply(connection, add_journal_line(time.time_ns() // 1000, "", "refused", f"{change['do']}: {why}"))

    def _spool_change(self, change: Change) -> None:
        try:
            try:
                self._spool.append(change)
            except OSError as error:
                if not (is_disk_full(error) and self._reserve.release()):
                    raise
                self._spool.append(change)
        except OSError as error:
            raise StoreDown(f"{self.address.shown}: {self._failure}, and its spool: {reason(error)}") from None

    def _note_failure(self, error: DBAPIError) -> None:
        self._failed_at, self._failure = time.monotonic(), reason(error, self.address.url)


class Spool:
    """The file of the changes that wait for the database: one line of JSON each, durable, in the order made.

    Each has a number that only grows. The database keeps the number of the last change it has taken, in the
    transaction that takes them: whatever is cut off, each is taken once. Whoever uses it holds the folder's lock.

    Attributes:
        waiting: How many changes wait, as far as this process knows.
    """

    def __init__(self, path: Path, *, last: int) -> None:
        """Use the file at `path`; `last` is the number of the last change that the database has taken."""
        self._path, self._last = path, last
        self._size = -1  # of the file when its last number was learnt
        self.waiting = 0

    def append(self, change: Change) -> None:
        """Add a change and wait until the disk has it.

        Raises:
            OSError: it cannot be written; then nothing of it is left.
        """
        with self._path.open("ab", buffering=0) as file:
            size = file.seek(0, os.SEEK_END)
            if size != self._size:
                self._last = max([self._last, *(entry["n"] for entry in self._entries())])
            line = json.dumps({"n": self._last + 1, "change": change}, allow_nan=False)
            try:
                data = b"\n" + line.encode("ascii") + b"\n"  # the line before may have been cut off
                if file.write(data) != len(data):
                    raise OSError(errno.ENOSPC, "No space left on device", str(self._path))
                os.fsync(file.fileno())
            except OSError:
                file.truncate(size)
                raise
        self._size, self._last = size + len(data), self._last + 1
        self.waiting += 1

    def changes(self, *, after: int) -> list[tuple[int, Change]]:
        """The changes that wait, with their numbers, in order; none that is numbered `after` or below.

        Raises:
            OSError: the file cannot be read.
        """
        entries = (entry for entry in self._entries() if "change" in entry and entry["n"] > after)
        numbered = [(entry["n"], entry["change"]) for entry in entries]
        self.waiting = len(numbered)
        return numbered

    def clear(self, last: int) -> None:
        """Forget all changes: the database has taken them up to number `last`. Without room the file stays."""
        self.waiting, self._last, self._size = 0, max(last, self._last), -1
        try:
            write_whole(self._path, json.dumps({"n": last}).encode("ascii") + b"\n", durable=True)
        except OSError:
            return  # the database knows which are done

    def _entries(self) -> list[dict[str, Any]]:
        """What the lines hold, without those that were cut off, which were promised to nobody."""
        try:
            lines = self._path.read_bytes().splitlines()
        except FileNotFoundError:
            return []
        entries = []
        for line in lines:
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if isinstance(entry, dict) and isinstance(entry.get("n"), int):
                entries.append(entry)
        return entries
