"""Regions of a directed method, from each map by itself."""

from __future__ import annotations

import numpy as np
import pytest

from spotdiff.regions.extract import thresholds
from spotdiff.regions.removed_added import directed_labels
from spotdiff.types import Evidence, Extraction

LIMITS = thresholds(Extraction(grow=0.5, seed=0.5, min_area=4), sensitivity=0.5, min_area=-1, join=-1)


def evidence(gone=(), new=(), shape=(60, 80)):
    """Boxes (left, top, right, bottom, chance) in each map."""
    maps = []
    for boxes in (gone, new):
        one = np.zeros(shape, np.float32)
        for left, top, right, bottom, chance in boxes:
            one[top:bottom, left:right] = chance
        maps.append(one)
    return Evidence(maps[0], maps[1], directed=True)


def found(**boxes):
    """Kind and pixels of every region, by label."""
    labels, kinds = directed_labels(evidence(**boxes), LIMITS)
    assert labels.max(initial=0) == len(kinds)
    return [(kind, int((labels == number).sum())) for number, kind in enumerate(kinds, 1)]


def test_nothing():
    assert found() == []


def test_each_map_has_its_kind():
    assert found(gone=[(0, 0, 10, 10, 0.9)], new=[(40, 30, 50, 50, 0.9)]) == [("removed", 100), ("added", 200)]


def test_neighbours_stay_apart():
    assert found(gone=[(0, 0, 10, 10, 0.9)], new=[(10, 0, 30, 10, 0.9)]) == [("removed", 100), ("added", 200)]


def test_a_little_overlap_goes_to_the_surer():
    assert found(gone=[(0, 0, 10, 10, 0.7)], new=[(8, 0, 30, 10, 0.9)]) == [("removed", 80), ("added", 220)]
    assert found(gone=[(0, 0, 10, 10, 0.9)], new=[(8, 0, 30, 10, 0.7)]) == [("removed", 100), ("added", 200)]


def test_one_on_the_other_is_replaced():
    assert found(gone=[(0, 0, 20, 10, 0.9)], new=[(5, 0, 22, 10, 0.8)]) == [("replaced", 220)]


@pytest.mark.parametrize(("small", "kind"), [("gone", "added"), ("new", "removed")])
def test_a_crumb_on_a_thing_does_not_make_it_replaced(small, kind):
    large = "new" if small == "gone" else "gone"
    assert found(**{small: [(5, 5, 9, 9, 0.9)], large: [(0, 0, 40, 40, 0.8)]}) == [(kind, 1600)]


def test_two_on_one_become_one():
    assert found(gone=[(0, 0, 40, 10, 0.9)], new=[(0, 0, 15, 10, 0.9), (20, 0, 40, 10, 0.9)]) == [("replaced", 400)]


def test_what_loses_all_its_ground_is_no_region():
    """Three surer ones lie on it, none on half of it."""
    gone = [(0, 0, 30, 10, 0.6)]
    new = [(0, 0, 10, 40, 0.9), (11, 0, 20, 40, 0.9), (21, 0, 30, 40, 0.9)]
    kinds = [kind for kind, _ in found(gone=gone, new=new)]
    assert kinds.count("added") == 3
    assert all(pixels > 0 for _, pixels in found(gone=gone, new=new))


def test_exchanged_maps_have_the_mirrored_kinds():
    rng = np.random.default_rng(5)
    boxes = [[(x, y, x + w, y + h, 0.5 + 0.5 * c) for x, y, w, h, c in zip(*(rng.integers(0, 50, 6) for _ in range(2)),
             *(rng.integers(3, 20, 6) for _ in range(2)), rng.random(6), strict=True)] for _ in range(2)]  # fmt: skip
    there = sorted(found(gone=boxes[0], new=boxes[1]))
    back = sorted(found(gone=boxes[1], new=boxes[0]))
    other = {"added": "removed", "removed": "added", "replaced": "replaced"}
    assert sorted((other[kind], pixels) for kind, pixels in back) == there
