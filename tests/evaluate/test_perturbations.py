"""What befalls the second picture, and the truth that goes with it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from spotdiff.data.dataset import Truth
from spotdiff.evaluate.perturbations import STRENGTHS, Perturbation, perturbations, perturbed
from spotdiff.image.colour import linear
from spotdiff.types import Picture

from .conftest import grain

BOX = (20, 20, 40, 36)


def rng(seed=0):
    return np.random.default_rng(seed)


def mask(*boxes, shape=(72, 96)):
    filled = np.zeros(shape, np.uint8)
    for left, top, right, bottom in boxes:
        filled[top:bottom, left:right] = 255
    return filled


def after(box=BOX):
    pixels = grain(3) // 2
    left, top, right, bottom = box
    pixels[top:bottom, left:right] = 255
    return Picture(pixels)


TRUTH = Truth(True, mask(BOX), "places", (BOX,), ("added",), (BOX,), mask(), mask(BOX))


def test_every_strength_is_there_once():
    every = perturbations()
    assert len(set(every)) == len(every) == sum(len(strengths) for _, strengths in STRENGTHS.values())
    assert {what.unit for what in every} == {unit for unit, _ in STRENGTHS.values()}
    assert 0 not in {what.strength for what in every}


@pytest.mark.parametrize("what", [d for d in perturbations() if d.name in ("shift", "rotation")], ids=str)
def test_truth_moves_with_what_it_is_the_truth_of(what):
    picture, truth = perturbed(after(), TRUTH, what, rng=rng())
    bright = picture.pixels.min(axis=2) >= 170  # the rest is at most 127
    overlap = (bright & (truth.new == 255)).sum() / (bright | (truth.new == 255)).sum()
    assert overlap > 0.9
    left, top, right, bottom = truth.boxes_after[0]
    x, y, wide, high = cv2.boundingRect(bright.astype(np.uint8))
    assert (left, top, right, bottom) == pytest.approx((x, y, x + wide, y + high), abs=1.5)
    assert truth.boxes == (BOX,)
    assert (truth.mask[BOX[1] : BOX[3], BOX[0] : BOX[2]] == 255).all()


def test_a_shift_goes_to_the_right_and_leaves_out_what_it_hides():
    picture, truth = perturbed(after(), TRUTH, Perturbation("shift", 8.0), rng=rng())
    assert (picture.pixels[:, 8:] == after().pixels[:, :-8]).all()
    assert truth.boxes_after == ((28, 20, 48, 36),)
    assert (truth.new[:, :8] == 170).all()
    assert (truth.new[:, 8:] == TRUTH.new[:, :-8]).all()
    for each in (truth.mask, truth.gone):  # before's last columns now lie outside of after
        assert (each[:, -8:] == 170).all()
        assert not (each[:, :-8] == 170).any()


def test_a_rotation_is_clockwise_round_the_middle():
    right = Truth(True, None, "places", ((80, 34, 90, 38),), ("",), ((80, 34, 90, 38),))
    _, truth = perturbed(after(), right, Perturbation("rotation", 5.0), rng=rng())
    (left, top, right_edge, bottom) = truth.boxes_after[0]
    assert (top + bottom) / 2 > 36 + 2  # clockwise takes the right side down
    assert (left + right_edge) / 2 == pytest.approx(85, abs=1)


def test_a_place_that_left_the_picture_is_none():
    rim = Truth(True, None, "places", (BOX, (90, 0, 96, 9)), ("", "x"), (BOX, (90, 0, 96, 9)))
    _, truth = perturbed(after(), rim, Perturbation("shift", 8.0), rng=rng())
    assert (len(truth.boxes), len(truth.boxes_after), truth.kinds) == (1, 1, ("",))


def test_of_objects_only_added_ones_move():
    both = Truth(True, None, "objects", (BOX, BOX), ("removed", "added"))
    _, truth = perturbed(after(), both, Perturbation("shift", 2.0), rng=rng())
    assert truth.boxes == (BOX, (22, 20, 42, 36))
    wide = Truth(True, None, "areas", (BOX,), ("",))
    assert perturbed(after(), wide, Perturbation("shift", 2.0), rng=rng())[1].boxes == (BOX,)


@pytest.mark.parametrize("stops", [-1.0, -0.5, 0.5, 1.0])
def test_exposure_scales_the_light(stops):
    picture, truth = perturbed(after(), TRUTH, Perturbation("exposure", stops), rng=rng())
    assert truth is TRUTH
    dim = (after().pixels > 40) & (after().pixels < 120)
    ratio = linear(picture.pixels)[dim] / linear(after().pixels)[dim]
    assert np.median(ratio) == pytest.approx(2**stops, rel=0.02)
    assert (picture.pixels[after().pixels == 255] == 255).all() == (stops > 0)


def test_a_shadow_takes_light_on_one_side():
    flat = Picture(np.full((72, 96, 3), 180, np.uint8))
    picture, truth = perturbed(flat, TRUTH, Perturbation("shadow", 0.6), rng=rng())
    assert truth is TRUTH
    kept = linear(picture.pixels)[..., 0] / linear(flat.pixels)[..., 0]
    assert kept.max() == pytest.approx(1)
    assert kept.min() == pytest.approx(0.4, abs=0.01)
    assert 0.05 < (kept < 0.7).mean() < 0.95
    assert (perturbed(flat, TRUTH, Perturbation("shadow", 0.6), rng=rng(9))[0].pixels != picture.pixels).any()


def test_noise_is_of_its_strength():
    flat = Picture(np.full((72, 96, 3), 128, np.uint8))
    picture, _ = perturbed(flat, TRUTH, Perturbation("noise", 10.0), rng=rng())
    assert picture.pixels.std() == pytest.approx(10, rel=0.05)
    assert picture.pixels.mean() == pytest.approx(128, abs=0.5)


@pytest.mark.parametrize("what", perturbations(), ids=str)
def test_the_same_draw_gives_the_same_picture(what):
    one, other = (perturbed(after(), TRUTH, what, rng=rng(4))[0] for _ in range(2))
    assert (one.pixels == other.pixels).all()
    assert one.pixels.shape == after().pixels.shape
    assert (one.pixels != after().pixels).any()
