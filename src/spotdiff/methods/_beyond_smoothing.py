"""What is no smoothing, though the pixel lies on a slope: a full stop that became a comma, an accent.

An edge that is smoothed otherwise, or moved by less than a pixel, gives each pixel a part of the contrast that it lies
in. Of text drawn anew half a pixel further to the side no pixel differed by more than .54 of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from spotdiff.types import Bytes, Mask

_AROUND = 5  # pixels across, in which contrast is looked for
_FAINTEST = 60  # levels of contrast that are taken for granted: where there is less, compression explains a part
_DOT = 4  # pixels; what is smaller is told with its rim, so that it is large enough to be told at all


def beyond_smoothing(before: Bytes, after: Bytes, places: Mask, *, most: float) -> Mask:
    """Connected places that hold a pixel which differs by more than smoothing explains; dots with those round them.

    Args:
        before: (H, W, 3) uint8.
        after: Of the same shape.
        places: (H, W) bool, where the pictures differ by more than is forgiven for being faint.
        most: Share of the contrast round a pixel that smoothing explains.
    """
    rows, columns = (np.flatnonzero(places.any(axis)) for axis in (1, 0))
    found = np.zeros(places.shape, bool)
    if not rows.size:
        return found
    window = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    count, labels = cv2.connectedComponents(places[window].astype(np.uint8), connectivity=8)
    beyond = np.zeros(count, bool)
    beyond[np.unique(labels[_is_beyond(before, after, window, most) & places[window]])] = True
    beyond[0] = False
    told = beyond[labels]
    areas = np.bincount(labels.ravel(), minlength=count)
    found[window] = told
    dots = np.zeros(places.shape, np.uint8)
    dots[window] = (beyond & (areas < _DOT))[labels]
    rims = np.asarray(cv2.dilate(dots, np.ones((3, 3), np.uint8)), np.uint8) > 0
    return np.asarray(found | rims, bool)


def _is_beyond(before: Bytes, after: Bytes, window: tuple[slice, slice], most: float) -> Mask:
    reach = _AROUND // 2
    top, left = max(window[0].start - reach, 0), max(window[1].start - reach, 0)
    around = slice(top, window[0].stop + reach), slice(left, window[1].stop + reach)
    own = tuple(slice(one.start - edge, one.stop - edge) for one, edge in zip(window, (top, left), strict=True))
    kernel = np.ones((_AROUND, _AROUND), np.uint8)
    contrast = np.full(before[window].shape[:2], _FAINTEST, np.uint8)
    for picture in (before[around], after[around]):
        levels = cv2.subtract(cv2.dilate(picture, kernel), cv2.erode(picture, kernel))
        contrast = np.maximum(contrast, levels.max(-1)[own])
    apart = np.asarray(cv2.absdiff(before[window], after[window]), np.uint8).max(-1)
    return np.asarray(apart > most * contrast, bool)
