"""Frames out of the pictures of a folder, also of one that is still being filled."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from spotdiff.clock import in_utc
from spotdiff.errors import LoadError
from spotdiff.image.capture_time import DatedPicture, date_picture, natural_key
from spotdiff.image.load import load_picture
from spotdiff.video.source_names import PICTURES
from spotdiff.video.values import Frame

if TYPE_CHECKING:
    from datetime import datetime

    from spotdiff.types import Bytes
    from spotdiff.video.values import FeedOptions, Heartbeat, Resumed, Task

    Stamp = tuple[int, int]  # size and time of the last writing: as long as they move, somebody writes

_GLANCES = 4  # how often a growing folder is looked at in the time of one picture
_SHORTEST, _LONGEST = 0.05, 1.0  # seconds between two looks


def folder_frames(task: Task, heartbeat: Heartbeat) -> Iterator[Frame]:
    """Every picture of a folder in its order, and, if it grows, every new one as soon as it is whole.

    The wall is the picture's time (EXIF, else its name, else the disk). `seconds` follow the wall where pictures tell
    it, or where the disk's time is what the user asked for; elsewhere they go on by `options.every`. A damaged picture
    is counted and left out; in a growing folder it is tried again when it changes.

    Raises:
        LoadError: the folder cannot be read, or does not grow and holds no picture.
    """
    clock, number = _Clock(task.options, task.resumed), 0
    for picture, pixels in (_growing if task.options.grows else _complete)(task, heartbeat):
        yield Frame(pixels, number, clock.seconds_of(picture), picture.taken)
        number += 1
    if not number:
        raise LoadError(f"{task.source}: none of the pictures in this folder can be read")


def _complete(task: Task, heartbeat: Heartbeat) -> Iterator[tuple[DatedPicture, Bytes]]:
    folder = Path(task.source)
    names = _listed(folder)
    if not names:
        raise LoadError(f"{task.source}: no pictures in this folder ({', '.join(PICTURES)})")
    for picture in _ordered(folder, names, task.options.order, heartbeat):
        pixels = _pixels(picture.path, heartbeat)
        if pixels is None:
            heartbeat.damaged()
        else:
            yield picture, pixels


def _growing(task: Task, heartbeat: Heartbeat) -> Iterator[tuple[DatedPicture, Bytes]]:
    """Pictures as they appear, once nobody writes to them: two looks agree, and the file is a whole picture."""
    folder, order = Path(task.source), task.options.order
    done = _done_before(folder, task.resumed, order, heartbeat)
    last_look: dict[str, Stamp] = {}
    broken: dict[str, Stamp] = {}
    while True:
        names = _listed(folder)
        heartbeat.beat()
        done &= names
        now = _stamps(folder, names - done)
        ready = {name for name, stamp in now.items() if last_look.get(name) == stamp != broken.get(name)}
        for picture in _ordered(folder, ready, order, heartbeat):
            name = picture.path.name
            pixels = _pixels(picture.path, heartbeat)
            if pixels is not None:
                done.add(name)
                yield picture, pixels
            else:
                if name not in broken:
                    heartbeat.damaged()
                broken[name] = now[name]
        last_look = now
        broken = {name: stamp for name, stamp in broken.items() if name in now}
        time.sleep(min(max(task.options.every / _GLANCES, _SHORTEST), _LONGEST))


def _done_before(folder: Path, resumed: Resumed | None, order: str, heartbeat: Heartbeat) -> set[str]:
    """Names of the pictures that an earlier process has handed on."""
    if resumed is None:
        return set()
    after, names = resumed.after, _listed(folder)
    if after not in names:
        return {name for name in names if natural_key(name) <= natural_key(after)}
    ordered = [picture.path.name for picture in _ordered(folder, names, order, heartbeat)]
    return set(ordered[: ordered.index(after) + 1])


def _listed(folder: Path) -> set[str]:
    """Names of the pictures that lie in a folder, not in those below it; hidden files are not looked at.

    What is called like a picture and is no file, such as a pipe, would be waited for without end.

    Raises:
        LoadError: the folder cannot be read.
    """
    try:
        with os.scandir(folder) as entries:
            return {entry.name for entry in entries if _is_picture(entry)}
    except OSError as error:
        raise LoadError(f"{folder}: {error.strerror or error}") from None


def _is_picture(entry: os.DirEntry[str]) -> bool:
    named = not entry.name.startswith(".") and Path(entry.name).suffix.lower() in PICTURES
    try:
        return named and entry.is_file()
    except OSError:  # a link whose end cannot be looked at
        return False


def _stamps(folder: Path, names: set[str]) -> dict[str, Stamp]:
    """Size and time of the last writing of files; those that are gone by now are left out."""
    stamps = {}
    for name in names:
        with suppress(OSError):
            status = (folder / name).stat()
            stamps[name] = status.st_size, status.st_mtime_ns
    return stamps


def _ordered(folder: Path, names: set[str], order: str, heartbeat: Heartbeat) -> Iterator[DatedPicture]:
    """Pictures with their times in UTC, in order.

    A time that does not order them is read when its picture's turn has come.
    """
    paths = [folder / name for name in sorted(names, key=natural_key)]
    if order == "mtime":
        stamps = _stamps(folder, names)
        paths = sorted((path for path in paths if path.name in stamps), key=lambda path: stamps[path.name][1])
    pictures = _dated(paths, heartbeat)
    yield from sorted(pictures, key=lambda picture: picture.taken) if order == "taken" else pictures


def _dated(paths: list[Path], heartbeat: Heartbeat) -> Iterator[DatedPicture]:
    for path in paths:
        heartbeat.beat()
        with suppress(OSError):
            picture = date_picture(path, to_the_second=True)
            yield replace(picture, taken=in_utc(picture.taken))


def _pixels(path: Path, heartbeat: Heartbeat) -> Bytes | None:
    heartbeat.reading(path.name)
    try:
        return load_picture(path).pixels
    except LoadError:
        return None


class _Clock:
    """Seconds of pictures from their times, strictly increasing."""

    def __init__(self, options: FeedOptions, resumed: Resumed | None) -> None:
        self._every, self._trusts_disk = options.every, options.grows or options.order == "mtime"
        self._first: datetime | None = resumed.first if resumed else None
        self._first_is_sure = True
        self._last = resumed.seconds if resumed and resumed.first else -options.every

    def seconds_of(self, picture: DatedPicture) -> float:
        is_sure = picture.source != "mtime" or self._trusts_disk
        if self._first is None:
            self._first, self._first_is_sure = picture.taken, is_sure
        seconds = (picture.taken - self._first).total_seconds()
        if not is_sure or not self._first_is_sure or seconds <= self._last:
            seconds = self._last + self._every
        self._last = seconds
        return seconds
