"""What is read back from a stage."""

from __future__ import annotations

import numpy as np
import pytest

from spotdiff.data.synth.camera import Camera, View
from spotdiff.data.synth.changes import Change
from spotdiff.data.synth.stage import AFTER, BEFORE, BOTH, Stage
from spotdiff.data.synth.things import thing_of
from spotdiff.data.synth.truths import read_back

STILL = Camera("still", 64, (View(64), View(64)))
ASIDE = Camera("moved", 64, (View(64), View(64, matrix=np.array([(1, 0, 20), (0, 1, 0), (0, 0, 1)], float))))


def square(alpha=255):
    return thing_of(np.full((10, 10, 4), (200, 30, 20, alpha), np.uint8), "square")


@pytest.fixture
def stage():
    return Stage(np.full((64, 64, 3), 120, np.uint8))


def test_a_removed_thing_is_gone_and_not_new(stage):
    stage.put(square(), (30, 20), 1, BEFORE)
    truth = read_back(stage, [Change("removed", 1, 0, {"class": "square"})], [], STILL)
    assert truth.gone.sum() == 100
    assert truth.gone[20:30, 30:40].all()
    assert not truth.new.any()
    assert truth.counted_before.all()
    assert truth.counted_after.all()
    (place,) = truth.places
    assert place.box_before == place.box_after == (30, 20, 40, 30)
    assert place.outline_before
    assert place.outline_after == ()
    assert place.facts == {"class": "square"}


def test_a_faint_difference_that_nobody_owns_does_not_count(stage):
    stage.put(square(alpha=60), (30, 20), 1, AFTER)
    truth = read_back(stage, [], [], STILL)
    assert not truth.new.any()
    assert (~truth.counted_before).sum() == (~truth.counted_after).sum() == 100


def test_what_only_one_picture_sees_does_not_count_in_it(stage):
    truth = read_back(stage, [], [], ASIDE)
    assert not truth.counted_after[:, :19].any()  # beyond the stage
    assert truth.counted_after[:, 22:].all()
    assert not truth.counted_before[:, 46:].any()  # shifted out of the other picture
    assert truth.counted_before[:, :42].all()


def test_a_moved_camera_carries_masks_and_boxes(stage):
    stage.put(square(), (10, 20), 1, AFTER)
    truth = read_back(stage, [Change("added", 0, 1)], [], ASIDE)
    (place,) = truth.places
    assert place.box_before == (10, 20, 20, 30)
    assert place.box_after == (30, 20, 40, 30)
    assert truth.new[20:30, 30:40].all()
    assert (truth.mask[20:30, 10:20] == 255).all()
    assert (truth.mask[:, 46:] == 170).all()


def test_a_change_outside_one_picture_is_no_place_and_does_not_count(stage):
    stage.put(square(), (52, 20), 1, BEFORE)
    truth = read_back(stage, [Change("removed", 1, 0)], [], ASIDE)
    assert truth.places == ()
    assert not truth.counted_before[20:30, 52:62].any()


def test_a_change_of_which_too_little_is_seen_does_not_count(stage):
    stage.put(square(), (30, 20), 1, BEFORE)
    for side in BOTH:
        stage.put(square(), (31, 20), 2, side)
    stage.put(square(), (30, 14), 3, BEFORE)
    stage.put(square(), (30, 14), 3, AFTER)
    truth = read_back(stage, [Change("removed", 1, 0)], [2, 3], STILL)
    assert truth.places == ()
    assert not truth.gone.any()
    assert not truth.counted_before[24:30, 30].any()


def test_near_things_that_shift_count_and_what_they_bare_does_not(stage):
    stage.put(square(), (20, 20), 1, BEFORE)
    stage.put(square(), (24, 20), 1, AFTER)
    truth = read_back(stage, [], [1], Camera("depth", 64, (View(64), View(64)), parallax=(4.0, 0.0)))
    assert truth.counted_before[20:30, 20:30].all()
    assert truth.counted_after[20:30, 24:34].all()
    assert not truth.counted_after[20:30, 20:24].any()
    assert not truth.counted_before[20:30, 30:34].any()
