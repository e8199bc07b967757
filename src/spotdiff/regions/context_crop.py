"""Squares that a network or a server is shown: a whole picture, or a region with some room around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from spotdiff.types import Box, Bytes, Kind

_ROOM = 0.3  # of the longer side, all round
_LEAST = 8  # pixels


def square(pixels: Bytes, side: int) -> Bytes:
    """(side, side, 3): a whole picture (H, W, 3), stretched."""
    return np.asarray(cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def where_seen(kind: Kind, before: Box, after: Box | None) -> tuple[Box, Box]:
    """Where a region is looked at in before and in after: one place in both, unless it moved."""
    return before, (after or before) if kind == "moved" else before


def surroundings(pixels: Bytes, box: Box, side: int) -> Bytes:
    """(side, side, 3): a box of a picture with room around it; what lies outside of the picture repeats its edge.

    Args:
        pixels: (H, W, 3) uint8.
        box: Half-open, in pixels.
        side: Of the square, in pixels.

    Examples:
        >>> surroundings(np.zeros((40, 60, 3), np.uint8), (50, 30, 60, 40), 32).shape
        (32, 32, 3)
    """
    half = max((max(box[2] - box[0], box[3] - box[1]) * (0.5 + _ROOM)), _LEAST)
    x, y = (box[0] + box[2]) / 2 - half, (box[1] + box[3]) / 2 - half
    scale = side / (2 * half)
    matrix = np.array([[scale, 0, -x * scale + scale / 2 - 0.5], [0, scale, -y * scale + scale / 2 - 0.5]])
    if scale < 0.5:  # few of many pixels would be looked at
        left, top, right, bottom = (round(at) for at in (x, y, x + 2 * half, y + 2 * half))
        pad = max(-left, -top, right - pixels.shape[1], bottom - pixels.shape[0], 0)
        held = cv2.copyMakeBorder(pixels, pad, pad, pad, pad, cv2.BORDER_REPLICATE) if pad else pixels
        part = held[top + pad : bottom + pad, left + pad : right + pad]
        return np.asarray(cv2.resize(part, (side, side), interpolation=cv2.INTER_AREA), np.uint8)
    warped = cv2.warpAffine(pixels, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, np.uint8)
