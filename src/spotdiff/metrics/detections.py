"""Scores of found boxes against true ones, and of answers for whole pictures.

Boxes are half-open [left, top, right, bottom], (N, 4) arrays; a row of NaN is a box that is not there. Found boxes come
the surest first: where two claim one true box, the surer one gets it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spotdiff.metrics.ratios import share, shares

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

MIN_IOU = 1 / 3


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """What became of the boxes, of one picture or of many.

    Attributes:
        scores: (F,) float64, of the found boxes that count.
        right: (F,) bool: on a true box.
        reached: (T,) float64: score of the surest found box on each true box; NaN for a missed one.
    """

    scores: Floats
    right: Bools
    reached: Floats

    @property
    def recall(self) -> float:
        """Share of the true boxes that were found; NaN where there are none."""
        return share(int(np.count_nonzero(~np.isnan(self.reached))), self.reached.size)

    @property
    def precision(self) -> float:
        """Share of the found boxes that are right; NaN where none was found."""
        return share(int(np.count_nonzero(self.right)), self.right.size)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; NaN where nothing is there and nothing was found.

        It is that of matched boxes: see `matches`. Where several found boxes may share a true one, there is none.
        """
        return share(2 * int(np.count_nonzero(self.right)), self.right.size + self.reached.size)

    @property
    def extra(self) -> int:
        """Found boxes that are on no true one."""
        return int(np.count_nonzero(~self.right))


def joined(parts: Sequence[Detections]) -> Detections:
    """The detections of many pictures as one."""
    nothing = Detections(np.empty(0), np.empty(0, bool), np.empty(0))
    each = [nothing, *parts]
    return Detections(*(np.concatenate([getattr(p, name) for p in each]) for name in ("scores", "right", "reached")))


def boxes_array(boxes: ArrayLike) -> Floats:
    """(N, 4) float64, also of no box."""
    return np.asarray(boxes, np.float64).reshape(-1, 4)


def box_areas(boxes: Floats) -> Floats:
    """(N,) areas; NaN for a box that is not there."""
    areas: Floats = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return areas


def shared_areas(predicted: Floats, true: Floats) -> Floats:
    """(F, T) areas that two boxes share; 0 for a box that is not there."""
    low = np.maximum(predicted[:, None, :2], true[None, :, :2])
    high = np.minimum(predicted[:, None, 2:], true[None, :, 2:])
    return np.asarray(np.nan_to_num(np.clip(high - low, 0, None)).prod(axis=2), np.float64)


def iou_matrix(predicted: Floats, true: Floats) -> Floats:
    """(F, T) shared area as a share of the area of both boxes together, 0 to 1.

    Examples:
        >>> iou_matrix(boxes_array([[0, 0, 2, 2]]), boxes_array([[1, 0, 3, 2], [5, 5, 6, 6]])).round(3).tolist()
        [[0.333, 0.0]]
    """
    shared = shared_areas(predicted, true)
    both = box_areas(predicted)[:, None] + box_areas(true)[None, :] - shared
    return np.divide(shared, both, out=np.zeros_like(shared), where=both > 0)


def touching(predicted: Floats, true: Floats) -> Bools:
    """(F, T) whether two boxes share any area."""
    return np.asarray(shared_areas(predicted, true) > 0)


def centre_inside(predicted: Floats, true: Floats) -> Bools:
    """(F, T) whether the centre of a found box lies in a true one, its rim included."""
    centre = (predicted[:, None, :2] + predicted[:, None, 2:]) / 2
    return np.asarray(((true[None, :, :2] <= centre) & (centre <= true[None, :, 2:])).all(axis=2))


def hits(on: Bools, scores: Floats) -> Detections:
    """Detections where several found boxes may share a true one, and one may lie on several.

    Args:
        on: (F, T) whether a found box is on a true one, such as from `touching` or `centre_inside`.
        scores: (F,) of the found boxes.
    """
    reached = np.where(on, scores[:, None], -np.inf).max(axis=0, initial=-np.inf)
    return Detections(scores, np.asarray(on.any(axis=1)), np.where(np.isinf(reached), np.nan, reached))


def matched(overlaps: Floats, *, min_iou: float = MIN_IOU) -> NDArray[np.intp]:
    """(F,) index of the true box that each found one gets, -1 for none; a true box goes to one found box only.

    Args:
        overlaps: (F, T) from `iou_matrix`, found boxes the surest first. Each takes the free box it overlaps most.
        min_iou: Least overlap of a match. A third: an exact box inside one drawn with a wide margin still counts.

    Examples:
        >>> matched(np.array([[0.9, 0.4], [0.8, 0.0], [0.0, 0.5]])).tolist()
        [0, -1, 1]
    """
    free = overlaps.copy()
    chosen = np.full(len(overlaps), -1, np.intp)
    for index in range(len(overlaps) if overlaps.shape[1] else 0):
        best = int(free[index].argmax())
        if free[index, best] >= min_iou:
            chosen[index] = best
            free[:, best] = -1
    return chosen


def voc_matched(overlaps: Floats, *, min_iou: float) -> NDArray[np.intp]:
    """(F,) index of the true box that each found one gets, -1 for none, by the rule of the PASCAL VOC challenge.

    Unlike `matched`, a found box claims only the true box that it overlaps most: where a surer one has that already,
    it is wrong, however well it lies on another.

    Args:
        overlaps: (F, T) from `iou_matrix`, found boxes the surest first.
        min_iou: Least overlap of a match.

    References:
        Everingham et al. (2010), The PASCAL Visual Object Classes (VOC) Challenge, section 4.4.
        https://doi.org/10.1007/s11263-009-0275-4

    Examples:
        >>> voc_matched(np.array([[0.9, 0.6], [0.8, 0.7], [0.0, 0.5]]), min_iou=0.5).tolist()
        [0, -1, 1]
    """
    chosen = np.full(len(overlaps), -1, np.intp)
    if not overlaps.size:
        return chosen
    best = overlaps.argmax(axis=1)
    claims = np.flatnonzero(overlaps.max(axis=1) >= min_iou)
    _, first = np.unique(best[claims], return_index=True)
    chosen[claims[first]] = best[claims[first]]
    return chosen


def average_precision(detections: Detections) -> float:
    """Area under precision over recall at all points, as VOC has it since 2010; NaN where nothing is there.

    The precision at a recall is the best at that recall or above, and found boxes of one score come in the given order.
    Pass detections whose true boxes go to one found box each, from `matches`.

    References:
        Padilla, Netto, da Silva (2020), A Survey on Performance Metrics for Object-Detection Algorithms.
        https://doi.org/10.1109/IWSSIP48289.2020.9145130

    Examples:
        >>> average_precision(Detections(np.array([0.9, 0.8, 0.7]), np.array([True, False, True]), np.empty(2)))
        0.8333333333333333
    """
    if not detections.reached.size:
        return float("nan")
    right = detections.right[np.argsort(-detections.scores, kind="stable")]
    precision = np.cumsum(right) / np.arange(1, right.size + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float(best[right].sum() / detections.reached.size)


def matches(chosen: NDArray[np.intp], scores: Floats, *, count_true: int, counted: Bools | None = None) -> Detections:
    """Detections where each true box goes to one found box.

    Args:
        chosen: (F,) from `matched`.
        scores: (F,) of the found boxes.
        count_true: How many true boxes there are.
        counted: (F,) False for found boxes that are not wrong even when they match none; None for all True.
    """
    right = chosen >= 0
    reached = np.full(count_true, np.nan)
    reached[chosen[right]] = scores[right]
    keep = right | (True if counted is None else counted)
    return Detections(scores[keep], right[keep], reached)


def auc(scores: ArrayLike, truth: ArrayLike) -> float:
    """Chance that a changed picture scores above an unchanged one, ties counting half; NaN where one kind is missing.

    References:
        Hanley, McNeil (1982), The meaning and use of the area under a ROC curve, Radiology 143(1).
        https://doi.org/10.1148/radiology.143.1.7063747

    Examples:
        >>> auc([0.1, 0.5, 0.5, 0.9], [False, False, True, True])
        0.875
    """
    values, yes = np.asarray(scores, np.float64), np.asarray(truth, bool)
    wrong = np.sort(values[~yes])
    if wrong.size == 0 or wrong.size == yes.size:
        return float("nan")
    below, upto = (np.searchsorted(wrong, values[yes], side=side) for side in ("left", "right"))
    return float((below + upto).mean() / (2 * wrong.size))


def curve(scores: Floats, right: Bools, reached: Floats) -> tuple[Floats, Floats, Floats]:
    """(thresholds, precision, recall) at every score that occurs, the highest first; recall is NaN without a true one.

    Args:
        scores: (F,) of what was found.
        right: (F,) whether it is right.
        reached: (T,) the score from which each true one is found; NaN for never.
    """
    thresholds = np.unique(scores)[::-1]
    order = np.sort(-scores)
    upto = np.searchsorted(order, -thresholds, side="right")
    correct = np.concatenate([[0], np.cumsum(right[np.argsort(-scores, kind="stable")])])[upto]
    known = np.sort(-reached[~np.isnan(reached)])
    recalled = np.searchsorted(known, -thresholds, side="right")
    recall = np.asarray(shares(recalled, np.full(recalled.shape, reached.size)))
    return thresholds, np.asarray(shares(correct, upto)), recall
