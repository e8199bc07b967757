"""The evidence of events on a disk that may be full: files are written aside, made durable, and then put in place.

What is put in place is noted aside until it has its row, so that what was cut off between the two is known from what
has lost its row, as by an older database brought back: that is never cleared away.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from dataclasses import dataclass
from datetime import UTC
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from spotdiff.database.failures import is_disk_full, reason
from spotdiff.errors import SpotdiffError
from spotdiff.file_lock import try_lock
from spotdiff.watching.events.durable_files import FolderLock, make_folders, sync_folder, write_durably
from spotdiff.watching.events.encoding import FILES, encode
from spotdiff.watching.events.schema import micros
from spotdiff.watching.events.trash_folder import OURS, TrashFolder, remove_empty

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from spotdiff.watching.event import Event, EventPictures
    from spotdiff.watching.events.durable_files import Reserve

STAGING = ".staging"
FREEING_S = 10.0  # while the disk stays full, old evidence is looked for no more often than this
_WRITER = re.compile(r"[0-9a-f]{12}")
_NOTE = ".json"  # ending of the note of where staged files are being put


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
class StagedFiles:
    """Files that are written and durable, but not yet in their place.

    Attributes:
        folder: Where they lie.
        rows: A row for each: role, bytes, sha256.
    """

    folder: Path
    rows: tuple[Mapping[str, Any], ...]


def event_folder(event: Event) -> str:
    """Where the files of an event lie, below the evidence folder."""
    return f"{event.first_seen.astimezone(UTC):%Y/%m/%d}/{event.id}"


class EvidenceFolder:
    """The evidence of one store, written by this process under a name that no other process has.

    Attributes:
        path: The folder.
        lock: One writer at a time over all processes.
        bin: Where what is removed is kept for some days.
    """

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        """Use a folder that is there; `clock` says the time, aware.

        Raises:
            OSError: it cannot be written.
        """
        self.path, self.trash = path, TrashFolder(path, clock)
        self.lock = FolderLock(path / ".lock")
        self._staging = path / STAGING / uuid4().hex[:12]
        with self.lock:
            self._staging.parent.mkdir(exist_ok=True)
            self._handle = try_lock(self._staging.with_suffix(".lock"))
            self._staging.mkdir()

    def close(self) -> None:
        """Leave nothing behind."""
        shutil.rmtree(self._staging, ignore_errors=True)
        self._staging.with_suffix(".lock").unlink(missing_ok=True)
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
        self.lock.close()

    def stage(self, files: Mapping[str, bytes]) -> StagedFiles:
        """Write files by role, each durable.

        Raises:
            OSError: one cannot be written; then none is left.
        """
        folder = self._staging / uuid4().hex[:12]
        folder.mkdir()
        try:
            for role, data in files.items():
                write_durably(folder / FILES[role], data)
            sync_folder(folder)
        except OSError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        rows = ({"role": role, "bytes": len(data), "sha256": sha256(data).hexdigest()} for role, data in files.items())
        return StagedFiles(folder, tuple(rows))

    def publish(self, staged: StagedFiles, event: Event) -> list[dict[str, Any]]:
        """Put the staged files of a new event in their place; the lock must be held.

        Returns:
            A row for each file, without the instant.

        Raises:
            OSError: they cannot be put there; as where there are files already.
        """
        place = event_folder(event)
        target = self.path / place
        rows = [{**row, "path": f"{place}/{FILES[row['role']]}"} for row in staged.rows]
        make_folders(target.parent, self.path)
        self._note(staged, [row["path"] for row in rows])
        staged.folder.rename(target)
        sync_folder(target.parent)
        return rows

    def publish_one(self, staged: StagedFiles, event: Event) -> dict[str, Any]:
        """Put one more staged file in the place of an event; the lock must be held.

        Returns:
            A row for the file, without the instant.

        Raises:
            OSError: it cannot be put there.
        """
        place, row = event_folder(event), staged.rows[0]
        make_folders(self.path / place, self.path)
        usual = FILES[row["role"]]
        stem, _, ending = usual.partition(".")
        names = [usual, *(f"{stem}-{number}.{ending}" for number in range(2, 100))]
        name = next(name for name in names if not (self.path / place / name).exists())
        self._note(staged, [f"{place}/{name}"])
        (staged.folder / usual).rename(self.path / place / name)
        sync_folder(self.path / place)
        return {**row, "path": f"{place}/{name}"}

    def drop(self, staged: StagedFiles | None) -> None:
        """Remove what is left of staged files; what was put in its place has its row by now."""
        if staged is not None:
            shutil.rmtree(staged.folder, ignore_errors=True)
            staged.folder.with_suffix(_NOTE).unlink(missing_ok=True)

    def remove(self, paths: Sequence[str]) -> None:
        """Move files, given by their paths in the table, to the bin; folders that are empty then are removed.

        Raises:
            OSError: one cannot be moved.
        """
        self.trash.put(paths)
        for place in {(self.path / path).parent for path in paths}:
            remove_empty(place, self.path)

    def places(self) -> Iterator[tuple[str, list[str]]]:
        """The folder of every event, below the evidence folder, with the names of our files in it.

        Raises:
            OSError: a folder cannot be read.
        """
        for day in sorted(self.path.glob("[0-9][0-9][0-9][0-9]/[0-9][0-9]/[0-9][0-9]")):
            for place in sorted(entry.path for entry in os.scandir(day) if entry.is_dir(follow_symlinks=False)):
                names = [name for name in os.listdir(place) if OURS.fullmatch(name)]  # noqa: PTH208 (10,000 of them)
                yield os.path.relpath(place, self.path), names

    def clear_staging(self) -> tuple[int, list[str]]:
        """Remove what other processes had been writing when they ended; the lock must be held.

        Returns:
            How many files were removed, and the paths of those that were being put in their places.
        """
        removed, placed = 0, []
        for path in sorted((self.path / STAGING).glob("*.lock")):
            ours = _WRITER.fullmatch(path.stem) and path.stem != self._staging.name
            if ours and (handle := try_lock(path)) is not None:
                left = path.with_suffix("")
                removed += sum(1 for part in left.rglob("*") if part.is_file() and part.parent != left)
                placed += [place for note in sorted(left.glob(f"*{_NOTE}")) for place in _noted(note)]
                shutil.rmtree(left, ignore_errors=True)
                path.unlink(missing_ok=True)
                os.close(handle)
        return removed, placed

    def _note(self, staged: StagedFiles, paths: Sequence[str]) -> None:
        write_durably(staged.folder.with_suffix(_NOTE), json.dumps(paths).encode("ascii"))
        sync_folder(self._staging)


def _noted(note: Path) -> list[str]:
    """The paths in a note; none where its writing was cut off, for then nothing had been put in its place."""
    try:
        return [str(path) for path in json.loads(note.read_bytes())]
    except (OSError, ValueError):
        return []


class EvidenceWriter:
    """Writes all evidence while there is room, then thumbnails only, then nothing but what was lost into the journal.

    Args:
        folder: Where it lies.
        reserve: The room that is given up when the disk is full.
        clock: Says the time, aware.
        journal: Takes what, in words, and the camera.
        free: Throws away what may be thrown away; None where that is nothing.

    Attributes:
        trouble: What could not be written of the last event that had pictures, and why; "" where all was.
    """

    def __init__(
        self,
        folder: EvidenceFolder,
        reserve: Reserve,
        *,
        clock: Callable[[], datetime],
        journal: Callable[[str, str, str], None],
        free: Callable[[], object] | None,
    ) -> None:
        self._folder, self._reserve = folder, reserve
        self._clock, self._journal, self._free = clock, journal, free
        self._freed_at = -FREEING_S
        self.trouble = ""

    def stage(self, event: Event, pictures: EventPictures | None) -> StagedFiles | None:
        """Write as much of the evidence as there is room for; None when nothing could be written."""
        files, failed = encode(event, pictures) if pictures else ({}, [])
        self.trouble = "" if files else self.trouble
        for line in failed:
            self._note_lost(event, line)
        return self._stage_what_fits(event, files) if files else None

    def publish(self, staged: StagedFiles | None, event: Event) -> list[dict[str, Any]]:
        """Put staged files in the place of a new event; their rows, none when they cannot be put there."""
        if staged is None:
            return []
        try:
            rows = self._folder.publish(staged, event)
        except OSError as error:
            self._note_lost(event, reason(error))
            return []
        return [self._row(row, event) for row in rows]

    def publish_one(self, staged: StagedFiles, event: Event) -> dict[str, Any] | None:
        """Put one more staged file in the place of an event; its row, None when it cannot be put there."""
        try:
            return self._row(self._folder.publish_one(staged, event), event)
        except OSError as error:
            self._note_lost(event, reason(error))
            return None

    def _stage_what_fits(self, event: Event, files: Mapping[str, bytes]) -> StagedFiles | None:
        least = {role: data for role, data in files.items() if role == "thumbnail"}
        roomy = not self._reserve.lacking or self._make_room()
        staged, why = None, "the disk is full"
        for attempt in range(3):
            choice = files if roomy else least
            try:
                staged = self._folder.stage(choice) if choice else None
                break
            except OSError as error:
                why = reason(error)
                if not is_disk_full(error):
                    break
                roomy = self._make_room() and attempt == 0
        written = {row["role"] for row in staged.rows} if staged else set()
        if lost := [role for role in files if role not in written]:
            self._note_lost(event, f"{', '.join(lost)}: {why}")
        return staged

    def _make_room(self) -> bool:
        """Give the reserve up, delete what may be deleted, take the reserve back; True when it is whole again."""
        if not self._reserve.lacking and self._reserve.release():
            self._try(lambda: self._journal("disk full", "the reserve is given up", ""))
        if self._free is not None and time.monotonic() - self._freed_at > FREEING_S:
            self._freed_at = time.monotonic()
            self._try(self._free)
        lacking = self._reserve.lacking
        taken = self._reserve.take()
        if lacking and taken:
            self._try(lambda: self._journal("disk", "there is room again; the reserve is taken back", ""))
        return taken

    def _row(self, row: Mapping[str, Any], event: Event) -> dict[str, Any]:
        return {**row, "event": event.id, "written": micros(self._clock())}

    def _note_lost(self, event: Event, what: str) -> None:
        text = f"{event.id}: {what}".removeprefix(": ")
        self.trouble = f"pictures of {event.camera} are not kept: {what}"
        self._try(lambda: self._journal("evidence lost", text, event.camera))

    @staticmethod
    def _try(work: Callable[[], object]) -> None:
        """Try what is not worth losing an event for; it is tried again the next time."""
        try:
            work()
        except SpotdiffError:
            return
