"""Scores of maps against masks, each held against counting pixel by pixel."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest

from spotdiff.metrics.masks import (
    Counts,
    accuracy,
    average_precision,
    best_threshold,
    f1,
    iou,
    kappa,
    levels,
    precision,
    recall,
)


def by_hand(probability, truth, counted, threshold):
    """tp, fp, fn, tn, one pixel after the other."""
    tally = {(True, True): 0, (True, False): 0, (False, True): 0, (False, False): 0}
    for value, changed, use in zip(probability.flat, truth.flat, counted.flat, strict=True):
        if use:
            tally[bool(value >= threshold), bool(changed)] += 1
    return tally[True, True], tally[True, False], tally[False, True], tally[False, False]


@pytest.fixture
def case():
    rng = np.random.default_rng(5)
    truth = rng.random((13, 17)) < 0.3
    probability = np.clip(rng.normal(90, 50, truth.shape) + 70 * truth, 0, 255).astype(np.uint8)
    return probability, truth, rng.random(truth.shape) < 0.8


@pytest.mark.parametrize("threshold", [0, 1, 90, 128, 255])
def test_counts_at_a_threshold(case, threshold):
    probability, truth, counted = case
    expected = by_hand(probability, truth, counted, threshold)
    found = levels(probability, truth, counted=counted)
    one, every = found.at(threshold), found.counts()
    assert (one.tp, one.fp, one.fn, one.tn) == expected
    assert tuple(int(n[threshold]) for n in (every.tp, every.fp, every.fn, every.tn)) == expected


def test_pixels_not_counted_change_nothing(case):
    probability, truth, counted = case
    other = np.where(counted, probability, 255 - probability).astype(np.uint8)
    some, every = ([levels(p, truth, counted=c).at(128) for p in (probability, other)] for c in (counted, None))
    assert astuple(some[0]) == astuple(some[1])
    assert astuple(every[0]) != astuple(every[1])


def test_levels_of_pictures_add_up(case):
    probability, truth, _ = case
    both = levels(probability[:6], truth[:6]) + levels(probability[6:], truth[6:])
    assert astuple(both.at(100)) == astuple(levels(probability, truth).at(100))


def test_ratios_of_known_counts():
    counts = Counts(tp=6, fp=2, fn=3, tn=89)
    assert float(precision(counts)) == 6 / 8
    assert float(recall(counts)) == 6 / 9
    assert float(f1(counts)) == pytest.approx(2 * 6 / (2 * 6 + 2 + 3))
    assert float(iou(counts)) == 6 / 11
    agreed, chance = 95 / 100, (8 * 9 + 92 * 91) / 100**2
    assert float(kappa(counts)) == pytest.approx((agreed - chance) / (1 - chance))


def test_nothing_changed_and_nothing_said():
    counts = Counts(tp=0, fp=0, fn=0, tn=50)
    assert all(np.isnan(float(ratio(counts))) for ratio in (precision, recall, f1, iou, kappa))


def test_kappa_of_chance_is_nothing():
    assert float(kappa(Counts(tp=4, fp=16, fn=16, tn=64))) == 0


def test_best_threshold_is_the_best_of_all(case):
    probability, truth, counted = case
    scores = {}
    for threshold in range(1, 256):
        tp, fp, fn, _ = by_hand(probability, truth, counted, threshold)
        scores[threshold] = 2 * tp / (2 * tp + fp + fn)
    found = best_threshold(levels(probability, truth, counted=counted))
    assert scores[found] == max(scores.values())


def test_best_threshold_of_a_clean_cut_lies_in_its_middle():
    found = levels(np.array([[10, 200]], np.uint8), np.array([[False, True]]))
    assert best_threshold(found) in (105, 106)


def test_without_a_change_no_threshold_is_the_best():
    assert best_threshold(levels(np.array([[10, 200]], np.uint8), np.zeros((1, 2), bool))) is None


def test_average_precision_is_the_sum_of_steps(case):
    probability, truth, counted = case
    area, last = 0.0, 0.0
    for threshold in range(255, -1, -1):
        tp, fp, fn, _ = by_hand(probability, truth, counted, threshold)
        if tp + fp:
            area += (tp / (tp + fn) - last) * tp / (tp + fp)
            last = tp / (tp + fn)
    assert average_precision(levels(probability, truth, counted=counted)) == pytest.approx(area)


def test_average_precision_of_a_perfect_map_and_of_no_change():
    truth = np.array([[True, False, False]])
    assert average_precision(levels(np.array([[9, 8, 0]], np.uint8), truth)) == 1
    assert average_precision(levels(np.full((1, 3), 7, np.uint8), truth)) == pytest.approx(1 / 3)
    assert np.isnan(average_precision(levels(np.zeros((1, 3), np.uint8), np.zeros((1, 3), bool))))


@pytest.mark.parametrize(
    "probability",
    [pytest.param(np.zeros((2, 3)), id="not 8-bit"), pytest.param(np.zeros((3, 2), np.uint8), id="another shape")],
)
def test_maps_that_cannot_be_scored(probability):
    with pytest.raises(ValueError, match=r"uint8 of the truth's shape \(2, 3\)"):
        levels(probability, np.zeros((2, 3), bool))


def test_accuracy_is_the_share_that_is_right(case):
    probability, truth, counted = case
    tp, fp, fn, tn = by_hand(probability, truth, counted, 90)
    found = levels(probability, truth, counted=counted)
    assert accuracy(found.at(90)) == pytest.approx((tp + tn) / (tp + fp + fn + tn))
    assert np.asarray(accuracy(found.counts()))[90] == accuracy(found.at(90))
    assert np.isnan(accuracy(Counts(0, 0, 0, 0)))
