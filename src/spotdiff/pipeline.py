"""The one flow: load, align, match light, score, find regions, name kinds, describe, conclude."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.align import align
from spotdiff.describe import get_describer, sentence
from spotdiff.errors import Refusal
from spotdiff.image import load_pair
from spotdiff.light import match_light
from spotdiff.methods import get_method
from spotdiff.options import Options
from spotdiff.regions.extract import Thresholds, strips, thresholds
from spotdiff.regions.find import find_regions, in_own_pixels
from spotdiff.types import STEPS, Alignment, Comparison, Evidence, Light, Pair

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.types import Map, Method, Region

    Labels = NDArray[np.int32]

_SMALL, _HALF_MASS = 0.5, 0.03  # share of the image score that size decides; share of the picture that gets half of it
_SAMPLED = 500_000  # pixels that are enough to see how near a picture came to having a region
_LOW = 0.2  # evidence; from here to as much under 1 it is neither high nor low
_LEAST_SEEN = 0.6  # of before, to say that nothing changed in it


def compare(
    before: object,
    after: object,
    *,
    options: Options | None = None,
    history: Sequence[object] = (),
    name: str = "",
    **changes: object,
) -> Comparison:
    """What changed between two pictures of a place.

    Args:
        before: The earlier picture: path, bytes, file object, array (H, W[, 1|3|4]) or Pillow image.
        after: The later picture, of any size.
        options: How to compare; `Options()` when None.
        history: Still earlier pictures of the place, for methods that learn its usual look.
        name: Name of the pair in the answer.
        changes: Single options by name, such as `method="pixel"`.

    Raises:
        LoadError: a picture cannot be read.
        OptionError: an option has a value that it cannot have.
    """
    options = (options or Options()).changed(**changes) if changes else options or Options()
    method = get_method(options.method, options.settings)
    clock = Clock()
    with clock("load"):
        pair = load_pair(before, after, options=options, history=history)
    return compare_pair(pair, method, options, clock=clock, name=name)


def compare_pair(
    pair: Pair, method: Method, options: Options, *, clock: Clock | None = None, name: str = ""
) -> Comparison:
    """`compare` for a pair already loaded and a method already made."""
    clock = clock or Clock()
    describer = get_describer(options.describe)
    answer = _unanswered(pair, method, options, name)
    try:
        with clock("align"):
            aligned, alignment = align(pair, model=options.align, beyond=not options.focus)
        answer = replace(answer, aligned=aligned, alignment=alignment)
        if aligned.valid is not None and not aligned.valid.any():
            raise Refusal("nothing is left to compare: all of before is ignored")
        with clock("light"):
            aligned, light = match_light(aligned, model=options.light)
        answer = replace(answer, aligned=aligned, light=light)
        with clock("score"):
            evidence = _with_layout(pair, aligned, method.score(aligned), flush=options.align == "off")
        with clock("regions"):
            limits = limits_for(method, options)
            regions, labels = find_regions(aligned, evidence, limits)
        with clock("describe"):
            regions = describer.describe(aligned, regions) if describer else regions
    except Refusal as refusal:
        return replace(answer, reason=str(refusal), text=f"Unsure: {refusal}.", seconds=clock.seconds)
    own = in_own_pixels(regions, pair, alignment)
    answer = replace(answer, evidence=evidence, labels=labels, regions=own, weights=evidence.weights)
    return replace(conclude(answer, limits), seconds=clock.seconds)


def limits_for(method: Method, options: Options) -> Thresholds:
    """What decides which pixels become regions: the method's wishes under the user's."""
    limits = thresholds(
        method.extraction, sensitivity=options.sensitivity, min_area=options.min_area, join=options.join
    )
    return replace(limits, cluster=options.cluster, seed_score=options.seed_score)


def conclude(answer: Comparison, limits: Thresholds) -> Comparison:
    """The answer with verdict, reason, score and text, from its regions and evidence."""
    regions, overlap, sure = answer.regions, answer.alignment.overlap, limits.sure
    doubtful = _doubt(answer.evidence) if limits.doubt < 1 else 0.0
    if regions:
        count = f"{len(regions)} region{'s' if len(regions) > 1 else ''}"
        reason, verdict = f"{count}, {answer.changed_fraction:.2%} of the picture", "changed"
        text = sentence(regions)
        if regions[0].score < sure:
            reason, verdict = f"{reason}, but none is surer than {regions[0].score:.2f}", "unsure"
            text = f"Unsure: {reason}. {text}"
        elif doubtful > limits.doubt:
            reason, verdict = f"{reason}, but {doubtful:.0%} of it could be changed or not", "unsure"
            text = f"Unsure: {reason}. {text}"
        score = _any_of(regions) if limits.calibration else _image_score(answer.evidence, regions, answer.labels)
        return replace(answer, verdict=verdict, reason=reason, score=score, text=text)  # type: ignore[arg-type]
    score = _suspicion(answer.evidence) * (2 * limits.least if limits.calibration else 1)
    if overlap < _LEAST_SEEN:
        reason = f"nothing changed in the {overlap:.0%} of before that after shows"
        return replace(answer, verdict="unsure", reason=reason, score=score, text=f"Unsure: {reason}.")
    return replace(answer, verdict="same", reason="no region is sure and large enough", score=score, text="No change.")


def _any_of(regions: tuple[Region, ...]) -> float:
    """The chance that any region truly changed, from the chances of all, taken as independent."""
    return 1 - math.prod(1 - region.score for region in regions)


def _image_score(evidence: Evidence | None, regions: tuple[Region, ...], labels: Labels | None) -> float:
    """How sure that something changed: the surest region's score, less where all regions together are small."""
    if evidence is None or labels is None:
        return 0.0
    mass = sum(float(evidence.change[rows][labels[rows] > 0].sum()) for rows in strips(labels.shape[0])) / labels.size
    return regions[0].score * (1 - _SMALL + _SMALL * mass / (mass + _HALF_MASS))


def _doubt(evidence: Evidence | None) -> float:
    """Share of the picture where the evidence is neither high nor low."""
    thin = _thinned(evidence)
    return float(((thin > _LOW) & (thin < 1 - _LOW)).mean()) if thin.size else 0.0


def _thinned(evidence: Evidence | None) -> Map:
    """Evidence of change at enough of all pixels."""
    change = evidence.change if evidence else np.zeros((0, 0), np.float32)
    step = max(int((change.size / _SAMPLED) ** 0.5), 1)
    thin: Map = change[::step, ::step]
    return thin


def _suspicion(evidence: Evidence | None) -> float:
    """How near a picture without regions came to having one, 0 to 0.5."""
    thin = _thinned(evidence)
    if thin.size == 0 or evidence is None or cv2.minMaxLoc(evidence.change)[1] <= 0:
        return 0.0
    top = max(thin.size // 500, 1)
    return 0.5 * float(np.partition(thin, thin.size - top, axis=None)[-top:].mean())


def _with_layout(pair: Pair, aligned: Pair, evidence: Evidence, *, flush: bool) -> Evidence:
    """Evidence that calls every pixel that only one of two pictures laid flush has changed."""
    if not flush or aligned.seen is None:
        return evidence
    gone, new = evidence.gone.copy(), evidence.new.copy()
    for picture, one in ((pair.before, gone), (pair.after, new)):
        width, height = picture.size
        one[:height, :width][~aligned.seen[:height, :width]] = 1.0
    if aligned.valid is not None:
        gone[~aligned.valid] = new[~aligned.valid] = 0.0
    if evidence.directed:
        return replace(evidence, gone=gone, new=new)
    both = np.maximum(gone, new)
    return replace(evidence, gone=both, new=both)


def _unanswered(pair: Pair, method: Method, options: Options, name: str) -> Comparison:
    return Comparison(
        verdict="unsure",
        reason="",
        score=0.0,
        regions=(),
        pair=pair,
        aligned=pair,
        evidence=None,
        labels=None,
        alignment=Alignment("off", np.eye(3), None, 1.0),
        light=Light("off"),
        method=options.method,
        parameters=asdict(method),  # type: ignore[call-overload]
        seconds={},
        name=name,
    )


class Clock:
    """Wall seconds per step: `with clock("align"): ...`."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._steps: dict[str, float] = {}

    @contextmanager
    def __call__(self, step: str) -> Iterator[None]:
        """Add the time that the block takes to `step`."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self._steps[step] = self._steps.get(step, 0.0) + time.perf_counter() - start

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds per step, 0 for a step not reached, and the total since the clock was made."""
        total = time.perf_counter() - self._start
        return {step: self._steps.get(step, 0.0) for step in STEPS} | {"total": total}
