"""Scores of boxes and of whole pictures, each held against plain loops."""

from __future__ import annotations

import numpy as np
import pytest

from spotdiff.metrics.detections import (
    Detections,
    auc,
    average_precision,
    boxes_array,
    centre_inside,
    curve,
    hits,
    iou_matrix,
    joined,
    matched,
    matches,
    touching,
    voc_matched,
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


def voc_by_hand(overlaps, min_iou):
    """The rule of the challenge, box by box."""
    taken, chosen = set(), []
    for row in overlaps.tolist():
        best = max(range(len(row)), key=row.__getitem__)
        mine = row[best] >= min_iou and best not in taken
        chosen.append(best if mine else -1)
        taken |= {best} if mine else set()
    return chosen


@pytest.mark.parametrize("min_iou", [0.1, 0.3, 0.5, 0.75])
def test_a_found_box_claims_the_true_one_it_overlaps_most(min_iou):
    rng = np.random.default_rng(11)
    for _ in range(20):
        overlaps = rng.random((9, 5))
        assert voc_matched(overlaps, min_iou=min_iou).tolist() == voc_by_hand(overlaps, min_iou)


def test_no_box_is_claimed_where_there_is_none():
    assert voc_matched(np.empty((2, 0)), min_iou=0.5).tolist() == [-1, -1]
    assert voc_matched(np.empty((0, 3)), min_iou=0.5).tolist() == []


# The survey's worked example: 24 found boxes by falling confidence, 15 true ones; it prints 24.56 %.
PRINTED = "95+ 95- 91+ 88- 84- 80- 78- 74- 71- 70+ 67- 62+ 54+ 48+ 45- 45- 44- 44- 43- 38- 35- 23- 18+ 14-"


def test_average_precision_of_the_printed_example():
    scores = np.array([int(p[:-1]) for p in PRINTED.split()]) / 100
    right = np.array([p[-1] == "+" for p in PRINTED.split()])
    reached = np.full(15, NAN)
    reached[: right.sum()] = scores[right]
    assert 100 * average_precision(Detections(scores, right, reached)) == pytest.approx(24.56, abs=0.01)
    order = np.random.default_rng(0).permutation(len(right))
    apart = scores - np.arange(len(scores)) * 1e-6
    shuffled = Detections(apart[order], right[order], reached)
    assert average_precision(shuffled) == pytest.approx(average_precision(Detections(scores, right, reached)))


def area_by_hand(right, count_true):
    """Sum over the recalls 1/T, 2/T, ... of the best precision at that recall or above."""
    points = [(sum(right[: n + 1]) / count_true, sum(right[: n + 1]) / (n + 1)) for n in range(len(right))]
    recalls = [k / count_true for k in range(1, count_true + 1)]
    return sum(max([p for r, p in points if r >= recall - 1e-12], default=0) for recall in recalls) / count_true


def test_average_precision_is_the_area_under_the_best_precision():
    rng = np.random.default_rng(12)
    for _ in range(30):
        right = rng.random(rng.integers(1, 20)) < 0.5
        count_true = int(right.sum()) + int(rng.integers(1, 4))
        found = Detections(np.linspace(1, 0.1, right.size), right, np.full(count_true, NAN))
        assert average_precision(found) == pytest.approx(area_by_hand(right.tolist(), count_true))


def test_average_precision_and_f1_of_nothing():
    nothing = Detections(np.empty(0), np.empty(0, bool), np.empty(0))
    assert np.isnan(average_precision(nothing))
    assert np.isnan(nothing.f1)
    missed = Detections(np.empty(0), np.empty(0, bool), np.full(2, NAN))
    assert (average_precision(missed), missed.f1) == (0, 0)


def test_f1_is_the_harmonic_mean():
    found = Detections(np.array([0.9, 0.8, 0.7]), np.array([True, False, True]), np.array([0.9, 0.7, NAN, NAN]))
    assert found.f1 == pytest.approx(2 / (1 / found.precision + 1 / found.recall))


@pytest.mark.parametrize("count_found", [0, 2])
@pytest.mark.parametrize("count_true", [0, 3])
def test_nothing_found_or_nothing_there(count_found, count_true):
    on, scores = np.zeros((count_found, count_true), bool), np.full(count_found, 0.5)
    for found in (hits(on, scores), matches(matched(on.astype(float)), scores, count_true=count_true)):
        assert found.extra == count_found
        assert found.recall == 0 if count_true else np.isnan(found.recall)
        assert found.precision == 0 if count_found else np.isnan(found.precision)


def test_a_curve_without_a_true_box_has_no_recall():
    thresholds, precision, recall = curve(np.array([0.9, 0.4]), np.zeros(2, bool), np.empty(0))
    assert (thresholds.tolist(), precision.tolist()) == ([0.9, 0.4], [0, 0])
    assert np.isnan(recall).all()


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
