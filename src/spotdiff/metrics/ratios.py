"""Shares and means of which there may be none.

A share of nothing is no figure: neither 0 nor 1, but NaN here, `none` in tables, null in JSON and an empty cell in CSV.
A mean leaves such figures out, and whoever tells it tells of how many it is.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def share(part: float, whole: float) -> float:
    """`part / whole`; NaN where the whole is 0.

    Examples:
        >>> share(1, 4), share(0, 0)
        (0.25, nan)
    """
    return part / whole if whole else math.nan


def shares(part: ArrayLike, whole: ArrayLike) -> np.float64 | NDArray[np.float64]:
    """`share` of numbers or of arrays of one shape."""
    parts, wholes = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    ratios: np.float64 | NDArray[np.float64] = np.divide(
        parts, wholes, out=np.full(np.shape(wholes), np.nan), where=wholes != 0
    )
    return ratios


def mean_known(values: ArrayLike) -> float:
    """Mean of the figures that there are; NaN where there is none.

    Examples:
        >>> mean_known([0.5, float("nan"), 1.0]), mean_known([])
        (0.75, nan)
    """
    each = np.asarray(values, np.float64)
    return float(np.nanmean(each)) if count_known(each) else math.nan


def count_known(values: ArrayLike) -> int:
    """How many figures there are."""
    return int(np.count_nonzero(~np.isnan(np.asarray(values, np.float64))))
