"""Motion from matched features: SIFT points, mutual nearest neighbours, MAGSAC."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.types import Bytes

    Points = NDArray[np.float64]

_MOST, _FEWEST, _RATIO = 1200, 8, 0.85
_REACH = 2.0  # pixels between a match and its model at which it still counts


def match(before: Bytes, after: Bytes) -> tuple[Points, Points]:
    """Points (N, 2) of two grey pictures (H, W) uint8 that look the same and move together, row by row.

    Both are empty when too few are found.

    References:
        Lowe (2004), IJCV 60(2), https://doi.org/10.1023/B:VISI.0000029664.99615.94; Arandjelovic, Zisserman (2012),
        RootSIFT; Barath et al. (2019), MAGSAC, https://doi.org/10.1109/CVPR.2019.01044.
    """
    none = np.zeros((0, 2)), np.zeros((0, 2))
    sift = cv2.SIFT_create(nfeatures=_MOST, contrastThreshold=0.02)
    points_before, words_before = sift.detectAndCompute(before, None)
    points_after, words_after = sift.detectAndCompute(after, None)
    if min(len(points_before), len(points_after)) < _FEWEST:
        return none
    kept = _mutual(_root(words_before), _root(words_after))
    if len(kept) < _FEWEST:
        return none
    here = np.array([points_before[i].pt for i, _ in kept])
    there = np.array([points_after[j].pt for _, j in kept])
    matrix, inlier = cv2.findHomography(here, there, cv2.USAC_MAGSAC, _REACH, maxIters=4000, confidence=0.999)
    if matrix is None or inlier is None:
        return none
    agree = inlier.ravel().astype(bool)
    return here[agree], there[agree]


def _root(words: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(np.sqrt(words / np.maximum(words.sum(1, keepdims=True), 1e-6)), np.float32)


def _mutual(before: NDArray[np.float32], after: NDArray[np.float32]) -> NDArray[np.int64]:
    """(N, 2) rows of before and after that are each other's nearest, and clearly nearer than the second."""
    near = before @ after.T  # descriptors have length one: the largest product is the nearest
    best = near.argmax(1)
    rows = np.arange(len(near))
    distance = 1 - near[rows, best]
    others = near.copy()
    others[rows, best] = -1
    clear = distance < _RATIO**2 * (1 - others.max(1))
    mutual = near.argmax(0)[best] == rows
    keep = np.flatnonzero(clear & mutual)
    return np.column_stack([keep, best[keep]])
