"""Outlines of regions as polygons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from spotdiff.types import Bytes, Outline

_SLACK = 0.75  # pixels that an outline may leave the mask's own edge


def outlines_of(mask: Bytes, *, left: int = 0, top: int = 0) -> tuple[Outline, ...]:
    """Outer outlines of a mask (H, W), its corners moved by `left` and `top`, the largest first.

    Examples:
        >>> outlines_of(np.ones((3, 4), np.uint8), left=10)
        (((10, 0), (10, 2), (13, 2), (13, 0)),)
    """
    contours, _ = cv2.findContours(
        np.asarray(mask, np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE, offset=(left, top)
    )
    ordered = sorted(contours, key=cv2.contourArea, reverse=True)
    return tuple(_corners(contour) for contour in ordered)


def _corners(contour: np.ndarray) -> Outline:
    plain = cv2.approxPolyDP(contour, _SLACK, closed=True)
    return tuple((int(x), int(y)) for x, y in plain.reshape(-1, 2))
