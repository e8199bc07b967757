"""Small shifts by phase correlation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from spotdiff.types import Bytes, Map, Matrix


def phase_shift(before: Bytes | Map, after: Bytes | Map) -> Matrix:
    """The shift between two grey pictures (H, W) of equal size as a (3, 3) matrix.

    References:
        Kuglin, Hines (1975), The phase correlation image alignment method; sub-pixel peak by its centroid.

    Examples:
        >>> picture = np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8)
        >>> matrix = phase_shift(picture, np.roll(picture, 5, axis=1))
        >>> (matrix[:2, 2].round() + 0.0).tolist()
        [5.0, 0.0]
    """
    window = cv2.createHanningWindow((before.shape[1], before.shape[0]), cv2.CV_32F)
    # astype copies, and must: OpenCV writes the window into what it is given where the size suits its transform
    (x, y), _ = cv2.phaseCorrelate(before.astype(np.float32), after.astype(np.float32), window)
    matrix = np.eye(3)
    matrix[:2, 2] = x, y
    return matrix
