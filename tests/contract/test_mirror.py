"""Exchanged pictures have the mirrored answer, with every method, to the last number."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

import spotdiff
import tiny_networks
from ready_methods import EVERY
from spotdiff import plugins
from spotdiff.params import params_of
from spotdiff.report.maps import probability_maps

NAMES = EVERY
MIRRORED = {"added": "removed", "removed": "added"}


@pytest.fixture(scope="module")
def settings_of(tmp_path_factory):
    weights_of = tiny_networks.weights_in(tmp_path_factory.mktemp("weights"))

    def settings(name):
        needs = "weights" in params_of(plugins.load("methods", name)) and name != "spot"  # spot brings its own
        return {"weights": weights_of(name)} if needs else {}

    return settings


def scene(seed=0, size=(150, 200)):
    rng = np.random.default_rng(seed)
    coarse = rng.integers(40, 210, (size[0] // 10, size[1] // 10, 3)).astype(np.uint8)
    return cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_CUBIC)


def things(picture, *, colour, left):
    changed = picture.copy()
    cv2.rectangle(changed, (left, 40), (left + 34, 90), colour, -1)
    return changed


def still():
    before = things(scene(), colour=(20, 20, 200), left=20)
    return before, things(scene(), colour=(230, 220, 30), left=120)


def moved_and_lit():
    before, after = still()
    turn = cv2.getRotationMatrix2D((100, 75), 1.2, 1.01)
    turned = cv2.warpAffine(after, turn, (200, 150), borderMode=cv2.BORDER_REFLECT)
    return before, np.clip(turned.astype(float) * (0.8, 0.85, 0.9), 0, 255).astype(np.uint8)


def of_two_sizes():
    before, after = moved_and_lit()
    return before, cv2.resize(after, (260, 195), interpolation=cv2.INTER_CUBIC)


def transparent():
    before, after = still()
    return np.dstack([before, np.full(before.shape[:2], 255, np.uint8)]), after


def of_other_places():
    return scene(1), scene(2)


PAIRS = [still, moved_and_lit, of_two_sizes, transparent, of_other_places]


def told(answer, *, turned):
    regions = []
    for region in answer.regions:
        sides = [
            (region.box_before, region.outline_before),
            (region.box_after, region.outline_after),
        ]
        kind = MIRRORED.get(region.kind, region.kind) if turned else region.kind
        regions.append((kind, region.score, region.area, *(sides[::-1] if turned else sides)))
    return answer.verdict, answer.score, sorted(map(str, regions))


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("name", NAMES)
def test_the_answer_is_mirrored(name, pair, settings_of):
    before, after = pair()
    forth, back = (
        spotdiff.compare(*pictures, method=name, settings=settings_of(name))
        for pictures in ((before, after), (after, before))
    )
    assert told(forth, turned=False) == told(back, turned=True)
    for one, other in zip(probability_maps(forth), reversed(probability_maps(back)), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("align", ["off", "flow", "shift"])
def test_it_is_mirrored_however_the_pictures_are_laid_on_each_other(align):
    before, after = of_two_sizes() if align == "off" else moved_and_lit()
    forth, back = (
        spotdiff.compare(*pictures, method="classic", align=align) for pictures in ((before, after), (after, before))
    )
    assert forth.regions
    assert told(forth, turned=False) == told(back, turned=True)


def test_one_of_the_two_orders_is_judged_turned_and_both_stand_in_befores_pixels():
    before, after = moved_and_lit()
    answers = [spotdiff.compare(*pair, method="classic") for pair in ((before, after), (after, before))]
    assert sorted(answer.mirror is None for answer in answers) == [False, True]
    for answer, picture in zip(answers, (before, after), strict=True):
        np.testing.assert_array_equal(answer.aligned.before.pixels, picture)
        assert answer.labels.shape == picture.shape[:2]
        for region in answer.regions:
            left, top, right, bottom = region.box_before
            assert (answer.labels[top:bottom, left:right] == region.label).any()


def test_what_is_ignored_in_before_is_ignored_in_either_order():
    before, after = still()
    boxes = {"removed": (20, 40, 55, 91), "added": (120, 40, 155, 91)}
    for pictures, kinds in (((before, after), boxes), ((after, before), {"added": boxes["removed"]})):
        for kind, box in kinds.items():
            answer = spotdiff.compare(*pictures, method="classic", ignore=[box])
            assert answer.regions, kind
            assert kind not in {region.kind for region in answer.regions}


def test_that_all_of_before_is_ignored_is_said_of_before_in_either_order():
    before, after = still()
    for pictures in ((before, after), (after, before)):
        answer = spotdiff.compare(*pictures, method="classic", ignore=[(0, 0, 200, 150)])
        assert answer.reason == "nothing is left to compare: all of before is ignored"


def test_a_part_of_a_picture_says_nothing_of_the_rest_in_either_order():
    coarse = np.random.default_rng(3).integers(0, 255, (40, 50, 3)).astype(np.uint8)
    whole = cv2.resize(coarse, (800, 640), interpolation=cv2.INTER_CUBIC)
    part = np.ascontiguousarray(whole[100:340, 200:480])
    there, back = (spotdiff.compare(*pictures, method="classic") for pictures in ((whole, part), (part, whole)))
    assert (there.verdict, back.verdict) == ("unsure", "unsure")
    assert there.reason == "nothing changed in the 13% of before that after shows"
    assert back.reason == "nothing changed in the 13% of after that before shows"
