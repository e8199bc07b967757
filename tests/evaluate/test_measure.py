"""One answer held against one truth."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest

from spotdiff.data.dataset import Truth
from spotdiff.errors import DataError
from spotdiff.evaluate.evaluate_sample import judge

from .conftest import HEIGHT, WIDTH, answer, region


def objects(*rows):
    return Truth(True, None, "objects", tuple(box for box, _ in rows), tuple(kind for _, kind in rows))


def test_pixels_are_counted_where_they_count():
    change = np.zeros((HEIGHT, WIDTH), np.float32)
    change[:10, :10] = 0.8
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[:10, :5], mask[:10, 9], mask[20:, :2] = 255, 170, 85
    mask[15, :7] = 255
    outcome = judge(answer(change=change), Truth(True, mask))
    assert astuple(outcome.pixels.at(128)) == (50, 40, 7, WIDTH * HEIGHT - 50 - 40 - 7 - 10 - 20)


def test_pixels_that_the_options_leave_out_count_neither():
    valid = np.ones((HEIGHT, WIDTH), bool)
    valid[:, 20:] = False
    outcome = judge(answer(valid=valid), Truth(True, np.full((HEIGHT, WIDTH), 255, np.uint8)))
    assert outcome.pixels.changed.sum() == 20 * HEIGHT


def test_a_mask_of_another_size_is_refused():
    with pytest.raises(DataError, match="the mask of a is 4x3, before is 40x30"):
        judge(answer(), Truth(True, np.zeros((3, 4), np.uint8)))


def test_areas_hold_a_regions_centre():
    truth = Truth(True, None, "areas", ((0, 0, 10, 10), (20, 20, 30, 30)), ("spur", ""))
    found = judge(
        answer(
            region(before=(2, 2, 4, 4), score=0.3),
            region(before=(8, 8, 20, 20), score=0.8),  # touches the first, its centre is outside
            region(after=(20, 20, 30, 30)),  # nowhere in before
        ),
        truth,
    )
    assert found.kinds == ("spur", "")
    assert (found.detections.recall, found.detections.precision) == (0.5, 0.5)
    assert found.detections.reached[0] == 0.3


def test_points_need_a_touch():
    truth = Truth(True, None, "points", ((0, 0, 10, 10), (20, 20, 30, 30)), ("", ""))
    found = judge(answer(region(before=(8, 8, 20, 20)), region(before=(30, 20, 35, 25))), truth).detections
    assert (found.recall, found.extra) == (0.5, 1)


def test_objects_are_looked_for_in_their_own_picture():
    truth = objects(((0, 0, 10, 10), "removed"), ((20, 0, 30, 10), "added"))
    right = judge(
        answer(region("removed", before=(0, 0, 10, 9)), region("moved", before=(3, 20, 13, 30), after=(20, 0, 30, 9))),
        truth,
    )
    assert (right.detections.recall, right.detections.precision, right.kinds_right) == (1, 1, 1)
    swapped = judge(
        answer(
            region("removed", before=(20, 0, 30, 10), after=(0, 20, 10, 30)),
            region("added", before=(3, 20, 13, 30), after=(0, 0, 10, 9)),
        ),
        truth,
    )
    assert (swapped.detections.recall, swapped.detections.extra) == (0, 2)


def test_an_added_object_may_stand_in_before_only():
    found = judge(answer(region("added", before=(20, 0, 30, 10))), objects(((20, 0, 30, 10), "added")))
    assert (found.detections.recall, found.kinds_right) == (1, 1)


def test_the_surest_region_takes_the_object():
    truth = objects(((0, 0, 10, 10), "removed"))
    found = judge(
        answer(region("removed", before=(0, 0, 10, 10), score=0.2), region("removed", before=(0, 0, 10, 8), score=0.7)),
        truth,
    )
    assert found.detections.reached.tolist() == [0.7]
    assert found.detections.extra == 1


def test_what_was_left_open_and_what_is_small_is_not_held_against_the_method():
    truth = objects(((0, 0, 10, 10), "removed"), ((20, 20, 30, 30), "either"))
    small, on_open, wrong = (20, 0, 27, 7), (22, 22, 30, 30), (30, 0, 40, 10)
    found = judge(answer(*(region(before=box) for box in (small, on_open, wrong))), truth).detections
    assert (found.right.tolist(), found.recall) == ([False], 0)


def test_an_unanswered_pair_misses_everything():
    found = judge(answer(verdict="unsure"), objects(((0, 0, 10, 10), "removed")))
    assert (found.detections.recall, found.detections.scores.size, found.verdict) == (0, 0, "unsure")
