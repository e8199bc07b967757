"""When a picture of a folder was taken, and the order of pictures."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from spotdiff.watching.sources.task import aware

if TYPE_CHECKING:
    from pathlib import Path

_DIGITS = re.compile(r"(\d+)")
_WRITTEN = re.compile(
    r"(?<!\d)((?:19|20)\d\d)[-_.]?(\d\d)[-_.]?(\d\d)[T _.-]?"
    r"(\d\d)[-_.:h]?(\d\d)[-_.:m]?(\d\d)s?(?:[._-]?(\d{6}|\d{3}))?(?!\d)(Z?)"
)
_EXIF_IFD, _TAKEN, _CHANGED, _OFFSET, _FRACTION = 0x8769, 0x9003, 0x0132, 0x9011, 0x9291


@dataclass(frozen=True, slots=True)
class Dated:
    """A picture file, and when it was taken.

    Attributes:
        path: The file.
        wall: UTC; when the file was last written if nothing better is known.
        told: True if the picture or its name tells the time, False if only the disk does.
    """

    path: Path
    wall: datetime
    told: bool


def dated(path: Path) -> Dated:
    """A picture with the time in its EXIF, else the time in its name, else that of its last writing.

    Raises:
        OSError: the file is gone.
    """
    wall = _exif_time(path) or time_in_name(path.stem)
    if wall is None:
        return Dated(path, datetime.fromtimestamp(path.stat().st_mtime, UTC), told=False)
    return Dated(path, wall, told=True)


def time_in_name(stem: str) -> datetime | None:
    """The time that a file's name tells, in the zone of this machine unless a Z follows; None if it tells none.

    Examples:
        >>> time_in_name("hall_20240131T235959Z").isoformat()
        '2024-01-31T23:59:59+00:00'
        >>> time_in_name("IMG_4711")
    """
    for found in _WRITTEN.finditer(stem):
        *whole, fraction, zulu = found.groups()
        moment = _moment([int(part) for part in whole], (fraction or "").ljust(6, "0"))
        if moment is not None:
            return moment.replace(tzinfo=UTC) if zulu else aware(moment)
    return None


def _moment(parts: list[int], micro: str) -> datetime | None:
    year, month, day, hour, minute, second = parts
    try:
        return datetime(year, month, day, hour, minute, second, int(micro))
    except ValueError:
        return None


def _exif_time(path: Path) -> datetime | None:
    """The time in a picture's EXIF; in the zone of this machine if the camera does not tell its own."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            exif = image.getexif()
            inner = exif.get_ifd(_EXIF_IFD)
        text = str(inner.get(_TAKEN) or exif.get(_CHANGED) or "").strip("\0 ")
        moment = datetime.strptime(text, "%Y:%m:%d %H:%M:%S")
        moment = moment.replace(microsecond=_micro(inner.get(_FRACTION)))
        offset = str(inner.get(_OFFSET) or "").strip("\0 ")
        return aware(datetime.fromisoformat(moment.isoformat() + offset) if offset else moment)
    except Exception:  # Pillow raises anything on a damaged file; whether it can be read at all shows later
        return None


def _micro(fraction: object) -> int:
    digits = str(fraction or "").strip("\0 ")
    return int(digits[:6].ljust(6, "0")) if digits.isdigit() else 0


def natural(name: str) -> tuple[tuple[int | str, ...], str]:
    """A key that sorts names as people count: `a2` before `a10`.

    Examples:
        >>> sorted(["a10.png", "A2.png", "a.png"], key=natural)
        ['a.png', 'A2.png', 'a10.png']
    """
    parts = _DIGITS.split(name.rpartition(".")[0].casefold())
    return tuple(int(part) if place % 2 else part for place, part in enumerate(parts)), name
