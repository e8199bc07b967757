"""Change map to labelled regions: hysteresis, joining, and what is too small to count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.regions.cluster import density_labels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.types import Bytes, Extraction, Map

    Labels = NDArray[np.int32]


_REACH = 8  # pixels between cores of one cluster where nothing is to be joined
_STRIP = 256  # rows looked at together


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What decides which pixels become regions.

    Attributes:
        grow, seed, min_area, join, sure, weight, calibration, least, doubt: As in `Extraction`, after the user's
            wishes and the sensitivity.
        cluster: components or density.
        seed_score: Smallest `pixels + 2 x height + width` kept; 0 keeps all.
    """

    grow: float
    seed: float
    min_area: int
    join: int
    sure: float = 0.0
    weight: float = 0.0
    calibration: tuple[float, ...] = ()
    least: float = 0.0
    doubt: float = 1.0
    cluster: str = "components"
    seed_score: float = 0.0


def thresholds(extraction: Extraction, *, sensitivity: float, min_area: int, join: int) -> Thresholds:
    """The method's own thresholds moved by the sensitivity; -1 leaves `min_area` and `join` to the method.

    At 0.5 nothing moves. At 0 a pixel needs evidence of 0.88 where 0.5 was enough and a region four
    times the area; at 1 evidence of 0.12 and a quarter of the area will do.

    Examples:
        >>> from spotdiff.types import Extraction
        >>> round(thresholds(Extraction(), sensitivity=1.0, min_area=-1, join=-1).grow, 2)
        0.12
    """
    push = 4.0 * (0.5 - sensitivity)
    area = max(1, round(extraction.min_area * 4.0 ** (2 * (0.5 - sensitivity)))) if min_area < 0 else min_area
    return Thresholds(
        grow=_pushed(extraction.grow, push),
        seed=_pushed(extraction.seed, push),
        min_area=area,
        join=extraction.join if join < 0 else join,
        sure=_pushed(extraction.sure, push),
        weight=extraction.weight * float(np.exp(push / 2)),
        calibration=extraction.calibration,
        least=_pushed(extraction.least, push),
        doubt=extraction.doubt,
    )


def _pushed(threshold: float, push: float) -> float:
    if push == 0 or threshold in (0, 1):
        return threshold
    odds = threshold / (1 - threshold) * float(np.exp(push))
    return odds / (1 + odds)


def label_regions(change: Map, limits: Thresholds) -> Labels:
    """(H, W) int32 labels of the regions of a change map (H, W) float32: 0 unchanged, then 1 and up without gaps."""
    mask = np.greater_equal(change, limits.grow).view(np.uint8)
    if not mask.any():
        return np.zeros(change.shape, np.int32)
    if limits.cluster == "density":
        labels = density_labels(mask, reach=limits.join or _REACH)
    else:
        labels = _joined(mask, limits.join)
    return keep(labels, _worth(change, labels, limits))


def _joined(mask: Bytes, join: int) -> Labels:
    """Components of a mask, those nearer than `join` sharing a label; the mask itself does not grow."""
    if join == 0:
        return np.asarray(cv2.connectedComponents(mask, connectivity=8, ltype=cv2.CV_32S)[1], np.int32)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (join + 1, join + 1))
    wide = cv2.dilate(mask, kernel)
    labels = np.asarray(cv2.connectedComponents(wide, connectivity=8, ltype=cv2.CV_32S)[1], np.int32)
    labels[mask == 0] = 0
    return labels


def _worth(change: Map, labels: Labels, limits: Thresholds) -> NDArray[np.bool_]:
    """(labels + 1,) bool: which labels are large and sure enough."""
    count = int(labels.max()) + 1
    area, seeds, total = np.zeros(count, np.int64), np.zeros(count, np.int64), np.zeros(count)
    for rows in strips(labels.shape[0]):
        on = labels[rows] > 0
        found, values = labels[rows][on], change[rows][on]
        area += np.bincount(found, minlength=count)
        seeds += np.bincount(found[values >= limits.seed], minlength=count)
        total += np.bincount(found, weights=values, minlength=count)
    worth = (area >= max(limits.min_area, 1)) & (seeds > 0)
    worth &= (total / np.maximum(area, 1) - limits.grow) * np.sqrt(area) >= limits.weight
    if limits.seed_score > 0:
        left, top, right, bottom = spans(labels)
        worth &= area + 2 * (bottom - top) + (right - left) >= limits.seed_score
    worth[0] = False
    return np.asarray(worth, bool)


def strips(height: int) -> list[slice]:
    """Slices of rows, so that a picture of 40 million pixels needs no copies of its size."""
    return [slice(top, min(top + _STRIP, height)) for top in range(0, height, _STRIP)]


def spans(labels: Labels) -> tuple[NDArray[np.int64], ...]:
    """Left, top, right and bottom of every label's half-open box, each (labels + 1,)."""
    count = int(labels.max()) + 1
    left, top = np.full(count, labels.shape[1]), np.full(count, labels.shape[0])
    right, bottom = np.zeros(count, np.int64), np.zeros(count, np.int64)
    for rows in strips(labels.shape[0]):
        place = np.flatnonzero(labels[rows].ravel() > 0)  # much faster than nonzero of whole numbers
        y, x = np.divmod(place, labels.shape[1])
        found = labels[rows].ravel()[place]
        np.minimum.at(left, found, x)
        np.minimum.at(top, found, y + rows.start)
        np.maximum.at(right, found, x + 1)
        np.maximum.at(bottom, found, y + rows.start + 1)
    return left, top, right, bottom


def keep(labels: Labels, wanted: NDArray[np.bool_]) -> Labels:
    """`labels` itself, with the unwanted set to 0 and the others numbered from 1 without gaps."""
    return renumber(labels, np.where(wanted, np.cumsum(wanted), 0).astype(np.int32))


def renumber(labels: Labels, numbers: NDArray[np.int32]) -> Labels:
    """`labels` itself, each label exchanged for `numbers[label]`."""
    if not np.array_equal(numbers, np.arange(len(numbers))):
        for rows in strips(labels.shape[0]):
            strip = labels[rows].reshape(-1)
            place = np.flatnonzero(strip > 0)
            strip[place] = numbers[strip[place]]
    return labels
