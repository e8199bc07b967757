"""How weights do in use: held-out pairs go through the whole flow, and what is told of them is held against the truth.

A net's maps at one size say little of what somebody will see: looks at several sizes, thresholds, joining and scores
come between. Weights that are to replace others are measured by what they are to replace them in.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from spotdiff.data.dataset import CHANGED, UNCOUNTED, Sample, Truth, read_truth
from spotdiff.evaluate.aggregate import object_metrics, picture_metrics, pixel_metrics
from spotdiff.evaluate.evaluate_sample import Outcome, judge
from spotdiff.evaluate.perturbations import Perturbation, perturbed
from spotdiff.image import load_picture
from spotdiff.metrics.ratios import mean_known, share
from spotdiff.options import Options
from spotdiff.pipeline import compare
from spotdiff.train.validation import Validation

if TYPE_CHECKING:
    from pathlib import Path

    from spotdiff.data.example import Example
    from spotdiff.types import Bytes, Mask, Picture

VERDICTS = "verdicts right"
_OTHER_LIGHT = (Perturbation("exposure", 0.5), Perturbation("noise", 5.0))


def validate_flow(weights: Path, method: str, held_out: Sequence[Sample | Example]) -> Validation:
    """What `compare` says of held-out pairs with these weights.

    Of every pair the earlier picture is also compared with itself in other light: a set of changed pairs alone would
    not tell when a net begins to see changes where there are none.

    Args:
        weights: File of weights.
        method: That runs them; otherwise everything is as `compare` has it.
        held_out: Pairs that nothing was learned from.

    Returns:
        Figures whose score is the F1 of regions where the truth has boxes, else of the answer's pixels; what is told of
        unchanged pairs counts as wrong. Where nothing changed in any pair, it is the share of them not called changed.

    Raises:
        LoadError: a picture cannot be read.
        DataError: a truth or the weights cannot be read.
    """
    options = Options(method=method, settings={"weights": str(weights)})
    return _figures_of([outcome for pair in held_out for outcome in _outcomes(pair, options)])


def _outcomes(pair: Sample | Example, options: Options) -> Iterator[Outcome]:
    name, before, after, truth = _known(pair)
    yield judge(compare(before, after, options=options, name=name), truth)
    relit, rng = before, np.random.default_rng(zlib.crc32(name.encode("utf-8", "replace")))
    unchanged = _unchanged(truth)
    for perturbation in _OTHER_LIGHT:
        relit, _ = perturbed(relit, unchanged, perturbation, rng=rng)
    yield judge(compare(before, relit, options=options, name=name), unchanged)


def _known(pair: Sample | Example) -> tuple[str, Picture, Picture, Truth]:
    if isinstance(pair, Sample):
        return pair.name, load_picture(pair.before), load_picture(pair.after), read_truth(pair)
    before, after = load_picture(pair.before), load_picture(pair.after)
    return "", before, after, _truth_of(pair)


def _truth_of(example: Example) -> Truth:
    gone, new = _mask(example.gone, example.counted_before), _mask(example.new, example.counted_after)
    either = _mask(example.gone | example.new, example.counted_before & example.counted_after)
    places = [(p.box_before, p.box_after, p.kind) for p in example.places if p.box_before and p.box_after]
    return Truth(
        changed=example.changed,
        mask=either,
        form="places",
        boxes=tuple(before for before, _, _ in places if before),
        kinds=tuple(kind for _, _, kind in places),
        boxes_after=tuple(after for _, after, _ in places if after),
        gone=gone if example.directed else None,
        new=new if example.directed else None,
    )


def _mask(changed: Mask, counted: Mask) -> Bytes:
    return np.asarray(np.where(counted, np.where(changed, CHANGED, 0), UNCOUNTED[0]), np.uint8)


def _unchanged(truth: Truth) -> Truth:
    """The truth of a pair of which both pictures are the earlier one."""
    mask = None if truth.mask is None else np.zeros_like(truth.mask)
    return replace(truth, changed=False, mask=mask, boxes=(), kinds=(), boxes_after=(), gone=None, new=None)


def _figures_of(outcomes: Sequence[Outcome]) -> Validation:
    objects, pixels = object_metrics(outcomes), pixel_metrics([o for o in outcomes if o.detections is None])
    counted = [metrics for metrics in (objects, pixels) if metrics is not None]
    figures = {
        "F1": mean_known([_f1(metrics.precision, metrics.recall) for metrics in counted]),
        "found": mean_known([metrics.recall for metrics in counted]),
        "right": mean_known([metrics.precision for metrics in counted]),
    }
    if objects is not None:
        figures["kind right"] = objects.kind_right
    if (pictures := picture_metrics(outcomes)) is not None:
        figures["false alarms"] = pictures.false_alarms
        figures[VERDICTS] = mean_known([pictures.caught, 1 - pictures.false_alarms])
    known = {name: value for name, value in figures.items() if not math.isnan(value)}
    return Validation(known, known.get("F1", known.get(VERDICTS, 0.0)))


def _f1(precision: float, recall: float) -> float:
    """Harmonic mean; 0 where something is true and nothing of it found, NaN where nothing is true."""
    return share(2 * precision * recall, precision + recall) if recall else recall
