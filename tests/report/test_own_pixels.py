from dataclasses import replace

import numpy as np
import pytest

from spotdiff.align.warp import map_box
from spotdiff.report.coordinates import in_own_pixels, labels_in, places, where_text

HOMOGRAPHY = np.array([[1.9, 0.12, -9], [-0.08, 2.1, 14], [2e-5, -3e-5, 1.0]])
SHIFT = np.array([[1, 0, 7], [0, 1, -4], [0, 0, 1.0]])


@pytest.mark.parametrize("matrix", [np.eye(3), SHIFT, HOMOGRAPHY], ids=["same", "shift", "homography"])
def test_a_box_holds_its_corners_and_comes_back(matrix):
    box = (20, 30, 61, 75)
    there = map_box(box, matrix)
    back = map_box(there, np.linalg.inv(matrix))
    assert back[0] <= box[0] and back[1] <= box[1] and back[2] >= box[2] and back[3] >= box[3]  # noqa: PT018
    assert max(abs(np.array(back) - box)) <= 8
    if matrix is not HOMOGRAPHY:
        assert back == box


def test_labels_follow_the_alignment(comparison_of, region):
    comparison = comparison_of([region(4, "added", (20, 30, 40, 50))], matrix=SHIFT)
    after = labels_in(comparison, "after")
    assert np.array_equal(after[26:46, 27:47], np.full((20, 20), 4))
    assert (after > 0).sum() == 400
    assert np.array_equal(labels_in(comparison, "before"), comparison.labels)


def test_large_labels_survive(comparison_of, region):
    comparison = comparison_of([region(70001, "added", (20, 30, 40, 50))], matrix=HOMOGRAPHY, after_size=(330, 280))
    assert set(np.unique(labels_in(comparison, "after")).tolist()) == {0, 70001}


def test_a_padded_frame_is_cut_to_each_picture(comparison_of):
    comparison = comparison_of([], size=(40, 30), after_size=(50, 20))
    field = np.arange(30 * 50, dtype=np.float32).reshape(30, 50)  # as large as both together
    assert np.array_equal(in_own_pixels(field, comparison, "before"), field[:, :40])
    assert np.array_equal(in_own_pixels(field, comparison, "after"), field[:20])


def test_a_picture_larger_than_the_frame_is_filled_with_nothing(comparison_of):
    comparison = comparison_of([], size=(10, 10), after_size=(14, 12))
    own = in_own_pixels(np.ones((10, 10), np.uint8), comparison, "after")
    assert own.shape == (12, 14)
    assert own.sum() == 100


def test_a_moved_thing_stands_in_two_places(comparison_of, region):
    thing = region(1, "moved", (10, 10, 20, 20), (67, 46, 77, 56))
    comparison = comparison_of([thing], matrix=SHIFT)
    assert places(comparison, thing) == ((10, 10, 20, 20), (60, 50, 70, 60))


def test_a_thing_outside_before_is_placed_by_after(comparison_of, region):
    thing = region(1, "added", (10, 10, 20, 20), (67, 46, 77, 56))
    comparison = comparison_of([thing], matrix=SHIFT)
    assert places(comparison, replace(thing, box_before=None)) == ((60, 50, 70, 60),)


@pytest.mark.parametrize(
    ("kind", "both", "before_alone", "after_alone"),
    [
        ("removed", "10x10 at 10,10", "10x10 at 10,10", "12x12 at 67,46"),
        ("added", "12x12 at 67,46", "10x10 at 10,10", "12x12 at 67,46"),
        ("replaced", "12x12 at 67,46", "10x10 at 10,10", "12x12 at 67,46"),
        ("moved", "10x10 at 10,10 to 67,46", "10x10 at 10,10", "12x12 at 67,46"),
    ],
)
def test_a_thing_is_told_where_it_was_or_where_it_is(region, kind, both, before_alone, after_alone):
    thing = region(1, kind, (10, 10, 20, 20), (67, 46, 79, 58))
    assert where_text(thing) == both
    assert where_text(replace(thing, box_after=None)) == before_alone
    assert where_text(replace(thing, box_before=None)) == after_alone
    assert where_text(replace(thing, box_before=None, box_after=None)) == ""
