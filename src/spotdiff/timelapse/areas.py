"""Named areas in the pixels of the first picture, and the changed pixels counted area by area."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from spotdiff.align.warp import move_points
from spotdiff.errors import OptionError
from spotdiff.regions.polygons import polygon_mask
from spotdiff.timelapse.step import Part
from spotdiff.verdict import unseen

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.language.places import Areas
    from spotdiff.types import Comparison, Mask, Matrix

    Labels = NDArray[np.int32]

WHOLE = "whole picture"
_SLACK = 1.0  # pixels that a corner drawn by hand may lie outside
_LEAST_COMPARED = 0.5  # of an area, to say how much of it changed
_LEAST_SHARED = 0.1  # of a region, or of the area: the words on a region that shares less are not the area's
_MOST_TEXTS = 4  # regions of an area that are put into words; the rest are a number


def area_masks(areas: Areas, size: tuple[int, int], valid: Mask | None = None) -> dict[str, Mask]:
    """(H, W) bool a name: the pixels of each area that count; without areas the whole picture is one.

    Args:
        areas: Corners (x, y) by name, in pixels of the first picture.
        size: (width, height) of that picture.
        valid: (H, W) bool, False where nothing counts; None for everywhere.

    Raises:
        OptionError: an area reaches outside of the picture, or nothing of it counts.

    Examples:
        >>> int(area_masks({"gate": [(0, 0), (4, 0), (4, 2), (0, 2)]}, (8, 6))["gate"].sum())
        8
    """
    width, height = size
    everywhere = np.ones((height, width), bool) if valid is None else valid
    for name, corners in areas.items():
        for x, y in corners:
            if not (-_SLACK <= x <= width + _SLACK and -_SLACK <= y <= height + _SLACK):
                raise OptionError(
                    f"area {name} reaches outside of the first picture: corner {x:g}, {y:g} of {width}x{height} pixels"
                )
    masks = {name: polygon_mask(np.array(corners), size) & everywhere for name, corners in areas.items()}
    masks = masks or {WHOLE: everywhere}
    for name, mask in masks.items():
        if not mask.any():
            raise OptionError(f"area {name} holds no pixel that counts; make it larger, or ignore less")
    return masks


def moved_areas(areas: Areas, matrix: Matrix) -> Mapping[str, tuple[tuple[float, float], ...]]:
    """The areas as they lie in a picture whose pixels `matrix` takes the first picture's to.

    Examples:
        >>> moved_areas({"gate": [(0, 0), (4, 0), (4, 2)]}, np.array([[1, 0, 5], [0, 1, -1], [0, 0, 1.0]]))
        {'gate': ((5.0, -1.0), (9.0, -1.0), (9.0, 1.0))}
    """
    # corners lie on the edges of pixels, and a matrix speaks of their centres
    moved = {name: move_points(np.array(corners, np.float64) - 0.5, matrix) + 0.5 for name, corners in areas.items()}
    return {name: tuple((float(x), float(y)) for x, y in corners) for name, corners in moved.items()}


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
    only_unseen = not comparison.regions and bool(unseen(comparison))  # of each area it is known what was seen
    if labels is None or (comparison.verdict == "unsure" and not only_unseen):
        return {name: Part(None, reason=f"unsure: {comparison.reason}") for name in masks}
    texts = {region.label: region.text for region in comparison.regions}
    return {name: _part(labels, mask, compared, texts) for name, mask in masks.items()}


def _part(labels: Labels, mask: Mask, compared: Mask | None, texts: Mapping[int, str]) -> Part:
    inside = mask if compared is None else mask & compared
    pixels, compared_pixels = int(np.count_nonzero(mask)), int(np.count_nonzero(inside))
    if compared_pixels < _LEAST_COMPARED * pixels:
        share = compared_pixels / pixels
        return Part(None, compared=compared_pixels, reason=f"only {share:.0%} of it is in both pictures")
    changed = int(np.count_nonzero(labels[inside]))
    counts = np.bincount(labels[inside], minlength=max(texts, default=0) + 1)
    own_texts = []  # the surest first, as the comparison has them
    for label, text in texts.items():
        shared, whole = int(counts[label]), int(np.count_nonzero(labels == label))
        if text and shared and shared >= _LEAST_SHARED * min(compared_pixels, whole):
            own_texts.append(text)
    more = [f"(+{len(own_texts) - _MOST_TEXTS})"] if len(own_texts) > _MOST_TEXTS else []
    return Part(changed / compared_pixels, changed, compared_pixels, " ".join(own_texts[:_MOST_TEXTS] + more))
