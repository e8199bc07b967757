"""Maps against true maps, held against counting pixel by pixel."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest

from spotdiff.evaluate.map_metrics import ALL, FOUR, MapScores, four_maps, tally, true_maps

NAN = float("nan")


def kind_of(gone, new):
    """The one of the four that a pixel is, by the words of the project."""
    return {(1, 0): "removed", (0, 1): "added", (1, 1): "changed", (0, 0): "unchanged"}[int(gone), int(new)]


def said_of(name, gone, new):
    """Whether the answer calls a pixel so."""
    if name in FOUR:
        return kind_of(gone, new) == name
    return {"gone": gone, "new": new, "any": gone or new}[name]


def by_hand(name, gone, new, truth_gone, truth_new, counted):
    tally = {"tp": 0, "fp": 0, "fn": 0, "tn": 0}
    for g, n, tg, tn, use in zip(*(m.flat for m in (gone, new, truth_gone, truth_new, counted)), strict=True):
        if use:
            said, true = said_of(name, g >= 0.5, n >= 0.5), said_of(name, tg, tn)
            tally[("t" if said == true else "f") + ("p" if said else "n")] += 1
    return tally


def area_by_hand(values, truth):
    """Area under the steps of precision over recall, one threshold after the other."""
    area, last = 0.0, 0.0
    for threshold in sorted(set(values.tolist()), reverse=True):
        said = values >= threshold
        recall = (said & truth).sum() / truth.sum()
        area += (recall - last) * (said & truth).sum() / said.sum()
        last = recall
    return area


def case(seed, shape=(11, 13)):
    rng = np.random.default_rng(seed)
    truth_gone, truth_new = rng.random(shape) < 0.3, rng.random(shape) < 0.2
    # multiples of 1/255, so that counting at 256 levels loses nothing; none is 1/2, which argmax and threshold share
    gone, new = (rng.integers(0, 256, shape).astype(np.float32) / 255 * 0.7 + 0.3 * t for t in (truth_gone, truth_new))
    return gone, new, truth_gone, truth_new, rng.random(shape) < 0.8


@pytest.mark.parametrize("name", ALL)
def test_every_map_is_counted_as_by_hand(name):
    pictures = [case(1), case(2)]
    scores = MapScores()
    for picture in pictures:
        scores.add(*picture)
    each = [by_hand(name, *picture) for picture in pictures]
    assert [asdict(counts) for counts in scores.answers[name]] == each
    total = {key: sum(one[key] for one in each) for key in each[0]}
    figures = scores.report().maps[name]
    tp, fp, fn, tn = (total[key] for key in ("tp", "fp", "fn", "tn"))
    assert figures.precision == pytest.approx(tp / (tp + fp))
    assert figures.recall == pytest.approx(tp / (tp + fn))
    assert figures.accuracy == pytest.approx((tp + tn) / (tp + fp + fn + tn))
    assert figures.f1 == pytest.approx(2 * tp / (2 * tp + fp + fn))
    assert figures.iou == pytest.approx(tp / (tp + fp + fn))
    ious = [one["tp"] / (one["tp"] + one["fp"] + one["fn"]) for one in each]
    assert figures.iou_per_picture == pytest.approx(np.mean(ious))


@pytest.mark.parametrize("name", ["added", "gone", "any", "unchanged"])
def test_average_precision_is_the_area_of_the_steps(name):
    gone, new, truth_gone, truth_new, counted = case(3)
    maps = {**four_maps(gone, new), "gone": gone, "new": new, "any": np.maximum(gone, new)}
    scores = MapScores()
    scores.add(gone, new, truth_gone, truth_new, counted)
    levels = np.rint(maps[name][counted].astype(np.float64) * 255)
    expected = area_by_hand(levels, true_maps(truth_gone, truth_new)[name][counted])
    assert scores.report().maps[name].average_precision == pytest.approx(expected)


def test_each_pixel_is_one_of_the_four():
    gone, new, *truth = case(4)
    assert sum(four_maps(gone, new).values()) == pytest.approx(np.ones(gone.shape))
    one = tally(gone, new, *truth)
    counted = truth[-1].sum()
    assert sum(one.answers[name].tp + one.answers[name].fp for name in FOUR) == counted
    assert sum(one.answers[name].tp + one.answers[name].fn for name in FOUR) == counted


def test_one_half_is_changed_and_just_below_is_not():
    half, below = np.array([[0.5]], np.float32), np.nextafter(np.array([[0.5]], np.float32), np.float32(0))
    nothing, yes = np.zeros((1, 1), np.float32), np.ones((1, 1), bool)
    for gone, found in ((half, 1), (below, 0)):
        one = tally(gone, nothing, yes, ~yes)
        assert (one.answers["gone"].tp, one.answers["removed"].tp) == (found, found)
        assert one.levels["gone"].at(128).tp == found


def test_the_methods_own_four_maps_go_first():
    gone, new = np.array([[0.55]]), np.array([[0.45]])
    four = {"added": np.array([[0.2]]), "removed": np.array([[0.31]]), "changed": np.array([[0.25]])}
    four["unchanged"] = np.array([[0.25]])
    one = tally(gone, new, np.array([[True]]), np.array([[False]]), four=four)
    assert (one.answers["removed"].tp, one.answers["changed"].fp) == (1, 0)
    assert one.levels["removed"].changed.argmax() == round(0.31 * 255)


def test_a_batch_is_its_pictures():
    cases = [case(seed) for seed in range(3)]
    together, apart = MapScores(), MapScores()
    together.add(*(np.stack(part) for part in zip(*cases, strict=True)))
    for one in cases:
        apart.add(*one)
    assert together.report().maps == apart.report().maps
    assert together.pictures == 3


def test_pixels_not_counted_change_nothing():
    gone, new, truth_gone, truth_new, counted = case(6)
    one, other = MapScores(), MapScores()
    one.add(gone, new, truth_gone, truth_new, counted)
    flipped = (np.where(counted, m, 1 - m) for m in (gone, new))
    other.add(*flipped, truth_gone ^ ~counted, truth_new, counted)
    assert one.report().maps == other.report().maps


def test_exchanged_pictures_exchange_added_and_removed():
    gone, new, truth_gone, truth_new, counted = case(7)
    forth, back = tally(gone, new, truth_gone, truth_new, counted), tally(new, gone, truth_new, truth_gone, counted)
    for one, other in (("added", "removed"), ("gone", "new"), ("changed", "changed"), ("any", "any")):
        assert asdict(forth.answers[one]) == asdict(back.answers[other])


def test_truth_that_knows_places_only():
    gone, new, truth_gone, _, counted = case(8)
    one = tally(gone, new, truth_gone, truth_gone, counted, directed=False)
    assert set(one.levels) == set(one.answers) == {"any", "unchanged"}
    assert one.answers["any"].tp == one.answers["unchanged"].tn


def test_false_alarms_are_those_on_unchanged_pictures():
    nothing, none = np.zeros((40, 50)), np.zeros((40, 50), bool)
    speck, spot = nothing.copy(), nothing.copy()
    speck[0, :1], spot[0, :20] = 1, 1
    thing = none.copy()
    thing[0] = True
    scores = MapScores()
    for gone, truth in ((nothing, none), (speck, none), (spot, none), (np.ones((40, 50)), thing)):
        scores.add(gone, nothing, truth, none)
    report = scores.report()
    assert (report.pictures, report.unchanged) == (4, 3)
    assert report.false_alarms == pytest.approx(1 / 3)
    assert report.false_fraction == pytest.approx((0.0005 + 0.01) / 3)


def test_nothing_there_and_nothing_said():
    nothing, none = np.zeros((2, 3)), np.zeros((2, 3), bool)
    scores = MapScores()
    scores.add(nothing, nothing, none, none)
    added = scores.report().maps["added"]
    pooled = (added.precision, added.recall, added.f1, added.iou, added.average_precision)
    means = (added.precision_per_picture, added.recall_per_picture, added.f1_per_picture, added.iou_per_picture)
    assert np.isnan([*pooled, *means]).all()
    assert (added.precision_pictures, added.recall_pictures, added.f1_pictures) == (0, 0, 0)
    assert (added.accuracy, added.accuracy_per_picture, added.accuracy_pictures) == (
        1,
        1,
        1,
    )  # of pixels there are some
    assert MapScores().report().maps == {}


def test_pictures_without_a_counted_pixel_are_no_false_alarm():
    nothing, none = np.ones((2, 3)), np.zeros((2, 3), bool)
    scores = MapScores()
    scores.add(nothing, nothing, none, none, none)
    assert scores.report().unchanged == 0
    assert np.isnan(scores.report().false_alarms)


@pytest.mark.parametrize(
    ("gone", "new", "message"),
    [
        pytest.param(np.zeros((2, 3)), np.zeros((3, 2)), "one shape", id="two shapes"),
        pytest.param(np.zeros(3), np.zeros(3), "one shape", id="a line"),
        pytest.param(np.full((2, 3), 1.2), np.zeros((2, 3)), r"lies in \[0, 1\], not 1.2", id="logits"),
        pytest.param(np.zeros((2, 3)), np.full((2, 3), NAN), r"lies in \[0, 1\], not nan", id="no numbers"),
    ],
)
def test_what_is_no_map(gone, new, message):
    none = np.zeros(gone.shape, bool)
    with pytest.raises(ValueError, match=message):
        MapScores().add(gone, new, none, none)
