"""Evidence to regions: label them, name their kinds, find what moved, carry them into each picture's own pixels."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from spotdiff.align.rows import own_box, own_outlines
from spotdiff.align.warp import move_box, move_outlines
from spotdiff.regions.extract import Limits, Thresholds, fainter_labels, label_regions, renumber, spans
from spotdiff.regions.kinds import kind_by_edges, presence, window
from spotdiff.regions.moved import pair_moves
from spotdiff.regions.outline import outlines_of
from spotdiff.regions.removed_added import directed_labels
from spotdiff.regions.split_removed_added import divide, standing_out
from spotdiff.types import Region

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spotdiff.types import Alignment, Box, Calibration, Evidence, Kind, Map, Mask, Pair, Rows

    Labels = NDArray[np.int32]

_DOUBT = 0.001  # that is always left of a region's evidence
_MOVING = 0.5  # least score of what is gone and of what is new, to be one thing that moved
_SEEN = 50.0  # pixels from which on a region is seen in full by who looks at the whole pair
_UNSEEN = 0.95  # the word on the whole pair, where the region was too small to be in it
_FAINT = 0.75  # evidence under which a region is faint
_NAMED = 2000  # regions beyond this many are left `changed`: a picture that differs everywhere has no things in it


def find_regions(pair: Pair, evidence: Evidence, limits: Limits) -> tuple[tuple[Region, ...], Labels]:
    """Regions in the common frame, the surest first, and the (H, W) int32 labels that they refer to."""
    usual, change = limits.usual, evidence.change
    regions, labels, faint = _usual_regions(pair, evidence, change, usual)
    left_behind = {region.label: region for region in regions}
    moved = pair_moves(pair, tuple(regions), least=_MOVING)
    told = [region for region in moved if _asked_for(region, change, labels, limits)]
    if limits.fainter:
        told += _fainter_regions(evidence, limits, labels, faint=faint)
    told.sort(key=lambda region: (-region.score, region.label))
    return _renumbered(tuple(told), list(left_behind.values()), labels)


def _usual_regions(
    pair: Pair, evidence: Evidence, change: Map, usual: Thresholds
) -> tuple[list[Region], Labels, float]:
    """The regions at sensitivity 0.5, whatever their score, their labels, and the density of faint ones."""
    kinds: list[Kind] = []
    if evidence.directed:
        labels, kinds = directed_labels(evidence, usual)
    else:
        labels = label_regions(change, usual)
    if not labels.any():
        return [], labels, 0.0
    boxes = [_box(span) for span in zip(*spans(labels), strict=True)][1:]
    regions = [_region(number, box, change, labels) for number, box in enumerate(boxes, 1)]
    if evidence.directed:
        regions = [replace(region, kind=kind) for region, kind in zip(regions, kinds, strict=True)]
    elif len(regions) <= _NAMED:
        divided = _divided(pair, change, labels, regions, least=usual.min_area)
        regions = _named_by_edges(pair, labels, divided)
    faint = faint_density(regions, change.size)
    return _scored(regions, usual, evidence, faint=faint), labels, faint


def _scored(regions: list[Region], limits: Thresholds, evidence: Evidence, *, faint: float) -> list[Region]:
    """Regions with the chance that they truly changed as their score, where the method knows it."""
    calibration = limits.calibration
    if calibration is None:
        return regions
    whole, seen_at = evidence.anything, evidence.seen_at
    return [
        replace(region, score=calibrated(region, calibration, faint=faint, anything=whole, seen_at=seen_at))
        for region in regions
    ]


def _asked_for(region: Region, change: Map, labels: Labels, limits: Limits) -> bool:
    """Whether a usual region is told at the sensitivity asked for."""
    asked, usual = limits.asked, limits.usual
    if region.score < asked.least or region.area < asked.min_area:
        return False
    if asked.seed <= usual.seed and asked.weight <= usual.weight:
        return True
    boxes = [box for box in (region.box_before, region.box_after) if box is not None]
    left, top = (min(box[edge] for box in boxes) for edge in (0, 1))
    right, bottom = (max(box[edge] for box in boxes) for edge in (2, 3))
    values = change[top:bottom, left:right][labels[top:bottom, left:right] == region.label]
    sure = (float(values.mean()) - usual.grow) * math.sqrt(values.size) >= asked.weight if values.size else False
    return sure and float(values.max()) >= asked.seed


def _fainter_regions(evidence: Evidence, limits: Limits, labels: Labels, *, faint: float) -> list[Region]:
    """What is told besides the usual regions, which are numbered in `labels`; the new ones are written into it.

    Their kinds come from the maps of a method that tells gone from new; from any other they have none: they are faint.
    """
    sides: list[tuple[Kind, Map]] = [("changed", evidence.change)]
    if evidence.directed:
        sides = [("removed", evidence.gone), ("added", evidence.new)]
    taken = labels.copy()
    found: list[Region] = []
    for kind, change in sides:
        extra = fainter_labels(change, limits, taken)
        if not extra.any():
            continue
        first = int(labels.max())
        boxes = [_box(span) for span in zip(*spans(extra), strict=True)][1:]
        regions = [replace(_region(number, box, change, extra), kind=kind) for number, box in enumerate(boxes, 1)]
        scored = _scored(regions, limits.usual, evidence, faint=faint)
        found += [replace(region, label=region.label + first) for region in scored]
        np.copyto(labels, extra + first, where=(extra > 0) & (labels == 0))
    shown = set(np.unique(labels).tolist())
    return [region for region in found if region.score >= limits.asked.least and region.label in shown]


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


def faint_density(regions: Sequence[Region], pixels: int) -> float:
    """Faint regions among 100,000 pixels of a pair that has `pixels`; the score of a region is its evidence."""
    return 1e5 * sum(region.score < _FAINT for region in regions) / pixels


def calibrated(
    region: Region, calibration: Calibration, *, faint: float = 0.0, anything: float | None = None, seen_at: float = 1.0
) -> float:
    """The chance that a region truly changed.

    The word on the whole pair counts for less the smaller the region was when that was said; what could not be seen
    then has that of most pairs that changed.

    Args:
        region: With its evidence as its score.
        calibration: What counts for how much.
        faint: As `faint_density` says.
        anything: As in `Evidence`.
        seen_at: As in `Evidence`.

    Examples:
        >>> from spotdiff.types import Calibration
        >>> region = Region("added", 0.5, 100, None, None)
        >>> calibration = Calibration(evidence=1.0, area=0.5, whole=0.6, faint=-1.0, constant=-2.0)
        >>> calibrated(region, calibration) < calibrated(replace(region, area=10_000), calibration)
        True
        >>> calibrated(region, calibration, anything=0.1) < calibrated(region, calibration, anything=0.9)
        True
    """
    total = calibration.evidence * _log_odds(region.score) + calibration.area * math.log(max(region.area, 1) / 100)
    total += calibration.faint * math.log1p(faint) + calibration.constant
    if anything is not None:
        seen = min(region.area * seen_at**2 / _SEEN, 1.0)
        total += calibration.whole * (seen * _log_odds(anything) + (1 - seen) * _log_odds(_UNSEEN))
    return 1 / (1 + math.exp(-total))


def _log_odds(chance: float) -> float:
    bounded = min(max(chance, _DOUBT), 1 - _DOUBT)
    return math.log(bounded / (1 - bounded))


def _divided(pair: Pair, change: Map, labels: Labels, regions: list[Region], *, least: int) -> list[Region]:
    """The regions, those that hold both something gone and something new divided into one region for each."""
    standing = standing_out(pair.before.opaque, pair.after.opaque, labels)
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
    before, after = pair.before.opaque, pair.after.opaque
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
    if alignment.rows is not None:
        return _in_own_rows(region, pair, alignment.rows)
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


def _in_own_rows(region: Region, pair: Pair, rows: Rows) -> Region:
    (before_rows, after_rows), widths = rows, (pair.before.size[0], pair.after.size[0])
    before = None if region.box_before is None else own_box(region.box_before, before_rows, widths[0])
    after = None if region.box_after is None else own_box(region.box_after, after_rows, widths[1])
    return replace(
        region,
        box_before=before,
        box_after=after,
        outline_before=() if before is None else own_outlines(region.outline_before, before_rows, widths[0]),
        outline_after=() if after is None else own_outlines(region.outline_after, after_rows, widths[1]),
    )


def _flow_shift(box: Box, flow: Map) -> NDArray[np.float64]:
    left, top, right, bottom = box
    shift = np.eye(3)
    shift[:2, 2] = flow[top:bottom, left:right].reshape(-1, 2).mean(0)
    return shift
