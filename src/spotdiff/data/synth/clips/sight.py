"""Whether a person would see a difference between two pictures of one place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from spotdiff.types import Bytes, Mask

_FAINT = 6.0  # CIELAB: a pixel that differs by less is hardly seen to
_MOST_FAINT = 0.35  # share of a thing that may be so


def stands_out(before: Bytes, after: Bytes, area: Mask, *, least: float) -> bool:
    """Whether an area of two pictures differs by `least` in CIELAB on average, and most of it visibly.

    Examples:
        >>> grey, red = np.full((4, 4, 3), 90, np.uint8), np.full((4, 4, 3), (160, 40, 40), np.uint8)
        >>> everywhere = np.ones((4, 4), bool)
        >>> stands_out(grey, red, everywhere, least=10), stands_out(grey, grey + 3, everywhere, least=10)
        (True, False)
    """
    far = np.linalg.norm(_lab(before)[area] - _lab(after)[area], axis=-1)
    return bool(far.size) and float(far.mean()) >= least and float((far < _FAINT).mean()) <= _MOST_FAINT


def _lab(pixels: Bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    calm = cv2.blur(pixels, (3, 3))
    return np.asarray(cv2.cvtColor(calm.astype(np.float32) / 255, cv2.COLOR_RGB2LAB))
