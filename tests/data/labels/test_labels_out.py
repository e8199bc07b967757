"""Datasets become label files, and label files datasets again."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest

from data.labels import drawings as draw
from spotdiff import plugins
from spotdiff.data import open_dataset
from spotdiff.data.annotations import from_dataset
from spotdiff.data.annotations.pairs import read_pairs
from spotdiff.data.annotations.to_dataset import write_dataset
from spotdiff.data.dataset import read_truth
from spotdiff.data.labels import get_format
from spotdiff.image.png import encode_grey

SIZE = (96, 72)


def blobs(seed: int, share: float) -> np.ndarray:
    field = cv2.GaussianBlur(np.random.default_rng(seed).normal(size=SIZE[::-1]), (0, 0), 5)
    return np.where(field > np.quantile(field, 1 - share), 255, 0).astype(np.uint8)


def truth_in(root, name, **masks):
    for folder, pixels in masks.items():
        path = root / f"{folder}/{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode_grey(pixels))


@pytest.fixture
def place(tmp_path):
    """Two pairs: one with pieces, holes, overlaps and ignored ground, one unchanged."""
    root = draw.pair(draw.pair(tmp_path / "place", "yard/1", SIZE), "2", SIZE)
    gone, new, ignored = blobs(1, 0.2), blobs(2, 0.2), blobs(3, 0.05) > 0
    gone[5:25, 5:25] = 255
    gone[10:20, 10:20] = 0
    truth_in(root, "yard/1", gone=np.where(ignored, 170, gone), new=np.where(ignored, 170, new))
    truth_in(root, "2", gone=np.zeros_like(gone), new=np.zeros_like(new))
    return root


def taken_out(form, place, out, **asked):
    drawn, troubles = from_dataset.annotate(open_dataset(place), **asked)
    assert troubles == ()
    list(from_dataset.write_annotations(get_format(form), drawn, out))
    return out


def brought_back(form, source, out, **asked):
    pairs, troubles = read_pairs(get_format(form), source, **asked)
    assert troubles == ()
    list(write_dataset(pairs, out))
    return open_dataset(out)


def iou(one, other):
    either = np.count_nonzero(one | other)
    return np.count_nonzero(one & other) / either if either else 1


@pytest.mark.parametrize("side_by_side", [False, True])
@pytest.mark.parametrize("form", plugins.names("data/labels"))
def test_masks_survive_the_way_out_and_back(form, side_by_side, place, tmp_path):
    out = taken_out(form, place, tmp_path / "drawn", side_by_side=side_by_side)
    back = brought_back(form, out, tmp_path / "back", side_by_side=side_by_side)
    first = open_dataset(place)
    assert [sample.name for sample in back] == ["2", "yard/1"]
    for one, other in zip(first, back, strict=True):
        for side in ("before", "after"):
            assert np.array_equal(cv2.imread(str(getattr(one, side))), cv2.imread(str(getattr(other, side))))
        true, found = read_truth(one), read_truth(other)
        assert true.changed == found.changed
        for mask in ("gone", "new", "mask"):
            for value in (255, 170):
                assert iou(getattr(true, mask) == value, getattr(found, mask) == value) > 0.97, (mask, value)


@pytest.mark.parametrize("form", plugins.names("data/labels"))
def test_label_files_survive_the_way_in_and_out(form, place, tmp_path):
    """What is drawn in whole pixels comes out as it went in."""
    out = taken_out(form, place, tmp_path / "drawn")
    back = brought_back(form, out, tmp_path / "back")
    again = brought_back(form, taken_out(form, tmp_path / "back", tmp_path / "again"), tmp_path / "third")
    for one, other in zip(back, again, strict=True):
        assert iou(read_truth(one).gone == 255, read_truth(other).gone == 255) > 0.97


def test_a_box_comes_out_as_a_box(tmp_path):
    root = draw.pair(tmp_path / "place", "1", SIZE)
    truth_in(root, "1", gone=draw.box(0, 0, 0, 0, SIZE), new=draw.box(10, 5, 30, 20, SIZE))
    corners = {(10, 5), (30, 5), (30, 20), (10, 20)}

    said = json.loads((taken_out("labelme", root, tmp_path / "labelme") / "after/1.json").read_text())
    assert (said["imagePath"], said["imageWidth"], said["imageHeight"]) == ("1.png", *SIZE)
    (shape,) = said["shapes"]
    assert (shape["label"], shape["shape_type"]) == ("added", "polygon")
    assert set(map(tuple, shape["points"])) == corners

    said = json.loads((taken_out("coco", root, tmp_path / "coco") / "annotations.json").read_text())
    (one,) = said["annotations"]
    assert (one["bbox"], one["area"], one["iscrowd"]) == ([10, 5, 20, 15], 300, 0)
    assert [image["file_name"] for image in said["images"] if image["id"] == one["image_id"]] == ["after/1.png"]
    assert [kind["name"] for kind in said["categories"] if kind["id"] == one["category_id"]] == ["added"]

    root_element = ElementTree.parse(taken_out("cvat", root, tmp_path / "cvat") / "annotations.xml").getroot()
    assert root_element.findtext("version") == "1.1"
    (polygon,) = root_element.iterfind("image[@name='after/1.png']/polygon")
    assert {tuple(map(float, point.split(","))) for point in polygon.get("points").split(";")} == corners

    said = json.loads((taken_out("via", root, tmp_path / "via") / "annotations.json").read_text())
    weight = (root / "after/1.png").stat().st_size
    one = said["_via_img_metadata"][f"after/1.png{weight}"]
    assert (one["filename"], one["size"]) == ("after/1.png", weight)
    assert one["regions"][0]["region_attributes"] == {"kind": "added"}
    assert said["_via_image_id_list"] == list(said["_via_img_metadata"])

    rows = (taken_out("via-csv", root, tmp_path / "via-csv") / "annotations.csv").read_text().splitlines()
    assert rows[1].startswith("before/1.png,")
    assert rows[1].endswith(",{},0,0,{},{}")
    assert '""name"": ""polygon""' in rows[2]


def kinds_drawn(root, name="1"):
    drawn, troubles = from_dataset.annotate(open_dataset(root))
    assert troubles == ()
    (one,) = [each for each in drawn if each.sample.name == name]
    return [sorted(annotation.category for annotation in image.annotations) for image in one.images]


def test_what_is_drawn_where(tmp_path):
    root = draw.pair(tmp_path / "place", "1", SIZE)
    box = draw.box(10, 5, 30, 20, SIZE)
    truth_in(root, "1", mask=np.maximum(box, draw.box(50, 5, 60, 20, SIZE, 85)))
    assert kinds_drawn(root) == [["changed", "ignore"], []]
    truth_in(root, "1", gone=box, new=draw.box(20, 5, 50, 20, SIZE))
    assert kinds_drawn(root) == [["removed"], ["added", "changed"]]


def test_pictures_that_differ_in_size(tmp_path):
    root = draw.pair(tmp_path / "place", "1", SIZE)
    draw.picture(root / "after/1.png", (50, 40))
    truth_in(root, "1", gone=draw.box(10, 5, 30, 20, SIZE), new=draw.box(1, 5, 9, 9, (50, 40)))
    truth_in(root, "1", mask=draw.box(10, 5, 30, 20, SIZE))
    assert kinds_drawn(root) == [["removed"], ["added"]]
    assert "cannot stand side by side" in from_dataset.annotate(open_dataset(root), side_by_side=True)[1][0]


def test_boxes_are_drawn_where_no_mask_is(tmp_path):
    root = draw.pair(tmp_path / "place", "1", SIZE)
    rows = [[1, 1, 9, 9, "removed"], [20, 20, 30, 30, "added"], [40, 40, 50, 50, "either"]]
    draw.written(root / "boxes/1.json", {"form": "objects", "boxes": rows})
    assert kinds_drawn(root) == [["ignore", "removed"], ["added"]]
    draw.written(root / "boxes/1.json", {"form": "places", "boxes": [[1, 1, 9, 9]], "boxes_after": [[2, 2, 9, 9]]})
    assert kinds_drawn(root) == [["changed"], ["changed"]]
    draw.written(root / "boxes/1.json", {"changed": False})
    assert kinds_drawn(root) == [[], []]


TROUBLES = {
    "areas": ({"boxes": [[1, 1, 9, 9]]}, "1: areas are too vague to be drawn"),
    "changed": ({"changed": True}, "1: nothing tells where it changed"),
    "broken": ("{", "not JSON"),
}


@pytest.mark.parametrize(("said", "trouble"), TROUBLES.values(), ids=TROUBLES.keys())
def test_boxes_that_cannot_be_drawn(tmp_path, said, trouble):
    root = draw.pair(tmp_path / "place", "1", SIZE)
    draw.written(root / "boxes/1.json", said)
    drawn, troubles = from_dataset.annotate(open_dataset(root))
    assert drawn == ()
    assert trouble in troubles[0]


def test_troubles_are_told_sample_by_sample(place):
    (place / "gone/2.png").write_bytes(b"")
    truth_in(place, "yard/1", new=np.zeros((9, 9), np.uint8))
    draw.pair(place, "3")
    _, troubles = from_dataset.annotate(open_dataset(place))
    assert [trouble.count("\n") for trouble in troubles] == [0, 0, 0]
    assert "gone/2.png cannot be read as a mask" in troubles[0]
    assert "3 has no truth" in troubles[1]
    truth_in(place, "yard/1", new=np.zeros((9, 9), np.uint8), gone=np.zeros((9, 9), np.uint8))
    assert "yard/1: a mask is 9x9, before is of another size" in from_dataset.annotate(open_dataset(place))[1][2]
