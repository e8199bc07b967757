"""Places that have the same shape in another shade, where two pictures are renderings of one page.

A plain place that differs by one value all over was given another colour, however near the two are: noise, dithering
and compression differ from pixel to pixel. Strokes that were given another colour became brighter, or darker, in each
channel everywhere; such as were smoothed otherwise or moved by a part of a pixel did so here and there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.types import Bytes, Mask

_ROWS = 256  # looked at together
_PLAIN = 5  # pixels across, of a plain place
_EVEN = 1  # levels by which the difference of a plain place varies from pixel to pixel: rounding makes no more
_GAP = 5  # pixels between strokes that are taken together
_STROKES, _STROKE_LEVELS = 24, 8  # pixels that are no chance; levels by which some of them must differ
_OTHER_WAY = 0.02  # share of the difference of strokes that goes the other way: what was smoothed otherwise goes both
_INK, _LEAST_OF_INK = 0.9, 0.5  # share of the strongest ink that is full; of the largest difference, that it has


def of_another_shade(before: Bytes, after: Bytes, usable: Mask | None, *, least: int) -> Mask:
    """(H, W) bool: where the shape is the same and the colour is another.

    Args:
        before: (H, W, 3) uint8.
        after: Of the same shape.
        usable: (H, W) bool, where that counts; None for everywhere.
        least: Levels of some channel by which plain places must differ; strokes need 8 at least.
    """
    height, width = before.shape[:2]
    found = np.zeros((height, width), bool)
    differs = np.zeros((height, width), np.uint8)
    for top in range(0, height, _ROWS):
        low, high = max(top - _PLAIN, 0), min(top + _ROWS + _PLAIN, height)
        own = slice(top - low, top - low + min(_ROWS, height - top))
        step = cv2.subtract(after[low:high], before[low:high], dtype=cv2.CV_16S)
        apart = np.abs(step).max(-1)
        if usable is not None:
            apart[~usable[low:high]] = 0
        differs[top : top + _ROWS] = np.clip(apart[own], 0, 255)
        if apart.max(initial=0) >= least:
            found[top : top + _ROWS] = _plain(step, apart, least)[own]
    for place in _strokes(differs, max(least, _STROKE_LEVELS)):
        window, inside = place
        if _is_recoloured(before[window], after[window], inside):
            found[window] |= inside
    return found


def _plain(step: NDArray[np.int16], apart: NDArray[np.int16], least: int) -> Mask:
    """Where a square of pixels differs by one value, within rounding."""
    square = np.ones((3, 3), np.uint8)
    even = (cv2.dilate(step, square) - cv2.erode(step, square)).max(-1) <= _EVEN
    window = np.ones((_PLAIN, _PLAIN), np.uint8)
    return np.asarray(cv2.morphologyEx((even & (apart >= least)).astype(np.uint8), cv2.MORPH_OPEN, window) > 0)


def _strokes(differs: Bytes, least: int) -> Iterator[tuple[tuple[slice, slice], Mask]]:
    """Windows of what lies together and differs by so much somewhere, and where in them it differs."""
    if differs.max(initial=0) < least:
        return
    kernel = np.ones((_GAP, _GAP), np.uint8)
    places = cv2.morphologyEx((differs > 0).astype(np.uint8), cv2.MORPH_CLOSE, kernel)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(places, connectivity=8)
    for number, (left, top, width, height, area) in enumerate(stats.tolist()):
        if number == 0 or area < _STROKES:
            continue
        rows, columns = slice(max(top - 2, 0), top + height + 2), slice(max(left - 2, 0), left + width + 2)
        inside = (labels[rows, columns] == number) & (differs[rows, columns] > 0)
        if int(differs[rows, columns][inside].max(initial=0)) >= least:
            yield (rows, columns), inside


def _is_recoloured(before: Bytes, after: Bytes, inside: Mask) -> bool:
    """Whether what differs does so in one way, and not least where it stands out most of a ground that is the same."""
    ground = before[(before == after).all(-1)]
    if np.count_nonzero(inside) < _STROKES or not len(ground):
        return False
    step = after[inside].astype(np.float64) - before[inside]
    up, down = np.maximum(step, 0).sum(0), np.maximum(-step, 0).sum(0)
    if float(np.minimum(up, down).sum()) > _OTHER_WAY * float((up + down).sum()):
        return False
    ink = np.abs(before[inside] - np.median(ground, axis=0)).max(-1)
    apart = np.abs(step).max(-1)
    return float(apart[ink >= _INK * ink.max()].mean()) >= _LEAST_OF_INK * float(apart.max())
