"""What was thrown away, for some days more: a row may have been wrong, or the clock."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from spotdiff.database.failures import is_disk_full
from spotdiff.watching.events.durable_files import make_folders
from spotdiff.watching.events.encoding import FILES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

BIN = ".bin"
RECORD = "event.json"  # the row of an event that was thrown away as a whole
_STAMP = "%Y%m%dT%H%M%SZ"
_STAMPED = re.compile(r"\d{8}T\d{6}Z")
_stems, _endings = zip(*(name.split(".") for name in (*FILES.values(), RECORD)), strict=True)
OURS = re.compile("|".join(rf"{stem}(-\d+)?\.{ending}" for stem, ending in zip(_stems, _endings, strict=True)))


class TrashFolder:
    """The bin of an evidence folder: `.bin/<when>/<path>`, where `path` is the one that the file had in the folder.

    Args:
        top: The evidence folder.
        clock: Says the time, aware.
    """

    def __init__(self, top: Path, clock: Callable[[], datetime]) -> None:
        self._top, self._clock = top, clock
        self.path = top / BIN

    def put(self, paths: Sequence[str]) -> None:
        """Move files, given by their paths below the evidence folder; those that are not there are passed over.

        On a disk so full that not even a folder can be made they are removed.

        Raises:
            OSError: one cannot be moved.
        """
        place = self._place()
        for path in paths:
            source = self._top / path
            try:
                make_folders((place / path).parent, self._top)
                source.rename(place / path)
            except FileNotFoundError:
                continue
            except OSError as error:
                if not is_disk_full(error):
                    raise
                source.unlink(missing_ok=True)

    def put_record(self, place: str, data: bytes) -> None:
        """Keep the row of an event beside its files, where there is room for it."""
        target = self._place() / place / RECORD
        try:
            make_folders(target.parent, self._top)
            target.write_bytes(data)
        except OSError:
            return

    def bytes(self) -> int:
        """What lies in it."""
        return sum(size for _, _, size in self._files())

    def empty(self, *, until: datetime | None = None, need: int = 0) -> int:
        """Remove for good what was put there before `until`, then the oldest up to `need` bytes.

        Returns:
            How many bytes were freed.
        """
        freed = 0
        limit = "" if until is None else f"{until.astimezone(UTC):{_STAMP}}"
        for stamp, path, size in list(self._files()):
            if stamp >= limit and freed >= need:
                break
            path.unlink(missing_ok=True)
            freed += size
            remove_empty(path.parent, self._top)
        return freed

    def _place(self) -> Path:
        return self.path / f"{self._clock().astimezone(UTC):{_STAMP}}"

    def _files(self) -> Iterator[tuple[str, Path, int]]:
        """When each was put there, where it lies and its size, the oldest first; nothing but what is ours."""
        for folder in sorted(self.path.glob("*")):
            if _STAMPED.fullmatch(folder.name):
                for path in sorted(folder.glob("*/*/*/*/*")):
                    if OURS.fullmatch(path.name) and path.is_file() and not path.is_symlink():
                        yield folder.name, path, path.stat().st_size


def remove_empty(folder: Path, top: Path) -> None:
    """Remove a folder below `top` and those above it while they are empty."""
    while folder != top:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent
