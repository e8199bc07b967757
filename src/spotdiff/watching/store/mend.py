"""What a killed process or a power cut has left behind, cleared away when a watch starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from spotdiff.watching.store.faults import StoreDown
from spotdiff.watching.store.shelves import remove_empty
from spotdiff.watching.store.tables import evidence

if TYPE_CHECKING:
    from spotdiff.watching.store.store import Store

_TOLD = 20  # missing files named in the journal


@dataclass(frozen=True, slots=True)
class Mended:
    """What was found.

    Attributes:
        parts: How many half-written files were removed.
        files: How many files without a row were removed.
        missing: Files that have a row but are not there, below the folder; the journal tells them, too.
    """

    parts: int
    files: int
    missing: tuple[str, ...]


def mend(store: Store) -> Mended:
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
        parts = store.shelves.sweep()
        files, found = _clear(store, known)
    missing = tuple(sorted(known - found))
    if missing:
        more = f" and {len(missing) - _TOLD} more" if len(missing) > _TOLD else ""
        store.journal("evidence missing", f"{', '.join(missing[:_TOLD])}{more}")
    return Mended(parts, files, missing)


def _clear(store: Store, known: set[str]) -> tuple[int, set[str]]:
    """Remove what is not known; how many files that was, and all that were there."""
    removed, found = 0, set()
    for place, names in list(store.shelves.places()):
        paths = {f"{place}/{name}" for name in names}
        found |= paths
        if strange := sorted(paths - known):
            store.shelves.remove(strange)
            removed += len(strange)
        elif not names:
            remove_empty(store.folder / place, store.folder)
    return removed, found
