"""Scores of change maps against true masks: counts first, then ratios of counts.

A map is 8-bit: the chance of change, `probability >= threshold` being called changed. Every count works for one
threshold or, as an array of 256, for all of them at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spotdiff.metrics.ratios import shares

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.types import Bytes, Mask

    Figure = np.float64 | NDArray[np.float64]

LEVELS = 256


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """How many pixels were called what; numbers, or arrays of one shape, one entry a threshold.

    Attributes:
        tp: Changed, and called so.
        fp: Not changed, but called changed.
        fn: Changed, but not called so.
        tn: Not changed, and not called so.
    """

    tp: Any
    fp: Any
    fn: Any
    tn: Any


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """How often each level of the map occurs on changed and on unchanged pixels; ignored pixels are in neither.

    Attributes:
        changed: (256,) int64.
        unchanged: (256,) int64.
    """

    changed: NDArray[np.int64]
    unchanged: NDArray[np.int64]

    def __add__(self, other: Levels) -> Levels:
        return Levels(self.changed + other.changed, self.unchanged + other.unchanged)

    def counts(self) -> Counts:
        """Counts at all thresholds: entry t calls the levels t to 255 changed."""
        tp, fp = (levels[::-1].cumsum()[::-1] for levels in (self.changed, self.unchanged))
        return Counts(tp, fp, tp[0] - tp, fp[0] - fp)

    def at(self, threshold: int) -> Counts:
        """Counts at one threshold, 0 to 255."""
        tp, fp = int(self.changed[threshold:].sum()), int(self.unchanged[threshold:].sum())
        return Counts(tp, fp, int(self.changed.sum()) - tp, int(self.unchanged.sum()) - fp)


def levels(probability: Bytes, truth: Mask, *, counted: Mask | None = None) -> Levels:
    """The levels of a map, apart for changed and unchanged pixels.

    Args:
        probability: (H, W) uint8.
        truth: (H, W) bool, True where changed.
        counted: (H, W) bool, False for pixels to leave out; None for all.

    Raises:
        ValueError: the shapes differ, or the map is not uint8.

    Examples:
        >>> found = levels(np.array([[0, 200, 255]], np.uint8), np.array([[False, True, True]]))
        >>> found.at(201)
        Counts(tp=1, fp=0, fn=1, tn=1)
    """
    if probability.dtype != np.uint8 or probability.shape != truth.shape:
        raise ValueError(
            f"a map is uint8 of the truth's shape {truth.shape}, not {probability.dtype} {probability.shape}"
        )
    use = np.ones(truth.shape, bool) if counted is None else counted
    changed, unchanged = (
        np.bincount(probability[use & side], minlength=LEVELS).astype(np.int64) for side in (truth, ~truth)
    )
    return Levels(changed, unchanged)


def precision(counts: Counts) -> Figure:
    """Share of the pixels called changed that are; NaN where none was called so."""
    return shares(counts.tp, counts.tp + counts.fp)


def recall(counts: Counts) -> Figure:
    """Share of the changed pixels that were called so; NaN where there are none."""
    return shares(counts.tp, counts.tp + counts.fn)


def f1(counts: Counts) -> Figure:
    """Harmonic mean of precision and recall; NaN where nothing changed and nothing was said.

    Examples:
        >>> float(f1(Counts(tp=2, fp=1, fn=1, tn=6))), float(f1(Counts(tp=0, fp=0, fn=0, tn=9)))
        (0.6666666666666666, nan)
    """
    return shares(2 * counts.tp, 2 * counts.tp + counts.fp + counts.fn)


def iou(counts: Counts) -> Figure:
    """Pixels changed and called so, as a share of those that are either; NaN where there are none."""
    return shares(counts.tp, counts.tp + counts.fp + counts.fn)


def accuracy(counts: Counts) -> Figure:
    """Share of all pixels that were called what they are; NaN of no pixel.

    Examples:
        >>> float(accuracy(Counts(tp=2, fp=1, fn=1, tn=6)))
        0.8
    """
    return shares(counts.tp + counts.tn, counts.tp + counts.fp + counts.fn + counts.tn)


def kappa(counts: Counts) -> Figure:
    """Agreement beyond what chance would give; 1 perfect, 0 chance, NaN where all pixels are of one kind and called so.

    References:
        Cohen (1960), A coefficient of agreement for nominal scales, Educational and Psychological Measurement 20(1),
        eq. 1. https://doi.org/10.1177/001316446002000104
    """
    tp, fp, fn, tn = (np.asarray(n, np.float64) for n in (counts.tp, counts.fp, counts.fn, counts.tn))
    total = tp + fp + fn + tn
    by_chance = (tp + fp) * (tp + fn) + (fn + tn) * (fp + tn)
    return shares((tp + tn) * total - by_chance, total * total - by_chance)


def best_threshold(histogram: Levels) -> int | None:
    """The threshold, 1 to 255, of the largest F1; the middle one where several are as good, None where nothing changed.

    Without a change no threshold finds any, and the best could only be the one that says least.
    """
    if not histogram.changed.any():
        return None
    scores = np.asarray(f1(histogram.counts()))[1:]
    best = np.flatnonzero(scores == scores.max()) + 1
    return int(best[len(best) // 2])


def average_precision(histogram: Levels) -> float:
    """Area under the precision-recall curve taken as steps, not interpolated; NaN where nothing changed.

    Sums the precision at each threshold times the recall gained there. Straight lines between the points would promise
    more than can be had (Davis and Goadrich 2006, The relationship between precision-recall and ROC curves,
    https://doi.org/10.1145/1143844.1143874).
    """
    if not histogram.changed.any():
        return float("nan")
    counts = histogram.counts()
    gained = histogram.changed / counts.tp[0]
    return float(np.nansum(gained * precision(counts)))
