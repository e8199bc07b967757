"""The pictures of a site in a folder, in the order in which they were taken."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from spotdiff.data.dataset import PICTURE_SUFFIXES
from spotdiff.errors import DataError
from spotdiff.watching.progress.dates import Dated, dated, dated_by_file

ORDERS = ("taken", "name", "mtime")
_EPOCH = datetime(1970, 1, 1)


def series(folder: str | Path, *, order: str = "taken") -> tuple[Dated, ...]:
    """The pictures of a folder with their dates, in order; folders in it and hidden files are not looked at.

    Args:
        folder: Holds the pictures.
        order: taken: by date, from EXIF, else the name, else the file's time. name: by name, numbers in it counting
            as numbers. mtime: by the file's time, which then is the date, too. What is equal goes by name.

    Raises:
        DataError: no folder, fewer than two pictures, or no dates to order them by.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(f"{folder}: not a folder; progress takes a folder of pictures of one place")
    found = [path for path in folder.iterdir() if is_picture(path)]
    if len(found) < 2:
        held = f"only {found[0].name}" if found else "no picture"
        raise DataError(f"{folder} holds {held}; progress takes two pictures or more")
    known = sorted(map(dated_by_file if order == "mtime" else dated, found), key=lambda one: _by_name(one.path))
    if order == "name":
        return tuple(known)
    times = moments(known)
    if len(set(times)) == 1:
        said = f"no dates: every picture says {known[0].taken:%Y-%m-%d %H:%M:%S}"
        raise DataError(f"{folder}: {said}; put dates in the names, such as 2024-01-31, or --order name")
    return tuple(one for _, one in sorted(zip(times, known, strict=True), key=lambda both: both[0]))


def is_picture(path: Path) -> bool:
    """Is it a file, not a hidden one, whose name ends as pictures' names do?"""
    return path.suffix.lower() in PICTURE_SUFFIXES and not path.name.startswith(".") and path.is_file()


def moments(pictures: Sequence[Dated]) -> list[float]:
    """Seconds at which pictures were taken, on one scale: that of the first picture's clock, from 1970 on.

    Where every date has its zone they are true instants, so that a clock put back in autumn brings nothing out of
    order. Otherwise the clocks count as they stand. The machine's own zone has no part in it.

    Examples:
        >>> from datetime import timedelta, timezone
        >>> summer, winter = (timezone(timedelta(hours=hours)) for hours in (2, 1))
        >>> night = [Dated(Path("a"), datetime(2024, 10, 27, 2, 50, tzinfo=summer), "exif")]
        >>> night += [Dated(Path("b"), datetime(2024, 10, 27, 2, 10, tzinfo=winter), "exif")]
        >>> first, second = moments(night)
        >>> second - first
        1200.0
    """
    if all(one.taken.tzinfo is not None for one in pictures):
        zone = pictures[0].taken.utcoffset()
        clocks = [one.taken.astimezone(UTC).replace(tzinfo=None) + zone for one in pictures]  # type: ignore[operator]
    else:
        clocks = [one.clock for one in pictures]
    return [(clock - _EPOCH).total_seconds() for clock in clocks]


def _by_name(path: Path) -> tuple[list[tuple[int, int | str]], str]:
    """What a name is ordered by: `img9` comes before `img10`."""
    parts = re.split(r"(\d+)", path.name.lower())
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in parts if part], path.name
