"""Changes that wait for the database: one line of JSON each, durable, in the order in which they were made.

Each has a number that only grows. The database keeps the number of the last change it has taken, in the transaction
that takes them: whatever is cut off, each is taken once.
"""

from __future__ import annotations

import errno
import json
import os
from typing import TYPE_CHECKING, Any

from spotdiff.files import write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from spotdiff.watching.store.changes import Change


class Spool:
    """The file of the changes that wait. Whoever uses it holds the folder's lock.

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
        found = [(entry["n"], entry["change"]) for entry in self._entries() if "change" in entry and entry["n"] > after]
        self.waiting = len(found)
        return found

    def clear(self, last: int) -> None:
        """Forget all changes: the database has taken them up to number `last`. Without room the file stays."""
        self.waiting, self._last, self._size = 0, max(last, self._last), -1
        try:
            write_whole(self._path, json.dumps({"n": last}).encode("ascii") + b"\n", durable=True)
        except OSError:
            return  # the database knows which are done

    def _entries(self) -> list[dict[str, Any]]:
        try:
            lines = self._path.read_bytes().splitlines()
        except FileNotFoundError:
            return []
        return [entry for line in lines if (entry := _entry(line)) is not None]


def _entry(line: bytes) -> dict[str, Any] | None:
    """What a line says; None for one that was cut off, which was promised to nobody."""
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) and isinstance(entry.get("n"), int) else None
