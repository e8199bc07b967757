"""Folders whose new files become pictures of places: each whole, in the order they were written, and once."""

from __future__ import annotations

import logging
import os
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy.exc import SQLAlchemyError

from spotdiff.data.dataset import PICTURE_SUFFIXES
from spotdiff.data.file_names import is_hidden
from spotdiff.errors import OptionError
from spotdiff.server.api.uploads import keep, shown_name
from spotdiff.server.problems import Problem
from spotdiff.server.store.jobs import Stored
from spotdiff.server.store.usage import KeepsTooMuch
from spotdiff.server.store.watched_files import Seen, put

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from spotdiff.server.settings import Settings
    from spotdiff.server.store.jobs import Jobs
    from spotdiff.server.store.places import Places
    from spotdiff.server.store.usage import Usage
    from spotdiff.server.store.watched_files import WatchedFiles

_LOOK = 1.0  # seconds between two looks at a folder
_SHARE = 10  # times as long as a look took, for folders of very many files
_QUIET = 2.0  # seconds for which a file has not changed, once its end is there
_QUIET_WITHOUT_END = 10.0  # the same for a file whose format says no end, or that lacks it
_ENDS = {".jpg": b"\xff\xd9", ".jpeg": b"\xff\xd9", ".png": b"IEND\xaeB`\x82"}
_MB = 1_000_000
_log = logging.getLogger("spotdiff.server")


@dataclass(frozen=True, slots=True)
class _File:
    """A file of a folder as it is now."""

    path: Path
    size: int
    modified: int

    @property
    def name(self) -> str:
        """As a database can hold it."""
        return self.path.name.encode("utf-8", "backslashreplace").decode()


class WatchedFolders:
    """Takes files out of folders as long as it runs; nothing there is written to or deleted."""

    def __init__(
        self,
        settings: Settings,
        jobs: Jobs,
        places: Places,
        files: WatchedFiles,
        usage: Usage,
        *,
        queued: Callable[[], None],
    ) -> None:
        """Prepare to watch the folders of the settings.

        Args:
            settings: With the folders by the names of their places.
            jobs: The queue.
            places: Those that are missing are made.
            files: What was taken before.
            usage: Where each picture is written down before it is in place.
            queued: Called when a job has been put into the queue.

        Raises:
            OptionError: no place can have such a name.
        """
        for name in settings.folders:
            try:
                places.add(name)
            except Problem as problem:
                if problem.status != 409:
                    raise OptionError(f"--watch-folder {name}=...: {problem}") from None
        self._folders = [
            _Folder(name, folder, settings, jobs, places, files, usage) for name, folder in settings.folders.items()
        ]
        self._queued = queued
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="watched folders")

    def start(self) -> None:
        """Start to look."""
        if self._folders:
            self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        pause = _LOOK
        while not self._ending.wait(pause):
            started = time.monotonic()
            for folder in self._folders:
                if folder.look():
                    self._queued()
            pause = max(_LOOK, _SHARE * (time.monotonic() - started))


class _Folder:
    """One folder of one place."""

    def __init__(
        self, place: str, path: Path, settings: Settings, jobs: Jobs, places: Places, files: WatchedFiles, usage: Usage
    ) -> None:
        self._place, self._path, self._settings = place, path, settings
        self._jobs, self._places, self._files = jobs, places, files
        self._usage, self._account = usage, settings.folder_accounts.get(place, "")
        self._taken = files.of(place)
        self._since: dict[str, tuple[_File, float]] = {}
        self._too_large: set[_File] = set()
        self._logged = ""

    def look(self) -> bool:
        """Take the oldest file that is new and whole, if there is one; whether there was."""
        try:
            taken = self._take_next()
        except Problem as problem:
            if problem.status != 429 or isinstance(problem, KeepsTooMuch):  # else the file waits, like anybody
                self._log_once(str(problem))
            return False
        except SQLAlchemyError:
            self._log_once("the database does not answer")
            return False
        except OSError as error:
            self._log_once(f"{error.filename or self._path}: {error.strerror or error}")
            return False
        return taken

    def _log_once(self, trouble: str) -> None:
        """Log what is wrong with the folder, once until something else is."""
        if trouble != self._logged:
            _log.error("watched folder of %s: %s", self._place, trouble)
        self._logged = trouble

    def _take_next(self) -> bool:
        if self._jobs.are_open_for(self._place):  # what comes next is compared with what that one leaves as baseline
            return False
        files = sorted(self._new_files(), key=lambda file: (file.modified, file.name))
        return any(self._take(file) for file in files if self._is_whole(file) and self._has_room())

    def _has_room(self) -> bool:
        """Whether the folder's account may send more; raises the `Problem` 429 where it may not."""
        if self._account:
            self._usage.check(self._account, coming=0)
        return True

    def _new_files(self) -> list[_File]:
        files = []
        with os.scandir(self._path) as entries:
            for entry in entries:
                name = Path(entry.name)
                if name.suffix.lower() not in PICTURE_SUFFIXES or is_hidden(name, Path()):
                    continue
                if entry.is_file(follow_symlinks=False):
                    status = entry.stat(follow_symlinks=False)
                    files.append(_File(Path(entry.path), status.st_size, status.st_mtime_ns))
        self._since = {file.name: self._since[file.name] for file in files if file.name in self._since}
        self._too_large.intersection_update(files)
        return [file for file in files if file not in self._too_large and not self._is_taken(file)]

    def _is_taken(self, file: _File) -> bool:
        seen = self._taken.get(file.name)
        return seen is not None and (seen.size, seen.modified) == (file.size, file.modified)

    def _is_whole(self, file: _File) -> bool:
        """Whether nobody seems to write to a file any more."""
        now = time.monotonic()
        before, since = self._since.get(file.name, (None, now))
        if before != file:
            self._since[file.name] = file, now
            return False
        quiet = now - since
        return file.size > 0 and (quiet >= _QUIET_WITHOUT_END or (quiet >= _QUIET and _has_end(file)))

    def _take(self, file: _File) -> bool:
        """Make a file a picture of the place, unless it is one; whether it became one."""
        if file.size > self._settings.upload_mb * _MB:
            most = self._settings.upload_mb
            _log.error("watched folder of %s: %s has more than %g MB", self._place, file.name, most)
            self._too_large.add(file)
            return False
        digest = self._kept(file)
        if digest is None:
            return False
        seen = Seen(file.name, file.size, file.modified, digest, "")
        if (earlier := self._taken.get(file.name)) is not None and earlier.sha256 == digest:
            seen = replace(seen, job=earlier.job)
            self._files.put(self._place, seen)
        else:
            seen = replace(seen, job=self._add(seen))
        self._taken[file.name] = seen
        self._logged = ""
        return earlier is None or earlier.sha256 != digest

    def _add(self, seen: Seen) -> str:
        def note(connection: Connection, job: str) -> None:
            put(connection, self._place, replace(seen, job=job))

        after = Stored(seen.sha256, shown_name(seen.name))
        options = self._places.options(self._place)
        before, owner = self._places.baseline(self._place), self._account
        return self._jobs.add(before, after, options, place=self._place, owner=owner, also=note)

    def _kept(self, file: _File) -> str | None:
        """The SHA-256 of the file, which is among the pictures from now on; None where it changed meanwhile."""
        part = self._settings.data / "incoming" / f"{uuid4().hex}.part"
        try:
            shutil.copyfile(file.path, part)
            status = file.path.stat(follow_symlinks=False)
            if (status.st_size, status.st_mtime_ns) != (file.size, file.modified):
                return None
            return keep(part, self._settings.data, partial(self._usage.sent, self._account))
        finally:
            part.unlink(missing_ok=True)


def _has_end(file: _File) -> bool:
    """Whether a file ends as its format does; what says no end never does."""
    end = _ENDS.get(file.path.suffix.lower())
    if end is None or file.size < len(end):
        return False
    with file.path.open("rb") as opened:
        opened.seek(-len(end), os.SEEK_END)
        return opened.read() == end
