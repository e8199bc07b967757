"""When a picture was taken: what its camera wrote, else a date in its name, else its file's time."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from PIL import Image

from spotdiff.image.decode import FORMATS

_EXIF_IFD, _TAKEN, _TAKEN_OFFSET, _CHANGED, _CHANGED_OFFSET = 0x8769, 0x9003, 0x9011, 0x0132, 0x9010  # EXIF tags
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")
_DAY = r"(?<!\d)((?:19|20)\d\d)([-_.]?)(\d\d)\2(\d\d)"
_TIME = r"[T _-]?(\d\d)[-_.:]?(\d\d)(?:[-_.:]?(\d\d)\d{0,3})?"
_IN_NAMES = (re.compile(rf"{_DAY}{_TIME}(?!\d)"), re.compile(rf"{_DAY}(?!\d)"))  # the fuller one first


@dataclass(frozen=True, slots=True)
class Dated:
    """A picture of a series and its date.

    Attributes:
        path: The file.
        taken: Aware where its zone is known: from EXIF with an offset, or from the file's time (then UTC). Otherwise
            what the camera's clock said.
        source: Where the date is from: exif, name or mtime.
    """

    path: Path
    taken: datetime
    source: str

    @property
    def clock(self) -> datetime:
        """What the clock said, without its zone."""
        return self.taken.replace(tzinfo=None)


def dated(path: Path) -> Dated:
    """A picture with its date from EXIF, else from its name, else from its file's time.

    Raises:
        OSError: there is no such file.
    """
    if (taken := date_in_exif(path)) is not None:
        return Dated(path, taken, "exif")
    if (named := date_in_name(path.name)) is not None:
        return Dated(path, named, "name")
    return dated_by_file(path)


def dated_by_file(path: Path) -> Dated:
    """A picture with its file's time as its date.

    Raises:
        OSError: there is no such file.
    """
    return Dated(path, datetime.fromtimestamp(path.stat().st_mtime, UTC), "mtime")


def date_in_name(name: str) -> datetime | None:
    """The date in a file's name, with the time of day where it says one; None without a date that can be.

    Examples:
        >>> str(date_in_name("yard_2024-01-31.jpg")), str(date_in_name("IMG_20240131_235959.jpg"))
        ('2024-01-31 00:00:00', '2024-01-31 23:59:59')
        >>> date_in_name("DSC_20249999.jpg") is None
        True
    """
    for pattern in _IN_NAMES:
        for match in pattern.finditer(name):
            year, _, *rest = match.groups(default="0")
            try:
                return datetime(int(year), *map(int, rest))  # type: ignore[arg-type]
            except ValueError:
                continue
    return None


def date_in_exif(path: Path) -> datetime | None:
    """The date that the camera wrote into the file, aware where it wrote its offset too; None without one."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd metadata and great sizes: loading the picture will tell
            with Image.open(path, formats=FORMATS) as image:
                exif = image.getexif()
                inner = exif.get_ifd(_EXIF_IFD)
    except Exception:  # a broken file breaks in many ways; loading it will tell
        return None
    known = (inner.get(_TAKEN), inner.get(_TAKEN_OFFSET)), (exif.get(_CHANGED), inner.get(_CHANGED_OFFSET))
    for written, offset in known:
        try:
            taken = datetime.strptime(str(written).strip("\0 "), "%Y:%m:%d %H:%M:%S")
        except ValueError:
            continue
        return taken.replace(tzinfo=_zone(str(offset)))
    return None


def _zone(offset: str) -> timezone | None:
    said = _OFFSET.fullmatch(offset.strip("\0 "))
    if said is None:
        return None
    minutes = 60 * int(said[2]) + int(said[3])
    if minutes >= 24 * 60:
        return None
    return timezone(timedelta(minutes=minutes if said[1] == "+" else -minutes))
