"""The maps of an answer and the true ones, brought to one frame and counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.align.warp import look_up
from spotdiff.data.dataset import CHANGED, UNCOUNTED
from spotdiff.errors import DataError
from spotdiff.evaluate.maps import FOUR, tally
from spotdiff.metrics import masks
from spotdiff.report.maps import probability_maps
from spotdiff.report.own_pixels import in_own_pixels, places

if TYPE_CHECKING:
    from spotdiff.data.dataset import Truth
    from spotdiff.evaluate.maps import Tally
    from spotdiff.metrics.masks import Levels
    from spotdiff.types import Box, Bytes, Comparison, Map, Mask

_UNSEEN = UNCOUNTED[0]


def levels_of(comparison: Comparison, truth: Truth) -> Levels | None:
    """Levels of the answer's map of before on changed and unchanged pixels; None without a mask.

    Raises:
        DataError: the mask is not of before's size.
    """
    if truth.mask is None:
        return None
    shown = probability_maps(comparison)[0]
    check_size(truth.mask, comparison, "before")
    return masks.levels(shown, truth.mask == CHANGED, counted=_counted(comparison, truth.mask))


def tally_of(comparison: Comparison, truth: Truth) -> Tally | None:
    """The method's maps counted against the truth's, in before's pixels; None without masks.

    The true `new` lies in after's own pixels. It is brought into before's with the alignment that the answer found,
    each pixel from the nearest: there the method's `new` says the same of a pixel as it does in after's. So a wrong
    alignment is held against the answer, as `gone` and `new` of one thing then fall apart, and what after shows
    outside of before counts nowhere. Without true `gone` and `new`, changed places are counted whatever their kind.

    Raises:
        DataError: a mask is not of its picture's size.
    """
    gone, new = predicted_maps(comparison)
    four = _own_four(comparison)
    if truth.gone is None or truth.new is None:
        if truth.mask is None:
            return None
        check_size(truth.mask, comparison, "before")
        changed = truth.mask == CHANGED
        return tally(gone, new, changed, changed, _counted(comparison, truth.mask), four=four, directed=False)
    check_size(truth.gone, comparison, "before")
    check_size(truth.new, comparison, "after")
    true_new = _brought(truth.new, comparison)
    counted = _counted(comparison, truth.gone, true_new)
    return tally(gone, new, truth.gone == CHANGED, true_new == CHANGED, counted, four=four)


def predicted_maps(comparison: Comparison) -> tuple[Map, Map]:
    """`gone` and `new` in before's pixels, (H, W) each; 0 where the comparison was refused.

    Of a method that cannot tell the two apart, a region's kind says it: change is not `gone` where something was added
    and not `new` where something was removed.
    """
    evidence = comparison.evidence
    if evidence is None:
        width, height = comparison.pair.before.size
        nothing = np.zeros((height, width), np.float32)
        return nothing, nothing
    gone, new = (evidence.gone, evidence.new) if evidence.directed else _by_kind(comparison, evidence.change)
    return in_own_pixels(gone, comparison, "before"), in_own_pixels(new, comparison, "before")


def check_size(mask: Bytes, comparison: Comparison, side: str) -> None:
    """Refuse a mask that is not of the size of the picture on that side.

    Raises:
        DataError: it is not.
    """
    (high, wide), (width, height) = mask.shape, getattr(comparison.pair, side).size
    if (wide, high) != (width, height):
        raise DataError(f"the mask of {comparison.name} is {wide}x{high}, {side} is {width}x{height}")


def _own_four(comparison: Comparison) -> dict[str, Map] | None:
    layers = {} if comparison.evidence is None else comparison.evidence.layers
    if not all(name in layers for name in FOUR):
        return None
    return {name: in_own_pixels(layers[name], comparison, "before") for name in FOUR}


def _by_kind(comparison: Comparison, change: Map) -> tuple[Map, Map]:
    gone, new, labels = change.copy(), change.copy(), comparison.labels
    if labels is None:
        return gone, new
    for kind, untrue in (("added", gone), ("removed", new)):
        numbers = [region.label for region in comparison.regions if region.kind == kind]
        untrue[np.isin(labels, numbers)] = 0
    for region in comparison.regions:
        both = places(comparison, region)
        if region.kind == "moved" and len(both) == 2:
            here, there = (_cut(box) for box in both)
            mine = labels == region.label
            gone[there][mine[there]] = 0
            gone[here][mine[here]] = change[here][mine[here]]
            new[here][mine[here]] = 0
    return gone, new


def _cut(box: Box) -> tuple[slice, slice]:
    left, top, right, bottom = (max(edge, 0) for edge in box)
    return slice(top, bottom), slice(left, right)


def _brought(mask: Bytes, comparison: Comparison) -> Bytes:
    """A mask of after in before's pixels; not counted where after does not reach."""
    size, alignment = comparison.pair.before.size, comparison.alignment
    if alignment.flow is None:
        flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
        moved = cv2.warpPerspective(mask, alignment.matrix, size, flags=flags, borderValue=_UNSEEN)
    else:
        x, y = look_up(alignment.matrix, size, alignment.flow)
        moved = cv2.remap(mask, x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT, borderValue=_UNSEEN)
    return np.asarray(moved, np.uint8)


def _counted(comparison: Comparison, *true: Bytes) -> Mask:
    """(H, W) bool, False where a mask leaves it open, or the options leave it out."""
    counted = ~np.logical_or.reduce([np.isin(mask, UNCOUNTED) for mask in true])
    if comparison.pair.valid is not None:
        counted &= comparison.pair.valid
    return np.asarray(counted, bool)
