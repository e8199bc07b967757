"""Boxes out of heat, size and offset, and boxes painted."""

from __future__ import annotations

import numpy as np
import pytest

from spotdiff.regions.centre_heatmap import decode, painted

SHAPE = (40, 61)  # a grid of (10, 16) at stride 4


@pytest.fixture(name="maps")
def empty_maps():
    return np.zeros((10, 16), np.float32), np.zeros((2, 10, 16), np.float32), np.zeros((2, 10, 16), np.float32)


def put(maps, row, column, score, size, offset=(0.5, 0.5)) -> None:
    heat, sizes, offsets = maps
    heat[row, column], sizes[:, row, column], offsets[:, row, column] = score, size, offset


def found(maps, *, threshold=0.3, **more):
    return decode(*maps, stride=4, shape=SHAPE, threshold=threshold, **more)


def test_a_box_stands_round_its_centre(maps):
    put(maps, 5, 3, 0.9, (2, 3), (0.25, 0.75))
    boxes, scores = found(maps)
    assert boxes.tolist() == [[4 * (3.25 - 1), 4 * (5.75 - 1.5), 4 * (3.25 + 1), 4 * (5.75 + 1.5)]]
    assert scores == pytest.approx([0.9])


def test_only_the_surest_cell_of_its_neighbours_counts_and_the_surest_box_comes_first(maps):
    put(maps, 2, 2, 0.5, (2, 2))
    put(maps, 3, 3, 0.4, (2, 2))  # beside a surer one
    put(maps, 7, 9, 0.8, (2, 2))
    put(maps, 5, 13, 0.2, (2, 2))  # below the threshold
    boxes, scores = found(maps)
    assert scores == pytest.approx([0.8, 0.5])
    assert boxes[:, 0].tolist() == [4 * 8.5, 4 * 1.5]
    assert found(maps, most=1)[1] == pytest.approx([0.8])


def test_boxes_are_cut_at_the_rim_and_those_without_area_dropped(maps):
    put(maps, 0, 0, 0.9, (9, 9))
    put(maps, 9, 15, 0.8, (4, 4))
    put(maps, 5, 8, 0.7, (-1, 3))  # nothing keeps a net from saying so
    boxes, scores = found(maps)
    assert boxes.tolist() == [[0, 0, 20, 20], [4 * 13.5, 4 * 7.5, 61, 40]]
    assert len(scores) == 2


def test_nothing_sure_gives_no_box(maps):
    boxes, scores = found(maps, threshold=0.01)
    assert boxes.shape == (0, 4)
    assert scores.shape == (0,)
    assert not painted(boxes, scores, SHAPE).any()


def test_painted_boxes_keep_the_higher_score_in_whatever_order():
    boxes, scores = np.array([[0.4, 0.6, 4.4, 4.6], [2.0, 2.0, 7.0, 7.0]]), np.array([0.25, 0.75])
    map_ = painted(boxes, scores, (8, 9))
    assert map_.dtype == np.float32
    assert np.array_equal(map_, painted(boxes[::-1], scores[::-1], (8, 9)))
    assert (map_[2:7, 2:7] == 0.75).all()
    assert map_.sum() == 0.75 * 25 + 0.25 * (16 - 6)  # rows 1 to 4, columns 0 to 3, of which 3 by 2 are shared
    assert (map_ > 0).sum() == 25 + 16 - 6


def test_a_box_over_the_rim_paints_nothing_on_the_other_side():
    assert (painted(np.array([[-3.0, -2.0, 2.0, 99.0]]), np.array([1.0]), (4, 5)) > 0).sum() == 2 * 4
