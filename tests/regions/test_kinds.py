"""Drawn scenes whose story is known: what came, what went, what took its place, what moved."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

import spotdiff
from ready_methods import READY
from spotdiff.align.pull_push import pull_push
from spotdiff.regions.extract import Limits, Thresholds
from spotdiff.regions.find import find_regions
from spotdiff.types import Evidence, Pair, Picture

MIRROR = {"added": "removed", "removed": "added"}
USUAL = Thresholds(grow=0.5, seed=0.5, min_area=20, join=0)
LIMITS = Limits(USUAL, USUAL)


@pytest.fixture(scope="module")
def ground(texture):
    """A calm place: soft texture of little contrast."""
    return (110 + 0.25 * (texture(320, 240, seed=9, grain=6).astype(np.float32) - 120)).astype(np.uint8)


def thing(picture: np.ndarray, box, *, colour=(200, 60, 50), pattern: int = 0) -> np.ndarray:
    """A copy with an object on it that has a shape, a rim and a face of its own."""
    left, top, right, bottom = box
    picture = picture.copy()
    cv2.rectangle(picture, (left, top), (right - 1, bottom - 1), colour, -1)
    cv2.rectangle(picture, (left, top), (right - 1, bottom - 1), tuple(c // 2 for c in colour), 2)
    rng = np.random.default_rng(pattern)
    for _ in range(4):
        spot = int(rng.integers(left + 5, right - 5)), int(rng.integers(top + 5, bottom - 5))
        cv2.circle(picture, spot, 4, tuple(int(c) for c in rng.integers(0, 255, 3)), -1)
    return picture


def changed(before: np.ndarray, after: np.ndarray) -> Evidence:
    """Evidence of a method that sees all and cannot tell what is gone from what is new."""
    return Evidence.undirected((cv2.absdiff(before, after).max(2) > 12).astype(np.float32))


def found_in(before: np.ndarray, after: np.ndarray):
    return find_regions(Pair(Picture(before), Picture(after)), changed(before, after), LIMITS)


def kinds_of(before: np.ndarray, after: np.ndarray) -> list[str]:
    return sorted(region.kind for region in found_in(before, after)[0])


HERE, THERE = (60, 60, 110, 100), (200, 130, 250, 170)


def test_what_came_is_added_and_what_went_is_removed(ground):
    assert kinds_of(ground, thing(ground, HERE)) == ["added"]
    assert kinds_of(thing(ground, HERE), ground) == ["removed"]


def test_what_came_elsewhere_than_something_else_went(ground):
    before = thing(ground, HERE, colour=(40, 90, 200), pattern=1)
    assert kinds_of(before, thing(ground, THERE, pattern=2)) == ["added", "removed"]


def test_one_thing_in_place_of_another_is_replaced(ground):
    before = thing(ground, HERE, colour=(40, 90, 200), pattern=1)
    assert kinds_of(before, thing(ground, HERE, colour=(220, 210, 60), pattern=2)) == ["replaced"]


@pytest.mark.parametrize("turned", [False, True])
def test_the_same_thing_elsewhere_has_moved(turned, ground):
    before, after = thing(ground, HERE, pattern=3), ground.copy()
    patch = before[60:100, 60:110]
    patch = np.rot90(patch) if turned else patch
    after[130 : 130 + patch.shape[0], 200 : 200 + patch.shape[1]] = patch
    (region,), labels = found_in(before, after)
    assert region.kind == "moved"
    assert spotdiff_iou(region.box_before, HERE) > 0.9
    assert region.box_after[:2] == pytest.approx((200, 130), abs=2)
    assert set(np.unique(labels)) == {0, 1}
    assert (labels[70:90, 70:100] == 1).all()
    assert (labels[135:165, 205:235] == 1).all()


def spotdiff_iou(one, other) -> float:
    from spotdiff.regions.boxes import iou

    return iou(one, other)


def test_two_of_a_make_are_not_said_to_have_moved(ground):
    before = thing(ground, HERE, pattern=3)
    after = ground.copy()
    for top, left in ((130, 200), (20, 230)):
        after[top : top + 40, left : left + 50] = before[60:100, 60:110]
    assert kinds_of(before, after) == ["added", "added", "removed"]


@pytest.mark.parametrize("step", [(30, 0), (0, 26), (30, 18)])
def test_one_region_of_two_stories_is_split_by_cores(step, ground):
    """A thing left and another came half on its place."""
    before = thing(ground, HERE, colour=(40, 90, 200), pattern=1)
    box = (HERE[0] + step[0], HERE[1] + step[1], HERE[2] + step[0], HERE[3] + step[1])
    after = thing(ground, box, colour=(220, 210, 60), pattern=2)
    regions, _ = found_in(before, after)
    found = {region.kind: region.box_before for region in regions}
    assert set(found) == {"added", "removed"}
    assert spotdiff_iou(found["removed"], HERE) > 0.75
    assert spotdiff_iou(found["added"], box) > 0.75


SCENES = {
    "added": lambda g: (g, thing(g, HERE)),
    "replaced": lambda g: (thing(g, HERE, colour=(40, 90, 200), pattern=1), thing(g, HERE, colour=(220, 210, 60))),
    "two": lambda g: (thing(g, HERE, colour=(40, 90, 200), pattern=1), thing(g, THERE, pattern=2)),
    "overlapping": lambda g: (
        thing(g, HERE, colour=(40, 90, 200)),
        thing(g, (90, 70, 140, 110), colour=(220, 210, 60)),
    ),
    "touching": lambda g: (thing(g, HERE, colour=(40, 90, 200)), thing(g, (110, 60, 160, 100), colour=(220, 210, 60))),
    "within": lambda g: (
        thing(g, (40, 40, 140, 130), colour=(40, 90, 200)),
        thing(g, (70, 70, 100, 95), colour=(220, 210, 60)),
    ),
    "moved": lambda g: (thing(g, HERE, pattern=3), thing(g, THERE, pattern=3)),
    "ring": lambda g: (g, cv2.circle(g.copy(), (150, 120), 50, (250, 240, 30), 9)),
    "many": lambda g: (g, thing(thing(thing(g, HERE), THERE, pattern=5), (10, 180, 60, 220), colour=(20, 20, 20))),
}


@pytest.mark.parametrize("name", SCENES)
def test_exchanging_the_pictures_mirrors_the_kinds(name, ground):
    before, after = SCENES[name](ground)
    there, back = kinds_of(before, after), kinds_of(after, before)
    assert sorted(MIRROR.get(kind, kind) for kind in there) == back


@pytest.mark.parametrize("name", SCENES)
def test_every_region_owns_its_pixels(name, ground):
    """Labels, areas and boxes of regions say the same, also where one region was divided."""
    before, after = SCENES[name](ground)
    regions, labels = found_in(before, after)
    assert [region.label for region in regions] == list(range(1, len(regions) + 1))
    for region in regions:
        rows, columns = np.nonzero(labels == region.label)
        assert len(rows) > 0
        assert region.area >= len(rows)  # ground that two things share bears the number of one of them
        boxes = [box for box in (region.box_before, region.box_after) if box]
        if region.area == len(rows):
            assert columns.min() == min(box[0] for box in boxes)
            assert rows.max() + 1 == max(box[3] for box in boxes)


@pytest.mark.parametrize("name", SCENES)
def test_labels_lie_on_changed_pixels(name, ground):
    before, after = SCENES[name](ground)
    _, labels = found_in(before, after)
    outside = (labels > 0) & (changed(before, after).change < USUAL.grow)
    assert outside.sum() <= 0.1 * (labels > 0).sum()


def test_a_directed_method_names_its_kinds_by_its_maps(ground):
    gone, new = np.zeros((240, 320), np.float32), np.zeros((240, 320), np.float32)
    gone[20:40, 20:40] = gone[100:120, 100:120] = 0.9
    new[20:40, 200:220] = new[100:120, 100:120] = 0.8
    before, after = ground.copy(), ground.copy()
    before[20:40, 20:40] //= 2  # two pieces of one ground could be one thing that moved
    pair = Pair(Picture(before), Picture(after))
    regions, labels = find_regions(pair, Evidence(gone, new, directed=True), LIMITS)
    found = {region.kind: region.box_before for region in regions}
    assert found == {"removed": (20, 20, 40, 40), "added": (200, 20, 220, 40), "replaced": (100, 100, 120, 120)}
    mirrored, _ = find_regions(pair.swapped(), Evidence(new, gone, directed=True), LIMITS)
    assert {MIRROR.get(r.kind, r.kind): r.box_before for r in mirrored} == found
    assert [r.score for r in regions] == sorted((r.score for r in regions), reverse=True)
    assert labels[30, 30] == regions[[r.kind for r in regions].index("removed")].label


def test_a_crowd_is_left_without_names():
    change = np.zeros((300, 300), np.float32)
    change[::4, ::4] = 1.0
    rng = np.random.default_rng(0)
    pair = Pair(*(Picture(rng.integers(0, 256, (300, 300, 3), np.uint8)) for _ in range(2)))
    regions, labels = find_regions(pair, Evidence.undirected(change), Limits(*[replace(USUAL, min_area=1)] * 2))
    assert len(regions) == 75 * 75
    assert {region.kind for region in regions} == {"changed"}
    assert labels.max() == len(regions)


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (3, 3), (64, 48)])
def test_ground_is_filled_in_at_any_size(shape):
    values = np.full((*shape, 3), 80, np.float32)
    known = np.ones(shape, np.float32)
    known[shape[0] // 3 : 2 * shape[0] // 3 + 1, : shape[1] // 2] = 0
    filled = pull_push(values * known[..., None], known)
    assert filled.shape == values.shape
    assert np.isfinite(filled).all()
    if known.any():
        assert np.allclose(filled, 80, atol=1e-2)


@pytest.mark.parametrize("method", READY)
def test_more_sensitive_never_reports_less(method, ground):
    after = thing(thing(ground, HERE), THERE, colour=(125, 120, 118), pattern=7)
    after = np.clip(after + np.random.default_rng(0).normal(0, 3, after.shape), 0, 255).astype(np.uint8)
    counts = [
        spotdiff.compare(ground, after, method=method, align="off", light="off", sensitivity=s).changed_pixels
        for s in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    assert counts == sorted(counts)
    assert counts[-1] > 0
