"""Residual motion that no matrix explains: parallax and lens breathing, as dense flow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from spotdiff.types import Bytes, Map

_SMALLEST = 32  # below this the flow's coarsest pyramid level is empty


def residual_flow(before: Bytes, after: Bytes, *, furthest: float) -> Map:
    """(H, W, 2) float32: where each pixel of `before` went in `after`, two aligned grey pictures (H, W) uint8.

    Smoothed, so that a changed object is not pulled out of what it covers; zero where the way
    there and the way back disagree by more than a pixel, and longer than `furthest` pixels nowhere.

    References:
        Kroeger et al. (2016), Fast optical flow using dense inverse search, https://doi.org/10.1007/978-3-319-46493-0_29.
    """
    height, width = before.shape
    if min(height, width) < _SMALLEST:
        return np.zeros((height, width, 2), np.float32)
    there, back = _flow(before, after), _flow(after, before)
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    returned = cv2.remap(back, x + there[..., 0], y + there[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    length = np.linalg.norm(there, axis=2)
    trusted = ((np.linalg.norm(there + returned, axis=2) < 1) & (length < furthest)).astype(np.float32)
    sigma = max(width, height) / 40
    weight = cv2.GaussianBlur(trusted, (0, 0), sigma)
    smooth = cv2.GaussianBlur(there * trusted[..., None], (0, 0), sigma)
    return np.asarray(smooth / np.maximum(weight, 0.05)[..., None], np.float32)


def _flow(before: Bytes, after: Bytes) -> Map:
    finder = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return np.asarray(finder.calc(before, after, None), np.float32)
