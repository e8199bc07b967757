from types import SimpleNamespace

import numpy as np
import pytest

from spotdiff.timelapse.areas import parts_of

SIZE = (60, 100)
LABELS = np.zeros(SIZE, np.int32)
LABELS[10:50, 10:50] = 4
LABELS[0:5, 70:100] = 9
MASKS = {name: np.zeros(SIZE, bool) for name in ("left", "rim", "inner", "top", "none")}
MASKS["left"][:, :50] = True
MASKS["rim"][:, 48:69] = True  # holds a twentieth of the region
MASKS["inner"][20:22, 20:22] = True  # lies wholly in it
MASKS["top"][:10] = True
MASKS["none"][55:] = True


def answer(verdict="changed"):
    regions = [SimpleNamespace(label=9, text="A sign came."), SimpleNamespace(label=4, text="A box went.")]
    return SimpleNamespace(verdict=verdict, reason="fog", regions=regions)


def test_pixels_are_counted_area_by_area():
    parts = parts_of(answer(), LABELS, None, MASKS)
    assert {name: part.changed for name, part in parts.items()} == {
        "left": 1600,
        "rim": 80,
        "inner": 4,
        "top": 150,
        "none": 0,
    }
    assert parts["left"].share == pytest.approx(1600 / 3000)
    assert parts["inner"].share == 1
    assert (parts["none"].share, parts["none"].reason) == (0, "")


def test_words_go_to_the_area_they_are_about():
    found = {name: part.text for name, part in parts_of(answer(), LABELS, None, MASKS).items()}
    assert found == {"left": "A box went.", "rim": "", "inner": "A box went.", "top": "A sign came.", "none": ""}


def test_many_words_are_cut():
    regions = [SimpleNamespace(label=label, text=f"{label}.") for label in range(1, 8)]
    labels = np.repeat(np.arange(1, 8, dtype=np.int32), 10)[None]
    many = SimpleNamespace(verdict="changed", reason="", regions=regions)
    assert parts_of(many, labels, None, {"all": np.ones((1, 70), bool)})["all"].text == "1. 2. 3. 4. (+3)"


def test_only_what_both_pictures_show_counts():
    compared = np.ones(SIZE, bool)
    compared[:, :30] = False
    parts = parts_of(answer(), LABELS, compared, MASKS)
    assert parts["left"].share is None
    assert parts["left"].reason == "only 40% of it is in both pictures"
    assert (parts["top"].share, parts["top"].compared) == (pytest.approx(150 / 700), 700)


def test_what_is_unsure_has_no_number_though_it_has_labels():
    for labels in (LABELS, None):
        parts = parts_of(answer("unsure"), labels, None, MASKS)
        assert {part.share for part in parts.values()} == {None}
        assert {part.reason for part in parts.values()} == {"unsure: fog"}
