"""A pair and the same pair exchanged: what was added must have been removed, and everything else must stay.

Change has no direction of time but its own: a method that says something else of the exchanged pair is wrong about at
least one of the two. The measure follows the temporal consistency of Kim and Kim (2025), Towards Generalizable Scene
Change Detection, https://arxiv.org/abs/2409.06214: the overlap of the two answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spotdiff.metrics import detections as boxes
from spotdiff.metrics.ratios import count_known, mean_known, share
from spotdiff.report.coordinates import SIDES, in_own_pixels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotdiff.report.coordinates import Side
    from spotdiff.types import Comparison, Kind, Mask, Region

SURE = 0.5  # this and above is what evidence calls changed
_MIRRORED: dict[Kind, Kind] = {"added": "removed", "removed": "added"}
_SAME_PLACE = 0.5  # least IoU of two regions that are one


@dataclass(frozen=True, slots=True)
class Swapped:
    """How the answer to the exchanged pair fits the answer to the pair.

    Attributes:
        verdict: Whether the verdicts are the same.
        gone: IoU of what is gone with what is new in the exchanged pair, in before's pixels; NaN without either.
        new: IoU of what is new with what is gone in the exchanged pair, in after's pixels; NaN without either.
        regions: How many there are, of the pair as given.
        found: How many of them the exchanged pair has on the same place.
        mirrored: How many of those are of the mirrored kind: added for removed, any other the same.
    """

    verdict: bool
    gone: float
    new: float
    regions: int
    found: int
    mirrored: int


@dataclass(frozen=True, slots=True)
class SwapMetrics:
    """How well a method's answers fit those to the exchanged pairs.

    Attributes:
        pairs: How many were compared both ways.
        verdicts: Share of them with the same verdict.
        gone, new: Mean of `Swapped.gone` and of `Swapped.new` over the pairs that have one; NaN of none.
        gone_pairs, new_pairs: How many pairs have one.
        regions: Share of the regions that are there both ways; NaN of none.
        kinds: Share of those whose kind is mirrored; NaN of none.
    """

    pairs: int
    verdicts: float
    gone: float
    new: float
    regions: float
    kinds: float
    gone_pairs: int
    new_pairs: int


def swap_metrics(each: Sequence[Swapped]) -> SwapMetrics | None:
    """The figures of many pairs; None of none."""
    if not each:
        return None
    regions, found = sum(pair.regions for pair in each), sum(pair.found for pair in each)
    return SwapMetrics(
        pairs=len(each),
        verdicts=float(np.mean([pair.verdict for pair in each])),
        gone=mean_known([pair.gone for pair in each]),
        new=mean_known([pair.new for pair in each]),
        regions=share(found, regions),
        kinds=share(sum(pair.mirrored for pair in each), found),
        gone_pairs=count_known([pair.gone for pair in each]),
        new_pairs=count_known([pair.new for pair in each]),
    )


def compare_swapped(forth: Comparison, back: Comparison) -> Swapped:
    """How the comparison of the exchanged pair, `back`, fits that of the pair as given, each in its own pixels."""
    gone, new = (_sure(forth, side) for side in SIDES)
    back_new, back_gone = (_sure(back, side) for side in reversed(SIDES))
    pairs = _same_places(forth.regions, back.regions)
    return Swapped(
        verdict=forth.verdict == back.verdict,
        gone=_iou(gone, back_new),
        new=_iou(new, back_gone),
        regions=len(forth.regions),
        found=len(pairs),
        mirrored=sum(_MIRRORED.get(region.kind, region.kind) == swapped.kind for region, swapped in pairs),
    )


def _sure(comparison: Comparison, side: Side) -> Mask:
    """Where something is gone from before, or new in after, in that picture's own pixels."""
    if comparison.mirror is not None:
        return _sure(comparison.mirror, "after" if side == "before" else "before")
    evidence = comparison.evidence
    if evidence is None:
        width, height = getattr(comparison.pair, side).size
        return np.zeros((height, width), bool)
    chances = evidence.gone if side == "before" else evidence.new
    return np.asarray(in_own_pixels(chances, comparison, side) >= SURE)


def _iou(forth: Mask, back: Mask) -> float:
    return share(int(np.count_nonzero(forth & back)), int(np.count_nonzero(forth | back)))


def _same_places(forth: Sequence[Region], back: Sequence[Region]) -> list[tuple[Region, Region]]:
    """Regions of both answers on one place, by their mean IoU in the pictures that show both; each goes once."""
    total, shown = np.zeros((len(forth), len(back))), np.zeros((len(forth), len(back)))
    for side, other in zip(SIDES, reversed(SIDES), strict=True):
        here, there = _edges(forth, side), _edges(back, other)
        total += boxes.iou_matrix(here, there)
        shown += ~np.isnan(here[:, :1]) & ~np.isnan(there[:, 0])
    chosen = boxes.matched(total / np.maximum(shown, 1), min_iou=_SAME_PLACE)
    return [(region, back[index]) for region, index in zip(forth, chosen, strict=True) if index >= 0]


def _edges(regions: Sequence[Region], side: Side) -> boxes.Floats:
    places = [getattr(region, f"box_{side}") for region in regions]
    return boxes.boxes_array([(np.nan,) * 4 if place is None else place for place in places])
