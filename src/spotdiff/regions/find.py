"""Evidence to regions: label them, name their kinds, find what moved, carry them into each picture's own pixels."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from spotdiff.align.warp import move_box, move_outlines
from spotdiff.regions.directed import directed_labels
from spotdiff.regions.extract import Thresholds, label_regions, renumber, spans
from spotdiff.regions.kinds import kind_by_edges, presence, window
from spotdiff.regions.moved import pair_moves
from spotdiff.regions.outline import outlines_of
from spotdiff.regions.split import divide, standing_out
from spotdiff.types import Region

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.types import Alignment, Box, Evidence, Kind, Map, Mask, Pair

    Labels = NDArray[np.int32]

_DOUBT = 0.001  # that is always left of a region's evidence
_NAMED = 2000  # regions beyond this many are left `changed`: a picture that differs everywhere has no things in it


def find_regions(pair: Pair, evidence: Evidence, limits: Thresholds) -> tuple[tuple[Region, ...], Labels]:
    """Regions in the common frame, the surest first, and the (H, W) int32 labels that they refer to."""
    change = evidence.change
    kinds: list[Kind] = []
    if evidence.directed:
        labels, kinds = directed_labels(evidence, limits)
    else:
        labels = label_regions(change, limits)
    if not labels.any():
        return (), labels
    boxes = [_box(span) for span in zip(*spans(labels), strict=True)][1:]
    regions = [_region(number, box, change, labels) for number, box in enumerate(boxes, 1)]
    if evidence.directed:
        regions = [replace(region, kind=kind) for region, kind in zip(regions, kinds, strict=True)]
    elif len(regions) <= _NAMED:
        divided = _divided(pair, change, labels, regions, least=limits.min_area)
        regions = _named_by_edges(pair, labels, divided)
    if limits.calibration:
        regions = [replace(region, score=calibrated(region, limits.calibration)) for region in regions]
    regions = [region for region in regions if region.score >= limits.least]
    moved = pair_moves(pair, tuple(regions))
    return _renumbered(tuple(sorted(moved, key=lambda r: (-r.score, r.label))), regions, labels)


def _box(span: tuple[np.int64, ...]) -> Box:
    left, top, right, bottom = (int(v) for v in span)
    return left, top, right, bottom


def _region(number: int, box: Box, change: Map, labels: Labels) -> Region:
    left, top, right, bottom = box
    return _shaped(number, box, np.asarray(labels[top:bottom, left:right] == number), change)


def _shaped(number: int, box: Box, mask: Mask, change: Map) -> Region:
    """An unnamed region from its mask, which fills `box`."""
    left, top, right, bottom = box
    outline = outlines_of(mask.astype(np.uint8), left=left, top=top)
    values = change[top:bottom, left:right][mask]
    score = float(np.sort(values)[len(values) // 2 :].mean())
    return Region("changed", score, int(mask.sum()), box, box, outline, outline, number)


def calibrated(region: Region, weights: tuple[float, ...]) -> float:
    """The chance that a region truly changed; see `Extraction.calibration`.

    Examples:
        >>> faint = Region("added", 0.5, 100, None, None, (), (), 1)
        >>> calibrated(faint, (1.0, 0.5, -2.0)) < calibrated(replace(faint, area=10_000), (1.0, 0.5, -2.0))
        True
    """
    odds, size, constant = weights
    evidence = min(max(region.score, _DOUBT), 1 - _DOUBT)
    total = odds * math.log(evidence / (1 - evidence)) + size * math.log(max(region.area, 1) / 100) + constant
    return 1 / (1 + math.exp(-total))


def _divided(pair: Pair, change: Map, labels: Labels, regions: list[Region], *, least: int) -> list[Region]:
    """The regions, those that hold both something gone and something new divided into one region for each."""
    standing = standing_out(pair.before.pixels, pair.after.pixels, labels)
    found: list[Region] = []
    fresh = len(regions)
    for region in regions:
        box = region.box_before or (0, 0, 0, 0)
        gone, new = divide(standing, labels, region.label, box, least=least)
        inside = labels[box[1] : box[3], box[0] : box[2]] == region.label
        pieces: list[tuple[Kind, Mask]] = [("removed", mask & inside) for mask in gone]
        pieces += [("added", mask & inside) for mask in new]
        # the largest first: the smallest is written last and keeps its ground
        pieces.sort(key=lambda piece: -int(piece[1].sum()))
        numbers = [region.label, *range(fresh + 1, fresh + len(pieces))]
        fresh += max(len(pieces) - 1, 0)
        written = [_piece(n, kind, mask, box, change, labels) for n, (kind, mask) in zip(numbers, pieces, strict=False)]
        left, top, right, bottom = box
        kept = set(np.unique(labels[top:bottom, left:right]).tolist())
        found += [piece for piece in written if piece.label in kept] or [region]
    return found


def _piece(number: int, kind: Kind, mask: Mask, box: Box, change: Map, labels: Labels) -> Region:
    """A region made of a mask inside `box`, which is also written into `labels`."""
    left, top, right, bottom = box
    labels[top:bottom, left:right][mask] = number
    alone = np.zeros_like(labels[top:bottom, left:right])
    alone[mask] = number
    tight = _box(tuple(span[number] for span in spans(alone)))
    inner = (tight[0] + left, tight[1] + top, tight[2] + left, tight[3] + top)
    piece = alone[tight[1] : tight[3], tight[0] : tight[2]] > 0
    return replace(_shaped(number, inner, piece, change), kind=kind)


def _named_by_edges(pair: Pair, labels: Labels, regions: list[Region]) -> list[Region]:
    before, after = pair.before.pixels, pair.after.pixels
    named = []
    for region in regions:
        if region.kind == "changed":
            rows, columns = window(region.box_before or (0, 0, 0, 0), pair.before.size)
            mask = labels[rows, columns] == region.label
            found = [presence(p[rows, columns], mask) for p in (before, after)]
            region = replace(region, kind=kind_by_edges(*found))
        named.append(region)
    return named


def _renumbered(ordered: tuple[Region, ...], named: list[Region], labels: Labels) -> tuple[tuple[Region, ...], Labels]:
    """Labels numbered in the order of the regions; the two places of a moved thing share one."""
    numbers = np.zeros(int(labels.max()) + 1, np.int32)
    for number, region in enumerate(ordered, 1):
        numbers[region.label] = number
        if region.kind == "moved":
            left_behind = next(r.label for r in named if r.kind == "removed" and r.box_before == region.box_before)
            numbers[left_behind] = number
    return tuple(replace(r, label=n) for n, r in enumerate(ordered, 1)), renumber(labels, numbers)


def in_own_pixels(regions: tuple[Region, ...], pair: Pair, alignment: Alignment) -> tuple[Region, ...]:
    """Regions of the common frame with boxes and outlines in the own pixels of the pictures of `pair`."""
    return tuple(_carried(region, pair, alignment) for region in regions)


def _carried(region: Region, pair: Pair, alignment: Alignment) -> Region:
    still = np.eye(3)
    matrix = alignment.matrix
    if alignment.flow is not None and region.box_after is not None:
        matrix = matrix @ _flow_shift(region.box_after, alignment.flow)
    before = None if region.box_before is None else move_box(region.box_before, still, pair.before.size)
    after = None if region.box_after is None else move_box(region.box_after, matrix, pair.after.size)
    return replace(
        region,
        box_before=before,
        box_after=after,
        outline_before=() if before is None else move_outlines(region.outline_before, still, pair.before.size),
        outline_after=() if after is None else move_outlines(region.outline_after, matrix, pair.after.size),
    )


def _flow_shift(box: Box, flow: Map) -> NDArray[np.float64]:
    left, top, right, bottom = box
    shift = np.eye(3)
    shift[:2, 2] = flow[top:bottom, left:right].reshape(-1, 2).mean(0)
    return shift
