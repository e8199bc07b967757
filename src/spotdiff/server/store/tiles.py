"""Large pictures in tiles, so that a viewer fetches what is in view: DeepZoom's pyramid, in one file for an answer.

A pyramid of 200 million pixels has 4,000 tiles. They are rows of a database file beside the answer's other files, for
as many files would take longer to make durable, to back up and to delete than to encode.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from spotdiff.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from spotdiff.types import Bytes, Picture

TILES = "tiles.db"
LEAST = 12_000_000  # pixels of a picture that has tiles
SIZE, OVERLAP = 256, 1  # pixels of a tile without its overlap, and what it shows of each of its neighbours
_QUALITY = 90
Format = Literal["png", "jpg"]
FORMATS: Mapping[str, Format] = {"image/png": "png", "image/jpeg": "jpg"}  # by their media types
_NAME = re.compile(r"([0-9]{1,6})_([0-9]{1,6})\.(jpg|png)")
_TABLES = """
CREATE TABLE pictures (name TEXT PRIMARY KEY, width INTEGER, height INTEGER, format TEXT);
CREATE TABLE tiles (picture TEXT, level INTEGER, col INTEGER, row INTEGER, data BLOB);
"""
_INDEX = "CREATE UNIQUE INDEX by_place ON tiles (picture, level, col, row)"
_ABOUT = '<?xml version="1.0" encoding="UTF-8"?>\n<Image xmlns="http://schemas.microsoft.com/deepzoom/2008" '


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile as it is sent."""

    data: bytes
    media_type: str


def has_tiles(picture: Picture) -> bool:
    """Is a picture so large that it is shown in tiles?"""
    width, height = picture.size
    return width * height >= LEAST


def write_tiles(pictures: Mapping[str, tuple[Picture, Format]], path: Path) -> None:
    """Write the pyramids of some pictures; each takes a third of its pixels' memory meanwhile.

    Args:
        pictures: By name, each with the format of its tiles.
        path: The file, which is not there yet.

    Raises:
        OSError: the file cannot be written.
    """
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as file:
            file.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _TABLES)  # whole or thrown away
            file.execute("BEGIN")
            for name, (picture, form) in pictures.items():
                file.execute("INSERT INTO pictures VALUES (?, ?, ?, ?)", (name, *picture.size, form))
                file.executemany("INSERT INTO tiles VALUES (?, ?, ?, ?, ?)", _tiles(name, picture, form))
            file.execute(_INDEX)
            file.execute("COMMIT")
    except sqlite3.Error as error:
        raise OSError(f"{path.name} cannot be written: {error}") from None


def _tiles(name: str, picture: Picture, form: Format) -> Iterator[tuple[str, int, int, int, bytes]]:
    """Every tile of a picture, level by level from all its pixels down to one."""
    import cv2
    import numpy as np

    exact = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444  # pixels are looked at one by one
    settings = [] if form == "png" else [cv2.IMWRITE_JPEG_QUALITY, _QUALITY, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, exact]
    planes = [picture.pixels] if form == "jpg" or picture.alpha is None else [picture.pixels, picture.alpha]
    for level in range(top_level(*picture.size), -1, -1):
        height, width = planes[0].shape[:2]
        for row, top in enumerate(range(0, height, SIZE)):
            for col, left in enumerate(range(0, width, SIZE)):
                cut = np.s_[
                    max(top - OVERLAP, 0) : top + SIZE + OVERLAP, max(left - OVERLAP, 0) : left + SIZE + OVERLAP
                ]
                colours = cv2.cvtColor(planes[0][cut], cv2.COLOR_RGB2BGR)
                shown = colours if len(planes) == 1 else np.dstack([colours, planes[1][cut]])
                yield name, level, col, row, cv2.imencode(f".{form}", shown, settings)[1].tobytes()
        planes = [_halved(plane) for plane in planes]


def _halved(plane: Bytes) -> Bytes:
    """An array of pixels half as large, rounded up."""
    import cv2
    import numpy as np

    height, width = plane.shape[:2]
    return np.asarray(cv2.resize(plane, ((width + 1) // 2, (height + 1) // 2), interpolation=cv2.INTER_AREA))


def top_level(width: int, height: int) -> int:
    """The level of a pyramid that has all pixels; that of one pixel is 0.

    Examples:
        >>> top_level(1, 1), top_level(256, 100), top_level(257, 100)
        (0, 8, 9)
    """
    return (max(width, height) - 1).bit_length()


def described(folder: Path, picture: str) -> str:
    """What DeepZoom's file with the ending .dzi says of a picture.

    Args:
        folder: Of the answer.
        picture: Its name.

    Raises:
        Problem: 404, it has no tiles.
    """
    row = _first(folder, "SELECT format, width, height FROM pictures WHERE name = ?", (picture,))
    if row is None:
        raise Problem(404, f"the comparison has no tiles of {picture[:40]}; its pictures are shown whole")
    form, width, height = row
    size = f'<Size Width="{width}" Height="{height}"/>'
    return f'{_ABOUT}Format="{form}" Overlap="{OVERLAP}" TileSize="{SIZE}">{size}</Image>\n'


def tile(folder: Path, picture: str, level: int, name: str) -> Tile:
    """A tile.

    Args:
        folder: Of the answer.
        picture: Name of the picture.
        level: Of its pyramid.
        name: COL_ROW and the ending of the format.

    Raises:
        Problem: 404, there is none.
    """
    asked = _NAME.fullmatch(name)
    if asked is not None and 0 <= level < 64:
        query = (
            "SELECT data FROM tiles JOIN pictures ON name = picture"
            " WHERE picture = ? AND level = ? AND col = ? AND row = ? AND format = ?"
        )
        row = _first(folder, query, (picture, level, int(asked[1]), int(asked[2]), asked[3]))
        if row is not None:
            return Tile(row[0], next(kind for kind, form in FORMATS.items() if form == asked[3]))
    raise Problem(404, f"{picture[:40]} has no tile {name[:40]} at level {level}")


def _first(folder: Path, query: str, values: tuple[object, ...]) -> tuple[Any, ...] | None:
    path = folder / TILES
    if not path.is_file():
        return None
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as file:
        row: tuple[Any, ...] | None = file.execute(query, values).fetchone()
        return row
