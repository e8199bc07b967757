"""From the outcomes of all samples to the figures of a dataset, at three levels: pictures, pixels, objects."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Literal

import numpy as np

from spotdiff.evaluate.box_matching import IOU, IOUS
from spotdiff.evaluate.map_metrics import ALL, MapScores, total
from spotdiff.metrics import masks
from spotdiff.metrics.detections import auc, average_precision, curve, joined
from spotdiff.metrics.ratios import count_known, mean_known, share
from spotdiff.report.maps import CHANGED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from spotdiff.data.dataset import Form
    from spotdiff.evaluate.evaluate_sample import Outcome
    from spotdiff.evaluate.map_metrics import MapReport
    from spotdiff.metrics.detections import Bools, Floats
    from spotdiff.metrics.masks import Counts, Levels

Level = Literal["pixels", "objects", "pictures"]


@dataclass(frozen=True, slots=True)
class PictureMetrics:
    """Answers for whole pictures; the verdict `unsure` counts as not having said "changed".

    Attributes:
        changed, unchanged: How many pictures of each there are.
        caught: Share of the changed ones called changed; NaN without any.
        false_alarms: Share of the unchanged ones called changed; NaN without any.
        precision: Share of the pictures called changed that are; NaN when none was.
        auc: Chance that a changed one scores above an unchanged one; NaN without both.
        false_fraction: Mean share of an unchanged picture that the answer calls changed; NaN without any.
    """

    changed: int
    unchanged: int
    caught: float
    false_alarms: float
    precision: float
    auc: float
    false_fraction: float


@dataclass(frozen=True, slots=True)
class PixelMetrics:
    """Pixels of all masks together, at the threshold that the answer uses.

    Attributes:
        pictures: How many pictures have a mask.
        precision, recall, f1, iou, kappa: See `spotdiff.metrics.masks`.
        f1_per_picture: Mean of every picture's own F1, so that small changes weigh as much as large ones; only of the
            pictures that have one, since something changed or was called so.
        f1_pictures: How many these are.
        average_precision: Over all thresholds.
        best_threshold: Threshold, 1 to 255, of the best F1; the answer uses 128. None where nothing changed.
        best_f1: That F1; NaN likewise.
    """

    pictures: int
    precision: float
    recall: float
    f1: float
    iou: float
    kappa: float
    f1_per_picture: float
    f1_pictures: int
    average_precision: float
    best_threshold: int | None
    best_f1: float


@dataclass(frozen=True, slots=True)
class ObjectMetrics:
    """Regions against true boxes.

    Attributes:
        form: How boxes are hit: areas hold a region's centre, points touch it, objects and places match it by their
            overlap; mixed when the samples differ. A place counts once in before and once in after.
        true: True boxes.
        found: Regions that count.
        recall: Share of the true boxes that were found.
        precision: Share of the regions that are right; NaN when there are none.
        extra_per_picture: Regions on no true box, per picture.
        kind_right: Share of the matched objects of the right kind; NaN for other forms.
        recall_by_kind: Recall of each kind of true box that has a name.
        f1: Of the regions at an IoU of 0.5, by VOC's matching; NaN where boxes are not tight: areas and points.
        average_precision: Over all scores, at the same IoU; NaN likewise.
        average_precisions: The same at several IoUs, by the IoU; empty likewise.
        average_precision_of_kind: At an IoU of 0.5, where only boxes of a region's own kind count; NaN for other forms
            than places.
    """

    form: Form | Literal["mixed"]
    true: int
    found: int
    recall: float
    precision: float
    extra_per_picture: float
    kind_right: float
    recall_by_kind: Mapping[str, float]
    f1: float
    average_precision: float
    average_precisions: Mapping[float, float]
    average_precision_of_kind: float = float("nan")


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


def picture_metrics(outcomes: Sequence[Outcome]) -> PictureMetrics | None:
    """Figures of the pictures of which it is known whether they changed; None where there are none."""
    known = [o for o in outcomes if o.changed is not None]
    if not known:
        return None
    truth = np.array([o.changed for o in known], bool)
    called = np.array([o.verdict == "changed" for o in known], bool)
    return PictureMetrics(
        changed=int(truth.sum()),
        unchanged=int((~truth).sum()),
        caught=mean_known(called[truth]),
        false_alarms=mean_known(called[~truth]),
        precision=mean_known(truth[called]),
        auc=auc([o.score for o in known], truth),
        false_fraction=mean_known([o.fraction for o in known if not o.changed]),
    )


def pixel_metrics(outcomes: Sequence[Outcome]) -> PixelMetrics | None:
    """Figures of the pictures that have a mask; None where there are none."""
    each = [o.pixels for o in outcomes if o.pixels is not None]
    if not each:
        return None
    summed = _total(each)
    counts, best = summed.at(CHANGED), masks.best_threshold(summed)
    own = [masks.f1(picture.at(CHANGED)) for picture in each]
    return PixelMetrics(
        pictures=len(each),
        precision=float(masks.precision(counts)),
        recall=float(masks.recall(counts)),
        f1=float(masks.f1(counts)),
        iou=float(masks.iou(counts)),
        kappa=float(masks.kappa(counts)),
        f1_per_picture=mean_known(own),
        f1_pictures=count_known(own),
        average_precision=masks.average_precision(summed),
        best_threshold=best,
        best_f1=math.nan if best is None else float(masks.f1(summed.at(best))),
    )


def object_metrics(outcomes: Sequence[Outcome]) -> ObjectMetrics | None:
    """Figures of the pictures that have boxes; None where there are none."""
    with_boxes = [o for o in outcomes if o.detections is not None and o.form is not None]
    if not with_boxes:
        return None
    every = joined([o.detections for o in with_boxes if o.detections is not None])
    forms = {o.form for o in with_boxes if o.form}
    matched = sum(_kinds_known(o) for o in with_boxes)
    tight = {iou: joined([o.by_iou[iou] for o in with_boxes if o.by_iou]) for iou in IOUS}
    precisions = {
        iou: average_precision(detections) for iou, detections in tight.items() if any(o.by_iou for o in with_boxes)
    }
    of_kind = [o.of_kind for o in with_boxes if o.of_kind is not None]
    return ObjectMetrics(
        form=forms.pop() if len(forms) == 1 else "mixed",
        true=every.reached.size,
        found=every.right.size,
        recall=every.recall,
        precision=every.precision,
        extra_per_picture=every.extra / len(with_boxes),
        kind_right=share(sum(o.kinds_right for o in with_boxes), matched),
        recall_by_kind=_by_kind([kind for o in with_boxes for kind in o.kinds], ~np.isnan(every.reached)),
        f1=tight[IOU].f1 if precisions else float("nan"),
        average_precision=precisions.get(IOU, float("nan")),
        average_precisions=precisions,
        average_precision_of_kind=average_precision(joined(of_kind)) if of_kind else float("nan"),
    )


def map_report(outcomes: Sequence[Outcome]) -> MapReport | None:
    """Figures of each map; None where no picture has a mask."""
    scores = _map_scores(outcomes)
    return scores.report() if scores.pictures else None


def map_curves(outcomes: Sequence[Outcome]) -> dict[str, Curve]:
    """Precision and recall of each map at every threshold, by the map's name; of maps that are true somewhere."""
    scores = _map_scores(outcomes)
    totals = {name: (scores.levels[name], total(scores.answers[name])) for name in ALL if name in scores.levels}
    return {name: _pixel_curve(levels, answer) for name, (levels, answer) in totals.items() if levels.changed.any()}


def curve_of(outcomes: Sequence[Outcome]) -> Curve | None:
    """The curve of the finest level that the truth allows: pixels, else objects, else pictures; None without truth."""
    levels = [o.pixels for o in outcomes if o.pixels is not None]
    if levels:
        summed = _total(levels)
        return _pixel_curve(summed, summed.at(CHANGED))
    detections = [o.detections for o in outcomes if o.detections is not None]
    if detections:
        every = joined(detections)
        line = curve(every.scores, every.right, every.reached)
        return Curve("objects", *line, answer=(every.precision, every.recall))
    return _picture_curve(outcomes)


def _map_scores(outcomes: Sequence[Outcome]) -> MapScores:
    scores = MapScores()
    for outcome in outcomes:
        if outcome.maps is not None:
            scores.add_tally(outcome.maps)
    return scores


def _kinds_known(outcome: Outcome) -> int:
    """Matched regions whose true kind is known: every matched one of objects, unless it was told."""
    if outcome.kinds_known is not None:
        return outcome.kinds_known
    return int(outcome.detections.right.sum()) if outcome.detections and outcome.form == "objects" else 0


def _pixel_curve(levels: Levels, answer: Counts) -> Curve:
    counts = levels.counts()
    precision, recall = np.asarray(masks.precision(counts)), np.asarray(masks.recall(counts))
    thresholds = np.flatnonzero(~np.isnan(precision))[::-1]  # where nothing is called changed there is no precision
    at = float(masks.precision(answer)), float(masks.recall(answer))
    return Curve("pixels", thresholds.astype(np.float64), precision[thresholds], recall[thresholds], answer=at)


def _picture_curve(outcomes: Sequence[Outcome]) -> Curve | None:
    figures = picture_metrics(outcomes)
    if figures is None:
        return None
    known = [o for o in outcomes if o.changed is not None]
    scores, truth = np.array([o.score for o in known], np.float64), np.array([o.changed for o in known], bool)
    line = curve(scores, truth, scores[truth])
    return Curve("pictures", *line, answer=(figures.precision, figures.caught))


def _total(each: Sequence[Levels]) -> Levels:
    return reduce(add, each)


def _by_kind(kinds: Sequence[str], reached: Bools) -> dict[str, float]:
    named = np.array(kinds, str)
    return {str(kind): mean_known(reached[named == kind]) for kind in sorted(set(kinds) - {""})}
