"""Changed pixels counted area by area."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spotdiff.timelapse.step import Part

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from spotdiff.types import Comparison, Mask

    Labels = NDArray[np.int32]

_LEAST_SEEN = 0.5  # of an area, to say how much of it changed
_WITHIN = 0.1  # of a region, or of the area: a region that has less in common with an area is not told of it
_MOST_TOLD = 4  # regions of an area; the rest are a number


def parts_of(
    comparison: Comparison, labels: Labels | None, compared: Mask | None, masks: Mapping[str, Mask]
) -> dict[str, Part]:
    """Each area of a comparison by name; without a share where the answer is unsure or most of the area is not seen.

    Args:
        comparison: The answer.
        labels: Its labels in the first picture's pixels, (H, W) int32; None when it was refused.
        compared: (H, W) bool, where both pictures have pixels that count; None for everywhere.
        masks: The areas, (H, W) bool each.
    """
    if comparison.verdict == "unsure" or labels is None:
        return {name: Part(None, reason=f"unsure: {comparison.reason}") for name in masks}
    texts = {region.label: region.text for region in comparison.regions}
    return {name: _part(labels, mask, compared, texts) for name, mask in masks.items()}


def _part(labels: Labels, mask: Mask, compared: Mask | None, texts: Mapping[int, str]) -> Part:
    inside = mask if compared is None else mask & compared
    pixels, seen = int(np.count_nonzero(mask)), int(np.count_nonzero(inside))
    if seen < _LEAST_SEEN * pixels:
        return Part(None, compared=seen, reason=f"only {seen / pixels:.0%} of it is in both pictures")
    changed = int(np.count_nonzero(labels[inside]))
    return Part(changed / seen, changed, seen, _told(labels, inside, texts))


def _told(labels: Labels, inside: Mask, texts: Mapping[int, str]) -> str:
    """The words on the regions that lie in an area, the surest first, as the comparison has them."""
    counts = np.bincount(labels[inside], minlength=max(texts, default=0) + 1)
    area = int(inside.sum())
    said = []
    for label, text in texts.items():
        here, whole = int(counts[label]), int(np.count_nonzero(labels == label))
        if text and here and here >= _WITHIN * min(area, whole):
            said.append(text)
    more = [f"(+{len(said) - _MOST_TOLD})"] if len(said) > _MOST_TOLD else []
    return " ".join(said[:_MOST_TOLD] + more)
