"""Regions of a method that tells gone from new: taken from each map by itself, joined where they lie on each other.

Two cars side by side, one that left and one that came, are two answers; their union would be one of no kind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spotdiff.regions.extract import Thresholds, keep, label_regions, strips

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.types import Evidence, Kind, Map

    Labels = NDArray[np.int32]
    Counts = NDArray[np.int64]

_SHARED = 0.5  # of the smaller of two regions that lies on the other, from which on both are one
_BOTH = 0.5  # of the one map's evidence in a region, that the other must have for it to be replaced
_STRONG, _FAINT = 0.5, 0.01  # evidence that counts in full; what fainter evidence counts for, where there is no other


def directed_labels(evidence: Evidence, limits: Thresholds) -> tuple[Labels, list[Kind]]:
    """(H, W) int32 labels, 0 unchanged and then 1 and up, and the kind of each: removed, added or replaced."""
    cores = evidence.cores or (None, None)
    gone, new = (
        label_regions(one, limits, core=core) for one, core in zip((evidence.gone, evidence.new), cores, strict=True)
    )
    counts = int(gone.max()) + 1, int(new.max()) + 1
    overlap = _overlap(gone, new, counts)
    areas = _areas(gone, counts[0]), _areas(new, counts[1])
    group_gone, group_new, groups = _groups(overlap, areas)
    labels = _laid_together(evidence, (gone, new), (group_gone, group_new))
    left = _areas(labels, groups + 1) > 0  # some may have lost all their ground to surer ones
    strong = (
        _strong(evidence.gone, group_gone, gone, groups + 1),
        _strong(evidence.new, group_new, new, groups + 1),
    )
    return keep(labels, left), [_kind(strong[0][number], strong[1][number]) for number in np.flatnonzero(left)]


def _areas(labels: Labels, count: int) -> Counts:
    areas = np.zeros(count, np.int64)
    for rows in strips(len(labels)):
        areas += np.bincount(labels[rows].ravel(), minlength=count)
    areas[0] = 0
    return areas


def _strong(chance: Map, groups: Counts, labels: Labels, count: int) -> list[float]:
    """How many of its pixels in every group a map is sure of; where it is sure of none, a little for its faint ones."""
    total = np.zeros(count)
    for rows in strips(len(labels)):
        sure = np.where(chance[rows] >= _STRONG, 1.0, _FAINT * chance[rows])
        total += np.bincount(groups[labels[rows]].ravel(), weights=sure.ravel(), minlength=count)
    return [float(value) for value in total]


def _overlap(gone: Labels, new: Labels, counts: tuple[int, int]) -> dict[tuple[int, int], int]:
    """How many pixels every two regions share."""
    shared: dict[tuple[int, int], int] = {}
    for rows in strips(len(gone)):
        on = (gone[rows] > 0) & (new[rows] > 0)
        joint = gone[rows][on].astype(np.int64) * counts[1] + new[rows][on]
        for key, count in zip(*np.unique(joint, return_counts=True), strict=True):
            place = int(key) // counts[1], int(key) % counts[1]
            shared[place] = shared.get(place, 0) + int(count)
    return shared


def _groups(overlap: dict[tuple[int, int], int], areas: tuple[Counts, Counts]) -> tuple[Counts, Counts, int]:
    """The number of the region that each region of either map becomes part of, and how many there are."""
    first = np.arange(len(areas[0]))
    second = np.where(np.arange(len(areas[1])) > 0, np.arange(len(areas[1])) + len(areas[0]) - 1, 0)
    for (one, other), count in overlap.items():
        if count >= _SHARED * min(areas[0][one], areas[1][other]):
            keep, drop = sorted((int(first[one]), int(second[other])))
            first[first == drop] = keep
            second[second == drop] = keep
    numbers = np.unique(np.concatenate([first, second]))  # 0 is among them
    return np.searchsorted(numbers, first), np.searchsorted(numbers, second), len(numbers) - 1


def _laid_together(evidence: Evidence, labels: tuple[Labels, Labels], groups: tuple[Counts, Counts]) -> Labels:
    """One map of numbers; a pixel that regions of both maps claim goes to the surer."""
    found = np.zeros(labels[0].shape, np.int32)
    for rows in strips(len(found)):
        gone, new = (group[one[rows]] for group, one in zip(groups, labels, strict=True))
        surer = evidence.gone[rows] >= evidence.new[rows]
        found[rows] = np.where((gone > 0) & (surer | (new == 0)), gone, new)
    return found


def _kind(gone: float, new: float) -> Kind:
    """From the evidence of each map in a region."""
    if min(gone, new) < _BOTH * max(gone, new):
        return "removed" if gone > new else "added"
    return "replaced"
