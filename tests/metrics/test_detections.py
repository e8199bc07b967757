"""Scores of boxes and of whole pictures, each held against plain loops."""

from __future__ import annotations

import numpy as np
import pytest

from spotdiff.metrics.detections import (
    auc,
    boxes_array,
    centre_inside,
    curve,
    hits,
    iou_matrix,
    joined,
    matched,
    matches,
    touching,
)

NAN = float("nan")


def cells(box):
    left, top, right, bottom = (int(v) for v in box)
    return {(x, y) for x in range(left, right) for y in range(top, bottom)}


@pytest.fixture
def boxes():
    rng = np.random.default_rng(3)
    corner = rng.integers(0, 20, (30, 2))
    both = np.concatenate([corner, corner + rng.integers(1, 12, (30, 2))], axis=1)
    return boxes_array(both[:18]), boxes_array(both[18:])


def test_overlap_is_that_of_the_pixels(boxes):
    found, true = boxes
    expected = [[len(cells(f) & cells(t)) / len(cells(f) | cells(t)) for t in true] for f in found]
    assert iou_matrix(found, true) == pytest.approx(np.array(expected))
    assert (touching(found, true) == (np.array(expected) > 0)).all()


def test_boxes_side_by_side_do_not_touch():
    assert not touching(boxes_array([[0, 0, 4, 4]]), boxes_array([[4, 0, 8, 4]])).any()


def test_centre_in_a_box(boxes):
    found, true = boxes
    expected = [
        [t[0] <= (f[0] + f[2]) / 2 <= t[2] and t[1] <= (f[1] + f[3]) / 2 <= t[3] for t in true.tolist()]
        for f in found.tolist()
    ]
    assert np.array(expected).any()
    assert (centre_inside(found, true) == np.array(expected)).all()


def test_a_box_that_is_not_there_is_nowhere():
    nowhere, true = boxes_array([[NAN] * 4]), boxes_array([[0, 0, 9, 9]])
    assert iou_matrix(nowhere, true).tolist() == [[0]]
    assert not touching(nowhere, true).any()
    assert not centre_inside(nowhere, true).any()


def test_hits_count_both_ways():
    on = np.array([[True, True, False, False], [True, False, False, False], [False, False, False, False]])
    found = hits(on, np.array([0.4, 0.7, 0.2]))
    assert found.right.tolist() == [True, True, False]
    assert found.reached.tolist()[:2] == [0.7, 0.4]
    assert (found.recall, found.precision, found.extra) == (0.5, 2 / 3, 1)


def test_the_surer_box_gets_the_object_and_each_object_goes_once():
    overlaps = np.array([[0.5, 0.6], [0.9, 0.95], [0.34, 0.0], [0.33, 0.0]])
    assert matched(overlaps).tolist() == [1, 0, -1, -1]
    assert matched(overlaps[2:]).tolist() == [0, -1]
    assert matched(overlaps[3:]).tolist() == [-1]


def test_matches_leave_out_what_does_not_count():
    chosen, scores = np.array([-1, 0, -1]), np.array([0.9, 0.8, 0.7])
    every = matches(chosen, scores, count_true=2)
    assert (every.recall, every.precision, every.extra) == (0.5, 1 / 3, 2)
    some = matches(chosen, scores, count_true=2, counted=np.array([False, False, True]))
    assert (some.recall, some.precision, some.scores.tolist()) == (0.5, 0.5, [0.8, 0.7])


@pytest.mark.parametrize("count_found", [0, 2])
@pytest.mark.parametrize("count_true", [0, 3])
def test_nothing_found_or_nothing_there(count_found, count_true):
    on, scores = np.zeros((count_found, count_true), bool), np.full(count_found, 0.5)
    for found in (hits(on, scores), matches(matched(on.astype(float)), scores, count_true=count_true)):
        assert found.extra == count_found
        assert found.recall == 0 if count_true else np.isnan(found.recall)
        assert found.precision == 0 if count_found else np.isnan(found.precision)


def test_detections_of_pictures_join():
    one = hits(np.array([[True]]), np.array([0.9]))
    other = hits(np.zeros((1, 2), bool), np.array([0.3]))
    both = joined([one, other])
    assert (both.recall, both.precision) == (1 / 3, 0.5)
    assert joined([]).scores.size == 0


def test_auc_is_the_share_of_pairs_in_order():
    rng = np.random.default_rng(8)
    truth = rng.random(60) < 0.4
    scores = np.round(rng.random(60) + 0.3 * truth, 1)  # rounded, so that there are ties
    pairs = [1.0 if y > n else 0.5 if y == n else 0.0 for y in scores[truth] for n in scores[~truth]]
    assert auc(scores, truth) == pytest.approx(sum(pairs) / len(pairs))


@pytest.mark.parametrize("truth", [[True, True], [False, False], []])
def test_auc_needs_both_kinds(truth):
    assert np.isnan(auc([0.5] * len(truth), truth))


def test_curve_counts_again_at_every_score():
    rng = np.random.default_rng(4)
    scores = np.round(rng.random(25), 1)
    on = rng.random((25, 9)) < 0.06
    found = hits(on, scores)
    thresholds, precision, recall = curve(found.scores, found.right, found.reached)
    assert thresholds.tolist() == sorted(set(scores.tolist()), reverse=True)
    for threshold, at, share in zip(thresholds, precision, recall, strict=True):
        kept = scores >= threshold
        assert at == pytest.approx(on[kept].any(axis=1).mean())
        assert share == pytest.approx(on[kept].any(axis=0).mean())
    assert 0 < recall[-1] < 1
