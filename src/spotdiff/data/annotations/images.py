"""The images that annotations are drawn on: which pair and side they are of, and where their files lie."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.data.dataset import PICTURE_SUFFIXES
from spotdiff.data.open import PAIR_FOLDERS
from spotdiff.errors import DataError
from spotdiff.image import load_picture

if TYPE_CHECKING:
    from spotdiff.data.annotations.annotation import ImageAnnotations, Side
    from spotdiff.types import Bytes

_FOLDERS: dict[Side, tuple[str, ...]] = {
    "before": tuple(before for before, _ in PAIR_FOLDERS),
    "after": tuple(after for _, after in PAIR_FOLDERS),
}
_SIDES: dict[str, Side] = {folder: side for side, folders in _FOLDERS.items() for folder in folders}
_SIGNATURES = {b"\x89PNG": ".png", b"\xff\xd8\xff": ".jpg", b"RIFF": ".webp", b"BM": ".bmp"}


@dataclass(frozen=True, slots=True)
class ImageKey:
    """Which image of a dataset: the pair's name, and which of the two it is (None: both, side by side)."""

    pair: str
    side: Side | None


def image_key(image: ImageAnnotations, root: Path, *, side_by_side: bool) -> ImageKey:
    """Which image of a dataset is annotated.

    Its side is the last folder on the way to it that bears the name of one: before, t0 or A; after, t1 or B. The
    pair's name is what follows. Where the image's name has no such folder, the annotation file's own path below `root`
    tells the side, by a folder or by its name: what `before.json` says is of before.

    Raises:
        DataError: nothing tells the side, or the name leads out of the dataset.

    Examples:
        >>> from pathlib import Path
        >>> from spotdiff.data.annotations.annotation import ImageAnnotations
        >>> image = ImageAnnotations("site/before/yard/1.png", (), Path("x.json"))
        >>> image_key(image, Path(), side_by_side=False)
        ImageKey(pair='yard/1', side='before')
        >>> image_key(ImageAnnotations("1.png", (), Path("after.json")), Path(), side_by_side=False)
        ImageKey(pair='1', side='after')
    """
    in_root = image.file.is_relative_to(root)
    file_parts = image.file.relative_to(root).with_suffix("").parts if in_root else ()
    path = PureWindowsPath(image.name) if "\\" in image.name else PurePosixPath(image.name)
    name_parts = path.with_suffix("").parts if path.name else ()
    parts = name_parts or file_parts
    if side_by_side:
        return ImageKey(_pair_name(parts), None)
    at = _last_side(name_parts or file_parts[:-1])
    if at is not None:
        return ImageKey(_pair_name(parts[at + 1 :]), _SIDES[parts[at]])
    at = _last_side(file_parts)
    if at is None or not name_parts:
        raise DataError("nothing tells whether it is before or after: keep it in a folder of that name")
    return ImageKey(_pair_name(name_parts), _SIDES[file_parts[at]])


def _last_side(parts: tuple[str, ...]) -> int | None:
    return next((at for at in reversed(range(len(parts))) if parts[at] in _SIDES), None)


def _pair_name(parts: tuple[str, ...]) -> str:
    name = "/".join(parts)
    bad = any(part in ("..", "/") or not part.isprintable() or ":" in part or "\\" in part for part in parts)
    if bad or not parts or name.startswith("/"):
        raise DataError(f"{name!r} cannot be the name of a pair: it is empty, leads elsewhere or holds odd letters")
    return name


@dataclass(frozen=True, slots=True, eq=False)
class ImageFile:
    """An image that was found.

    Attributes:
        source: Its file, or the file's bytes.
        size: (width, height).
        suffix: How the file's name ends.
    """

    source: Path | bytes
    size: tuple[int, int]
    suffix: str

    @property
    def data(self) -> bytes:
        """The image's file as it is."""
        return self.source if isinstance(self.source, bytes) else self.source.read_bytes()

    def halves(self) -> tuple[bytes, bytes]:
        """The left and the right half as PNG files."""
        pixels, middle = load_picture(self.source).pixels, self.size[0] // 2
        return encode_colour(pixels[:, :middle]), encode_colour(pixels[:, middle:])


def encode_colour(pixels: Bytes) -> bytes:
    """A PNG file of (H, W, 3) uint8."""
    _, coded = cv2.imencode(".png", cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2BGR))
    return bytes(coded.tobytes())


@dataclass(frozen=True, slots=True, eq=False)
class ImageFolder:
    """The images of a folder and those below it, by their path without its suffix."""

    folder: Path
    files: Mapping[str, Sequence[Path]]

    @classmethod
    def scan(cls, folder: Path) -> ImageFolder:
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

    def find(self, key: ImageKey, image: ImageAnnotations | None) -> Path | None:
        """The file of an image, or None.

        Raises:
            DataError: two files claim the place.
        """
        declared = image.path.replace("\\", "/") if image else ""
        for path in (self.folder / declared, image.file.parent / declared) if image and declared else ():
            if path.suffix.lower() in PICTURE_SUFFIXES and path.is_file():
                return path
        names = [key.pair] if key.side is None else [f"{folder}/{key.pair}" for folder in _FOLDERS[key.side]]
        for name in [*names, *(f"images/{name}" for name in names)]:
            files = self.files.get(name, ())
            if len(files) > 1:
                raise DataError(f"{files[0]} and {files[1].name} claim one name: keep one of them")
            if files:
                return files[0]
        return None

    def pair_names(self) -> list[str]:
        """Names that have an image on both sides, sorted."""
        names_of = [
            {name.partition("/")[2] for name in self.files if name.partition("/")[0] in folders}
            for folders in _FOLDERS.values()
        ]
        return sorted(names_of[0] & names_of[1])


def open_image(path: Path | None, image: ImageAnnotations | None) -> ImageFile:
    """The image, read once to see that it can be.

    Raises:
        DataError: there is none, neither as a file nor inside of the annotation file.
        LoadError: it cannot be read.
    """
    if path is not None:
        return ImageFile(path, load_picture(path).size, path.suffix.lower())
    if image is None or not image.embedded:
        name = f" {image.path}" if image and image.path else ""
        raise DataError(f"the picture{name} is missing; --pictures says where they are")
    suffix = next((suffix for start, suffix in _SIGNATURES.items() if image.embedded.startswith(start)), ".png")
    return ImageFile(image.embedded, load_picture(image.embedded).size, suffix)
