"""How far what one picture shows lies outside of all that the other shows near there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from spotdiff.types import Bytes


def outside(here: Bytes, there: Bytes, tolerance: int) -> Bytes:
    """How many levels a value of either picture lies over or under all that the other shows within `tolerance` pixels.

    Args:
        here: (H, W) or (H, W, C) uint8.
        there: Of the same shape.
        tolerance: In pixels; at 0 it is the plain difference.

    Examples:
        >>> edge = np.tile(np.uint8([0, 0, 0, 200, 200, 200]), (4, 1))
        >>> shifted = np.roll(edge, 1, axis=1)
        >>> int(outside(edge, shifted, 0).max()), int(outside(edge, shifted, 1)[:, 2:].max())
        (200, 0)
    """
    if tolerance == 0:
        return np.asarray(cv2.absdiff(here, there), np.uint8)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * tolerance + 1, 2 * tolerance + 1))
    furthest = np.zeros_like(here)
    for own, other in ((here, there), (there, here)):
        above, below = cv2.subtract(own, cv2.dilate(other, disc)), cv2.subtract(cv2.erode(other, disc), own)
        furthest = np.asarray(cv2.max(furthest, cv2.max(above, below)), np.uint8)
    return furthest


def strongest(levels: Bytes) -> Bytes:
    """(H, W): the largest of the channels of (H, W, 3); numpy's maximum along so short an axis is slow."""
    red, green, blue = cv2.split(levels)
    return np.asarray(cv2.max(cv2.max(red, green), blue), np.uint8)
