"""Shapes of the four tools: turned ones, ones over the edge, and the word that says what a region is."""

from __future__ import annotations

import json

import numpy as np
import pytest

from data.labels import drawings as draw
from spotdiff.data.annotations.pairs import read_pairs
from spotdiff.data.annotations.to_dataset import change_masks
from spotdiff.data.labels import get_format

WIDE, HIGH = draw.SIZE


@pytest.fixture
def root(tmp_path):
    return draw.pair(tmp_path, "1")


def drawn(form, source, **asked):
    """What is new in the one pair."""
    (pair,), troubles = read_pairs(get_format(form), source, **asked)
    assert troubles == ()
    return change_masks(pair).new


def window(left, top, right, bottom):
    return draw.box(left, top, right, bottom) > 0


def flat_csv(root, shape, attributes):
    heads = "filename,file_size,file_attributes,region_count,region_id,region_shape_attributes,region_attributes"
    cells = ['"{}"'.format(json.dumps(value).replace('"', '""')) for value in (shape, attributes)]
    return draw.written(root / "all.csv", f"{heads}\nafter/1.png,1,{{}},1,0,{','.join(cells)}\n")


def by_via(form, root, shape, attributes):
    if form == "via-csv":
        return flat_csv(root, shape, attributes)
    return draw.via(root / "all.json", {"after/1.png": [(shape, attributes)]})


TURNED = [[20, 10], [30, 20], [20, 30], [10, 20]]


@pytest.mark.parametrize("kind", ["oriented_rectangle", "rotation", "quadrilateral", "rectangle"])
def test_four_corners_of_labelme_are_taken_as_they_are(root, kind):
    draw.labelme(root / "after/1.json", draw.shape("added", TURNED, kind, direction=0.785))
    new = drawn("labelme", root)
    assert np.count_nonzero(new) == pytest.approx(200, abs=20)
    assert new[20, 20]
    assert not new[11, 11]


@pytest.mark.parametrize("degrees", [90, -90.0, 450, "90"])
def test_a_box_of_coco_is_turned_about_its_middle(root, degrees):
    mark = {"name": "added", "segmentation": [], "bbox": [10, 20, 40, 8], "attributes": {"rotation": degrees}}
    file = draw.coco(root / "all.json", {"after/1.png": [mark]})
    assert np.array_equal(drawn("coco", file), window(26, 4, 34, 44))


def test_a_box_of_coco_turned_by_an_odd_angle_is_as_that_of_cvat(root):
    mark = {"name": "added", "bbox": [10, 20, 40, 8], "attributes": {"rotation": 30}}
    xml = '<box label="added" xtl="10" ytl="20" xbr="50" ybr="28" rotation="30"/>'
    new = drawn("coco", draw.coco(root / "all.json", {"after/1.png": [mark]}))
    assert np.array_equal(new, drawn("cvat", draw.cvat(root / "all.xml", {"after/1.png": xml})))


def test_a_polygon_of_coco_is_turned_already(root):
    mark = {"name": "added", "bbox": [10, 10, 20, 20], "segmentation": [draw.flat(TURNED)]}
    turned = {**mark, "attributes": {"rotation": 45}}
    files = [draw.coco(root / f"{at}.json", {"after/1.png": [one]}) for at, one in enumerate((mark, turned))]
    plain, said = (drawn("coco", file) for file in files)
    assert np.array_equal(plain, said)


CORNER = (WIDE - 10, HIGH - 10, WIDE + 10, HIGH + 10)  # a box whose middle is the picture's last corner
OVER_THE_EDGE = {
    "labelme rectangle": draw.shape("added", [CORNER[:2], CORNER[2:]], "rectangle"),
    "labelme polygon": draw.shape("added", [CORNER[:2], [CORNER[2], CORNER[1]], CORNER[2:], [CORNER[0], CORNER[3]]]),
    "coco box": {"name": "added", "bbox": [*CORNER[:2], 20, 20]},
    "cvat box": '<box label="added" xtl="{}" ytl="{}" xbr="{}" ybr="{}"/>'.format(*CORNER),
    "cvat mask": f'<mask label="added" rle="0,400" left="{CORNER[0]}" top="{CORNER[1]}" width="20" height="20"/>',
    "via rect": {"name": "rect", "x": CORNER[0], "y": CORNER[1], "width": 20, "height": 20},
    "via-csv rect": {"name": "rect", "x": CORNER[0], "y": CORNER[1], "width": 20, "height": 20},
}


@pytest.mark.parametrize("name", OVER_THE_EDGE)
def test_what_crosses_the_edge_is_cut_off_there(root, name):
    form, mark = name.split()[0], OVER_THE_EDGE[name]
    if form == "labelme":
        draw.labelme(root / "after/1.json", mark)
        file = root
    elif form == "coco":
        file = draw.coco(root / "all.json", {"after/1.png": [mark]})
    elif form == "cvat":
        file = draw.cvat(root / "all.xml", {"after/1.png": mark})
    else:
        file = by_via(form, root, mark, {"kind": "added"})
    assert np.array_equal(drawn(form, file), window(WIDE - 10, HIGH - 10, WIDE, HIGH))


@pytest.mark.parametrize("form", ["via", "via-csv"])
@pytest.mark.parametrize(
    "shape", [{"name": "circle", "cx": 0, "cy": 0, "r": 12}, {"name": "ellipse", "cx": 0, "cy": 0, "rx": 12, "ry": 12}]
)
def test_a_round_thing_at_the_rim(root, form, shape):
    new = drawn(form, by_via(form, root, shape, {"kind": "added"}))
    assert np.count_nonzero(new) == pytest.approx(np.pi * 36, rel=0.05)
    assert not new[13:].any()


def test_of_several_parts_those_outside_are_left_out(root):
    parts = [[1, 1, 9, 1, 9, 9, 1, 9], [70, 1, 90, 1, 90, 9]]
    file = draw.coco(root / "all.json", {"after/1.png": [{"name": "added", "segmentation": parts}]})
    assert np.array_equal(drawn("coco", file), window(1, 1, 9, 9))


RECT = {"name": "rect", "x": 10, "y": 5, "width": 20, "height": 15}


@pytest.mark.parametrize("form", ["via", "via-csv"])
@pytest.mark.parametrize(
    "attributes",
    [
        {"type": "unknown", "name": "added", "image_quality": {"good": True, "blurred": False}},
        {"name": "added", "type": "unknown"},
        {"label": "post", "event": " Added "},
        {"kind": "new", "name": "added"},
        {"type": "unknown", "what": {"added": True, "moved": False}},
    ],
)
def test_the_attribute_that_holds_a_known_word_counts(root, form, attributes):
    assert np.array_equal(drawn(form, by_via(form, root, RECT, attributes)), window(10, 5, 30, 20))


def test_an_option_decides_among_attributes(root):
    file = by_via("via", root, RECT, {"type": "removed", "name": "added", "label": "post"})
    assert drawn("via", file, attribute="Name").any()
    assert drawn("via", file, attribute="label", labels=["post=added"]).any()
    (trouble,) = read_pairs(get_format("via"), file, attribute="what")[1]
    assert "it has no attribute 'what', only type, name, label" in trouble
    (trouble,) = read_pairs(get_format("via"), file, attribute="label")[1]
    assert "unknown label 'post'" in trouble


def test_formats_without_attributes_refuse_the_option(root):
    file = draw.coco(root / "all.json", {"after/1.png": [{"name": "added", "bbox": [10, 5, 20, 15]}]})
    (trouble,) = read_pairs(get_format("coco"), file, attribute="kind")[1]
    assert "it has no attributes to choose from: leave --attribute out" in trouble


def test_a_word_of_an_attribute_without_a_shape_is_not_lost(root):
    (trouble,) = read_pairs(get_format("via-csv"), flat_csv(root, {}, {"kind": "added"}))[1]
    assert 'it needs "name"' in trouble
