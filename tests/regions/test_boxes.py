"""Boxes as sets of pixels."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from spotdiff.regions.boxes import area, iou, non_maximum_suppression, overlap


@st.composite
def boxes(draw):
    left, top = draw(st.integers(-5, 12)), draw(st.integers(-5, 12))
    return left, top, left + draw(st.integers(1, 9)), top + draw(st.integers(1, 9))


def pixels(box) -> set[tuple[int, int]]:
    return {(x, y) for x in range(box[0], box[2]) for y in range(box[1], box[3])}


@settings(deadline=None, max_examples=60)
@given(boxes(), boxes())
def test_boxes_are_sets_of_pixels(one, other):
    shared, either = pixels(one) & pixels(other), pixels(one) | pixels(other)
    assert overlap(one, other) == overlap(other, one) == len(shared)
    assert area(one) == len(pixels(one))
    assert iou(one, other) == iou(other, one) == len(shared) / len(either)
    assert iou(one, one) == 1


def test_an_empty_box_has_no_pixels():
    assert area((5, 5, 5, 9)) == area((5, 5, 2, 2)) == 0
    assert iou((5, 5, 5, 9), (0, 0, 9, 9)) == 0
    assert iou((5, 5, 5, 5), (5, 5, 5, 5)) == 0


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(boxes(), st.floats(0, 1)), max_size=12), st.floats(0, 1))
def test_suppression_keeps_the_best_and_drops_only_what_they_cover(scored, limit):
    found, scores = [box for box, _ in scored], [score for _, score in scored]
    kept = non_maximum_suppression(found, scores, max_iou=limit)
    assert [scores[i] for i in kept] == sorted((scores[i] for i in kept), reverse=True)
    assert len(set(kept)) == len(kept)
    assert all(iou(found[i], found[j]) <= limit for i in kept for j in kept if i != j)
    for dropped in set(range(len(found))) - set(kept):
        assert any(iou(found[dropped], found[i]) > limit and scores[i] >= scores[dropped] for i in kept)


def test_nothing_suppressed_gives_nothing():
    assert non_maximum_suppression([], []) == []
