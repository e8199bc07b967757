"""The rendered example pairs: what was really changed is found, and the drawn answer stays as it was."""

from __future__ import annotations

import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

import spotdiff
from spotdiff.regions.boxes import iou
from spotdiff.report.overlay import overlay

EXAMPLES = Path(__file__).parents[1] / "examples"
GOLDEN = Path(__file__).parent / "golden" / "hall.png"


@pytest.fixture(scope="module")
def hall():
    return spotdiff.compare(EXAMPLES / "hall_before.jpg", EXAMPLES / "hall_after.jpg")


def overlap(thing, region):
    """The better of both pictures' IoU of a true thing with a region."""
    pairs = ((thing.get("box_before"), region.box_before), (thing.get("box_after"), region.box_after))
    return max((iou(tuple(true), found) for true, found in pairs if true and found), default=0.0)


def test_the_hall_has_changed(hall):
    assert hall.verdict == "changed"
    assert hall.alignment.model == "homography"
    assert hall.alignment.error_px < 0.6


def test_things_of_the_hall_are_found_and_surer_than_all_else(hall):
    truth = json.loads((EXAMPLES / "truth" / "hall.json").read_text())["objects"]
    known = [box for thing in truth for box in (thing.get("box_before"), thing.get("box_after")) if box]
    sure = [region for region in hall.regions if region.score > 0.6]
    assert all(any(inside(box, region) > 0.6 for region in sure) for box in known)
    assert all(any(inside(box, region) > 0.6 for box in known) for region in sure)
    assert sum(region.score > 0.5 for region in hall.regions if region not in sure) <= 2


def inside(box, region):
    """Share of a true box that a region's box covers."""
    own = region.box_after or region.box_before
    left, top, right, bottom = (*np.maximum(box[:2], own[:2]), *np.minimum(box[2:], own[2:]))
    return max(right - left, 0) * max(bottom - top, 0) / ((box[2] - box[0]) * (box[3] - box[1]))


@pytest.mark.parametrize(
    ("kind", "said"), [("added", {"added"}), ("removed", {"removed"}), ("moved", {"added", "replaced"})]
)
def test_kinds_of_the_hall(hall, kind, said):
    """The crate, the barrel, and the toolbox where it stands now, before another light of the pallet's boards."""
    truth = json.loads((EXAMPLES / "truth" / "hall.json").read_text())["objects"]
    thing = next(thing for thing in truth if thing["kind"] == kind)
    best = max(hall.regions, key=lambda region: overlap(thing, region))
    assert overlap(thing, best) > (0.3 if kind == "moved" else 0.5)  # the boards around it shine
    assert best.kind in said


@pytest.mark.parametrize("scene", ["hall", "desk", "yard"])
def test_new_light_alone_is_never_called_a_change(scene):
    answer = spotdiff.compare(EXAMPLES / f"{scene}_before.jpg", EXAMPLES / f"{scene}_same.jpg")
    assert answer.verdict == "same"


@pytest.mark.parametrize("scene", ["hall", "desk", "yard"])
def test_a_picture_of_a_scene_is_the_same_as_itself(scene):
    path = EXAMPLES / f"{scene}_before.jpg"
    answer = spotdiff.compare(path, path.read_bytes())
    assert (answer.verdict, answer.changed_pixels) == ("same", 0)


def test_the_drawn_answer_stays_as_it_was(hall):
    """Run with UPDATE=1 to write the golden picture anew, and look at it before it is committed."""
    drawn = cv2.resize(overlay(hall), (180, 120), interpolation=cv2.INTER_AREA)
    if os.environ.get("UPDATE"):
        GOLDEN.parent.mkdir(exist_ok=True)
        cv2.imwrite(str(GOLDEN), cv2.cvtColor(drawn, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_PNG_COMPRESSION, 9])
    kept = cv2.cvtColor(cv2.imread(str(GOLDEN)), cv2.COLOR_BGR2RGB)
    assert np.abs(drawn.astype(int) - kept.astype(int)).mean() < 4
