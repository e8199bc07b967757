"""The default method with the weights that come with it."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

import spotdiff
from spotdiff.methods import _multiscale, get_method
from spotdiff.methods.spot import SHIPPED
from spotdiff.options import Options
from spotdiff.types import Pair, Picture


def scene(shape=(240, 320), seed=3):
    """A smooth scene with some edges."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(40, 215, (6, 8, 3), np.uint8)
    ground = cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC)
    for _ in range(12):
        corner, size = rng.integers(0, shape[0] - 40, 2), rng.integers(12, 40, 2)
        cv2.rectangle(ground, corner.tolist(), (corner + size).tolist(), rng.integers(0, 256, 3).tolist(), -1)
    return ground


def with_ball(ground, at, radius=14, colour=(210, 40, 40)):
    picture = ground.copy()
    cv2.circle(picture, at, radius, colour, -1, cv2.LINE_AA)
    return picture


def test_it_is_the_default_and_brings_its_weights():
    assert Options().method == "spot"
    assert SHIPPED.stat().st_size < 16e6
    facts = get_method("spot").facts()
    assert facts.net == "spot"
    assert facts.parameters <= 4_000_000
    assert facts.data
    assert facts.licence


@pytest.mark.parametrize(("first", "second", "kind"), [(False, True, "added"), (True, False, "removed")])
def test_kinds_follow_from_the_masks(first, second, kind):
    ground = scene()
    before, after = (with_ball(ground, (200, 120)) if there else ground for there in (first, second))
    answer = spotdiff.compare(before, after)
    assert answer.verdict == "changed"
    assert [region.kind for region in answer.regions] == [kind]
    left, top, right, bottom = answer.regions[0].box_after or answer.regions[0].box_before
    assert abs(left - 186) < 5
    assert abs(top - 106) < 5
    assert abs(right - 215) < 5
    assert abs(bottom - 135) < 5


def test_light_alone_is_no_change():
    ground = scene()
    dim = np.clip(ground * np.linspace(0.6, 0.9, ground.shape[1])[None, :, None], 0, 255).astype(np.uint8)
    assert spotdiff.compare(ground, dim).verdict == "same"


def test_exchanged_pictures_have_the_mirrored_answer():
    ground = scene((300, 800))
    pair = Pair(Picture(with_ball(ground, (90, 90))), Picture(with_ball(ground, (600, 200), 20, (20, 200, 40))))
    method = get_method("spot")
    found, back = method.score(pair), method.score(pair.swapped())
    assert np.abs(found.gone - back.new).max() < 1e-4
    assert np.abs(found.new - back.gone).max() < 1e-4


def test_equal_pictures_are_not_asked_about():
    ground = scene()
    evidence = get_method("spot").score(Pair(Picture(ground), Picture(ground.copy())))
    assert not evidence.gone.any()
    assert not evidence.new.any()


def test_what_only_became_transparent_is_asked_about():
    ground = scene()
    alpha = np.full(ground.shape[:2], 255, np.uint8)
    hole = alpha.copy()
    hole[100:140, 200:240] = 0
    evidence = get_method("spot").score(Pair(Picture(ground, alpha), Picture(ground, hole)))
    assert evidence.change[105:135, 205:235].mean() > 0.5


def test_something_small_in_something_large():
    ground = scene((3000, 8000))
    answer = spotdiff.compare(ground, with_ball(ground, (6100, 1700), 20), align="off", light="off")
    assert answer.verdict == "changed"
    boxes = [region.box_after for region in answer.regions]
    assert any(
        box[0] < 6100 < box[2] and box[1] < 1700 < box[3] and box[2] - box[0] < 120 for box in boxes
    )  # 40 px, and what coarser looks add


def test_seams_do_not_show(monkeypatch):
    """In pieces and in one piece it says the same, also of a long thing that lies across the pieces."""
    ground = scene((500, 1900))
    after = ground.copy()
    cv2.rectangle(after, (100, 230), (1800, 260), (30, 30, 200), -1)
    method, pair = get_method("spot"), Pair(Picture(ground), Picture(after))
    pieces = method.score(pair)
    monkeypatch.setattr(_multiscale, "_PIECE", 4000)
    whole = method.score(pair)
    apart = np.abs(pieces.change - whole.change)
    assert apart.mean() < 0.005
    assert apart.mean(0).max() < 0.1


def test_one_look_when_asked():
    ground = scene((500, 1500))
    pair = Pair(Picture(ground), Picture(with_ball(ground, (700, 250), 40)))
    once = get_method("spot", {"closest": 0}).score(pair)
    assert once.new[250, 700] > 0.5
    assert not np.array_equal(once.new, get_method("spot").score(pair).new)


def test_record_names_the_weights():
    ground = scene()
    answer = spotdiff.compare(ground, with_ball(ground, (60, 60)))
    assert answer.weights == get_method("spot").facts().digest
    assert replace(answer).method == "spot"
