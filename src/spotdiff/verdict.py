"""What the regions and the evidence of a comparison come to, in one verdict, reason and score."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.align import overlap_of_after
from spotdiff.align.georeferenced import shared_ground
from spotdiff.image.rendered import is_rendered
from spotdiff.light import lost_colour, repainted
from spotdiff.regions.extract import Thresholds, strips
from spotdiff.sharpness import blur_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.types import Alignment, Bytes, Comparison, Evidence, Map, Pair, Region

    Labels = NDArray[np.int32]

_SMALL, _HALF_MASS = 0.5, 0.03  # share of the image score that size decides; share of the picture that gets half of it
_SAMPLED = 500_000  # pixels that are enough to see how near a picture came to having a region
_LOW = 0.2  # evidence; from here to as much under 1 it is neither high nor low
_LEAST_SEEN = 0.8  # of each picture that the other must show, to say that nothing changed
_LEAST_SEEN_OF_CUT = 0.99  # the same where one was cut off or grew: that is no camera's doing
_UNSCALED = 0.01  # by which the scale of a copy that was not resized may miss 1
_DIMMED = 2.0  # levels of the mean, of drawn pictures; compression makes one at most
_EXACT = 0.9  # share of one level that is one level in the other picture, too
_LEAST_TOLD = 0.00005  # share of the picture that rounds to 0.01 %
_AFAR = 64  # pixels of the longer side, for a rough look
_VISIBLE = 3.0  # sigmas of a blur, under which a thing is lost in it
_BRIGHTER = 16.0  # levels; where nobody evened out the light, that is more than the noise of half a picture
_FARTHEST = 80.0  # levels; of 329 real pairs none was over 65


def conclude(answer: Comparison, limits: Thresholds) -> Comparison:
    """The answer with verdict, reason and score, and which of its regions are likely, from regions and evidence."""
    return _something(answer, limits) if answer.regions else _nothing(answer, limits)


def count_text(likely: int, possible: int) -> str:
    """How many regions there are of either sort.

    Examples:
        >>> count_text(1, 0), count_text(4, 6), count_text(0, 1)
        ('1 region', '4 regions and 6 possible', '1 possible region')
    """
    if not likely:
        return f"{possible} possible region{'s' if possible != 1 else ''}"
    counted = f"{likely} region{'s' if likely != 1 else ''}"
    return f"{counted} and {possible} possible" if possible else counted


def share_text(share: float) -> str:
    """A share of the picture in words that do not make nothing of a little.

    Examples:
        >>> share_text(0.0747), share_text(0.0), share_text(1e-6)
        ('7.47%', '0.00%', 'under 0.01%')
    """
    return "under 0.01%" if 0 < share < _LEAST_TOLD else f"{share:.2%}"


def _something(answer: Comparison, limits: Thresholds) -> Comparison:
    surest = answer.regions[0].score
    score = surest if limits.calibration else _image_score(answer.evidence, answer.regions, answer.labels)
    doubts = ""
    if surest < limits.sure:
        doubts = f", but none is surer than {surest:.2f}"
    elif limits.doubt < 1 and (share := _doubt(answer.evidence)) > limits.doubt:
        doubts = f", but {share:.0%} of it could be changed or not"
    regions = tuple(replace(region, likely=not doubts and region.score >= limits.sure) for region in answer.regions)
    answer = replace(answer, regions=regions)
    likely = len(answer.likely)
    reason = f"{count_text(likely, len(regions) - likely)}, {share_text(answer.changed_fraction)} of the picture"
    if doubts:
        return _unsure(answer, _all_over(answer) or f"{reason}{doubts}", score)
    return replace(answer, verdict="changed", reason=reason, score=score)


def _nothing(answer: Comparison, limits: Thresholds) -> Comparison:
    score = _suspicion(answer.evidence) * (2 * limits.least if limits.calibration else 1)
    if reason := unseen(answer):
        return _unsure(answer, reason, score)
    if reason := _out_of_focus(answer) or _without_colour(answer) or _all_over(answer):
        return _unsure(answer, reason, score)
    return replace(answer, verdict="same", reason="no region is sure and large enough", score=score)


def unseen(answer: Comparison) -> str:
    """How much of one picture the other shows, where that is too little to say that nothing changed; "" where not."""
    shares = {"before that after": answer.alignment.overlap}
    if answer.aligned.valid is None:  # else it was said what counts, and the rest of after does not
        shares["after that before"] = overlap_of_after(answer.pair, answer.alignment)
    which = min(shares, key=shares.__getitem__)
    if shares[which] < (_LEAST_SEEN if _of_one_view(answer.pair, answer.alignment) else _LEAST_SEEN_OF_CUT):
        return f"nothing changed in the {shares[which]:.0%} of {which} shows"
    return ""


def _all_over(answer: Comparison) -> str:
    """How the pictures differ all over, where that is more than light and camera do; "" where it is not."""
    if answer.light.model not in ("off", "none") and _was_dimmed(answer.pair):
        return "no light falls on screens and drawings, and these are darker or brighter all over"
    if answer.light.model == "none" and repainted(answer.aligned):
        return "a large part has another hue beside what is as it was, which no light makes"
    apart = _apart(answer.aligned)
    if answer.light.model == "off" and apart > _BRIGHTER:
        return "the pictures differ all over, though light counts as it is"
    return "the pictures differ all over by more than light and camera explain" if apart > _FARTHEST else ""


def _out_of_focus(answer: Comparison) -> str:
    """Which picture is less sharp than the other, and what cannot be seen for it; "" where both are as sharp."""
    if (blur := blur_of(answer.evidence)) is None:
        return ""
    return f"{blur[0]} is blurred: nothing changed that is larger than about {_VISIBLE * blur[1]:.0f} px"


def _without_colour(answer: Comparison) -> str:
    """Which picture is grey where the other has colour, that counts as light here; "" for neither."""
    if answer.light.model == "off" or not (grey := lost_colour(answer.pair)):
        return ""
    other = "after" if grey == "before" else "before"
    return f"{grey} has no colour and {other} has: but for colour, nothing changed"


def _was_dimmed(pair: Pair) -> bool:
    """Whether a program drew both pictures, and one is brighter as a whole, by the same for each pixel of a colour.

    Light on a scan or a photograph of a drawing comes with noise.
    """
    before, after = pair.before.opaque, pair.after.opaque
    brighter = abs(float(before[::4, ::4].mean()) - float(after[::4, ::4].mean()))
    if brighter < _DIMMED or before.shape != after.shape:
        return False
    return _is_exact(before, after) and _is_exact(after, before) and is_rendered(before) and is_rendered(after)


def _is_exact(one: Bytes, other: Bytes) -> bool:
    """Whether nearly all of the commonest level of one picture is one level in the other."""
    levels, others = one[..., 1], other[..., 1]
    ground = others[levels == np.bincount(levels.ravel(), minlength=256).argmax()]
    return bool(np.bincount(ground, minlength=256).max() >= _EXACT * ground.size)


def _of_one_view(pair: Pair, alignment: Alignment) -> bool:
    """Whether one picture is as large as the other or a resized copy: what one misses then is the camera's doing.

    Of one that was cut off at the same proportions a pixel is still a pixel. What only one covers by its georeference,
    or has data for, was not looked at.
    """
    if shared_ground(pair) < _LEAST_SEEN_OF_CUT:
        return False
    (width, height), (other_width, other_height) = pair.before.size, pair.after.size
    rounding = max(width + height, other_width + other_height) / 2
    if abs(width * other_height - height * other_width) > rounding or (width == other_width) != (
        height == other_height
    ):
        return False
    scale = abs(float(np.linalg.det(alignment.matrix[:2, :2]))) ** 0.5
    return abs(scale - 1) > _UNSCALED or abs(other_width / width - 1) <= _UNSCALED


def _unsure(answer: Comparison, reason: str, score: float) -> Comparison:
    return replace(answer, verdict="unsure", reason=reason, score=score)


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


def _apart(pair: Pair) -> float:
    """How many levels half of what both pictures show differs by at least, seen from afar.

    Of a channel, or between one that rose and one that fell: another hue is more than another light.
    """
    if np.array_equal(pair.before.opaque, pair.after.opaque):
        return 0.0
    width, height = pair.before.size
    factor = min(_AFAR / max(width, height), 1.0)
    size = max(round(width * factor), 1), max(round(height * factor), 1)
    small = [cv2.resize(one.opaque, size, interpolation=cv2.INTER_AREA) for one in (pair.before, pair.after)]
    differences = cv2.subtract(*small, dtype=cv2.CV_16S)
    apart = differences.max(-1, initial=0) - differences.min(-1, initial=0)
    if pair.usable is not None:
        apart = apart[cv2.resize(pair.usable.astype(np.uint8), size, interpolation=cv2.INTER_AREA) > 0]
    return float(np.median(apart)) if apart.size else 0.0
