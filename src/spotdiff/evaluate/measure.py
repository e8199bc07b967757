"""One sample compared, and the answer held against its truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spotdiff.data.truth import CHANGED, EITHER, UNCOUNTED, Truth, read_truth
from spotdiff.errors import DataError, SpotdiffError
from spotdiff.metrics import detections as boxes
from spotdiff.metrics import masks
from spotdiff.pipeline import compare
from spotdiff.report.maps import probability_maps

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from spotdiff.data import Sample
    from spotdiff.data.truth import Form
    from spotdiff.metrics.detections import Bools, Detections, Floats
    from spotdiff.metrics.masks import Levels
    from spotdiff.options import Options
    from spotdiff.types import Box, Comparison, Region, Verdict

_EITHER_IOU = 0.1  # a region on an object that was left open is not held against the method
_SMALL = 0.5  # of the smallest true object: smaller things change too, and nobody marked them


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What came of one sample.

    Attributes:
        name: The sample's.
        verdict: same, changed or unsure; None when it could not be compared.
        score: How sure that something changed, 0 to 1.
        seconds: Wall time of the comparison.
        regions: How many were reported.
        changed: Whether anything did; None where nobody knows.
        pixels: Levels of the probability map on changed and unchanged pixels; None without a mask.
        detections: What became of the regions; None without boxes.
        form: How the boxes were meant.
        kinds: Kinds of the true boxes, one for each of `detections.reached`.
        kinds_right: Matched regions of the right kind.
        error: Why it could not be compared; empty when it was.
    """

    name: str
    verdict: Verdict | None = None
    score: float = float("nan")
    seconds: float = float("nan")
    regions: int = 0
    changed: bool | None = None
    pixels: Levels | None = None
    detections: Detections | None = None
    form: Form | None = None
    kinds: tuple[str, ...] = ()
    kinds_right: int = 0
    error: str = ""


def measure(sample: Sample, options: Options) -> Outcome:
    """Compare one sample and hold the answer against its truth; trouble with a file becomes the outcome's `error`."""
    try:
        truth = read_truth(sample)
        comparison = compare(sample.before, sample.after, options=options, name=sample.name)
        return judge(comparison, truth)
    except (SpotdiffError, OSError) as error:
        return Outcome(sample.name, error=str(error))
    except MemoryError:
        return Outcome(sample.name, error="not enough memory; use fewer workers, or smaller pictures")


def judge(comparison: Comparison, truth: Truth) -> Outcome:
    """A comparison held against the truth of its pair.

    Raises:
        DataError: the mask is not of before's size.
    """
    found, kinds, kinds_right = _detections(comparison.regions, truth)
    return Outcome(
        name=comparison.name,
        verdict=comparison.verdict,
        score=comparison.score,
        seconds=comparison.seconds.get("total", float("nan")),
        regions=len(comparison.regions),
        changed=truth.changed,
        pixels=_pixels(comparison, truth),
        detections=found,
        form=truth.form,
        kinds=kinds,
        kinds_right=kinds_right,
    )


def _pixels(comparison: Comparison, truth: Truth) -> Levels | None:
    if truth.mask is None:
        return None
    shown = probability_maps(comparison)[0]
    if shown.shape != truth.mask.shape:
        (high, wide), (height, width) = truth.mask.shape, shown.shape
        raise DataError(f"the mask of {comparison.name} is {wide}x{high}, before is {width}x{height}")
    counted = ~np.isin(truth.mask, UNCOUNTED)
    if comparison.pair.valid is not None:
        counted &= comparison.pair.valid
    return masks.levels(shown, truth.mask == CHANGED, counted=counted)


def _detections(regions: Iterable[Region], truth: Truth) -> tuple[Detections | None, tuple[str, ...], int]:
    """What became of the regions, the kinds of the true boxes, and how many kinds were right."""
    if truth.form is None:
        return None, (), 0
    surest = sorted(regions, key=lambda region: -region.score)
    if truth.form == "objects":
        return _objects(surest, truth)
    seen = [region for region in surest if region.box_before is not None]
    found, true = _places([region.box_before for region in seen]), boxes.boxes_array(truth.boxes)
    on = boxes.touching(found, true) if truth.form == "points" else boxes.centre_inside(found, true)
    return boxes.hits(on, _scores(seen)), truth.kinds, 0


def _objects(surest: Sequence[Region], truth: Truth) -> tuple[Detections, tuple[str, ...], int]:
    """Removed objects are looked for in before, added ones in after, each by the box in that picture's pixels."""
    every, kinds = boxes.boxes_array(truth.boxes), np.array(truth.kinds, str)
    before = _places([region.box_before for region in surest])
    after = _places([region.box_after or region.box_before for region in surest])
    wanted = kinds != EITHER
    true, true_kinds = every[wanted], kinds[wanted]
    overlaps = np.where(true_kinds == "removed", boxes.iou_matrix(before, true), boxes.iou_matrix(after, true))
    chosen = boxes.matched(overlaps)
    counted = _counted(surest, before, after, every, every[~wanted])
    found = boxes.matches(chosen, _scores(surest), count_true=len(true), counted=counted)
    right = sum(region.kind == true_kinds[index] for region, index in zip(surest, chosen, strict=True) if index >= 0)
    return found, tuple(map(str, true_kinds)), right


def _counted(surest: Sequence[Region], before: Floats, after: Floats, every: Floats, either: Floats) -> Bools:
    """(F,) False for regions on an object left open, and for those too small to be one that somebody marked."""
    left_open = (np.maximum(boxes.iou_matrix(before, either), boxes.iou_matrix(after, either)) > _EITHER_IOU).any(
        axis=1
    )
    of_added = np.array([region.kind == "added" or region.box_before is None for region in surest], bool)
    sizes = boxes.box_areas(np.where(of_added[:, None], after, before))
    smallest = boxes.box_areas(every).min(initial=np.inf) if len(every) else 0.0
    return np.asarray(~left_open & (sizes >= _SMALL * smallest))


def _places(places: Sequence[Box | None]) -> Floats:
    return boxes.boxes_array([(np.nan,) * 4 if box is None else box for box in places])


def _scores(regions: Sequence[Region]) -> Floats:
    return np.array([region.score for region in regions], np.float64)
