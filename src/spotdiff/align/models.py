"""Motion models from the simplest to the richest, fitted to matched points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.align.warp import move_points

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.types import Matrix

    Points = NDArray[np.float64]

MODELS = ("none", "shift", "similarity", "affine", "homography")
NEEDED = {"none": 0, "shift": 1, "similarity": 2, "affine": 3, "homography": 4}
_ROUNDS = 6


def fit(model: str, before: Points, after: Points) -> Matrix:
    """Least squares motion from points (N, 2) in before to those in after, (3, 3).

    Homographies follow the normalised direct linear transform (Hartley 1997,
    https://doi.org/10.1109/34.601246); fewer points than the model needs give the identity.
    """
    if model == "none" or len(before) < NEEDED[model]:
        return np.eye(3)
    if model == "shift":
        matrix = np.eye(3)
        matrix[:2, 2] = (after - before).mean(0)
        return matrix
    if model == "homography":
        homography, _ = cv2.findHomography(before, after, 0)
        return np.eye(3) if homography is None else np.asarray(homography, np.float64)
    rows = _similarity_rows(before) if model == "similarity" else _affine_rows(before)
    solution = np.linalg.lstsq(rows, after.ravel(), rcond=None)[0]
    matrix = np.eye(3)
    if model == "similarity":
        a, b, x, y = solution
        matrix[:2] = [[a, -b, x], [b, a, y]]
    else:
        matrix[:2] = solution.reshape(2, 3)
    return matrix


def fit_robust(model: str, before: Points, after: Points) -> tuple[Matrix, NDArray[np.bool_]]:
    """`fit` repeated on the points that agree with it; the matrix and which points (N,) bool agree in the end."""
    matrix, agree = np.eye(3), np.ones(len(before), bool)
    for _ in range(_ROUNDS):
        matrix = fit(model, before[agree], after[agree])
        error = errors(matrix, before, after)
        limit = max(3.0 * 1.4826 * float(np.median(error[agree])), 0.3)
        now = error < limit
        if now.sum() < max(NEEDED[model] * 2, 4) or (now == agree).all():
            break
        agree = now
    return matrix, agree


def errors(matrix: Matrix, before: Points, after: Points) -> NDArray[np.float64]:
    """(N,) distances between where `matrix` takes the points and where they are, in pixels."""
    return np.asarray(np.linalg.norm(move_points(before, matrix) - after, axis=1))


def simplest(before: Points, after: Points, *, slack: float, richest: str = "homography") -> tuple[str, Matrix, float]:
    """The simplest model that explains the points as well as the richest, but for `slack` pixels.

    Returns:
        Its name, its (3, 3) matrix and the median error that it leaves, in pixels.
    """
    allowed = MODELS[: MODELS.index(richest) + 1]
    fits = {model: fit(model, before, after) for model in allowed}
    left = {model: float(np.median(errors(fits[model], before, after))) for model in allowed}
    far = {model: float(np.percentile(errors(fits[model], before, after), 90)) for model in allowed}
    for model in allowed:
        if left[model] <= left[richest] + slack and far[model] <= far[richest] + 2 * slack:
            return model, fits[model], left[model]
    return richest, fits[richest], left[richest]


def _similarity_rows(points: Points) -> Points:
    x, y = points.T
    one, zero = np.ones_like(x), np.zeros_like(x)
    return np.stack([np.stack([x, -y, one, zero], 1), np.stack([y, x, zero, one], 1)], 1).reshape(-1, 4)


def _affine_rows(points: Points) -> Points:
    x, y = points.T
    one, zero = np.ones_like(x), np.zeros_like(x)
    upper = np.stack([x, y, one, zero, zero, zero], 1)
    return np.stack([upper, np.roll(upper, 3, axis=1)], 1).reshape(-1, 6)
