"""Pictures and masks brought to another size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from numpy.typing import NDArray

    from spotdiff.types import Bytes, Mask


def size_within(shape: Sequence[int], side: float) -> tuple[int, int]:
    """Width and height of an array (H, W, ...) once its longer side is `side` at most, in its own proportions.

    Examples:
        >>> size_within((600, 800, 3), 400)
        (400, 300)
        >>> size_within((1, 8), 4)
        (4, 1)
        >>> size_within((30, 40), 400)
        (40, 30)
    """
    height, width = shape[:2]
    factor = min(1.0, side / max(height, width))
    return max(round(width * factor), 1), max(round(height * factor), 1)


def shrink(pixels: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """A picture or map made smaller by averaging, (width, height); itself where it has that size."""
    if (pixels.shape[1], pixels.shape[0]) == size:
        return pixels
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))


def shrink_within(pixels: NDArray[Any], side: float) -> NDArray[Any]:
    """A picture or map whose longer side is `side` at most; a smaller one stays as it is."""
    return shrink(pixels, size_within(pixels.shape, side))


def enlarge(pixels: Bytes, size: tuple[int, int]) -> Bytes:
    """A picture made larger, (width, height); itself where it has that size."""
    if pixels.shape[1::-1] == size:
        return pixels
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC), np.uint8)


def resize_mask(mask: Mask, size: tuple[int, int]) -> Mask:
    """A mask (H, W) bool brought to another size (width, height): each pixel takes that of its nearest."""
    return np.asarray(cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0)


def shrink_mask(mask: Mask, size: tuple[int, int]) -> Mask:
    """A mask brought to a smaller size (width, height): what it covers by a third is in it."""
    return np.asarray(cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 1 / 3)
