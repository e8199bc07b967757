"""All that a server keeps in one file, written while it runs, and put back into an empty folder.

The database is copied first and stands last in the file: every file that its rows name was there by then, and a file
that was cut short has no database.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from hashlib import file_digest
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from spotdiff.database.connection import file_of, parse_url
from spotdiff.errors import DataError
from spotdiff.file_lock import try_lock
from spotdiff.server.api.uploads import picture_path
from spotdiff.server.store.answer_files import FILES, answer_folder

if TYPE_CHECKING:
    from spotdiff.server.settings import Settings

DATABASE = "server.db"
DELETING = ".deleting"  # held while files are deleted, or copied
_PASSING = (
    "incoming",
    "live",
    ".lock",
    DELETING,
    DATABASE,
    f"{DATABASE}-wal",
    f"{DATABASE}-shm",
)  # made anew, or copied else
_PICTURES = """
    SELECT before FROM jobs WHERE before IS NOT NULL
    UNION SELECT after FROM jobs UNION SELECT sha256 FROM place_pictures
"""
_ELSEWHERE = "keeps its database in PostgreSQL: pg_dump writes that, and any copy of the folder the rest"


@dataclass(frozen=True, slots=True)
class Written:
    """How much was written: files, their bytes together, and how many that rows name were missing or had changed."""

    files: int = 0
    bytes: int = 0
    missing: int = 0

    def __add__(self, size: int) -> Written:
        """With one file more."""
        return replace(self, files=self.files + 1, bytes=self.bytes + size)


def back_up(settings: Settings, target: Path) -> Written:
    """Write all that a server keeps into a tar file, which is there whole or not at all.

    Args:
        settings: Of the server, which may run.
        target: The file; one that is there is replaced.

    Raises:
        DataError: there is no server's folder, its database is elsewhere, or files are being deleted.
        OSError: the file cannot be written.
    """
    database = _database(settings)
    if not database.is_file():
        raise DataError(f"{settings.data}: no server has kept anything here; say where with --data")
    if target.resolve().is_relative_to(settings.data.resolve()):
        raise DataError(f"{target}: a backup lies outside of what it is one of")
    part = target.with_name(f".{target.name}.part")
    with _undeleted(settings.data), tempfile.TemporaryDirectory(dir=target.parent, prefix=".spotdiff-") as folder:
        copy = Path(folder) / DATABASE
        _copy_database(database, copy)
        try:
            with open(part, "wb", opener=_private) as file:
                written = _pack(settings.data, copy, file)
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    return written


def restore(source: Path, settings: Settings) -> Written:
    """Put a backup into a folder that is new or empty, all of it or nothing.

    Raises:
        DataError: the file is no whole backup, the folder has something in it, or the database is elsewhere.
        OSError: a file cannot be read or written.
    """
    _database(settings)
    data = settings.data.absolute()
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise DataError(f"{settings.data}: a backup is put into a new or an empty folder; give one with --data")
    data.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(dir=data.parent, prefix=f".{data.name}-"))
    try:
        written = _unpack(source, part)
        part.chmod(0o755 if not data.exists() else data.stat().st_mode & 0o777)
        part.replace(data)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return written


def _database(settings: Settings) -> Path:
    database = file_of(parse_url(settings.database_url, what="a server's database"))
    if database is None:
        raise DataError(f"{settings.data} {_ELSEWHERE}")
    return database


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)  # it holds who may use the server


@contextmanager
def _undeleted(data: Path) -> Iterator[None]:
    """Keep files from being deleted because they are old."""
    held = try_lock(data / DELETING)
    if held is None:
        raise DataError(f"{data}: another backup is written, or old files are deleted; try again in a minute")
    try:
        yield
    finally:
        os.close(held)


def _copy_database(database: Path, copy: Path) -> None:
    try:
        with closing(sqlite3.connect(database, timeout=30)) as kept, closing(sqlite3.connect(copy)) as to:
            kept.backup(to)
            to.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise DataError(f"{database}: it cannot be copied ({error})") from None


def _pack(data: Path, copy: Path, file: Any) -> Written:  # noqa: ANN401 (tarfile's own type is private)
    written = Written()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT, dereference=True) as archive:
        for path in sorted(_kept(data)):
            try:
                archive.add(path, path.relative_to(data).as_posix(), recursive=False, filter=_nobodys)
            except FileNotFoundError:  # what rows name is not deleted now, and what they do not may go
                continue
            written += path.stat().st_size
        archive.add(copy, DATABASE, recursive=False, filter=_nobodys)
    return written + copy.stat().st_size


def _kept(data: Path) -> Iterator[Path]:
    """Every file of a server but those that are made anew; a folder may lie on another disk, behind a link."""
    for folder, _, names in os.walk(data, followlinks=True):
        below = Path(folder)
        if below != data and below.relative_to(data).parts[0] in _PASSING:
            continue
        yield from (below / name for name in names if below != data or name not in _PASSING)


def _nobodys(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def _unpack(source: Path, folder: Path) -> Written:
    written = Written()
    try:
        with tarfile.open(source, mode="r:") as archive:
            for member in archive:
                if not member.isfile() or not _plain(member.name):
                    raise DataError(f"{source}: no backup of a server, it has {member.name!r}")
                content = archive.extractfile(member)
                assert content is not None
                path = folder / member.name
                path.parent.mkdir(parents=True, exist_ok=True)
                with content, path.open("xb") as file:
                    shutil.copyfileobj(content, file, 1 << 20)
                written += member.size
    except (tarfile.TarError, EOFError, FileExistsError):
        raise DataError(f"{source}: no backup of a server, or one that is damaged") from None
    if not (folder / DATABASE).is_file():
        raise DataError(f"{source}: the backup is not whole, its end is missing")
    return replace(written, missing=_missing(folder, source))


def _missing(folder: Path, source: Path) -> int:
    """How many of the files that the rows name are not there, or are pictures that have changed."""
    try:
        with closing(sqlite3.connect(folder / DATABASE)) as kept:
            if kept.execute("PRAGMA quick_check").fetchone() != ("ok",):
                raise DataError(f"{source}: its database is damaged")
            pictures = {name for (name,) in kept.execute(_PICTURES)}
            answers = [name for (name,) in kept.execute("SELECT id FROM comparisons")]
    except sqlite3.Error:
        raise DataError(f"{source}: no backup of a server, its database is another") from None
    lost = sum(not _is_picture(picture_path(folder, name), name) for name in pictures)
    return lost + sum(not (answer_folder(folder, name) / FILES[""]).is_file() for name in answers)


def _is_picture(path: Path, digest: str) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest() == digest


def _plain(name: str) -> bool:
    """Is it a file below the folder that it is put into?"""
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\\" not in name and ":" not in name
