"""When a picture was taken, by its EXIF, its name or its file, and the order of names that hold numbers."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Literal

from PIL import Image

from spotdiff.image.pillow_reader import FORMATS, exif_of_png
from spotdiff.input_files import why_no_file

DateSource = Literal["exif", "name", "mtime"]

_EXIF_IFD = 0x8769
_TAKEN, _TAKEN_OFFSET, _TAKEN_FRACTION = 0x9003, 0x9011, 0x9291
_CHANGED, _CHANGED_OFFSET, _CHANGED_FRACTION = 0x0132, 0x9010, 0x9290
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")
_IN_HEAD = frozenset(("exif", "Raw profile type exif"))  # where Pillow found EXIF in a PNG
_PADDING = "\0 "
_YEARS = range(1900, 9999)  # what lies outside no camera's clock shows, and no zone can be put to
_DAY = r"(?<!\d)((?:19|20)\d\d)([-_.]?)(\d\d)\2(\d\d)"
_SECOND = r"[-_.:m]?(?P<second>\d\d)s?(?:[-_.]?(?P<fraction>\d{6}|\d{3})|\d{1,2})?"
_TIME = rf"[T _.-]?(?P<hour>\d\d)[-_.:h]?(?P<minute>\d\d)(?:{_SECOND})?"
_TIME_IN_NAME, _DAY_IN_NAME = re.compile(rf"{_DAY}{_TIME}(?!\d)(?P<utc>Z?)"), re.compile(rf"{_DAY}(?!\d)")
_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class DatedPicture:
    """A picture file and when it was taken.

    Attributes:
        path: The file.
        taken: Aware where its zone is known: from EXIF with an offset, from a name that ends its time with Z, or from
            the file's time (then UTC). Otherwise what the camera's clock showed.
        source: Where the date is from: exif, name or mtime.
    """

    path: Path
    taken: datetime
    source: DateSource


def date_picture(path: Path, *, to_the_second: bool = False) -> DatedPicture:
    """A picture with the date in its EXIF, else that in its name, else that of its file.

    Args:
        path: The file.
        to_the_second: See `date_in_name`.

    Raises:
        OSError: there is no such file.
    """
    if (taken := date_in_exif(path)) is not None:
        return DatedPicture(path, taken, "exif")
    if (named := date_in_name(path.stem, to_the_second=to_the_second)) is not None:
        return DatedPicture(path, named, "name")
    return date_of_file(path)


def date_of_file(path: Path) -> DatedPicture:
    """A picture with the time of its file's last writing as its date.

    Raises:
        OSError: there is no such file.
    """
    return DatedPicture(path, datetime.fromtimestamp(path.stat().st_mtime, UTC), "mtime")


def date_in_name(name: str, *, to_the_second: bool = False) -> datetime | None:
    """The date in a file's name, with the time of day where it has one; None without a date that can be.

    Args:
        name: Of the file.
        to_the_second: Only a date with hours, minutes and seconds counts.

    Examples:
        >>> str(date_in_name("yard_2024-01-31.jpg")), str(date_in_name("hall_20240131T235959Z"))
        ('2024-01-31 00:00:00', '2024-01-31 23:59:59+00:00')
        >>> date_in_name("DSC_20249999.jpg") is date_in_name("yard_2024-01-31.jpg", to_the_second=True) is None
        True
    """
    for pattern in (_TIME_IN_NAME,) if to_the_second else (_TIME_IN_NAME, _DAY_IN_NAME):
        for match in pattern.finditer(name):
            parts = match.groupdict()
            if to_the_second and not parts["second"]:
                continue
            year, month, day = (int(match[group]) for group in (1, 3, 4))
            hour, minute, second = (int(parts.get(unit) or 0) for unit in ("hour", "minute", "second"))
            microsecond = int((parts.get("fraction") or "").ljust(6, "0"))
            zone = UTC if parts.get("utc") else None
            try:
                return datetime(year, month, day, hour, minute, second, microsecond, zone)
            except ValueError:
                continue
    return None


def date_in_exif(path: Path) -> datetime | None:
    """The date that the camera wrote into the file, aware where it wrote its offset too; None without one."""
    if why_no_file(path):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd metadata and great sizes: loading the picture will tell
            with Image.open(path, formats=FORMATS) as image:
                if image.format == "PNG" and _IN_HEAD.isdisjoint(image.info):  # Pillow would decode it to look further
                    image.info["exif"] = exif_of_png(path.read_bytes())
                exif = image.getexif()
                inner = exif.get_ifd(_EXIF_IFD)
    except Exception:  # a broken file breaks in many ways; loading it will tell
        return None
    known = (
        (inner.get(_TAKEN), inner.get(_TAKEN_OFFSET), inner.get(_TAKEN_FRACTION)),
        (exif.get(_CHANGED), inner.get(_CHANGED_OFFSET), inner.get(_CHANGED_FRACTION)),
    )
    for written, offset, fraction in known:
        try:
            taken = datetime.strptime(str(written).strip(_PADDING), "%Y:%m:%d %H:%M:%S")
        except ValueError:
            continue
        if taken.year in _YEARS:
            digits = str(fraction or "").strip(_PADDING)
            microsecond = int(digits[:6].ljust(6, "0")) if digits.isdecimal() else 0
            return taken.replace(microsecond=microsecond, tzinfo=_zone(str(offset)))
    return None


def _zone(offset: str) -> timezone | None:
    match = _OFFSET.fullmatch(offset.strip(_PADDING))
    if match is None:
        return None
    minutes = 60 * int(match[2]) + int(match[3])
    if minutes >= 24 * 60:
        return None
    return timezone(timedelta(minutes=minutes if match[1] == "+" else -minutes))


def natural_key(name: str) -> tuple[tuple[int | str, ...], str]:
    """A key that sorts file names as people count: `a2` before `a10`.

    Examples:
        >>> sorted(["a10.png", "A2.png", "a.png"], key=natural_key)
        ['a.png', 'A2.png', 'a10.png']
    """
    parts = _DIGITS.split(name.rpartition(".")[0].casefold())
    return tuple(int(part) if place % 2 else part for place, part in enumerate(parts)), name
