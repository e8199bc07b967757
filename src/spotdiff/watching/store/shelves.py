"""The folder of the evidence: files are written aside, made durable, and put in their place by a rename.

What lies in a place of an event without a row in the table has been cut off between the two, or is about to be
removed; `mend` clears it away.
"""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from datetime import UTC
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from spotdiff.watching.store.disk import FolderLock, hold, make_folders, sync_folder, write_durably
from spotdiff.watching.store.pictures import FILES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from spotdiff.watching.event import Event

STAGING = ".staging"
_OURS = re.compile(r"(before|after|boxes|thumbnail)\.jpg|mask\.png|clip(-\d+)?\.mp4")


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """A file that shows an event.

    Attributes:
        path: Where it lies.
        bytes: Its size.
        sha256: Its digest, in hexadecimal digits.
    """

    path: Path
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Staged:
    """Files that are written and durable, but not yet in their place.

    Attributes:
        folder: Where they lie.
        rows: A row for each: role, name, bytes, sha256.
    """

    folder: Path
    rows: tuple[Mapping[str, Any], ...]


class Shelves:
    """The evidence of one store, written by this process under a name that no other process has."""

    def __init__(self, folder: Path) -> None:
        """Use a folder that is there.

        Raises:
            OSError: it cannot be written.
        """
        self.folder = folder
        self.lock = FolderLock(folder / ".lock")
        self._name = uuid4().hex[:12]
        with self.lock:
            (folder / STAGING).mkdir(exist_ok=True)
            self._handle = hold(self._mine.with_suffix(".lock"))
            self._mine.mkdir()

    @property
    def _mine(self) -> Path:
        return self.folder / STAGING / self._name

    def close(self) -> None:
        """Leave nothing behind."""
        shutil.rmtree(self._mine, ignore_errors=True)
        self._mine.with_suffix(".lock").unlink(missing_ok=True)
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
        self.lock.close()

    def stage(self, files: Mapping[str, bytes]) -> Staged:
        """Write files by role, each durable.

        Raises:
            OSError: one cannot be written; then none is left.
        """
        folder = self._mine / uuid4().hex[:12]
        folder.mkdir()
        try:
            for role, data in files.items():
                write_durably(folder / FILES[role], data)
            sync_folder(folder)
        except OSError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        digests = {role: sha256(data).hexdigest() for role, data in files.items()}
        rows = (
            {"role": role, "name": FILES[role], "bytes": len(files[role]), "sha256": digests[role]} for role in files
        )
        return Staged(folder, tuple(rows))

    def publish(self, staged: Staged, event: Event) -> list[dict[str, Any]]:
        """Put the staged files of a new event in their place; the lock must be held.

        Returns:
            A row for each file, without the instant.

        Raises:
            OSError: they cannot be put there.
        """
        place = self.place(event)
        target = self.folder / place
        make_folders(target.parent, self.folder)
        if target.is_dir():  # a new event's place: what is there was cut off
            shutil.rmtree(target)
        staged.folder.rename(target)
        sync_folder(target.parent)
        return [{**_without_name(row), "path": f"{place}/{row['name']}"} for row in staged.rows]

    def publish_one(self, staged: Staged, event: Event) -> dict[str, Any]:
        """Put one more staged file in the place of an event; the lock must be held.

        Returns:
            A row for the file, without the instant.

        Raises:
            OSError: it cannot be put there.
        """
        place, row = self.place(event), staged.rows[0]
        make_folders(self.folder / place, self.folder)
        stem, _, ending = row["name"].partition(".")
        names = [row["name"], *(f"{stem}-{number}.{ending}" for number in range(2, 100))]
        name = next(name for name in names if not (self.folder / place / name).exists())
        (staged.folder / row["name"]).rename(self.folder / place / name)
        sync_folder(self.folder / place)
        return {**_without_name(row), "path": f"{place}/{name}"}

    def drop(self, staged: Staged | None) -> None:
        """Remove what is left of staged files."""
        if staged is not None:
            shutil.rmtree(staged.folder, ignore_errors=True)

    def remove(self, paths: Sequence[str]) -> None:
        """Remove files, given by their paths in the table, and the folders that are empty then."""
        for path in paths:
            (self.folder / path).unlink(missing_ok=True)
        for place in {(self.folder / path).parent for path in paths}:
            remove_empty(place, self.folder)

    @staticmethod
    def place(event: Event) -> str:
        """Where the files of an event lie, below the folder."""
        return f"{event.first_seen.astimezone(UTC):%Y/%m/%d}/{event.id}"

    def places(self) -> Iterator[tuple[str, list[str]]]:
        """Every place of an event below the folder, with the names of ours in it.

        Raises:
            OSError: a folder cannot be read.
        """
        for day in sorted(self.folder.glob("[0-9][0-9][0-9][0-9]/[0-9][0-9]/[0-9][0-9]")):
            for place in sorted(entry.path for entry in os.scandir(day) if entry.is_dir(follow_symlinks=False)):
                names = [name for name in os.listdir(place) if _OURS.fullmatch(name)]  # noqa: PTH208 (10,000 of them)
                yield os.path.relpath(place, self.folder), names

    def sweep(self) -> int:
        """Remove what other processes had been writing when they ended; the lock must be held.

        Returns:
            How many files were removed.
        """
        removed = 0
        for path in sorted((self.folder / STAGING).glob("*.lock")):
            if path.stem != self._name and (handle := hold(path)) is not None:
                removed += sum(1 for part in path.with_suffix("").rglob("*") if part.is_file())
                shutil.rmtree(path.with_suffix(""), ignore_errors=True)
                path.unlink(missing_ok=True)
                os.close(handle)
        return removed


def remove_empty(place: Path, top: Path) -> None:
    """Remove a folder and those above it, below `top`, while they are empty."""
    while place != top:
        try:
            place.rmdir()
        except OSError:
            return
        place = place.parent


def _without_name(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != "name"}
