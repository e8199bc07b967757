"""DBSCAN of changed pixels, on a grid of cells so that a million pixels cost no more than a thousand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.types import Bytes


def density_labels(mask: Bytes, *, reach: int = 8, min_share: float = 0.05) -> NDArray[np.int32]:
    """Clusters of changed pixels by density: (H, W) int32 labels, 0 for unchanged pixels and for noise.

    A pixel is a core when at least `min_share` of the square of `2 reach + 1` pixels round it has
    changed; cores within `reach` of each other are one cluster, and a changed pixel within
    `reach` of a core belongs to it. Distances are measured between cells of `reach / 4` pixels.

    References:
        Ester et al. (1996), A density-based algorithm for discovering clusters, KDD-96, definitions 1 to 6.

    Examples:
        >>> mask = np.zeros((40, 40), np.uint8)
        >>> mask[4:9, 4:9] = mask[6:9, 12:15] = mask[30, 30] = 1
        >>> labels = density_labels(mask, reach=8, min_share=0.03)
        >>> int(labels.max()), int(labels[30, 30])
        (1, 0)
    """
    cell = max(reach // 4, 1)
    height, width = mask.shape
    padded = cv2.copyMakeBorder(mask, 0, -height % cell, 0, -width % cell, cv2.BORDER_CONSTANT, value=(0,))
    rows, columns = padded.shape[0] // cell, padded.shape[1] // cell
    count = padded.reshape(rows, cell, columns, cell).sum((1, 3), dtype=np.float32)
    side = 2 * max(reach // cell, 1) + 1
    near = cv2.boxFilter(count, -1, (side, side), normalize=False, borderType=cv2.BORDER_CONSTANT)
    core = ((count > 0) & (near >= min_share * (2 * reach + 1) ** 2)).astype(np.uint8)
    # two cores within reach touch once each has grown by half of it
    grown = cv2.dilate(core, np.ones((side // 2 + 1, side // 2 + 1), np.uint8))
    _, numbers = cv2.connectedComponents(grown, connectivity=8, ltype=cv2.CV_32S)
    numbers = numbers.astype(np.float32)
    member = np.where(core > 0, numbers, cv2.dilate(numbers * core, np.ones((side, side), np.uint8)))
    full = np.kron(member.astype(np.int32), np.ones((cell, cell), np.int32))[:height, :width]
    return np.asarray(full * (mask > 0), np.int32)
