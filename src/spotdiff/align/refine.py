"""Sub-pixel motion: corners tracked from a first guess, then ECC where there are too few corners."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.align.models import fit_robust
from spotdiff.align.warp import coverage, move_points, warp

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.types import Bytes, Map, Mask, Matrix

    Points = NDArray[np.float64]


def even_out(image: Bytes) -> Bytes:
    """`image` (H, W) with its local mean and contrast made even, so that tracking does not follow the light."""
    wide = cv2.GaussianBlur(image, (0, 0), 12).astype(np.float32)
    detail = image.astype(np.float32) - wide
    contrast = cv2.sqrt(cv2.GaussianBlur(detail * detail, (0, 0), 16)) + 6
    return np.asarray(np.clip(detail / contrast * 48 + 128, 0, 255), np.uint8)


def track(before: Bytes, after: Bytes, matrix: Matrix) -> tuple[Points, Points]:
    """Corners of `before` and where they are found in `after`, started from `matrix`; those that track there and back.

    References:
        Shi, Tomasi (1994), https://doi.org/10.1109/CVPR.1994.323794; Lucas, Kanade (1981), in Bouguet's pyramid.
    """
    size = before.shape[1], before.shape[0]
    seen = coverage(matrix, size, (after.shape[1], after.shape[0]))
    moved = warp(after, matrix, size)
    corners = cv2.goodFeaturesToTrack(before, 800, 0.01, 5, mask=cv2.erode(seen.astype(np.uint8), np.ones((9, 9))))
    if corners is None or len(corners) < 8:
        return np.zeros((0, 2)), np.zeros((0, 2))
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 0.003)
    there, ok, _ = cv2.calcOpticalFlowPyrLK(before, moved, corners, None, winSize=(15, 15), maxLevel=3, criteria=stop)
    back, ok_back, _ = cv2.calcOpticalFlowPyrLK(moved, before, there, None, winSize=(15, 15), maxLevel=3, criteria=stop)
    apart = np.linalg.norm((corners - back).reshape(-1, 2), axis=1)
    keep = (ok.ravel() == 1) & (ok_back.ravel() == 1) & (apart < 0.5)
    here, found = corners.reshape(-1, 2)[keep].astype(np.float64), there.reshape(-1, 2)[keep].astype(np.float64)
    return here, move_points(found, matrix)


def together(before: Points, after: Points) -> tuple[Points, Points]:
    """The matched points that one homography moves, to about a pixel."""
    if len(before) < 8:
        return before[:0], after[:0]
    matrix, inlier = cv2.findHomography(before, after, cv2.USAC_MAGSAC, 1.0, maxIters=2000, confidence=0.999)
    if matrix is None or inlier is None:
        return before[:0], after[:0]
    agree = inlier.ravel().astype(bool)
    if agree.sum() < 8:
        return before[:0], after[:0]
    kept = fit_robust("homography", before[agree], after[agree])[1]
    return before[agree][kept], after[agree][kept]


def refine_by_ecc(before: Map, after: Map, matrix: Matrix, mask: Mask, *, affine: bool) -> Matrix:
    """A better affine motion or shift between two planes (H, W) float32, by correlation over `mask`.

    The same matrix comes back where the search does not converge.

    References:
        Evangelidis, Psarakis (2008), IEEE TPAMI 30(10), eq. 20, https://doi.org/10.1109/TPAMI.2008.113.
    """
    kind = cv2.MOTION_AFFINE if affine else cv2.MOTION_TRANSLATION
    start = np.ascontiguousarray((matrix / matrix[2, 2])[:2], np.float32)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 25, 1e-5)
    try:
        _, moved_by = cv2.findTransformECC(before, after, start, kind, stop, mask.astype(np.uint8) * 255, 3)
    except cv2.error:
        return matrix  # it says so where the pictures are flat or do not overlap: the motion stands as it was
    return np.vstack([moved_by, [0.0, 0.0, 1.0]]).astype(np.float64)
