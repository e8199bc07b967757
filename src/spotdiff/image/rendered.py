"""Whether a program drew a picture, as screens, plots and plans, rather than a camera."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from spotdiff.types import Bytes

_SHARE = 1 / 3
_STROKE = 24  # levels
_TOUCHING, _BESIDE = 3, 9  # pixels across, round a stroke: what its smoothed edge fills, and where a JPEG rings
_FEWEST, _EVEN = 200, 0.85  # pixels there that are enough to tell; share of them that is even: of JPEG 98 .7
_AROUND = np.ones((3, 3), np.uint8)


def is_rendered(picture: Bytes) -> bool:
    """Whether a third of all pixels are equal to all their neighbours, to the level.

    Of drawn pages 0.69 are at least, saved as JPEG of quality 40 still 0.36; of pictures that cameras took a quarter
    at the median of none of six sets, but up to 0.49 where one is burnt out or black: where two are asked, both must be
    rendered, and of 219 pairs of such sets none is but a drawing.

    Args:
        picture: (H, W, 3) uint8.
    """
    even = (cv2.dilate(picture, _AROUND) == cv2.erode(picture, _AROUND)).all(-1)
    return bool(np.count_nonzero(even) >= _SHARE * even.size)


def is_lossless(picture: Bytes) -> bool:
    """Whether the ground beside the strokes of a drawn picture (H, W, 3) uint8 is even to the level, as no JPEG has it.

    False for a picture with few strokes.
    """
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
    contrast = cv2.subtract(cv2.dilate(grey, _AROUND), cv2.erode(grey, _AROUND))
    strokes = (contrast >= _STROKE).astype(np.uint8)
    near, beside = (cv2.dilate(strokes, np.ones((side, side), np.uint8)) for side in (_TOUCHING, _BESIDE))
    ring = (beside > 0) & (near == 0)
    count = int(np.count_nonzero(ring))
    return count >= _FEWEST and int(np.count_nonzero(contrast[ring] == 0)) >= _EVEN * count
