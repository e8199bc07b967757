"""Whether two pictures are exact copies in places: screens, scans, retouched files are, and films at rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.types import Bytes

_WORK_SIDE = 800  # pixels
_CELL, _CONTRAST = 8, 24  # pixels a side, and levels between its darkest and lightest pixel, of a textured cell
_FEWEST = 8  # equal cells that are no chance
EXACT = 0.05  # share of equal cells from which on two pictures of one size are exact copies but for what was changed


def equal_cells(before: Bytes, after: Bytes) -> float:
    """Share of the textured cells that are equal to the last level where two pictures lie flush; 0 for a handful.

    Of 1,061 pairs of cameras' and lossy pictures only ten, from one film whose coder copied what stood still, have more
    than 5 % of them; of screens on which a fifth of all pixels differ, a fifth of the cells is equal.

    Args:
        before: (H, W) uint8, grey.
        after: The same, of any size.
    """
    rows, columns = (min(lengths) for lengths in zip(before.shape, after.shape, strict=True))
    factor = min(1.0, _WORK_SIDE / max(rows, columns))
    size = max(round(columns * factor), 1), max(round(rows * factor), 1)
    cells = [_cells(_shrunk(picture[:rows, :columns], size)) for picture in (before, after)]
    textured = np.zeros((cells[0].shape[0], cells[0].shape[2]), bool)
    for cell in cells:
        textured |= cell.max((1, 3)).astype(int) - cell.min((1, 3)) >= _CONTRAST
    equal = int(np.count_nonzero(textured & (cells[0] == cells[1]).all((1, 3))))
    return equal / int(textured.sum()) if equal >= _FEWEST else 0.0


def exact_copies(before: Bytes, after: Bytes) -> bool:
    """Whether two pictures (H, W, 3) uint8 are copies to the last level but for what was changed in one of them."""
    greys = (np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8) for picture in (before, after))
    return equal_cells(*greys) > EXACT


def _shrunk(picture: Bytes, size: tuple[int, int]) -> Bytes:
    if picture.shape[1::-1] == size:
        return picture
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _cells(picture: Bytes) -> NDArray[np.uint8]:
    """(rows, height, columns, width) of the whole cells of a picture; none of one smaller than a cell."""
    rows, columns = (length // _CELL for length in picture.shape)
    return picture[: rows * _CELL, : columns * _CELL].reshape(rows, _CELL, columns, _CELL)
