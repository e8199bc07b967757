"""The regions of an answer held against the true boxes of its pair."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from spotdiff.data.dataset import EITHER
from spotdiff.metrics import detections as boxes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from spotdiff.data.dataset import Truth
    from spotdiff.metrics.detections import Bools, Detections, Floats
    from spotdiff.types import Box, Region

IOUS = (0.1, 0.3, 0.5, 0.75)  # least overlaps at which tight boxes are scored
IOU = 0.5  # the one of them that decides where only one figure is told
_EITHER_IOU = 0.1  # a region on an object that was left open is not held against the method
_SMALL = 0.5  # of the smallest true object: smaller things change too, and nobody marked them


@dataclass(frozen=True, slots=True, eq=False)
class BoxMatches:
    """What became of the regions of one answer.

    Attributes:
        detections: By the rule of the truth's form; None without boxes.
        kinds: Kinds of the true boxes, one for each of `detections.reached`.
        kinds_known: Matched regions whose true kind is known.
        kinds_right: Those of them that are of that kind.
        by_iou: Of tight boxes, what VOC's matching gives at each of `IOUS`; else empty.
        of_kind: The same at `IOU`, where a region counts only for a box of its own kind; None for forms but places.
    """

    detections: Detections | None = None
    kinds: tuple[str, ...] = ()
    kinds_known: int = 0
    kinds_right: int = 0
    by_iou: Mapping[float, Detections] = field(default_factory=dict)
    of_kind: Detections | None = None


def match_boxes(regions: Iterable[Region], truth: Truth) -> BoxMatches:
    """What became of the regions; see `spotdiff.data.dataset.Truth.form` for how each form is meant.

    Objects are matched at an IoU of a third. Places are matched in before and in after apart, at `IOU`, and both
    pictures are counted together, so that every true box counts twice.
    """
    if truth.form is None:
        return BoxMatches()
    surest = sorted(regions, key=lambda region: -region.score)
    if truth.form == "objects":
        return _objects(surest, truth)
    if truth.form == "places":
        return _both_sides(surest, truth)
    seen = [region for region in surest if region.box_before is not None]
    predicted, true = _edges([region.box_before for region in seen]), boxes.boxes_array(truth.boxes)
    on = boxes.touching(predicted, true) if truth.form == "points" else boxes.centre_inside(predicted, true)
    return BoxMatches(boxes.hits(on, _scores(seen)), truth.kinds)


def _both_sides(surest: Sequence[Region], truth: Truth) -> BoxMatches:
    sides = (
        _side(surest, truth.kinds, truth.boxes, "box_before"),
        _side(surest, truth.kinds, truth.boxes_after, "box_after"),
    )
    by_iou = {iou: boxes.joined([side.by_iou[iou] for side in sides]) for iou in IOUS}
    known, right = (sum(getattr(side, name) for side in sides) for name in ("kinds_known", "kinds_right"))
    of_kind = boxes.joined([side.of_kind for side in sides if side.of_kind is not None])
    return BoxMatches(by_iou[IOU], truth.kinds * 2, known, right, by_iou, of_kind)


def _side(surest: Sequence[Region], kinds: Sequence[str], places: Sequence[tuple[float, ...]], name: str) -> BoxMatches:
    """The places of one picture: regions that are nowhere in it are not held against the method."""
    seen = [region for region in surest if getattr(region, name) is not None]
    overlaps = boxes.iou_matrix(_edges([getattr(region, name) for region in seen]), boxes.boxes_array(places))
    known, right = _kinds(seen, kinds, boxes.voc_matched(overlaps, min_iou=IOU))
    alike = np.array([[region.kind == kind for kind in kinds] for region in seen], bool).reshape(overlaps.shape)
    of_kind = _by_iou(np.where(alike, overlaps, 0.0), _scores(seen))[IOU]
    return BoxMatches(None, (), known, right, _by_iou(overlaps, _scores(seen)), of_kind)


def _objects(surest: Sequence[Region], truth: Truth) -> BoxMatches:
    """Removed objects are looked for in before, added ones in after, each by the box in that picture's pixels."""
    every, kinds = boxes.boxes_array(truth.boxes), np.array(truth.kinds, str)
    before = _edges([region.box_before for region in surest])
    after = _edges([region.box_after or region.box_before for region in surest])
    wanted = kinds != EITHER
    true, true_kinds = every[wanted], tuple(map(str, kinds[wanted]))
    removed = np.array([kind == "removed" for kind in true_kinds], bool)
    overlaps = np.where(removed, boxes.iou_matrix(before, true), boxes.iou_matrix(after, true))
    chosen = boxes.matched(overlaps)
    counted = _counted(surest, before, after, every, every[~wanted])
    detections = boxes.matches(chosen, _scores(surest), count_true=len(true), counted=counted)
    return BoxMatches(
        detections, true_kinds, *_kinds(surest, true_kinds, chosen), _by_iou(overlaps, _scores(surest), counted)
    )


def _by_iou(overlaps: Floats, scores: Floats, counted: Bools | None = None) -> dict[float, Detections]:
    chosen = {iou: boxes.voc_matched(overlaps, min_iou=iou) for iou in IOUS}
    return {
        iou: boxes.matches(each, scores, count_true=overlaps.shape[1], counted=counted) for iou, each in chosen.items()
    }


def _kinds(surest: Sequence[Region], kinds: Sequence[str], chosen: NDArray[np.intp]) -> tuple[int, int]:
    """How many matched regions have a known true kind, and how many of them are of it; "changed" is of no kind."""
    pairs = [(region.kind, kinds[index]) for region, index in zip(surest, chosen, strict=True) if index >= 0]
    known = [(predicted, true) for predicted, true in pairs if true not in ("", "changed")]
    return len(known), sum(predicted == true for predicted, true in known)


def _counted(surest: Sequence[Region], before: Floats, after: Floats, every: Floats, either: Floats) -> Bools:
    """(F,) False for regions on an object left open, and for those too small to be one that somebody marked."""
    left_open = (np.maximum(boxes.iou_matrix(before, either), boxes.iou_matrix(after, either)) > _EITHER_IOU).any(
        axis=1
    )
    of_added = np.array([region.kind == "added" or region.box_before is None for region in surest], bool)
    sizes = boxes.box_areas(np.where(of_added[:, None], after, before))
    smallest = boxes.box_areas(every).min(initial=np.inf) if len(every) else 0.0
    return np.asarray(~left_open & (sizes >= _SMALL * smallest))


def _edges(places: Sequence[Box | None]) -> Floats:
    return boxes.boxes_array([(np.nan,) * 4 if box is None else box for box in places])


def _scores(regions: Sequence[Region]) -> Floats:
    return np.array([region.score for region in regions], np.float64)
