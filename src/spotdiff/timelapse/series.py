"""The pictures of a site in a folder, in the order in which they were taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from spotdiff.data.dataset import PICTURE_SUFFIXES
from spotdiff.errors import DataError, why_no_folder
from spotdiff.image.capture_time import DatedPicture, date_of_file, date_picture, natural_key

ORDERS = ("taken", "name", "mtime")
_EPOCH = datetime(1970, 1, 1)


def series(folder: str | Path, *, order: str = "taken") -> tuple[DatedPicture, ...]:
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
        raise DataError(f"{folder}: {why_no_folder(folder)}; progress takes a folder of pictures of one place")
    paths = [
        path
        for path in folder.iterdir()
        if path.suffix.lower() in PICTURE_SUFFIXES and not path.name.startswith(".") and not path.is_dir()
    ]
    if len(paths) < 2:
        content = f"only {paths[0].name}" if paths else "no picture"
        raise DataError(f"{folder} holds {content}; progress takes two pictures or more")
    paths.sort(key=lambda path: natural_key(path.name))
    pictures = [date_of_file(path) if order == "mtime" else _date_by_clock(path) for path in paths]
    if order == "name":
        return tuple(pictures)
    times = moments(pictures)
    if len(set(times)) == 1:
        clock = f"{pictures[0].taken:%Y-%m-%d %H:%M:%S}"
        hint = "put dates in the names, such as 2024-01-31, or --order name"
        raise DataError(f"{folder}: no dates: every picture says {clock}; {hint}")
    return tuple(picture for _, picture in sorted(zip(times, pictures, strict=True), key=lambda pair: pair[0]))


def _date_by_clock(path: Path) -> DatedPicture:
    """A picture with its date to the second; one in a name is what a clock showed there, whatever its zone."""
    picture = date_picture(path)
    if picture.source == "mtime":
        return picture
    taken = picture.taken.replace(microsecond=0)
    return replace(picture, taken=taken.replace(tzinfo=None) if picture.source == "name" else taken)


def moments(pictures: Sequence[DatedPicture]) -> list[float]:
    """Seconds at which pictures were taken, on one scale: that of the first picture's clock, from 1970 on.

    Where every date has its zone they are true instants, so that a clock put back in autumn brings nothing out of
    order. Otherwise the clocks count as they stand. The machine's own zone has no part in it.

    Examples:
        >>> from datetime import timedelta, timezone
        >>> summer, winter = (timezone(timedelta(hours=hours)) for hours in (2, 1))
        >>> night = [DatedPicture(Path("a"), datetime(2024, 10, 27, 2, 50, tzinfo=summer), "exif")]
        >>> night += [DatedPicture(Path("b"), datetime(2024, 10, 27, 2, 10, tzinfo=winter), "exif")]
        >>> first, second = moments(night)
        >>> second - first
        1200.0
    """
    if all(picture.taken.tzinfo is not None for picture in pictures):
        zone = pictures[0].taken.utcoffset()
        instants = [picture.taken.astimezone(UTC).replace(tzinfo=None) for picture in pictures]
        clocks = [instant + zone for instant in instants]  # type: ignore[operator]
    else:
        clocks = [picture.taken.replace(tzinfo=None) for picture in pictures]
    return [(clock - _EPOCH).total_seconds() for clock in clocks]
