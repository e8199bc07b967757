"""One sample compared, and the answer held against its truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from spotdiff.data.dataset import read_truth
from spotdiff.errors import SpotdiffError, error_line
from spotdiff.evaluate.box_matching import match_boxes
from spotdiff.evaluate.pixels import levels_of, tally_of
from spotdiff.evaluate.swap_consistency import Swapped, compare_swapped
from spotdiff.pipeline import compare

if TYPE_CHECKING:
    from spotdiff.data import Sample
    from spotdiff.data.dataset import Form, Truth
    from spotdiff.evaluate.map_metrics import Tally
    from spotdiff.metrics.detections import Detections
    from spotdiff.metrics.masks import Levels
    from spotdiff.options import Options
    from spotdiff.types import Comparison, Verdict

NO_MEMORY = "not enough memory; use fewer workers, or smaller pictures"


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
        kinds_known: Matched regions whose true kind is known; None for all of them.
        by_iou: Of tight boxes, what became of the regions at several least overlaps.
        of_kind: Of tight boxes, what became of the regions where only boxes of their own kind count.
        maps: The method's maps counted against the true ones; None without a mask.
        fraction: Share of the picture that the answer calls changed.
        swap: What the exchanged pair said; None where it was not asked.
        weights: Digest of the weights the method used, or "".
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
    kinds_known: int | None = None
    by_iou: Mapping[float, Detections] = field(default_factory=dict)
    of_kind: Detections | None = None
    maps: Tally | None = None
    fraction: float = float("nan")
    swap: Swapped | None = None
    weights: str = ""


def measure(sample: Sample, options: Options, *, swap: bool = False) -> Outcome:
    """Compare one sample and hold the answer against its truth; trouble with a file becomes the outcome's `error`.

    Args:
        sample: What to compare.
        options: How.
        swap: Compare it exchanged as well.
    """
    try:
        truth = read_truth(sample)
        comparison = compare(sample.before, sample.after, options=options, name=sample.name)
        outcome = judge(comparison, truth)
        if not swap:
            return outcome
        swapped = compare(comparison.pair.after, comparison.pair.before, options=options)
        return replace(outcome, swap=compare_swapped(comparison, swapped))
    except (SpotdiffError, OSError) as error:
        return Outcome(sample.name, error=error_line(error))
    except MemoryError:
        return Outcome(sample.name, error=NO_MEMORY)


def judge(comparison: Comparison, truth: Truth) -> Outcome:
    """A comparison held against the truth of its pair.

    Raises:
        DataError: a mask is not of its picture's size.
    """
    boxes = match_boxes(comparison.regions, truth)
    return Outcome(
        name=comparison.name,
        verdict=comparison.verdict,
        score=comparison.score,
        seconds=comparison.seconds.get("total", float("nan")),
        regions=len(comparison.regions),
        changed=truth.changed,
        pixels=levels_of(comparison, truth),
        detections=boxes.detections,
        form=truth.form,
        kinds=boxes.kinds,
        kinds_right=boxes.kinds_right,
        kinds_known=boxes.kinds_known,
        by_iou=boxes.by_iou,
        of_kind=boxes.of_kind,
        maps=tally_of(comparison, truth),
        fraction=comparison.changed_fraction,
        weights=comparison.weights,
    )
