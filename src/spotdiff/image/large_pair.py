"""Two pictures too large to be held, in one frame: overviews and parts of both as pictures of 8 bits."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from spotdiff.errors import LoadError
from spotdiff.image.common_grid import windows_on_one_grid
from spotdiff.image.decode import split_alpha
from spotdiff.image.geo_offset import moved_by
from spotdiff.image.intensity_window import in_window, window_of
from spotdiff.image.large_file import LargeFile, Windows, opened_windows
from spotdiff.image.pixel_metadata import PixelMetadata
from spotdiff.image.source import shown
from spotdiff.types import Georeference, Picture

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.image.decode import Decoded
    from spotdiff.options import Options
    from spotdiff.types import Box, Mask

    Values = NDArray[Any]

_OVERVIEW = 3_000_000  # pixels at most
_STRIP = 512  # rows read at a time
_LONGEST = 16_000  # pixels of a side of it: OpenCV warps no picture of 32,768


@dataclass(frozen=True, slots=True, eq=False)
class LargePicture:
    """A picture in a frame that may be larger than it is, as one of a pair on one grid is.

    Attributes:
        windows: Its file.
        corner: Where in the frame its own first pixel lies.
        size: (width, height) of the frame.
        factor: How many pixels are one pixel of the overview, across and down.
        levels: Which values are black and white, where it has more than 8 bits.
    """

    windows: Windows
    corner: tuple[int, int]
    size: tuple[int, int]
    factor: int
    levels: tuple[float, float, str] | None = None

    def hold_rows(self, top: int, bottom: int) -> None:
        """Make ready to read these rows of the frame, see `Windows.hold_rows`."""
        self.windows.hold_rows(top - self.corner[1], bottom - self.corner[1])

    def part(self, box: Box) -> Picture:
        """What a box of the frame shows, the box reaching out of it or not; what lies outside has no data.

        Raises:
            LoadError: it cannot be read.
        """
        return self._picture(*self._values(box))

    def overview(self) -> Picture:
        """All of the frame, what is left over at the right and at the bottom excepted.

        Raises:
            LoadError: it cannot be read, or none of it has data.
        """
        decoded = self._shrunk()
        picture = in_window(decoded, self.levels)
        place = self.windows.georeference
        return replace(
            self._picture_of(picture),
            path=self.windows.path,
            pages=self.windows.pages,
            notes=(*self.windows.notes, *picture.notes),
            georeference=None if place is None else self._shrunk_place(place),
        )

    def _shrunk_place(self, place: Georeference) -> Georeference:
        a, b, c, d, e, f = moved_by(place.transform, -self.corner[0], -self.corner[1])
        return Georeference(place.crs, (a * self.factor, b * self.factor, c, d * self.factor, e * self.factor, f))

    def _shrunk(self) -> Decoded:
        """The overview with values of their own type; squares of which a part has no data have none."""
        width, height = (side // self.factor for side in self.size)
        rows = max(_STRIP // self.factor, 1)
        parts: list[Values] = []
        there: list[Mask] = []
        for top in range(0, height, rows):
            size = width, min(rows, height - top)
            box = 0, top * self.factor, width * self.factor, (top + size[1]) * self.factor
            values, has_data = self._values(box)
            parts.append(_averaged(values, size))
            shares = cv2.resize(255 * has_data.astype(np.uint8), size, interpolation=cv2.INTER_AREA)
            there.append(np.asarray(shares == 255))
        has_data = np.concatenate(there)
        if not has_data.any():
            raise LoadError(f"{self.windows.name}: none of its pixels has data")
        return _decoded(np.concatenate(parts), has_data)

    def _values(self, box: Box) -> tuple[Values, Mask]:
        (x, y), (width, height) = self.corner, self.windows.size
        left, top, right, bottom = box[0] - x, box[1] - y, box[2] - x, box[3] - y
        inside = max(left, 0), max(top, 0), min(right, width), min(bottom, height)
        if inside == (left, top, right, bottom):
            return self.windows.read(inside)
        if inside[0] >= inside[2] or inside[1] >= inside[3]:
            values, has_data = self.windows.read((0, 0, 1, 1))
            return np.zeros((bottom - top, right - left, *values.shape[2:]), values.dtype), np.zeros(
                (bottom - top, right - left), bool
            )
        values, has_data = self.windows.read(inside)
        around = (inside[1] - top, bottom - inside[3]), (inside[0] - left, right - inside[2])
        return np.pad(values, (*around, *((0, 0),) * (values.ndim - 2))), np.pad(has_data, around)

    def _picture(self, values: Values, has_data: Mask) -> Picture:
        return self._picture_of(in_window(_decoded(values, has_data), self.levels))

    def _picture_of(self, decoded: Decoded) -> Picture:
        return Picture(decoded.values, rounded=self.levels is not None, has_data=decoded.metadata.has_data)


def _decoded(values: Values, has_data: Mask) -> Decoded:
    return replace(split_alpha(values), metadata=PixelMetadata(None if has_data.all() else has_data))


def _averaged(values: Values, size: tuple[int, int]) -> Values:
    """Values (H, W[, 3]) shrunk by a whole factor to (width, height), of their own type."""
    if values.dtype == np.uint8:
        return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA))
    kind = np.float32 if values.dtype.itemsize <= 2 or values.dtype == np.float32 else np.float64
    mean = cv2.resize(values.astype(kind), size, interpolation=cv2.INTER_AREA)
    return np.asarray((np.rint(mean) if values.dtype.kind in "ui" else mean).astype(values.dtype))


@contextmanager
def opened_large_pair(
    before: LargeFile, after: LargeFile, options: Options
) -> Iterator[tuple[LargePicture, LargePicture]]:
    """Two large files, opened; those that are georeferenced lie in one frame, which has the ground of both.

    Raises:
        LoadError: one cannot be read or has no such band, or rasters have no ground in common.
    """
    keep_first = bool(options.ignore or options.focus or options.ignore_colour or options.areas is not None)
    with ExitStack() as stack:
        pair = [
            stack.enter_context(
                opened_windows(file, name=shown(file.path), max_pixels=options.max_pixels, bands=options.bands)
            )
            for file in (before, after)
        ]
        first, second, (right, down) = windows_on_one_grid(*pair, keep_first=keep_first, max_pixels=options.max_pixels)
        if first.georeference is None or second.georeference is None:
            corners, sizes = ((0, 0), (0, 0)), (first.size, second.size)
        else:
            corner = max(right, 0), max(down, 0)
            corners = corner, (corner[0] - right, corner[1] - down)
            wide, high = (
                max(at[axis] + one.size[axis] for at, one in zip(corners, (first, second), strict=True))
                for axis in (0, 1)
            )
            sizes = ((wide, high), (wide, high))
        factor = _shrinking_for(sizes)
        large = [
            LargePicture(one, at, size, factor) for one, at, size in zip((first, second), corners, sizes, strict=True)
        ]
        yield _in_one_window(large)


def _in_one_window(pair: Sequence[LargePicture]) -> tuple[LargePicture, LargePicture]:
    """Both with the same values black and white."""
    if all(one.windows.read((0, 0, 1, 1))[0].dtype == np.uint8 for one in pair):
        return pair[0], pair[1]
    levels = window_of([one._shrunk() for one in pair])
    return replace(pair[0], levels=levels), replace(pair[1], levels=levels)


def _shrinking_for(sizes: Sequence[tuple[int, int]]) -> int:
    """How many pixels are one of the overview, so that the largest has no more than can be held.

    Examples:
        >>> _shrinking_for([(40_000, 25_000), (100, 100)])
        19
    """
    by_pixels = math.sqrt(max(width * height for width, height in sizes) / _OVERVIEW)
    return max(math.ceil(by_pixels), math.ceil(max(map(max, sizes)) / _LONGEST), 1)
