"""The evidence folder put in order after a killed process or a power cut, and held against its digests."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import file_digest
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from spotdiff.database.failures import reason
from spotdiff.watching.events.errors import StoreDown
from spotdiff.watching.events.retention import remove_due
from spotdiff.watching.events.schema import evidence

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from spotdiff.watching.events.store import Store

_NAMED = 20  # missing and unknown files named in the journal
_UNKNOWN = ": no event has them. They stay; move away what nobody needs"


@dataclass(frozen=True, slots=True)
class CleanUp:
    """What was found.

    Attributes:
        parts: How many half-written files were removed.
        files: How many files went to the bin: their events had not got their rows when a process ended, or had said
            that they are to go.
        missing: Files that have a row but are not there, below the folder; the journal tells them, too.
        unknown: Files that have no row, below the folder; they stay, and the journal tells them, too.
    """

    parts: int
    files: int
    missing: tuple[str, ...]
    unknown: tuple[str, ...]


def clean_up(store: Store) -> CleanUp:
    """Clear the evidence folder of what was cut off; other processes that write wait meanwhile.

    What goes is known for sure and never guessed from its not having a row: an older database brought back knows
    nothing of what was written since, and a folder may hold the files of others.

    Raises:
        StoreDown: the database does not answer, or changes that wait in the spool cannot be brought into it.
        OSError: a file cannot be moved.
    """
    with store.writer.lock:
        if store.flush():
            raise StoreDown(f"{store.writer.address.shown}: changes wait in the spool, so nothing can be cleared away")
        files = remove_due(store.writer, store.files)
        known = _known(store)
        parts, placed = store.files.clear_staging()
        cut_off = [path for path in placed if path not in known and (store.folder / path).is_file()]
        store.files.remove(cut_off)
        present = _present(store)
    missing, unknown = tuple(sorted(known - present)), tuple(sorted(present - known))
    for what, paths, meaning in (("evidence missing", missing, ""), ("evidence unknown", unknown, _UNKNOWN)):
        if paths:
            more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
            store.journal(what, f"{', '.join(paths[:_NAMED])}{more}{meaning}")
    return CleanUp(parts, files + len(cut_off), missing, unknown)


def unknown_files(store: Store) -> list[str]:
    """Files in the places of events that no row tells of, below the folder, as after an older database came back.

    Raises:
        StoreDown: the database does not answer.
    """
    with store.writer.lock:
        return sorted(_present(store) - _known(store))


def _known(store: Store) -> set[str]:
    with store.reading() as connection:
        return set(connection.execute(select(evidence.c.path)).scalars())


def _present(store: Store) -> set[str]:
    return {f"{place}/{name}" for place, names in store.files.places() for name in names}


@dataclass(frozen=True, slots=True)
class Problem:
    """A file that is not what its row says.

    Attributes:
        event: Id of the event.
        role: Of the file: before, after, boxes, mask, thumbnail, clip.
        path: Of the file, below the folder.
        what: What is wrong with it, in words.
    """

    event: str
    role: str
    path: str
    what: str

    def __str__(self) -> str:
        return f"{self.event}: {self.path}: {self.what}"


def verify(store: Store) -> list[Problem]:
    """Read all evidence and compare it with the digests in the table; nothing is changed.

    Returns:
        A line for each file that is missing, cannot be read, or is not what was written.

    Raises:
        StoreDown: the database does not answer.
    """
    with store.reading() as connection:
        rows = [dict(row) for row in connection.execute(select(evidence).order_by(evidence.c.id)).mappings()]
    problems = [
        (row["id"], Problem(row["event"], row["role"], row["path"], what))
        for row in rows
        if (what := _mismatch(store.folder, row))
    ]
    if not problems:
        return []
    with store.reading() as connection:  # what has been thrown away or replaced meanwhile is no problem
        still = {(row.id, row.path) for row in connection.execute(select(evidence.c.id, evidence.c.path))}
    return [problem for id_, problem in problems if (id_, problem.path) in still]


def _mismatch(folder: Path, row: Mapping[str, Any]) -> str:
    try:
        with (folder / row["path"]).open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
            size = file.tell()
    except FileNotFoundError:
        return "missing"
    except OSError as error:
        return f"cannot be read ({reason(error)})"
    if size != row["bytes"]:
        return f"has {size} bytes, not {row['bytes']}"
    return "" if digest == row["sha256"] else "is not what was written: its SHA-256 differs"
