"""Whether a program drew a picture, as screens, plots and plans, rather than a camera."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from spotdiff.types import Bytes

_SHARE = 1 / 3
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
