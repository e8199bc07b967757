"""Places of a picture that are unknown, filled in smoothly from those round them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.types import Map


def pull_push(values: NDArray[np.float32], known: Map) -> NDArray[np.float32]:
    """`values` (H, W, C) with the unknown places filled in smoothly from the known ones.

    References:
        Gortler et al. (1996), The lumigraph, section 3.4.2, pull-push, https://doi.org/10.1145/237170.237200.
    """
    weight = known[..., None]
    if min(known.shape) <= 2:
        total = max(float(weight.sum()), 1e-6)
        mean = (values * weight).sum((0, 1), keepdims=True) / total
        return np.asarray(np.where(weight > 0, values, mean), np.float32)
    half = (known.shape[1] + 1) // 2, (known.shape[0] + 1) // 2
    small_weight = cv2.resize(known, half, interpolation=cv2.INTER_AREA)
    small = cv2.resize(values * weight, half, interpolation=cv2.INTER_AREA).reshape(*half[::-1], -1)
    coarse = pull_push(small / np.maximum(small_weight, 1e-6)[..., None], np.minimum(small_weight * 4, 1))
    grown = cv2.resize(coarse, known.shape[::-1], interpolation=cv2.INTER_LINEAR).reshape(values.shape)
    return np.asarray(values * weight + grown * (1 - weight), np.float32)
