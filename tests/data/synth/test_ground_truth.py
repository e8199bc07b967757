"""What is read back from a canvas."""

from __future__ import annotations

import numpy as np
import pytest

from spotdiff.data.synth.camera import Camera, View
from spotdiff.data.synth.canvas import AFTER, BEFORE, BOTH, PairCanvas
from spotdiff.data.synth.changes import Change
from spotdiff.data.synth.cutouts import cutout_of
from spotdiff.data.synth.ground_truth import pair_truth

STILL = Camera("still", 64, (View(64), View(64)))
ASIDE = Camera("moved", 64, (View(64), View(64, matrix=np.array([(1, 0, 20), (0, 1, 0), (0, 0, 1)], float))))


def square(alpha=255):
    return cutout_of(np.full((10, 10, 4), (200, 30, 20, alpha), np.uint8), "square")


@pytest.fixture
def canvas():
    return PairCanvas(np.full((64, 64, 3), 120, np.uint8))


def test_a_removed_thing_is_gone_and_not_new(canvas):
    canvas.paste(square(), (30, 20), 1, BEFORE)
    truth = pair_truth(canvas, [Change("removed", 1, 0, {"class": "square"})], [], STILL)
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


def test_a_faint_difference_that_nobody_owns_does_not_count(canvas):
    canvas.paste(square(alpha=60), (30, 20), 1, AFTER)
    truth = pair_truth(canvas, [], [], STILL)
    assert not truth.new.any()
    assert (~truth.counted_before).sum() == (~truth.counted_after).sum() == 100


def test_what_only_one_picture_sees_does_not_count_in_it(canvas):
    truth = pair_truth(canvas, [], [], ASIDE)
    assert not truth.counted_after[:, :19].any()  # beyond the canvas
    assert truth.counted_after[:, 22:].all()
    assert not truth.counted_before[:, 46:].any()  # shifted out of the other picture
    assert truth.counted_before[:, :42].all()


def test_a_moved_camera_carries_masks_and_boxes(canvas):
    canvas.paste(square(), (10, 20), 1, AFTER)
    truth = pair_truth(canvas, [Change("added", 0, 1)], [], ASIDE)
    (place,) = truth.places
    assert place.box_before == (10, 20, 20, 30)
    assert place.box_after == (30, 20, 40, 30)
    assert truth.new[20:30, 30:40].all()
    assert (truth.mask[20:30, 10:20] == 255).all()
    assert (truth.mask[:, 46:] == 170).all()


def test_a_change_outside_one_picture_is_no_place_and_does_not_count(canvas):
    canvas.paste(square(), (52, 20), 1, BEFORE)
    truth = pair_truth(canvas, [Change("removed", 1, 0)], [], ASIDE)
    assert truth.places == ()
    assert not truth.counted_before[20:30, 52:62].any()


def test_a_change_of_which_too_little_is_seen_does_not_count(canvas):
    canvas.paste(square(), (30, 20), 1, BEFORE)
    for side in BOTH:
        canvas.paste(square(), (31, 20), 2, side)
    canvas.paste(square(), (30, 14), 3, BEFORE)
    canvas.paste(square(), (30, 14), 3, AFTER)
    truth = pair_truth(canvas, [Change("removed", 1, 0)], [2, 3], STILL)
    assert truth.places == ()
    assert not truth.gone.any()
    assert not truth.counted_before[24:30, 30].any()


def test_near_things_that_shift_count_and_what_they_bare_does_not(canvas):
    canvas.paste(square(), (20, 20), 1, BEFORE)
    canvas.paste(square(), (24, 20), 1, AFTER)
    truth = pair_truth(canvas, [], [1], Camera("depth", 64, (View(64), View(64)), parallax=(4.0, 0.0)))
    assert truth.counted_before[20:30, 20:30].all()
    assert truth.counted_after[20:30, 24:34].all()
    assert not truth.counted_after[20:30, 20:24].any()
    assert not truth.counted_before[20:30, 30:34].any()
