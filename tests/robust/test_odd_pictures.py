"""Pictures that a camera would not take."""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np
import pytest

import spotdiff
from ready_methods import READY
from robust import corpus
from spotdiff.options import ALIGN, LIGHT

RNG = np.random.default_rng(5)
SIZE = (40, 56)
PICTURES = {
    "black": np.zeros((*SIZE, 3), np.uint8),
    "white": np.full((*SIZE, 3), 255, np.uint8),
    "grey": np.full((*SIZE, 3), 128, np.uint8),
    "noise": RNG.integers(0, 256, (*SIZE, 3), np.uint8),
    "other noise": RNG.integers(0, 256, (*SIZE, 3), np.uint8),
    "salt": np.where(RNG.random((*SIZE, 1)) < 0.02, 255, 30).astype(np.uint8).repeat(3, 2),
    "scene": corpus.scene(0, SIZE[::-1]),
    "negative": 255 - corpus.scene(0, SIZE[::-1]),
    "stripes": np.tile(np.uint8([0, 255]), (40, 28))[..., None].repeat(3, 2),
    "checks": (np.indices(SIZE).sum(0) % 2 * 255).astype(np.uint8)[..., None].repeat(3, 2),
    "slope": np.tile(np.linspace(0, 255, 56).astype(np.uint8), (40, 1))[..., None].repeat(3, 2),
    "clear": np.zeros((*SIZE, 4), np.uint8),
    "half clear": np.dstack([corpus.scene(0, SIZE[::-1]), np.full(SIZE, 127, np.uint8)]),
    "one pixel": np.full((1, 1, 3), 90, np.uint8),
    "a line": corpus.scene(0, (60, 1)),
    "a column": corpus.scene(0, (1, 60)),
    "small": corpus.scene(0, (23, 23)),
    "larger": corpus.scene(0, (81, 67)),
    "long": corpus.scene(0, (300, 8)),
}


@pytest.mark.parametrize(("before", "after"), list(combinations_with_replacement(PICTURES, 2)))
def test_any_two_pictures_have_an_answer(before, after, checked):
    found = spotdiff.compare(PICTURES[before], PICTURES[after])
    checked(found)
    if before == after:
        assert found.verdict == "same"


@pytest.mark.parametrize("method", READY)
@pytest.mark.parametrize(("align", "light"), [*((a, "auto") for a in ALIGN), *(("off", m) for m in LIGHT)])
def test_any_way_of_comparing_has_an_answer(method, align, light, checked):
    pairs = (("scene", "noise"), ("scene", "larger"), ("larger", "scene"), ("black", "white"), ("clear", "scene"))
    for before, after in (*pairs, ("one pixel", "a column"), ("a line", "a line"), ("salt", "black")):
        pair = PICTURES[before], PICTURES[after]
        checked(spotdiff.compare(*pair, method=method, align=align, light=light, sensitivity=1.0))


@pytest.mark.parametrize("method", READY)
def test_unequal_pictures_laid_flush_differ_where_only_one_is(method, checked):
    before, after = PICTURES["scene"], corpus.scene(0, SIZE[::-1])[:30]
    found = spotdiff.compare(before, after, method=method, align="off", light="off", sensitivity=1.0)
    checked(found)
    assert found.verdict != "same"
    assert (found.evidence.change[30:] == 1).all()


def test_everything_ignored_is_no_answer(checked):
    found = spotdiff.compare(PICTURES["black"], PICTURES["white"], ignore=[(0, 0, 56, 40)])
    checked(found)
    assert found.verdict == "unsure"
    assert "nothing is left to compare" in found.reason


# a bare slope and its negative are one wall in light from either side; the network takes them for that
@pytest.mark.parametrize(("name", "method"), [("scene", "spot"), ("noise", "spot"), ("slope", "classic")])
def test_a_negative_is_not_the_same(name, method):
    assert spotdiff.compare(PICTURES[name], 255 - PICTURES[name], method=method).verdict != "same"


def test_black_is_not_white():
    for method in READY:
        found = spotdiff.compare(PICTURES["black"], PICTURES["white"], method=method, light="off")
        assert found.verdict != "same"
