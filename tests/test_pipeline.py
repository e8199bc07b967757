"""The whole flow on pairs whose story is known."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spotdiff
from ready_methods import READY
from spotdiff.image import load_pair
from spotdiff.methods import get_method
from spotdiff.options import Options
from spotdiff.pipeline import STEPS, Clock, compare_pair
from spotdiff.regions.boxes import iou

MIRROR = {"added": "removed", "removed": "added"}
HERE, THERE = (70, 60, 120, 105), (210, 140, 255, 180)


@pytest.fixture(scope="module")
def ground(texture):
    return (110 + 0.3 * (texture(320, 240, seed=33, grain=2).astype(np.float32) - 120)).astype(np.uint8)


def with_thing(picture, box=HERE, colour=(210, 50, 40)):
    left, top, right, bottom = box
    picture = picture.copy()
    cv2.rectangle(picture, (left, top), (right - 1, bottom - 1), colour, -1)
    for row in range(top + 4, bottom - 3, 6):
        cv2.line(picture, (left + 3, row), (right - 4, row), tuple(c // 3 for c in colour), 2)
    cv2.circle(picture, ((left + right) // 2, (top + bottom) // 2), 9, (250, 240, 60), -1)
    return picture


def moved(picture, matrix):
    size = picture.shape[1], picture.shape[0]
    return cv2.warpPerspective(picture, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)


def noisy(picture, seed):
    return np.clip(picture + np.random.default_rng(seed).normal(0, 1.5, picture.shape), 0, 255).astype(np.uint8)


SHIFT = np.array([[1, 0, 6.0], [0, 1, -4.0], [0, 0, 1]])
TURN = np.array([[0.9998, -0.02, 6.0], [0.02, 0.9998, -4.0], [0, 0, 1]])


def mirrored(regions):
    return sorted((MIRROR.get(r.kind, r.kind), r.box_after, r.box_before) for r in regions)


def plain(regions):
    return sorted((r.kind, r.box_before, r.box_after) for r in regions)


STORIES = {
    "added": lambda g: (g, with_thing(g)),
    "removed": lambda g: (with_thing(g), g),
    "both": lambda g: (with_thing(g), with_thing(g, THERE, (40, 80, 210))),
    "replaced": lambda g: (with_thing(g), with_thing(g, HERE, (240, 235, 60))),
}


@pytest.mark.parametrize("method", READY)
@pytest.mark.parametrize("story", STORIES)
def test_exchanging_the_pictures_mirrors_the_answer(story, method, ground, checked):
    before, after = STORIES[story](ground)
    there, back = (spotdiff.compare(*p, method=method) for p in ((before, after), (after, before)))
    checked(there)
    checked(back)
    assert there.verdict == back.verdict == "changed"
    assert mirrored(there.regions) == plain(back.regions)
    assert there.score == pytest.approx(back.score, abs=0.02)
    assert there.changed_pixels == back.changed_pixels


@pytest.mark.parametrize("method", READY)
def test_a_thing_that_came_is_found_where_it_is(method, ground, checked):
    found = spotdiff.compare(noisy(ground, 1), noisy(with_thing(ground), 2), method=method)
    record = checked(found)
    assert record["verdict"] == found.verdict
    best = max(found.regions, key=lambda region: region.area)
    if method in ("classic", "ssim", "background"):
        assert best.kind == "added"
        assert iou(best.box_after, HERE) > 0.6
    assert found.changed_fraction == pytest.approx(found.changed_pixels / ground[..., 0].size)


@pytest.mark.parametrize("matrix", [SHIFT, TURN], ids=["shift", "turn"])
def test_boxes_are_in_the_pixels_of_their_own_picture(matrix, ground, checked):
    after = moved(with_thing(ground), matrix)
    found = spotdiff.compare(noisy(ground, 1), noisy(after, 2))
    checked(found)
    best = found.regions[0]
    corners = np.array([[x, y, 1] for x in HERE[::2] for y in HERE[1::2]], float) @ matrix.T
    low, high = corners[:, :2].min(0), corners[:, :2].max(0)
    assert iou(best.box_before, HERE) > 0.6
    assert iou(best.box_after, (*low.astype(int).tolist(), *high.astype(int).tolist())) > 0.6


@pytest.mark.parametrize("matrix", [SHIFT, TURN, np.eye(3)], ids=["shift", "turn", "still"])
def test_exchanging_the_pictures_inverts_the_alignment(matrix, ground):
    before, after = noisy(ground, 1), noisy(moved(ground, matrix), 2)
    there, back = spotdiff.compare(before, after), spotdiff.compare(after, before)
    product = there.alignment.matrix @ back.alignment.matrix
    assert np.allclose(product / product[2, 2], np.eye(3), atol=1e-6)


@pytest.mark.parametrize("method", READY)
def test_a_picture_is_the_same_as_itself(method, ground, checked):
    found = spotdiff.compare(ground, ground.copy(), method=method)
    checked(found)
    assert (found.verdict, found.regions, found.changed_pixels) == ("same", (), 0)
    assert found.score == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("light", [0.7, 1.2])
def test_another_light_is_no_change(light, ground, checked):
    after = np.clip(noisy(ground, 2) * light, 0, 255).astype(np.uint8)
    found = spotdiff.compare(noisy(ground, 1), after)
    checked(found)
    assert found.verdict == "same"


@pytest.mark.parametrize("quality", [60, 85])
def test_compression_is_no_change(quality, ground):
    after = cv2.imdecode(cv2.imencode(".jpg", ground, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)
    assert spotdiff.compare(ground, after).verdict == "same"


def test_another_place_is_unsure(texture, checked):
    found = spotdiff.compare(texture(seed=1), texture(seed=2))
    checked(found)
    assert found.verdict == "unsure"
    assert found.evidence is None
    assert found.labels is None
    assert found.seconds["score"] == 0.0


@pytest.mark.parametrize("method", READY)
def test_what_is_ignored_does_not_count(method, ground):
    before, after = ground, with_thing(with_thing(ground), THERE, (40, 80, 210))
    left, top, right, bottom = HERE
    hidden = (left - 8, top - 8, right + 8, bottom + 8)
    mask = np.zeros(ground.shape[:2], np.uint8)
    mask[hidden[1] : hidden[3], hidden[0] : hidden[2]] = 255
    for how in ({"ignore": [hidden]}, {"ignore_mask": mask}, {"focus": [(190, 120, 275, 200)]}):
        found = spotdiff.compare(before, after, method=method, **how)
        assert found.regions
        assert all(iou(region.box_before, THERE) > 0.4 for region in found.regions if region.area > 300)
        assert not (found.labels[hidden[1] : hidden[3], hidden[0] : hidden[2]] > 0).any()


def test_an_ignored_colour_does_not_count(ground):
    before = ground.copy()
    before[60:105, 70:120] = (255, 0, 255)
    found = spotdiff.compare(before, ground, ignore_colour="#ff00ff", method="pixel", align="off", light="off")
    assert found.verdict == "same"


def test_a_box_that_reaches_over_the_rim_is_cut(ground):
    found = spotdiff.compare(ground, with_thing(ground), ignore=[(-50, -50, 5000, 20)])
    assert found.pair.valid is not None
    assert not found.pair.valid[:20].any()
    assert found.pair.valid[20:].all()


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 10**6))
def test_an_answer_can_be_repeated(seed):
    rng = np.random.default_rng(seed)
    before = cv2.resize(rng.integers(0, 256, (7, 9, 3), np.uint8), (90, 70), interpolation=cv2.INTER_CUBIC)
    after = before.copy()
    top, left = int(rng.integers(0, 50)), int(rng.integers(0, 70))
    after[top : top + 15, left : left + 15] = rng.integers(0, 256, 3)
    first, second = spotdiff.compare(before, after), spotdiff.compare(before, after)
    assert first.regions == second.regions
    assert first.score == second.score
    assert np.array_equal(first.alignment.matrix, second.alignment.matrix)


def test_the_pair_of_the_answer_is_the_pair_that_was_given(ground):
    after = moved(with_thing(ground), TURN)
    found = spotdiff.compare(ground, after, name="yard")
    assert np.array_equal(found.pair.after.pixels, after)
    assert not np.array_equal(found.aligned.after.pixels, after)
    assert found.name == "yard"
    assert found.method == "spot"
    assert set(found.parameters) >= {"side", "closest"}


def test_loaded_pairs_and_made_methods_go_the_same_way(ground):
    before, after = ground, with_thing(ground)
    options = Options(method="ssim", settings={"sigma": "2"})
    one = spotdiff.compare(before, after, options=options)
    pair = load_pair(before, after, options=options)
    two = compare_pair(pair, get_method("ssim", {"sigma": 2.0}), options)
    assert one.regions == two.regions
    assert one.parameters == two.parameters


def test_every_step_is_timed(ground):
    found = spotdiff.compare(ground, with_thing(ground))
    assert set(found.seconds) == {*STEPS, "total"}
    assert all(found.seconds[step] > 0 for step in STEPS)
    assert found.seconds["total"] >= sum(found.seconds[step] for step in STEPS) - 1e-6


def test_a_clock_adds_up_and_forgets_no_step_that_fails():
    clock = Clock()
    with pytest.raises(ZeroDivisionError), clock("align"):
        _ = 1 / 0
    first = clock.seconds["align"]
    with clock("align"):
        pass
    assert clock.seconds["align"] > first > 0
    assert clock.seconds["load"] == 0


def test_laid_flush_only_what_both_show_is_compared(ground, checked):
    after = ground[:200, :300]
    found = spotdiff.compare(ground, after, align="off", light="off", method="pixel")
    checked(found)
    seen = np.zeros(ground.shape[:2], bool)
    seen[:200, :300] = True
    assert np.array_equal(found.labels > 0, ~seen)
    back = spotdiff.compare(after, ground, align="off", light="off", method="pixel")
    checked(back)
    assert np.array_equal(back.labels > 0, ~seen)


def test_laid_flush_ignored_places_stay_ignored(ground):
    options = {"align": "off", "light": "off", "method": "pixel", "ignore": [(0, 200, 320, 240)]}
    found = spotdiff.compare(ground, ground[:200], **options)
    assert found.verdict == "same"


@pytest.mark.parametrize("sensitivity", [0.0, 0.5, 1.0])
def test_the_surest_region_comes_first(sensitivity, ground):
    after = with_thing(with_thing(ground), THERE, (135, 125, 120))
    found = spotdiff.compare(ground, after, sensitivity=sensitivity)
    assert [r.score for r in found.regions] == sorted((r.score for r in found.regions), reverse=True)
    assert [r.label for r in found.regions] == list(range(1, len(found.regions) + 1))


def test_a_larger_change_is_not_less_sure(ground):
    scores = []
    for size in (0, 8, 16, 40, 90):
        after = ground.copy()
        after[40 : 40 + size, 40 : 40 + size] = (220, 40, 40)
        scores.append(spotdiff.compare(ground, after).score)
    assert scores == sorted(scores)


def test_single_options_and_whole_ones_go_together(ground):
    options = Options(method="pixel", align="off")
    found = spotdiff.compare(ground, ground, options=options, light="off")
    assert (found.method, found.alignment.model, found.light.model) == ("pixel", "off", "off")
    assert options.light == "auto"


def test_history_goes_to_the_method(ground):
    history = [noisy(ground, seed) for seed in range(4)]
    found = spotdiff.compare(noisy(ground, 8), with_thing(noisy(ground, 9)), method="background", history=history)
    assert found.evidence.notes["learned_from"] == 5


def test_swapping_a_pair_twice_is_the_pair(ground):
    pair = load_pair(ground, with_thing(ground))
    assert pair.swapped().swapped().before is pair.before
    assert replace(pair, valid=None).usable is None
