"""Boxes as sets of pixels."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from spotdiff.regions.boxes import area, iou, overlap


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
