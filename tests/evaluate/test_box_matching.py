"""Regions against true boxes of places, which stand in both pictures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spotdiff.data.dataset import Truth
from spotdiff.evaluate.aggregate import object_metrics
from spotdiff.evaluate.box_matching import IOU, IOUS, match_boxes
from spotdiff.evaluate.measure import Outcome
from spotdiff.metrics.detections import average_precision

from .conftest import region

HERE, THERE = (0, 0, 10, 10), (4, 0, 14, 10)
FAR, FAR_THERE = (20, 20, 30, 30), (24, 20, 34, 30)


def places(*kinds):
    return Truth(True, None, "places", (HERE, FAR)[: len(kinds)], kinds, (THERE, FAR_THERE)[: len(kinds)])


def outcome(found):
    return Outcome(
        "a",
        "changed",
        detections=found.detections,
        form="places",
        kinds=found.kinds,
        kinds_known=found.kinds_known,
        kinds_right=found.kinds_right,
        by_iou=found.by_iou,
    )


def test_both_pictures_are_counted_together():
    found = match_boxes(
        [region("added", before=HERE, after=THERE), region(before=FAR, after=(0, 0, 5, 5))], places("added", "")
    )
    assert (found.detections.reached.size, found.detections.right.tolist()) == (4, [True, True, True, False])
    figures = object_metrics([outcome(found)])
    assert (figures.form, figures.true, figures.found, figures.recall, figures.precision) == (
        "places",
        4,
        4,
        0.75,
        0.75,
    )
    assert figures.f1 == pytest.approx(0.75)
    assert figures.kind_right == 1  # of the two boxes whose kind is known
    assert figures.recall_by_kind == {"added": 1}


def test_a_wrong_kind_costs_the_kind_only():
    found = match_boxes([region("removed", before=HERE, after=THERE)], places("added"))
    assert (found.detections.recall, found.kinds_known, found.kinds_right) == (1, 2, 0)


def test_a_wrong_kind_is_no_find_where_kinds_count():
    right = region("added", before=HERE, after=THERE, score=0.9)
    wrong = region("removed", before=FAR, after=FAR_THERE, score=0.6)
    found = match_boxes([right, wrong], places("added", "added"))
    assert average_precision(found.by_iou[IOU]) == 1
    assert average_precision(found.of_kind) == pytest.approx(0.5)
    figures = object_metrics([replace(outcome(found), of_kind=found.of_kind)])
    assert figures.average_precision_of_kind == pytest.approx(0.5)


def test_changed_is_no_kind_to_be_right_about():
    found = match_boxes([region("removed", before=HERE, after=THERE)], places("changed"))
    assert (found.kinds_known, found.kinds_right) == (0, 0)


def test_a_region_outside_of_one_picture_is_looked_for_in_the_other():
    found = match_boxes([region("added", after=THERE)], places("added"))
    assert (found.detections.recall, found.detections.extra) == (0.5, 0)


def test_the_least_overlap_decides():
    half = (0, 0, 10, 6)  # 0.6 of the place
    found = match_boxes([region(before=half, after=(4, 0, 14, 6))], places(""))
    assert {iou: found.by_iou[iou].recall for iou in IOUS} == {0.1: 1, 0.3: 1, 0.5: 1, 0.75: 0}
    figures = object_metrics([outcome(found)])
    assert figures.average_precisions == {0.1: 1, 0.3: 1, 0.5: 1, 0.75: 0}
    assert figures.average_precision == figures.average_precisions[IOU]


def test_average_precision_is_that_of_both_pictures_pooled():
    regions = [
        region(before=HERE, after=(0, 50, 9, 60), score=0.9),
        region(before=(50, 0, 60, 9), after=FAR_THERE, score=0.6),
    ]
    found = match_boxes(regions, places("", ""))
    # by falling score: one of the two of 0.9 is right, then one of the two of 0.6, of four true boxes
    assert average_precision(found.by_iou[IOU]) == pytest.approx((1 + 2 / 4) / 4)


def test_objects_have_an_average_precision_too():
    truth = Truth(True, None, "objects", (HERE, FAR), ("removed", "added"))
    regions = [region("removed", before=HERE, score=0.5), region("added", after=FAR, before=FAR, score=0.9)]
    found = match_boxes([*regions, region("added", before=(0, 20, 10, 30), after=(0, 20, 10, 30), score=0.7)], truth)
    assert found.by_iou[IOU].right.tolist() == [True, False, True]
    assert average_precision(found.by_iou[IOU]) == pytest.approx((1 + 2 / 3) / 2)


@pytest.mark.parametrize("form", ["areas", "points"])
def test_wide_boxes_have_none(form):
    found = match_boxes([region(before=HERE)], Truth(True, None, form, (HERE,), ("",)))
    assert found.by_iou == {}
    figures = object_metrics([Outcome("a", "changed", detections=found.detections, form=form, kinds=found.kinds)])
    assert figures.average_precision != figures.average_precision
    assert figures.f1 != figures.f1
    assert figures.average_precisions == {}


def test_no_boxes():
    assert match_boxes([region(before=HERE)], Truth(True)).detections is None
    nothing = match_boxes([], places("added", "removed"))
    assert (nothing.detections.recall, nothing.detections.scores.size) == (0, 0)
