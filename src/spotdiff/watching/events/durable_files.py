"""Files that outlive a power cut, locks that no killed process keeps, and room for when the disk is full."""

from __future__ import annotations

import errno
import os
import shutil
import threading
from typing import TYPE_CHECKING

from spotdiff.errors import DataError

try:
    import fcntl
except ImportError:  # Windows has neither these locks nor folders that can be synced
    raise DataError("a store of events needs Linux or macOS") from None

if TYPE_CHECKING:
    from pathlib import Path

_BLOCK = 1 << 20


def write_durably(path: Path, data: bytes) -> None:
    """Write a new file and wait until the disk has all of it.

    Raises:
        OSError: it cannot be written, or came out shorter.
    """
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
        if os.fstat(file.fileno()).st_size != len(data):
            raise OSError(errno.EIO, "the file came out shorter", str(path))


def sync_folder(path: Path) -> None:
    """Wait until the disk has the names in a folder.

    Raises:
        OSError: it cannot be synced.
    """
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folders(path: Path, top: Path) -> None:
    """Make a folder below `top` and those on the way that are missing, each durable.

    Raises:
        OSError: one cannot be made.
    """
    if path != top and not path.is_dir():
        make_folders(path.parent, top)
        path.mkdir(exist_ok=True)
        sync_folder(path.parent)


def free_bytes(path: Path) -> int:
    """Room that is left on the disk of a folder, in bytes.

    Raises:
        OSError: there is no such folder.
    """
    return shutil.disk_usage(path).free


class FolderLock:
    """One writer at a time over all threads and processes that use a folder. Re-entrant; a killed holder lets go."""

    def __init__(self, path: Path) -> None:
        """Open the file that is locked; it stays open, so that a dead disk does not stop the lock.

        Raises:
            OSError: it cannot be made.
        """
        self._threads = threading.RLock()
        self._depth = 0
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)

    def __enter__(self) -> FolderLock:
        self._threads.acquire()
        if self._depth == 0:
            try:
                fcntl.flock(self._handle, fcntl.LOCK_EX)
            except BaseException:
                self._threads.release()
                raise
        self._depth += 1
        return self

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        if self._depth == 0:
            fcntl.flock(self._handle, fcntl.LOCK_UN)
        self._threads.release()

    def close(self) -> None:
        """Let go of the file; the lock can then no longer be taken."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


class Reserve:
    """A file that only takes up room, given up when the disk is full and taken back when there is room again."""

    def __init__(self, path: Path, size: int) -> None:
        """Name the file; nothing is done yet.

        Args:
            path: The file.
            size: Bytes it shall take up; 0 for no reserve.
        """
        self._path, self._size = path, size

    @property
    def lacking(self) -> bool:
        """Is there to be a reserve, and is there none?"""
        try:
            return self._size > 0 and self._path.stat().st_size != self._size
        except OSError:
            return True

    def take(self) -> bool:
        """Take the room if a quarter more than it is free; True when the reserve is whole afterwards."""
        if not self.lacking:
            return True
        try:
            self._path.unlink(missing_ok=True)
            if free_bytes(self._path.parent) < self._size + self._size // 4:
                return False
            with self._path.open("wb") as file:
                _allocate(file.fileno(), self._size)
        except OSError:
            self.release()
            return False
        return True

    def release(self) -> bool:
        """Give the room up; True when there was some."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True


def _allocate(handle: int, size: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(handle, 0, size)
        return
    for start in range(0, size, _BLOCK):
        os.write(handle, bytes(min(_BLOCK, size - start)))
