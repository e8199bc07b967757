"""Labels of a picture that is too large for an array of them: compressed tiles, read by boxes."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.types import Box

    Labels = NDArray[np.int32]

_FAST = 1


class TiledLabels:
    """(H, W) int32, of which only the tiles that are not all one number take room.

    Examples:
        >>> labels = TiledLabels((5, 4), tile=4)
        >>> labels.write(0, 1, np.full((4, 1), 7, np.int32))
        >>> labels.read((3, 2, 5, 4)).tolist()
        [[0, 7], [0, 7]]
    """

    def __init__(self, size: tuple[int, int], *, tile: int) -> None:
        """Labels of a picture (width, height), all 0, in tiles of so many pixels a side."""
        self.size, self.tile = size, tile
        self._even: dict[tuple[int, int], int] = {}
        self._coded: dict[tuple[int, int], bytes] = {}

    @property
    def tiles(self) -> Iterator[tuple[int, int, Box]]:
        """Row, column and box of each tile, row by row."""
        width, height = self.size
        for row, top in enumerate(range(0, height, self.tile)):
            for column, left in enumerate(range(0, width, self.tile)):
                yield row, column, (left, top, min(left + self.tile, width), min(top + self.tile, height))

    def write(self, row: int, column: int, labels: Labels) -> None:
        """Give a tile its labels, (h, w) int32."""
        first = int(labels.flat[0])
        if (labels == first).all():
            self._coded.pop((row, column), None)
            self._even[row, column] = first
        else:
            self._even.pop((row, column), None)
            self._coded[row, column] = zlib.compress(np.ascontiguousarray(labels, np.int32).tobytes(), _FAST)

    def read(self, box: Box) -> Labels:
        """(h, w) int32 of a part inside of the picture."""
        left, top, right, bottom = box
        labels = np.zeros((bottom - top, right - left), np.int32)
        for row in range(top // self.tile, -(-bottom // self.tile)):
            for column in range(left // self.tile, -(-right // self.tile)):
                self._copy(row, column, box, labels)
        return labels

    def _copy(self, row: int, column: int, box: Box, into: Labels) -> None:
        """What a tile has of a box, into the labels of that box."""
        left, top, right, bottom = box
        x0, y0 = column * self.tile, row * self.tile
        x1, y1 = min(x0 + self.tile, self.size[0]), min(y0 + self.tile, self.size[1])
        part = slice(max(y0, top) - top, min(y1, bottom) - top), slice(max(x0, left) - left, min(x1, right) - left)
        if (coded := self._coded.get((row, column))) is None:
            into[part] = self._even.get((row, column), 0)
            return
        tile = np.frombuffer(zlib.decompress(coded), np.int32).reshape(y1 - y0, x1 - x0)
        into[part] = tile[max(top - y0, 0) : min(bottom, y1) - y0, max(left - x0, 0) : min(right, x1) - x0]
