"""Frames out of the pictures of a folder, also of one that is still being filled."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from spotdiff.errors import LoadError
from spotdiff.image.load import load_picture
from spotdiff.watching.event import Frame
from spotdiff.watching.sources.folder_times import Dated, dated, natural
from spotdiff.watching.sources.naming import PICTURES

if TYPE_CHECKING:
    from datetime import datetime

    from spotdiff.types import Bytes
    from spotdiff.watching.sources.task import FeedOptions, Pulse, Resumed, Task

    Stamp = tuple[int, int]  # size and time of the last writing: as long as they move, somebody writes

_GLANCES = 4  # how often a growing folder is looked at in the time of one picture
_SHORTEST, _LONGEST = 0.05, 1.0  # seconds between two looks


def folder_frames(task: Task, pulse: Pulse) -> Iterator[Frame]:
    """Every picture of a folder in its order, and, if it grows, every new one as soon as it is whole.

    The wall is the picture's time (EXIF, else its name, else the disk). `seconds` follow the wall where pictures tell
    it, or where the disk's time is what the user asked for; elsewhere they go on by `options.every`. A damaged picture
    is counted and left out; in a growing folder it is tried again when it changes.

    Raises:
        LoadError: the folder cannot be read, or does not grow and holds no picture.
    """
    clock, number = _Clock(task.options, task.resumed), 0
    found = _growing(task, pulse) if task.options.grows else _standing(task, pulse)
    for picture, pixels in found:
        seconds = clock.at(picture)
        yield Frame(pixels, number, seconds, picture.wall)
        number += 1
    if not number:
        raise LoadError(f"{task.source}: none of the pictures in this folder can be read")


def _standing(task: Task, pulse: Pulse) -> Iterator[tuple[Dated, Bytes]]:
    folder = Path(task.source)
    names = _listed(folder)
    if not names:
        raise LoadError(f"{task.source}: no pictures in this folder ({', '.join(PICTURES)})")
    for picture in _ordered(folder, names, task.options.order, pulse):
        pixels = _pixels(picture.path, pulse)
        if pixels is None:
            pulse.damaged()
        else:
            yield picture, pixels


def _growing(task: Task, pulse: Pulse) -> Iterator[tuple[Dated, Bytes]]:
    """Pictures as they appear, once nobody writes to them: two looks agree, and the file is a whole picture."""
    folder, order = Path(task.source), task.options.order
    done = _done_before(folder, task.resumed, order, pulse)
    looked: dict[str, Stamp] = {}
    broken: dict[str, Stamp] = {}
    while True:
        names = _listed(folder)
        pulse.beat()
        done &= names
        now = _stamps(folder, names - done)
        ready = {name for name, stamp in now.items() if looked.get(name) == stamp != broken.get(name)}
        for picture in _ordered(folder, ready, order, pulse):
            name = picture.path.name
            pixels = _pixels(picture.path, pulse)
            if pixels is not None:
                done.add(name)
                yield picture, pixels
            else:
                if name not in broken:
                    pulse.damaged()
                broken[name] = now[name]
        looked = now
        broken = {name: stamp for name, stamp in broken.items() if name in now}
        time.sleep(min(max(task.options.every / _GLANCES, _SHORTEST), _LONGEST))


def _done_before(folder: Path, resumed: Resumed | None, order: str, pulse: Pulse) -> set[str]:
    """Names of the pictures that an earlier process has handed on."""
    if resumed is None:
        return set()
    after, names = resumed.after, _listed(folder)
    if after not in names:
        return {name for name in names if natural(name) <= natural(after)}
    ordered = [picture.path.name for picture in _ordered(folder, names, order, pulse)]
    return set(ordered[: ordered.index(after) + 1])


def _listed(folder: Path) -> set[str]:
    """Names of the pictures that lie in a folder, not in those below it; hidden files are not looked at.

    Raises:
        LoadError: the folder cannot be read.
    """
    try:
        return {
            path.name for path in folder.iterdir() if path.suffix.lower() in PICTURES and not path.name.startswith(".")
        }
    except OSError as error:
        raise LoadError(f"{folder}: {error.strerror or error}") from None


def _stamps(folder: Path, names: set[str]) -> dict[str, Stamp]:
    """Size and time of the last writing of files; those that are gone by now are left out."""
    found = {}
    for name in names:
        with suppress(OSError):
            known = (folder / name).stat()
            found[name] = known.st_size, known.st_mtime_ns
    return found


def _ordered(folder: Path, names: set[str], order: str, pulse: Pulse) -> Iterator[Dated]:
    """Pictures with their times, in order; a time that does not order them is read when its picture's turn has come."""
    paths = [folder / name for name in sorted(names, key=natural)]
    if order == "mtime":
        stamps = _stamps(folder, names)
        paths = sorted((path for path in paths if path.name in stamps), key=lambda path: stamps[path.name][1])
    pictures = _dated_ones(paths, pulse)
    yield from sorted(pictures, key=lambda picture: picture.wall) if order == "taken" else pictures


def _dated_ones(paths: list[Path], pulse: Pulse) -> Iterator[Dated]:
    for path in paths:
        pulse.beat()
        with suppress(OSError):
            yield dated(path)


def _pixels(path: Path, pulse: Pulse) -> Bytes | None:
    pulse.at(path.name)
    try:
        return load_picture(path).pixels
    except LoadError:
        return None


class _Clock:
    """Seconds of pictures from their times, strictly increasing."""

    def __init__(self, options: FeedOptions, resumed: Resumed | None) -> None:
        self._every, self._trusts_disk = options.every, options.grows or options.order == "mtime"
        self._first: datetime | None = resumed.first if resumed else None
        self._first_told = True
        self._last = resumed.seconds if resumed and resumed.first else -options.every

    def at(self, picture: Dated) -> float:
        told = picture.told or self._trusts_disk
        if self._first is None:
            self._first, self._first_told = picture.wall, told
        seconds = (picture.wall - self._first).total_seconds()
        if not told or not self._first_told or seconds <= self._last:
            seconds = self._last + self._every
        self._last = seconds
        return seconds
