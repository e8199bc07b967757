"""Whether two pictures are exact copies in places, as screens, scans and retouched files are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.image.resize import shrink_within

if TYPE_CHECKING:
    from spotdiff.types import Bytes, Mask

_WORK_SIDE = 800  # pixels
_CELL, _CONTRAST = 8, 24  # pixels a side, and levels between its darkest and lightest pixel, of a textured cell
# of each cell, with a row and a column of the next: an edge between two cells is a texture as well
_WINDOW = {"kernel": np.ones((_CELL + 1, _CELL + 1), np.uint8), "anchor": (0, 0)}
_FEWEST_FAINT = 48  # pixels; a block of compression has 64, the soft edge of a digit up to 44
_TINT = 3  # levels; plain places saved as JPEG are off by less
_AROUND = np.ones((3, 3), np.uint8)  # a pixel and its neighbours
_FEWEST = 8  # equal cells that are no chance
_BORDER, _FEWEST_OF_BORDER, _NEARLY_ALL = 6, 6, 0.95  # cells deep at most; textured ones; share of those that are equal
_CLEAR, _FAINT, _BESIDE = 24, 8, 5  # levels of an edge; under those of compression; pixels across, beside an edge
# share of all pixels that are equal: where text scrolled on a plain ground .63 at least, of plain views with noise .21
_PLAIN = 0.33
_LOSSY = 0.1  # share of what differs that does so faintly, alone; on screens 0, of lossy pictures 0.23 at least
_FRAME = 0.05  # share of equal cells from which on a frame stands, whatever lies in it


def equal_cells(before: Bytes, after: Bytes) -> float:
    """Share of the textured cells that are equal to the last level where two pictures lie flush; 0 for a handful.

    Of 1,061 pairs of cameras' and lossy pictures only ten, from one film whose coder copied what stood still, have more
    than 5 % of them; of screens on which a fifth of all pixels differ, a fifth of the cells is equal.

    Args:
        before: (H, W) uint8, grey.
        after: The same, of any size.
    """
    textured, equal = _compared(before, after)
    count = int(np.count_nonzero(equal))
    return count / int(textured.sum()) if count >= _FEWEST else 0.0


def frame_stands(before: Bytes, after: Bytes) -> bool:
    """Whether two pictures are copies to the last level but for what changed or moved inside of a frame that stands.

    A third of all pixels is equal, and so are more than 5 % of the textured cells, or, where nothing is due to
    compression, all of them along some border: a menu bar over a pane that scrolled. The view of a camera that moved
    under a printed title has such cells, but not the pixels.

    Args:
        before: (H, W) uint8, grey.
        after: Of the same shape.
    """
    apart = np.asarray(cv2.absdiff(before, after), np.uint8)
    if int(np.count_nonzero(apart == 0)) < _PLAIN * apart.size:
        return False
    textured, equal = _compared(before, after)
    count = int(np.count_nonzero(equal))
    if count >= _FEWEST and count > _FRAME * int(textured.sum()):
        return True
    borders = (
        (np.rot90(textured, turns)[:depth], np.rot90(equal, turns)[:depth])
        for turns in range(4)
        for depth in range(1, _BORDER + 1)
    )
    stands = any(
        int(cells.sum()) >= _FEWEST_OF_BORDER and int(same.sum()) >= _NEARLY_ALL * int(cells.sum())
        for cells, same in borders
        if cells.size * 3 <= textured.size
    )
    return stands and not is_lossy(apart, None)


def is_lossy(apart: Bytes, usable: Mask | None) -> bool:
    """Whether pixels differ by as little as lossy compression makes it, and not beside an edge that was smoothed.

    A tint is no compression, however faint.

    Args:
        apart: (H, W) uint8, by how many levels two pictures differ.
        usable: (H, W) bool, where that counts; None for everywhere.
    """
    clear = cv2.dilate((apart >= _CLEAR).astype(np.uint8), np.ones((_BESIDE, _BESIDE), np.uint8))
    near_tint = cv2.dilate(tinted(apart).astype(np.uint8), np.ones((_BESIDE, _BESIDE), np.uint8))
    faint = (apart > 0) & (apart < _FAINT) & (clear == 0) & (near_tint == 0)
    if usable is not None:
        faint &= usable
    return int(np.count_nonzero(faint)) > max(_LOSSY * int(np.count_nonzero(apart)), _FEWEST_FAINT)


def tinted(apart: Bytes) -> Mask:
    """Where pixels differ by one value all over, as a tint does, and more than where plain places were compressed."""
    return np.asarray((apart >= _TINT) & (cv2.dilate(apart, _AROUND) == cv2.erode(apart, _AROUND)))


def _compared(before: Bytes, after: Bytes) -> tuple[Mask, Mask]:
    """Which cells of what both show, laid flush, have a texture, and which of these are equal to the last level."""
    rows, columns = (min(lengths) for lengths in zip(before.shape, after.shape, strict=True))
    small = [shrink_within(picture[:rows, :columns], _WORK_SIDE) for picture in (before, after)]
    contrast = cv2.max(*(cv2.subtract(cv2.dilate(one, **_WINDOW), cv2.erode(one, **_WINDOW)) for one in small))
    equal = cv2.erode((small[0] == small[1]).astype(np.uint8), **_WINDOW)
    textured = contrast[::_CELL, ::_CELL] >= _CONTRAST
    return textured, textured & (equal[::_CELL, ::_CELL] > 0)


def exact_copies(before: Bytes, after: Bytes) -> bool:
    """`frame_stands` for two pictures (H, W, 3) uint8, whose colours have to stand as their greys do."""
    equal = np.count_nonzero((before == after).all(-1)) if before.shape == after.shape else 0
    if before.shape == after.shape and equal < _PLAIN * before[..., 0].size:
        return False
    grey_before, grey_after = (
        np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8) for picture in (before, after)
    )
    return frame_stands(grey_before, grey_after)
