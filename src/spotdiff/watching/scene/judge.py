"""The judge: the reference held against a still look by the one flow that compares two pictures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from spotdiff.describe import described, get_describer
from spotdiff.language.catalogue import get_catalogue
from spotdiff.pipeline import compare_pair
from spotdiff.regions.kinds import presence
from spotdiff.types import Pair, Picture
from spotdiff.watching.scene.candidates import bounding_box
from spotdiff.watching.scene.detector import match_colours

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from spotdiff.options import Options
    from spotdiff.types import Box, Bytes, Comparison, Mask, Method, Region

_TOUCHES = 0.3  # share of the smaller of two grounds that they must share to be of one thing
_MAIN = 0.75  # share that the largest kind of several regions must have to name the whole
_MARGIN = 8  # pixels around a thing that its outline is looked for in
_CLEAR = 0.2  # log ratio from which on a cue speaks
_KIND_OF = {"added": "left", "removed": "taken", "moved": "moved"}


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """What the flow says of the ground of a candidate.

    Attributes:
        kind: left, taken, moved or changed.
        score: How sure, 0 to 1.
        box: Where it is, in pixels of the working picture.
        box_before: Where a moved thing stood.
        mask: (H, W) bool of the working picture.
        text: In words.
    """

    kind: str
    score: float
    box: Box
    box_before: Box | None
    mask: Mask
    text: str


class Judge:
    """Compares two looks of a scene with the method and options of any comparison.

    Attributes:
        method, options: What it compares with.
        catalogue: The language that events are described in.
    """

    def __init__(self, method: Method, options: Options) -> None:
        self.method, self.options = method, options
        self._silent = options.changed(describe="off", describe_settings={})
        self._describer = get_describer(options)
        self.catalogue = get_catalogue(options.language)

    def compare(self, usual: Bytes, present: Bytes, *, valid: Mask | None = None) -> Comparison | None:
        """The flow's answer for two pictures (H, W, 3) of one size; None where there is none for now."""
        usual, present = match_colours(usual, present)
        pair = Pair(Picture(usual), Picture(present), valid=valid)
        return compare_pair(pair, self.method, self._silent)

    def describe(self, answer: Comparison, region: Region) -> str:
        """One region of an answer in words, by itself: an event is read without the others."""
        texts, _ = described(self._describer, answer, (region,))
        return texts[0]


def judge_ground(
    answer: Comparison, ground: Mask, describe: Callable[[Comparison, Region], str] = lambda answer, region: ""
) -> Judgement | None:
    """What an answer says of `ground` (H, W) bool; None where it sees no difference.

    Args:
        answer: Of the usual look held against the present one.
        ground: Where the candidate is.
        describe: Puts a region of the answer into words.

    An answer that is unsure of the whole counts, too: what stays for so long is likelier than what is seen once.
    """
    labels = answer.labels
    if labels is None:
        return None
    touching = [region for region in answer.regions if _touches(region, labels, ground)]
    if not touching:
        return None
    main = max(touching, key=lambda region: region.score * region.area)
    same_kind = [region for region in touching if region.kind == main.kind]
    mask = np.isin(labels, [region.label for region in touching])
    share = sum(region.area for region in same_kind) / sum(region.area for region in touching)
    kind = _KIND_OF.get(main.kind, "changed") if share >= _MAIN else "changed"
    score = max(region.score for region in same_kind)
    if kind == "moved":
        box, box_before = main.box_after or region_bounds(same_kind), main.box_before
    else:
        kind = confirmed_kind(answer, kind, mask)
        box, box_before = region_bounds(same_kind), None
    text = describe(answer, replace(main, kind="changed") if kind == "changed" else main)
    return Judgement(kind, score, box, box_before, mask, text)


def confirmed_kind(answer: Comparison, kind: str, mask: Mask) -> str:
    """The kind, if the thing's outline or its colours bear it out and neither speaks against it; else `changed`."""
    left, top, right, bottom = bounding_box(mask)
    rows = slice(max(top - _MARGIN, 0), bottom + _MARGIN)
    columns = slice(max(left - _MARGIN, 0), right + _MARGIN)
    inside = mask[rows, columns]
    before, after = (
        presence(np.ascontiguousarray(picture.pixels[rows, columns]), inside)
        for picture in (answer.aligned.before, answer.aligned.after)
    )
    edge = np.log((after.edge + 1) / (before.edge + 1))
    contrast = np.log((after.contrast + 2) / (before.contrast + 2))
    side = {"left": 1, "taken": -1}.get(kind, 0)
    votes = [side * value > _CLEAR for value in (edge, contrast)]
    against = [side * value < -_CLEAR for value in (edge, contrast)]
    return kind if side and any(votes) and not any(against) else "changed"


def _touches(region: Region, labels: NDArray[np.int32], ground: Mask) -> bool:
    region_mask = labels == region.label
    shared = int((region_mask & ground).sum())
    return shared >= _TOUCHES * min(int(region_mask.sum()), int(ground.sum())) and shared > 0


def region_bounds(regions: Sequence[Region]) -> Box:
    """The smallest box around regions, each where it is now, or where it was."""
    boxes = np.array([box for region in regions if (box := region.box_after or region.box_before) is not None])
    left, top = boxes[:, :2].min(0)
    right, bottom = boxes[:, 2:].max(0)
    return int(left), int(top), int(right), int(bottom)
