"""The truth of a sample: what its files may say, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from spotdiff.data import Sample
from spotdiff.data.dataset import read_boxes, read_mask, read_truth
from spotdiff.errors import DataError


def written(path, said):
    path.write_text(said if isinstance(said, str) else json.dumps(said), encoding="utf-8")
    return path


def mask_file(path, *values):
    cv2.imwrite(str(path), np.array([values], np.uint8))
    return path


@pytest.mark.parametrize(("values", "changed"), [((0, 255, 170, 85), True), ((0, 170), False)])
def test_a_mask_holds_four_values(tmp_path, values, changed):
    truth = read_truth(Sample("a", Path(), Path(), mask=mask_file(tmp_path / "a.png", *values)))
    assert truth.mask.tolist() == [list(values)]
    assert (truth.changed, truth.form) == (changed, None)


def test_a_mask_goes_before_boxes(tmp_path):
    boxes = written(tmp_path / "a.json", {"boxes": [[0, 0, 1, 1]]})
    truth = read_truth(Sample("a", Path(), Path(), mask=mask_file(tmp_path / "a.png", 0), boxes=boxes))
    assert (truth.changed, truth.boxes) == (False, ())


PLACES = {"form": "places", "boxes": [[0, 0, 1, 1, "added"], [2, 0, 4, 1]], "boxes_after": [[1, 0, 2, 1], [3, 0, 4, 1]]}


def test_places_stand_in_both_pictures(tmp_path):
    truth = read_boxes(written(tmp_path / "a.json", PLACES))
    assert (truth.form, truth.changed, truth.kinds) == ("places", True, ("added", ""))
    assert truth.boxes == ((0, 0, 1, 1), (2, 0, 4, 1))
    assert truth.boxes_after == ((1, 0, 2, 1), (3, 0, 4, 1))


def test_places_count_beside_masks(tmp_path):
    files = {name: mask_file(tmp_path / f"{name}.png", 0, 0, 170, 0) for name in ("gone", "new")}
    truth = read_truth(Sample("a", Path(), Path(), boxes=written(tmp_path / "a.json", PLACES), **files))
    assert truth.mask.tolist() == truth.gone.tolist() == truth.new.tolist() == [[0, 0, 170, 0]]
    assert (truth.changed, truth.form) == (False, "places")  # whether anything changed is the masks' to say
    assert (len(truth.boxes), len(truth.boxes_after), truth.kinds) == (2, 2, ("added", ""))


@pytest.mark.parametrize(
    ("after", "message"),
    [
        pytest.param(None, "for each of the 2 boxes, not no list", id="none"),
        pytest.param([[0, 0, 1, 1]], "for each of the 2 boxes, not 1 of them", id="too few"),
        pytest.param([[0, 0, 1, 1], [0, 0, 0, 1]], "right must exceed left", id="empty box"),
    ],
)
def test_places_that_cannot_be(tmp_path, after, message):
    with pytest.raises(DataError, match=message):
        read_boxes(written(tmp_path / "a.json", {**PLACES, "boxes_after": after}))


def test_other_values_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"holds 1, 50: a mask holds 255 changed"):
        read_mask(mask_file(tmp_path / "a.png", 0, 1, 50, 255))
    with pytest.raises(DataError, match=r"holds 1, 2, 3, 4, 5 and others:"):
        read_mask(mask_file(tmp_path / "b.png", 1, 2, 3, 4, 5, 6))


@pytest.mark.parametrize("data", [b"", b"no picture"])
def test_what_is_no_mask(tmp_path, data):
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(DataError, match=r"a\.png cannot be read as a mask"):
        read_mask(tmp_path / "a.png")


def test_a_file_that_has_gone(tmp_path):
    with pytest.raises(DataError, match="cannot be read: No such file"):
        read_mask(tmp_path / "a.png")


def test_no_truth():
    with pytest.raises(DataError, match=r"a has no truth: it needs mask/a\.png"):
        read_truth(Sample("a", Path(), Path()))


BOX, PART = [1, 2, 3.5, 4], (1.0, 2.0, 3.5, 4.0)


@pytest.mark.parametrize(
    ("said", "changed", "form", "kinds"),
    [
        pytest.param({"changed": False, "boxes": None}, False, None, None, id="yes or no"),
        pytest.param({"boxes": [[*BOX, "spur"], BOX]}, True, "areas", ("spur", ""), id="areas"),
        pytest.param({"boxes": []}, False, "areas", (), id="no box"),
        pytest.param({"boxes": [], "changed": True}, True, "areas", (), id="changed somewhere"),
        pytest.param({"boxes": [BOX], "form": "click targets (centre +- radius)"}, True, "points", ("",), id="clicks"),
        pytest.param({"boxes": [BOX], "form": "points"}, True, "points", ("",), id="points"),
        pytest.param({"boxes": [[*BOX, "added"]], "form": "objects"}, True, "objects", ("added",), id="objects"),
        pytest.param({"boxes": [[*BOX, "either"]], "form": "objects"}, None, "objects", ("either",), id="open"),
    ],
)
def test_what_boxes_may_say(tmp_path, said, changed, form, kinds):
    truth = read_boxes(written(tmp_path / "a.json", said))
    assert (truth.changed, truth.form) == (changed, form)
    assert truth.kinds == (kinds or ())
    assert truth.boxes == (PART,) * len(truth.kinds)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        pytest.param("{", "is not JSON", id="cut off"),
        pytest.param("\x00", "is not JSON", id="binary"),
        pytest.param([1], "holds a list, not an object", id="list"),
        pytest.param({}, 'needs "boxes"', id="empty"),
        pytest.param({"changed": "yes"}, 'needs "boxes"', id="a word for yes"),
        pytest.param({"changed": True, "boxes": "none"}, 'needs "boxes"', id="a word for boxes"),
        pytest.param({"boxes": [BOX], "form": "ovals"}, "areas, objects, places or points, not 'ovals'", id="form"),
        pytest.param({"boxes": [[1, 2, 3]]}, "a box is", id="three edges"),
        pytest.param({"boxes": [[1, 2, 3, "4"]]}, "a box is", id="text"),
        pytest.param({"boxes": [[5, 2, 5, 4]]}, "right must exceed left", id="no width"),
        pytest.param({"boxes": [[5, 2, 6, float("nan")]]}, "right must exceed left", id="nan"),
        pytest.param(
            {"boxes": [[*BOX, "moved"]], "form": "objects"}, "removed, added or either, not 'moved'", id="kind"
        ),
    ],
)
def test_what_boxes_may_not_say(tmp_path, said, message):
    with pytest.raises(DataError, match=message):
        read_boxes(written(tmp_path / "a.json", said))
