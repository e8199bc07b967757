"""From outcomes to figures."""

from __future__ import annotations

import numpy as np
import pytest

from spotdiff.evaluate.aggregate import (
    curve_of,
    map_curves,
    map_report,
    object_metrics,
    picture_metrics,
    pixel_metrics,
)
from spotdiff.evaluate.evaluate_sample import Outcome
from spotdiff.evaluate.map_metrics import tally
from spotdiff.metrics.detections import hits
from spotdiff.metrics.masks import levels


def pixels(name, shown, truth):
    return Outcome(
        name, "changed", 0.9, 1.0, changed=True, pixels=levels(np.array([shown], np.uint8), np.array([truth], bool))
    )


@pytest.fixture
def four():
    said = (("changed", 0.9, True), ("unsure", 0.4, True), ("changed", 0.6, False), ("same", 0.1, False))
    return [Outcome(str(i), verdict, score, 1.0, changed=truth) for i, (verdict, score, truth) in enumerate(said)]


def test_pictures(four):
    figures = picture_metrics([*four, Outcome("open", "changed", 0.9)])
    assert (figures.changed, figures.unchanged) == (2, 2)
    assert (figures.caught, figures.false_alarms, figures.precision, figures.auc) == (0.5, 0.5, 0.5, 0.75)


def test_pictures_without_any_change_are_in_no_mean():
    quiet = pixels("c", [90, 0], [0, 0])
    figures = pixel_metrics([pixels("a", [255, 130, 9, 0], [1, 1, 1, 0]), quiet])
    assert (figures.pictures, figures.f1_pictures, figures.f1_per_picture) == (2, 1, 0.8)
    alone = pixel_metrics([quiet])
    assert (alone.pictures, alone.f1_pictures, alone.best_threshold) == (1, 0, None)
    ratios = (alone.precision, alone.recall, alone.f1, alone.iou, alone.f1_per_picture, alone.best_f1)
    assert np.isnan([*ratios, alone.average_precision, alone.kappa]).all()


def test_pixels_of_all_masks_together():
    figures = pixel_metrics([pixels("a", [255, 130, 9, 0], [1, 1, 1, 0]), pixels("b", [200], [0])])
    assert figures.pictures == 2
    assert (figures.precision, figures.recall, figures.iou) == (2 / 3, 2 / 3, 0.5)
    assert figures.f1_per_picture == pytest.approx((0.8 + 0) / 2)
    assert figures.f1_pictures == 2
    assert (figures.best_f1, figures.best_threshold) == (pytest.approx(6 / 7), 5)


def test_objects_of_all_pictures_together():
    one = Outcome(
        "a", "changed", 0.9, detections=hits(np.array([[True, False]]), np.array([0.9])), form="areas", kinds=("x", "y")
    )
    two = Outcome(
        "b", "changed", 0.9, detections=hits(np.array([[False]]), np.array([0.9])), form="areas", kinds=("x",)
    )
    figures = object_metrics([one, two, Outcome("no boxes", "same", 0.1)])
    assert (figures.true, figures.found, figures.recall, figures.precision) == (3, 2, 1 / 3, 0.5)
    assert (figures.extra_per_picture, figures.form) == (0.5, "areas")
    assert figures.recall_by_kind == {"x": 0.5, "y": 0}
    assert np.isnan(figures.kind_right)


def test_kinds_count_among_matched_objects():
    found = hits(np.array([[True], [True]]), np.array([0.9, 0.8]))
    objects = Outcome("a", "changed", detections=found, form="objects", kinds=("added",), kinds_right=1)
    areas = Outcome("b", "changed", detections=found, form="areas", kinds=("",))
    assert object_metrics([objects]).kind_right == 0.5
    assert (object_metrics([objects, areas]).kind_right, object_metrics([objects, areas]).form) == (0.5, "mixed")


def test_no_truth_no_figures():
    nothing = [Outcome("a", "same", 0.1)]
    assert [read(nothing) for read in (picture_metrics, pixel_metrics, object_metrics, curve_of)] == [None] * 4


def test_the_curve_is_of_the_finest_level(four):
    found = Outcome("b", "changed", 0.9, detections=hits(np.array([[True, False]]), np.array([0.7])), form="points")
    assert curve_of(four).level == "pictures"
    assert curve_of([*four, found]).level == "objects"
    assert curve_of([*four, found, pixels("a", [255], [1])]).level == "pixels"


def test_the_curve_of_pictures(four):
    line = curve_of(four)
    assert line.thresholds.tolist() == [0.9, 0.6, 0.4, 0.1]
    assert line.precision.tolist() == [1, 0.5, 2 / 3, 0.5]
    assert line.recall.tolist() == [0.5, 0.5, 1, 1]
    assert line.answer == (0.5, 0.5)


def test_the_curve_of_pixels_falls_from_the_surest():
    line = curve_of([pixels("a", [250, 130, 9], [1, 0, 1])])
    assert line.thresholds[[0, -1]].tolist() == [250, 0]
    assert line.precision[[0, -1]].tolist() == [1, 2 / 3]
    assert line.recall[[0, -1]].tolist() == [0.5, 1]
    assert line.answer == (0.5, 0.5)


def test_false_area_is_that_of_unchanged_pictures():
    said = [
        Outcome("a", "changed", 0.9, changed=True, fraction=0.5),
        Outcome("b", "changed", 0.8, changed=False, fraction=0.2),
        Outcome("c", "same", 0.1, changed=False, fraction=0.0),
        Outcome("d", "unsure", 0.1, changed=False),
    ]
    assert picture_metrics(said).false_fraction == 0.1
    assert np.isnan(picture_metrics(said[:1]).false_fraction)


def test_maps_of_all_pictures_together():
    gone, none = np.array([[0.9, 0.6, 0.2]]), np.zeros((1, 3))
    truth = np.array([[True, False, True]])
    some = [Outcome(name, "changed", maps=tally(gone, none, truth, ~truth & truth)) for name in "ab"]
    outcomes = [*some, Outcome("no mask", "same")]
    report = map_report(outcomes)
    assert (report.pictures, report.maps["gone"].precision, report.maps["gone"].recall) == (2, 0.5, 0.5)
    lines = map_curves(outcomes)
    assert set(lines) == {"removed", "gone", "any", "unchanged"}  # nothing was added, nothing replaced
    assert lines["gone"].answer == (0.5, 0.5)
    assert lines["gone"].recall[[0, -1]].tolist() == [0.5, 1]
    assert map_report([Outcome("no mask", "same")]) is None
    assert map_curves([Outcome("no mask", "same")]) == {}


def test_maps_whose_truth_knows_less_count_where_they_can():
    gone, none = np.array([[0.9, 0.6, 0.2]]), np.zeros((1, 3))
    truth = np.array([[True, False, True]])
    full, places = (tally(gone, none, truth, truth, directed=known) for known in (True, False))
    report = map_report([Outcome("a", "changed", maps=full), Outcome("b", "changed", maps=places)])
    assert report.pictures == 2
    assert report.maps["any"].recall == 0.5
    assert report.maps["gone"].recall == 0.5
