"""From the outcomes of all samples to the figures of a dataset, at three levels: pictures, pixels, objects."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Literal

import numpy as np

from spotdiff.metrics import masks
from spotdiff.metrics.detections import auc, curve, joined
from spotdiff.report.maps import CHANGED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from spotdiff.data.truth import Form
    from spotdiff.evaluate.measure import Outcome
    from spotdiff.metrics.detections import Bools, Floats
    from spotdiff.metrics.masks import Levels

Level = Literal["pixels", "objects", "pictures"]


@dataclass(frozen=True, slots=True)
class PictureFigures:
    """Answers for whole pictures; the verdict `unsure` counts as not having said "changed".

    Attributes:
        changed, unchanged: How many pictures of each there are.
        caught: Share of the changed ones called changed; NaN without any.
        false_alarms: Share of the unchanged ones called changed; NaN without any.
        precision: Share of the pictures called changed that are; NaN when none was.
        auc: Chance that a changed one scores above an unchanged one; NaN without both.
    """

    changed: int
    unchanged: int
    caught: float
    false_alarms: float
    precision: float
    auc: float


@dataclass(frozen=True, slots=True)
class PixelFigures:
    """Pixels of all masks together, at the threshold that the answer uses.

    Attributes:
        pictures: How many pictures have a mask.
        precision, recall, f1, iou, kappa: See `spotdiff.metrics.masks`.
        f1_per_picture: Mean of every picture's own F1.
        average_precision: Over all thresholds.
        best_threshold: Threshold, 1 to 255, of the best F1; the answer uses 128.
        best_f1: That F1.
    """

    pictures: int
    precision: float
    recall: float
    f1: float
    iou: float
    kappa: float
    f1_per_picture: float
    average_precision: float
    best_threshold: int
    best_f1: float


@dataclass(frozen=True, slots=True)
class ObjectFigures:
    """Regions against true boxes.

    Attributes:
        form: How boxes are hit: areas hold a region's centre, points touch it, objects match it by their overlap;
            mixed when the samples differ.
        true: True boxes.
        found: Regions that count.
        recall: Share of the true boxes that were found.
        precision: Share of the regions that are right; NaN when there are none.
        extra_per_picture: Regions on no true box, per picture.
        kind_right: Share of the matched objects of the right kind; NaN for other forms.
        recall_by_kind: Recall of each kind of true box that has a name.
    """

    form: Form | Literal["mixed"]
    true: int
    found: int
    recall: float
    precision: float
    extra_per_picture: float
    kind_right: float
    recall_by_kind: Mapping[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Precision and recall at every threshold.

    Attributes:
        level: What is counted.
        thresholds: (N,) falling; of the map (0 to 255) for pixels, else of the score (0 to 1).
        precision, recall: (N,).
        answer: (precision, recall) of the answers as they were given.
    """

    level: Level
    thresholds: Floats
    precision: Floats
    recall: Floats
    answer: tuple[float, float]


def picture_figures(outcomes: Sequence[Outcome]) -> PictureFigures | None:
    """Figures of the pictures of which it is known whether they changed; None where there are none."""
    known = [o for o in outcomes if o.changed is not None]
    if not known:
        return None
    truth = np.array([o.changed for o in known], bool)
    said = np.array([o.verdict == "changed" for o in known], bool)
    return PictureFigures(
        changed=int(truth.sum()),
        unchanged=int((~truth).sum()),
        caught=_share(said[truth]),
        false_alarms=_share(said[~truth]),
        precision=_share(truth[said]),
        auc=auc([o.score for o in known], truth),
    )


def pixel_figures(outcomes: Sequence[Outcome]) -> PixelFigures | None:
    """Figures of the pictures that have a mask; None where there are none."""
    each = [o.pixels for o in outcomes if o.pixels is not None]
    if not each:
        return None
    total = _total(each)
    counts, best = total.at(CHANGED), masks.best_threshold(total)
    return PixelFigures(
        pictures=len(each),
        precision=float(masks.precision(counts)),
        recall=float(masks.recall(counts)),
        f1=float(masks.f1(counts)),
        iou=float(masks.iou(counts)),
        kappa=float(masks.kappa(counts)),
        f1_per_picture=masks.mean_f1(each, threshold=CHANGED),
        average_precision=masks.average_precision(total),
        best_threshold=best,
        best_f1=float(masks.f1(total.at(best))),
    )


def object_figures(outcomes: Sequence[Outcome]) -> ObjectFigures | None:
    """Figures of the pictures that have boxes; None where there are none."""
    with_boxes = [o for o in outcomes if o.detections is not None and o.form is not None]
    if not with_boxes:
        return None
    total = joined([o.detections for o in with_boxes if o.detections is not None])
    forms = {o.form for o in with_boxes if o.form}
    matched = sum(int(o.detections.right.sum()) for o in with_boxes if o.detections and o.form == "objects")
    return ObjectFigures(
        form=forms.pop() if len(forms) == 1 else "mixed",
        true=total.reached.size,
        found=total.right.size,
        recall=total.recall,
        precision=total.precision,
        extra_per_picture=total.extra / len(with_boxes),
        kind_right=sum(o.kinds_right for o in with_boxes) / matched if matched else float("nan"),
        recall_by_kind=_by_kind([kind for o in with_boxes for kind in o.kinds], ~np.isnan(total.reached)),
    )


def curve_of(outcomes: Sequence[Outcome]) -> Curve | None:
    """The curve of the finest level that the truth allows: pixels, else objects, else pictures; None without truth."""
    levels = [o.pixels for o in outcomes if o.pixels is not None]
    if levels:
        return _pixel_curve(_total(levels))
    found = [o.detections for o in outcomes if o.detections is not None]
    if found:
        total = joined(found)
        line = curve(total.scores, total.right, total.reached)
        return Curve("objects", *line, answer=(total.precision, total.recall))
    return _picture_curve(outcomes)


def _pixel_curve(total: Levels) -> Curve:
    counts = total.counts()
    precision, recall = np.asarray(masks.precision(counts)), np.asarray(masks.recall(counts))
    said = np.flatnonzero(~np.isnan(precision))[::-1]  # where nothing is called changed there is no precision
    answer = total.at(CHANGED)
    at = float(masks.precision(answer)), float(masks.recall(answer))
    return Curve("pixels", said.astype(np.float64), precision[said], recall[said], answer=at)


def _picture_curve(outcomes: Sequence[Outcome]) -> Curve | None:
    figures = picture_figures(outcomes)
    if figures is None:
        return None
    known = [o for o in outcomes if o.changed is not None]
    scores, truth = np.array([o.score for o in known], np.float64), np.array([o.changed for o in known], bool)
    line = curve(scores, truth, scores[truth])
    return Curve("pictures", *line, answer=(figures.precision, figures.caught))


def _total(each: Sequence[Levels]) -> Levels:
    return reduce(add, each)


def _share(yes: Bools) -> float:
    return float(yes.mean()) if yes.size else float("nan")


def _by_kind(kinds: Sequence[str], reached: Bools) -> dict[str, float]:
    named = np.array(kinds, str)
    return {str(kind): _share(reached[named == kind]) for kind in sorted(set(kinds) - {""})}
