"""Parts of a page whose rows shifted, each rounded to whole pixels by itself.

A banner of 42.5 pixels pushes one column down by 42 rows and the next by 43. Rows reach over the full width, so that
one of the two lies a row off; what is found whole a row further is the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from spotdiff.types import Bytes, Rows

    Box = tuple[int, int, int, int]

_FURTHEST = 2  # rows that rounding puts a part off
_CROSSED = 4  # rows above and below, by which something is known again
_GAP = 5  # pixels between letters that are one part


def without_rounding(before: Bytes, after: Bytes, laid: tuple[Bytes, Bytes], rows: Rows) -> Bytes:
    """Laid `after`, with that of laid `before` where a part that shifted is the same a row or two further.

    Args:
        before: (H, W, 3) uint8, as it was given.
        after: The same.
        laid: Both in the common frame, of one shape.
        rows: Each picture's own row for every row of the frame, or -1.
    """
    shared = (rows[0] >= 0) & (rows[1] >= 0)
    shifted = shared & (np.abs(rows[0] - rows[1]) > _FURTHEST)  # by less it is a thing that moved
    width = min(before.shape[1], after.shape[1])
    if not shifted.any():
        return laid[1]
    differs = (laid[0][:, :width] != laid[1][:, :width]).any(-1) & shifted[:, None]
    found = laid[1].copy()
    for left, top, right, bottom in _parts(differs):
        own = [side[top:bottom][shared[top:bottom]] for side in rows]
        if _is_further(before[:, left:right], after[:, left:right], own[0], own[1]):
            window = slice(top, bottom), slice(left, right)
            found[window][shared[top:bottom]] = laid[0][window][shared[top:bottom]]
    return found


def _parts(differs: NDArray[np.bool_]) -> Iterator[Box]:
    """Boxes of what differs and lies together, with a pixel round it."""
    closed = cv2.morphologyEx(differs.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((_GAP, _GAP), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
    height, width = differs.shape
    for left, top, wide, high, _ in stats[1:].tolist():
        yield max(left - 1, 0), max(top - 1, 0), min(left + wide + 1, width), min(top + high + 1, height)


def _is_further(before: Bytes, after: Bytes, own: NDArray[np.int64], other: NDArray[np.int64]) -> bool:
    """Whether a part of before, by its own rows, is in after near the other rows."""
    part = before[own[0] : own[-1] + 1]
    for step in range(-_FURTHEST, _FURTHEST + 1):
        start = int(other[0]) + step
        if start >= 0 and np.array_equal(after[start : start + len(part)], part):
            return True
    return False


def is_rounding(
    picture: Bytes, other: Bytes, own: NDArray[np.int64], others: NDArray[np.int64], top: int, bottom: int
) -> bool:
    """Whether rows that one picture has alone are few and blank, or cross what the other shows a row or two further.

    Args:
        picture: (H, W, 3) uint8, the one that has them, as it was given.
        other: The other one.
        own: Its row for every row of the common frame, or -1.
        others: That of the other one.
        top: The first of the rows in the common frame.
        bottom: The end of them there.
    """
    above = others[:top][others[:top] >= 0]
    if bottom - top > _FURTHEST or not above.size:
        return False
    first, last = int(own[top]), int(own[bottom - 1]) + 1
    if first == 0 or last == len(picture):
        return False
    width = min(picture.shape[1], other.shape[1])
    strip = picture[first:last, :width]
    blank = [(strip == picture[row, :width]).all((0, 2)) for row in (first - 1, last)]
    low, high = max(first - _CROSSED, 0), last + _CROSSED
    at = np.array([int(above[-1]) + 1 - (first - low)])
    for left, _, right, _ in _parts(~(blank[0] | blank[1])[None]):
        if not _is_further(
            picture[:high, left:right], other[:, left:right], np.array([low, min(high, len(picture)) - 1]), at
        ):
            return False
    return True
