"""A comparison of two later pictures, brought into the pixels of the first picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.types import Mask, Matrix

    Labels = NDArray[np.int32]

_INVERSE = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP


def labels_in_first(labels: Labels, matrix: Matrix, size: tuple[int, int]) -> Labels:
    """The labels of a comparison as they lie in the first picture.

    Args:
        labels: (h, w) int32 in the pixels of that comparison's `before`; 0 is unchanged.
        matrix: (3, 3), takes the first picture's pixels to those of that `before`: `Alignment.matrix` of its own
            comparison with the first picture.
        size: (width, height) of the first picture.

    Returns:
        (H, W) int32: each pixel has the label of the nearest pixel of `before`, 0 where `before` does not reach.

    Examples:
        >>> labels_in_first(np.array([[0, 0, 7]], np.int32), np.array([[1, 0, 1], [0, 1, 0], [0, 0, 1.0]]), (3, 1))
        array([[0, 7, 0]], dtype=int32)
    """
    # OpenCV warps no int32; float32 holds every whole number up to 2^24 exactly.
    return _seen_through(labels.astype(np.float32), matrix, size).astype(np.int32)


def mask_in_first(mask: Mask, matrix: Matrix, size: tuple[int, int]) -> Mask:
    """(H, W) bool: a mask like `labels_in_first`, False where that comparison's `before` does not reach."""
    return np.asarray(_seen_through(mask.astype(np.uint8), matrix, size) > 0)


def mask_from_first(mask: Mask, matrix: Matrix, size: tuple[int, int]) -> Mask:
    """(h, w) bool: a mask of the first picture as it lies in a later one of `size`, False where the first ends."""
    return np.asarray(cv2.warpPerspective(mask.astype(np.uint8), matrix, size, flags=cv2.INTER_NEAREST) > 0)


def _seen_through(field: NDArray[Any], matrix: Matrix, size: tuple[int, int]) -> NDArray[Any]:
    return np.asarray(cv2.warpPerspective(field, matrix, size, flags=_INVERSE))
