"""Finding, reading and splitting the pictures that labels are drawn on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.data.dataset import PICTURE_SUFFIXES
from spotdiff.data.labels.parts.sides import FOLDERS
from spotdiff.errors import DataError
from spotdiff.image import load_picture

if TYPE_CHECKING:
    from spotdiff.data.labels.parts.marks import Sheet
    from spotdiff.data.labels.parts.sides import Spot
    from spotdiff.types import Bytes

_ENDINGS = {b"\x89PNG": ".png", b"\xff\xd8\xff": ".jpg", b"RIFF": ".webp", b"BM": ".bmp"}  # of what files begin with


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """A picture that was found.

    Attributes:
        source: Its file, or the file's bytes.
        size: (width, height).
        ending: How the file's name ends.
    """

    source: Path | bytes
    size: tuple[int, int]
    ending: str

    @property
    def data(self) -> bytes:
        """The picture's file as it is."""
        return self.source if isinstance(self.source, bytes) else self.source.read_bytes()

    def halves(self) -> tuple[bytes, bytes]:
        """The left and the right half as PNG files."""
        pixels, middle = load_picture(self.source).pixels, self.size[0] // 2
        return to_png(pixels[:, :middle]), to_png(pixels[:, middle:])


def to_png(pixels: Bytes) -> bytes:
    """A PNG file of (H, W, 3) uint8."""
    _, coded = cv2.imencode(".png", cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2BGR))
    return bytes(coded.tobytes())


@dataclass(frozen=True, slots=True, eq=False)
class Shelf:
    """The pictures of a folder and those below it, by their path without its ending."""

    folder: Path
    files: Mapping[str, Sequence[Path]]

    @classmethod
    def of(cls, folder: Path) -> Shelf:
        """What is there now.

        Raises:
            DataError: it is no folder.
        """
        if not folder.is_dir():
            raise DataError(f"{folder} is not a folder")
        files: dict[str, list[Path]] = defaultdict(list)
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() in PICTURE_SUFFIXES and path.is_file():
                files[path.relative_to(folder).with_suffix("").as_posix()].append(path)
        return cls(folder, files)

    def find(self, spot: Spot, sheet: Sheet | None) -> Path | None:
        """The picture at a spot, or None.

        Raises:
            DataError: two files claim the place.
        """
        said = sheet.picture.replace("\\", "/") if sheet else ""
        for path in (self.folder / said, sheet.file.parent / said) if sheet and said else ():
            if path.suffix.lower() in PICTURE_SUFFIXES and path.is_file():
                return path
        names = [spot.key] if spot.side is None else [f"{folder}/{spot.key}" for folder in FOLDERS[spot.side]]
        for name in [*names, *(f"images/{name}" for name in names)]:
            found = self.files.get(name, ())
            if len(found) > 1:
                raise DataError(f"{found[0]} and {found[1].name} claim one name: keep one of them")
            if found:
                return found[0]
        return None

    def pairs(self) -> list[str]:
        """Names that have a picture on both sides, sorted."""
        sides = [
            {name.partition("/")[2] for name in self.files if name.partition("/")[0] in folders}
            for folders in FOLDERS.values()
        ]
        return sorted(sides[0] & sides[1])


def shot_of(path: Path | None, sheet: Sheet | None) -> Shot:
    """The picture, read once to see that it can be.

    Raises:
        DataError: there is none, neither as a file nor inside of the label file.
        LoadError: it cannot be read.
    """
    if path is not None:
        return Shot(path, load_picture(path).size, path.suffix.lower())
    if sheet is None or not sheet.embedded:
        said = f" {sheet.picture}" if sheet and sheet.picture else ""
        raise DataError(f"the picture{said} is missing; --pictures says where they are")
    ending = next((name for start, name in _ENDINGS.items() if sheet.embedded.startswith(start)), ".png")
    return Shot(sheet.embedded, load_picture(sheet.embedded).size, ending)
