"""Find what moved: something gone and something new that look the same."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from spotdiff.types import Box, Bytes, Kind, Pair, Region

_SIDE = 24  # pixels: patches are compared at this size
_LEAST = 0.8  # correlation of the two patches in colour
_SIZES = 1.35  # largest ratio of widths, heights
_RIVAL = 0.05  # how much better than the second best a match must be
_MOST = 40  # things of a kind looked at: the work grows with their square
_COLOURS = 40.0  # largest distance of the mean colours, in grey levels


def pair_moves(pair: Pair, regions: tuple[Region, ...]) -> tuple[Region, ...]:
    """The regions with every removed and added one of the same look joined into one that moved.

    Args:
        pair: The aligned pictures.
        regions: Boxes in the common frame: `box_before` where it was, `box_after` where it is.

    Notes:
        Things of the same make (two white cars) are told apart only by the second best match: where
        two fit about equally well, neither is called moved.
    """
    gone, new = _largest(regions, "removed"), _largest(regions, "added")
    if not gone or not new:
        return regions
    alike = np.array([[_likeness(pair, g.box_before, n.box_after) for n in new] for g in gone])
    joined: dict[int, Region] = {}
    dropped: set[int] = set()
    for row, column in zip(*np.nonzero(alike >= _LEAST), strict=True):
        rivals = np.concatenate([np.delete(alike[row], column), np.delete(alike[:, column], row)])
        if len(rivals) and alike[row, column] < rivals.max() + _RIVAL:
            continue
        here, there = gone[row], new[column]
        joined[there.label] = _join(here, there, float(alike[row, column]))
        dropped.add(here.label)
    return tuple(joined.get(r.label, r) for r in regions if r.label not in dropped)


def _largest(regions: tuple[Region, ...], kind: Kind) -> list[Region]:
    return sorted((r for r in regions if r.kind == kind), key=lambda r: (-r.area, r.label))[:_MOST]


def _join(here: Region, there: Region, alike: float) -> Region:
    return replace(
        there,
        kind="moved",
        score=min(here.score, there.score) * alike,
        area=here.area + there.area,
        box_before=here.box_before,
        outline_before=here.outline_before,
    )


def _likeness(pair: Pair, here: Box | None, there: Box | None) -> float:
    """Correlation of two patches in colour, the best of four quarter turns; -1 when sizes or colours differ."""
    if here is None or there is None:
        return -1.0
    sides = [(box[2] - box[0], box[3] - box[1]) for box in (here, there)]
    if _ratio(max(sides[0]), max(sides[1])) > _SIZES or _ratio(min(sides[0]), min(sides[1])) > _SIZES:
        return -1.0
    one, other = _patch(pair.before.pixels, here), _patch(pair.after.pixels, there)
    if np.abs(one.mean((0, 1)) - other.mean((0, 1))).max() > _COLOURS:
        return -1.0
    best = -1.0
    for turns in range(4):
        wide, high = (here[2] - here[0], here[3] - here[1])[:: -1 if turns % 2 else 1]
        if _ratio(wide, there[2] - there[0]) > _SIZES or _ratio(high, there[3] - there[1]) > _SIZES:
            continue
        best = max(best, _correlation(np.rot90(one, turns), other))
    return best


def _patch(pixels: Bytes, box: Box) -> np.ndarray:
    left, top, right, bottom = box
    patch = cv2.resize(pixels[top:bottom, left:right], (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(patch, np.float32)


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    one, other = one - one.mean(), other - other.mean()
    spread = float(one.std() * other.std())
    return float((one * other).mean()) / spread if spread > 1 else -1.0


def _ratio(one: int, other: int) -> float:
    return max(one, other) / max(min(one, other), 1)
