"""What pairs are made of: photographs and cut-outs from disk, or scenes and things drawn where there are none."""

from __future__ import annotations

import os
import zlib
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.data.dataset import PICTURE_SUFFIXES
from spotdiff.data.decode_array import decode_array
from spotdiff.data.file_names import is_hidden
from spotdiff.data.synth.cutouts import Cutout, cutout_of
from spotdiff.data.synth.fixed_cameras import FixedCamera, open_fixed_cameras
from spotdiff.errors import DataError, why_no_folder
from spotdiff.image.pillow_reader import opened
from spotdiff.input_files import read_bytes, read_text
from spotdiff.options import Options

if TYPE_CHECKING:
    from spotdiff.types import Bytes

_KEPT = 256 << 20  # bytes of decoded cut-outs that a process keeps
_LONGEST = 1280  # pixels; files with a longer side are kept smaller in memory
_SHOWN = 5  # names in a message
_TRANSPARENT = {"RGBA", "LA", "PA", "La", "RGBa"}


@dataclass(frozen=True, slots=True, eq=False)
class StoredImage:
    """A picture file in memory.

    Attributes:
        name: Its path as it was found.
        data: Its bytes.
    """

    name: str
    data: bytes


class _CutoutCache:
    """Decoded things, the longest unused thrown out first; it stays behind when its owner goes to another process."""

    def __init__(self) -> None:
        self.cutouts: OrderedDict[tuple[int, int], Cutout] = OrderedDict()
        self.bytes = 0

    def __reduce__(self) -> tuple[type[_CutoutCache], tuple[()]]:
        return _CutoutCache, ()

    def add(self, key: tuple[int, int], cutout: Cutout) -> None:
        self.cutouts[key] = cutout
        self.bytes += cutout.alpha.size * 5
        while self.bytes > _KEPT and len(self.cutouts) > 1:
            self.bytes -= self.cutouts.popitem(last=False)[1].alpha.size * 5


@dataclass(frozen=True, slots=True, eq=False)
class Materials:
    """Photographs and cut-outs; with no photographs scenes are drawn, with no cut-outs things are.

    Attributes:
        photos: Picture files.
        cutouts: Picture files with transparency; the folder of each says what it shows (`_` stands for a space).
        views: Fixed cameras, each with pictures of one place at several times.
    """

    photos: tuple[StoredImage, ...] = ()
    cutouts: tuple[StoredImage, ...] = ()
    views: tuple[FixedCamera, ...] = ()
    _cache: _CutoutCache = field(default_factory=_CutoutCache, repr=False)

    @classmethod
    def open(
        cls,
        photos: str | Path | None = None,
        cutouts: str | Path | None = None,
        views: str | Path | None = None,
    ) -> Materials:
        """Read the files of two folders and all folders in them, or those that two .txt files list, one a line.

        `views` is a folder with one of pictures for each fixed camera.

        Raises:
            DataError: a folder or list is missing or holds no picture, or files cannot be read (all are named), or a
                cut-out has no transparency.
        """
        read = [
            [StoredImage(os.fspath(path), read_bytes(path)) for path in _files(source)] for source in (photos, cutouts)
        ]
        wrong = [f"{file.name} ({why})" for file in read[0] if (why := _trouble(file.data, cutout=False))]
        wrong += [f"{file.name} ({why})" for file in read[1] if (why := _trouble(file.data, cutout=True))]
        if wrong:
            more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
            raise DataError(f"unreadable: {', '.join(wrong[:_SHOWN])}{more}; mend or remove them")
        photographs = tuple(_light(file, how=cv2.IMREAD_COLOR) for file in read[0])
        cameras = open_fixed_cameras(views, suffixes=PICTURE_SUFFIXES) if views is not None else ()
        return cls(photographs, tuple(_light(file, how=cv2.IMREAD_UNCHANGED) for file in read[1]), cameras)

    def held_out(self, share: float) -> tuple[Materials, Materials]:
        """These without, and only, a share of the files; names decide, so that it stays as files are added.

        Of a fixed camera all pictures are on one side.

        Raises:
            DataError: one of the two would have no photograph, or no cut-out, though there are some.
        """
        parts = [_parted(files, share) for files in (self.photos, self.cutouts)]
        for files, (learn, held) in zip((self.photos, self.cutouts), parts, strict=True):
            if files and not (learn and held):
                raise DataError(f"{len(files)} files are too few to hold a share of {share:g} out")
        apart = [zlib.crc32(view.name.encode("utf-8", "replace")) < share * 2**32 for view in self.views]
        views = [
            tuple(view for view, out in zip(self.views, apart, strict=True) if out is side) for side in (False, True)
        ]
        return Materials(parts[0][0], parts[1][0], views[0]), Materials(parts[0][1], parts[1][1], views[1])

    def photo(self, number: int) -> Bytes:
        """(H, W, 3) uint8 RGB of a photograph.

        Raises:
            DataError: the file turns out to be damaged.
        """
        return np.asarray(cv2.cvtColor(_decoded(self.photos[number], cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB))

    def cutout(self, number: int, *, longest: int) -> Cutout:
        """A cut-out, made smaller where its longer side exceeds `longest` pixels.

        Raises:
            DataError: the file turns out to be damaged, or has nothing in it.
        """
        key = number, longest
        if key not in self._cache.cutouts:
            self._cache.add(key, _cut_out(self.cutouts[number], longest))
        self._cache.cutouts.move_to_end(key)
        return self._cache.cutouts[key]


def _files(source: str | Path | None) -> list[Path]:
    if source is None:
        return []
    root = Path(source)
    if root.is_dir():
        paths = sorted(
            path
            for path in root.rglob("*")
            if path.suffix.lower() in PICTURE_SUFFIXES and not is_hidden(path, root) and path.is_file()
        )
        if not paths:
            raise DataError(f"{root} holds no picture")
        return paths
    if root.suffix.lower() == ".txt" and root.is_file():
        lines = [line.strip() for line in read_text(root).splitlines()]
        paths = [root.parent / line for line in lines if line and not line.startswith("#")]
        if not paths:
            raise DataError(f"{root} lists no picture")
        return paths
    raise DataError(f"{root}: {why_no_folder(root)}, and no .txt file that lists pictures")


def _trouble(data: bytes, *, cutout: bool) -> str:
    """What is wrong with a file as far as its head tells, or nothing."""
    try:
        with opened(data, max_pixels=Options().max_pixels) as image:
            opaque = image.mode not in _TRANSPARENT and "transparency" not in image.info
    except Exception:  # a broken header breaks in many ways
        return "no picture"
    return "no transparency" if cutout and opaque else ""


def _light(file: StoredImage, *, how: int) -> StoredImage:
    """The file, made smaller where it is far larger than what is shown of it: decoding it each time would be slow."""
    with opened(file.data, max_pixels=Options().max_pixels) as image:
        longest = max(image.size)
    if longest <= _LONGEST:
        return file
    pixels = _decoded(file, how)
    size = [max(round(side * _LONGEST / longest), 1) for side in pixels.shape[1::-1]]
    smaller = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return StoredImage(file.name, bytes(cv2.imencode(".jpg" if how == cv2.IMREAD_COLOR else ".png", smaller)[1]))


def _decoded(file: StoredImage, how: int) -> Bytes:
    pixels = decode_array(file.data, how, name=file.name)
    if pixels is None:
        raise DataError(f"{file.name} cannot be decoded; mend or remove it")
    return np.asarray(pixels)


def _cut_out(file: StoredImage, longest: int) -> Cutout:
    pixels = _decoded(file, cv2.IMREAD_UNCHANGED)
    if pixels.ndim != 3 or pixels.shape[2] != 4 or pixels.dtype != np.uint8:
        raise DataError(f"{file.name} has no transparency of 8 bits; make it RGBA")
    cutout = cutout_of(
        np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGBA)), Path(file.name).parent.name.replace("_", " ")
    )
    if not cutout.area.any():
        raise DataError(f"{file.name} shows nothing: all of it is transparent")
    return cutout.within(longest)


def _parted(files: tuple[StoredImage, ...], share: float) -> tuple[tuple[StoredImage, ...], tuple[StoredImage, ...]]:
    limit = share * 2**32
    names = ["/".join(Path(file.name).parts[-2:]) for file in files]
    held = [zlib.crc32(name.encode("utf-8", "replace")) < limit for name in names]
    chosen = tuple(file for file, out in zip(files, held, strict=True) if out)
    return tuple(file for file, out in zip(files, held, strict=True) if not out), chosen
