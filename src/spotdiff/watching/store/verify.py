"""Is every file of evidence still what it was when it was written?"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import file_digest
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from spotdiff.watching.store.faults import reason
from spotdiff.watching.store.tables import evidence

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from spotdiff.watching.store.store import Store


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
    wrong = [
        (row["id"], Problem(row["event"], row["role"], row["path"], said))
        for row in rows
        if (said := _wrong(store.folder, row))
    ]
    if not wrong:
        return []
    with store.reading() as connection:  # what has been thrown away or replaced meanwhile is no problem
        still = {(row.id, row.path) for row in connection.execute(select(evidence.c.id, evidence.c.path))}
    return [problem for id_, problem in wrong if (id_, problem.path) in still]


def _wrong(folder: Path, row: Mapping[str, Any]) -> str:
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
