"""The evidence folder put in order after a killed process or a power cut, and held against its digests."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import file_digest
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from spotdiff.watching.events.errors import StoreDown, reason
from spotdiff.watching.events.schema import evidence

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from spotdiff.watching.events.store import Store

_NAMED = 20  # missing files named in the journal


@dataclass(frozen=True, slots=True)
class CleanUp:
    """What was found.

    Attributes:
        parts: How many half-written files were removed.
        files: How many files without a row were removed.
        missing: Files that have a row but are not there, below the folder; the journal tells them, too.
    """

    parts: int
    files: int
    missing: tuple[str, ...]


def clean_up(store: Store) -> CleanUp:
    """Clear the evidence folder of what no event has; other processes that write wait meanwhile.

    Whether a file belongs to nobody is known for sure, not guessed from its age: files get their rows under the lock
    that is held here, and what is still being written is held by its process.

    Raises:
        StoreDown: the database does not answer, or changes that wait in the spool cannot be brought into it.
    """
    with store.writer.lock:
        if store.flush():
            raise StoreDown(f"{store.writer.address.shown}: changes wait in the spool, so nothing can be cleared away")
        with store.reading() as connection:
            known = set(connection.execute(select(evidence.c.path)).scalars())
        parts, files, present = store.files.clear_staging(), 0, set()
        for place, names in list(store.files.places()):
            paths = {f"{place}/{name}" for name in names}
            present |= paths
            if orphans := sorted(paths - known):
                store.files.remove(orphans)
                files += len(orphans)
            elif not names:
                store.files.remove_empty(store.folder / place)
    missing = tuple(sorted(known - present))
    if missing:
        more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        store.journal("evidence missing", f"{', '.join(missing[:_NAMED])}{more}")
    return CleanUp(parts, files, missing)


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
