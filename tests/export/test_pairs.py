"""Pairs to calibrate with, from folders and from what makes them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from spotdiff.data import open_dataset
from spotdiff.export.int8 import known_pairs
from tiny_training import SIDE, Squares


@pytest.fixture
def folder(tmp_path, texture):
    """Seven pairs: masks of all kinds in the first, none in the rest; the last cannot be aligned."""
    for name in ("before", "after", "mask"):
        (tmp_path / name).mkdir()
    for number in range(7):
        before = texture(160, 120, seed=number)
        after = before if number < 6 else texture(160, 120, seed=99)
        cv2.imwrite(str(tmp_path / "before" / f"{number}.png"), before)
        cv2.imwrite(str(tmp_path / "after" / f"{number}.png"), after)
    mask = np.zeros((120, 160), np.uint8)
    mask[20:60, 40:120], mask[80:100] = 255, 170
    cv2.imwrite(str(tmp_path / "mask" / "0.png"), mask)
    return tmp_path


def test_a_dataset_is_thinned_evenly_and_shrunk(folder):
    known = known_pairs(open_dataset(folder), most=4, side=80)
    assert [one.pair.before.path.split("/")[-1] for one in known] == ["0.png", "1.png", "3.png", "5.png"]
    known = known_pairs(open_dataset(folder), most=3, side=80)
    assert [one.pair.before.path.split("/")[-1] for one in known] == ["0.png", "2.png", "4.png"]
    assert {one.pair.before.pixels.shape for one in known} == {(60, 80, 3)}
    assert {one.pair.after.pixels.shape for one in known} == {(60, 80, 3)}
    first = known[0]
    assert first.changed.shape == first.counted.shape == (60, 80)
    assert first.changed.mean() == pytest.approx(40 * 80 / (120 * 160), abs=0.01)
    assert first.counted.mean() == pytest.approx(100 / 120, abs=0.01)
    assert known[1].changed is known[1].counted is None


def test_what_cannot_be_aligned_is_left_out(folder):
    assert len(known_pairs(open_dataset(folder), most=20, side=400)) == 6


def test_a_source_is_taken_from_the_start():
    known = known_pairs(Squares(), most=4, side=400)
    assert len(known) == 4
    for number, one in enumerate(known):
        example = Squares()[number]
        assert np.array_equal(one.pair.after.pixels, example.after)
        assert np.array_equal(one.changed, example.gone | example.new)
        assert one.counted.all()
    assert known_pairs(Squares(), most=1, side=SIDE // 2)[0].pair.before.size == (SIDE // 2, SIDE // 2)
