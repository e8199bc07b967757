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


@pytest.mark.parametrize("kind", ["added", "replaced", "moved"])
def test_things_of_the_hall_are_found(hall, kind):
    truth = json.loads((EXAMPLES / "truth" / "hall.json").read_text())["objects"]
    things = [thing for thing in truth if thing["kind"] == kind]
    assert things
    for thing in things:
        assert max(overlap(thing, region) for region in hall.regions) > 0.5


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
