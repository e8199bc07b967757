"""Picture files too large to hold: their size told by the header, and their pixels read by windows with rasterio."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spotdiff.errors import LoadError, error_line
from spotdiff.image import geotiff, tiff
from spotdiff.image.pillow_reader import quiet
from spotdiff.image.size_limit import SizeLimit
from spotdiff.types import Georeference

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.options import Options
    from spotdiff.types import Box, Mask

    Values = NDArray[Any]

MOST_HELD = 100.0  # million pixels that are read whole
_PNG, _PNG_SIZE = b"\x89PNG\r\n\x1a\n", slice(16, 24)
_HEADS = (b"\xff\xd8\xff", b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51")  # of JPEG and JPEG 2000
_SMALLEST = 100_000  # bytes of a file that may be large: a thousand pixels to a byte
_CACHE = 64  # MB that GDAL keeps of what it decoded
_STRIP = 512  # rows read at a time
_BUFFER = 700_000_000  # bytes of rows that are held of a file which is not in tiles
_ORIENTATION = "EXIF_Orientation"


@dataclass(frozen=True, slots=True)
class LargeFile:
    """A picture file on this machine that is read by windows.

    Attributes:
        path: Its path.
        size: (width, height) by its header.
        pages: How many pages it has, of which the first is read.
    """

    path: str
    size: tuple[int, int]
    pages: int = 1


def large_files(before: object, after: object, options: Options) -> tuple[LargeFile, LargeFile] | None:
    """Both files, where one of the pictures is too large to be held; None where both are to be read whole.

    That is so as well where one is over a limit, is none that is read by windows or no file on this machine, where
    rasterio is not installed, and where pages, flow or a mask to ignore are asked for, which want pictures whole.

    Args:
        before: A path, or what this function gave.
        after: The same.
        options: Limits and what is asked for.
    """
    if isinstance(before, LargeFile) and isinstance(after, LargeFile):
        return before, after
    if not isinstance(before, (str, os.PathLike)) or not isinstance(after, (str, os.PathLike)):
        return None
    if options.align in ("page", "flow") or options.ignore_mask is not None or options.page != 1:
        return None
    paths = os.fspath(before), os.fspath(after)
    if options.max_pixels <= MOST_HELD or not _SMALLEST <= max(map(_bytes_on_disk, paths)) <= options.max_bytes * 1e6:
        return None
    first, second = (LargeFile(path, *_size_by_header(path)) for path in paths)
    sizes = [file.size[0] * file.size[1] / 1e6 for file in (first, second)]
    if not all(sizes) or not MOST_HELD < max(sizes) <= options.max_pixels or not geotiff.is_installed():
        return None
    return first, second


def _bytes_on_disk(path: str) -> int:
    """How large a file is; 0 for what is none."""
    try:
        return Path(path).stat().st_size if Path(path).is_file() else 0
    except (OSError, ValueError):
        return 0


def _size_by_header(path: str) -> tuple[tuple[int, int], int]:
    """(width, height) of a PNG, JPEG, TIFF or JPEG 2000 and its number of pages; (0, 0) for what is none of these."""
    with suppress(Exception):  # a broken header breaks in many ways
        with Path(path).open("rb") as file:
            head = file.read(_PNG_SIZE.stop)
        if head.startswith(_PNG):
            numbers = head[_PNG_SIZE]
            return (int.from_bytes(numbers[:4], "big"), int.from_bytes(numbers[4:], "big")), 1
        if (form := tiff.form_of(head)) is not None:
            with Path(path).open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
                return tiff.size_and_pages(data, form)
        if head.startswith(_HEADS):
            from PIL import Image

            with quiet(), Image.open(path) as image:
                return (image.size[0], image.size[1]), 1
    return (0, 0), 0


@dataclass(slots=True, eq=False)
class Windows:
    """A large picture, opened to be read part by part.

    Attributes:
        name: What to call it in errors.
        path: Of its file.
        size: (width, height) in pixels.
        georeference: Where on Earth it lies; None where it does not say.
        notes: What had to be decided while opening it.
        bands: Numbers of the bands that are shown.
        pages: How many pages the file has.
    """

    name: str
    path: str
    size: tuple[int, int]
    georeference: Georeference | None
    notes: tuple[str, ...]
    bands: list[int]
    pages: int
    _raster: Any = field(repr=False)
    _rows: tuple[int, Values, Mask] | None = field(default=None, repr=False)

    @property
    def in_tiles(self) -> bool:
        """Whether a part is read without the rows that it lies in."""
        return bool(self._raster.block_shapes[0][1] < self.size[0])

    def hold_rows(self, top: int, bottom: int) -> None:
        """Make ready to read from these rows; of a file that is not in tiles they are read once, and held.

        Asked for in order from above it reads the file once: what is compressed row by row has to be read from its top.

        Raises:
            LoadError: it cannot be read, or the rows are too many to hold.
        """
        top, bottom = max(top, 0), min(bottom, self.size[1])
        if self.in_tiles or top >= bottom:
            return
        held = self._rows
        if held is not None and held[0] <= top and bottom <= held[0] + len(held[1]):
            return
        if (bottom - top) * self.size[0] * len(self.bands) * np.dtype(self._raster.dtypes[0]).itemsize > _BUFFER:
            raise LoadError(f"{self.name}: its rows are too long to be held; store it in tiles, as a tiled TIFF")
        self._rows = None
        parts: list[tuple[Values, Mask]] = []
        start = top
        if held is not None and held[0] <= top < held[0] + len(held[1]):
            kept = top - held[0]
            parts.append((held[1][kept:].copy(), held[2][kept:].copy()))
            start = held[0] + len(held[1])
        del held
        parts += [self._read((0, row, self.size[0], min(row + _STRIP, bottom))) for row in range(start, bottom, _STRIP)]
        self._rows = top, np.concatenate([values for values, _ in parts]), np.concatenate([data for _, data in parts])

    def read(self, box: Box) -> tuple[Values, Mask]:
        """The values (h, w[, 3]) of a part inside of the picture, of their own type, and (h, w) where there are any.

        Raises:
            LoadError: it cannot be read.
        """
        left, top, right, bottom = box
        if self._rows is not None and self._rows[0] <= top and bottom <= self._rows[0] + len(self._rows[1]):
            part = slice(top - self._rows[0], bottom - self._rows[0]), slice(left, right)
            return np.ascontiguousarray(self._rows[1][part]), np.ascontiguousarray(self._rows[2][part])
        return self._read(box)

    def _read(self, box: Box) -> tuple[Values, Mask]:
        from rasterio.errors import RasterioError
        from rasterio.windows import Window

        left, top, right, bottom = box
        window = Window(left, top, right - left, bottom - top)
        try:
            with quiet():
                return geotiff.read_bands(self._raster, self.bands, window=window)
        except RasterioError as error:
            told = error_line(error.__cause__ or error)
            raise LoadError(f"{self.name}: the picture is truncated or damaged ({told})") from None

    def on_grid(self, place: Georeference, size: tuple[int, int], *, coarser: bool, note: str) -> Windows:
        """The picture brought onto another grid while it is read.

        Args:
            place: Of the grid, from the picture's own corner on.
            size: (width, height) there.
            coarser: Whether its pixels are so much larger that these are averaged.
            note: What is told of it.
        """
        from affine import Affine
        from rasterio.enums import Resampling
        from rasterio.vrt import WarpedVRT

        how = Resampling.average if coarser else Resampling.bilinear
        to = {"crs": place.crs, "transform": Affine(*place.transform), "width": size[0], "height": size[1]}
        warped = WarpedVRT(self._raster, resampling=how, add_alpha=self._raster.nodata is None, **to)
        return replace(self, size=size, georeference=place, notes=(*self.notes, note), _raster=warped, _rows=None)


@contextmanager
def opened_windows(file: LargeFile, *, name: str, max_pixels: float, bands: Sequence[int]) -> Iterator[Windows]:
    """A large file, opened to be read by windows.

    Args:
        file: Which.
        name: What to call it in errors.
        max_pixels: Largest picture read, in million pixels.
        bands: Numbers of one band or of three, from 1 on; without any those that the file calls its colours.

    Raises:
        LoadError: it cannot be read, is too large, lies on its side, or has no such band.
    """
    import rasterio
    from rasterio.errors import RasterioError

    with rasterio.Env(GDAL_CACHEMAX=_CACHE, GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR"):
        try:
            with quiet():
                raster = rasterio.open(file.path, sharing=False)
        except RasterioError as error:
            told = error_line(error.__cause__ or error)
            raise LoadError(f"{name}: the picture is truncated or damaged ({told})") from None
        with raster:
            SizeLimit(name, max_pixels).check(raster.width, raster.height)
            if raster.tags().get(_ORIENTATION, "1") not in ("", "1"):
                raise LoadError(
                    f"{name}: it lies on its side, as its EXIF says, and is too large to be turned; turn it"
                )
            chosen = geotiff.chosen_bands(raster, bands, name)
            notes = geotiff.band_notes(chosen, raster.count)
            size = raster.width, raster.height
            yield Windows(name, file.path, size, geotiff.georeference_of(raster), notes, chosen, file.pages, raster)
