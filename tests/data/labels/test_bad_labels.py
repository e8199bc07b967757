"""Label files that cannot be used: each trouble is told in one line that names the file."""

from __future__ import annotations

import base64
import json
import struct

import pytest

from data.labels import drawings as draw
from spotdiff.data.annotations.pairs import read_pairs
from spotdiff.data.labels import get_format

SQUARE = [[10, 5], [30, 5], [30, 20], [10, 20]]
FLAT = [10, 5, 30, 5, 30, 20, 10, 20]


@pytest.fixture
def root(tmp_path):
    return draw.pair(tmp_path / "drawn", "1")


def the_one(form, source, **asked):
    _, troubles = read_pairs(get_format(form), source, **asked)
    (trouble,) = troubles
    assert "\n" not in trouble
    return trouble


def png(size):
    """The head of a PNG, in base64."""
    return base64.b64encode(struct.pack(">8sI4sII", b"\x89PNG\r\n\x1a\n", 13, b"IHDR", *size)).decode()


SHAPES = {
    "two corners": (draw.shape("added", SQUARE[:2]), "three corners or more, not 2"),
    "one corner thrice": (draw.shape("added", [[1, 1]] * 3 + [[2, 2]]), "three corners or more, not 2"),
    "no corner": (draw.shape("added", []), "three corners or more, not 0"),
    "outside": (
        draw.shape("added", [[70, 5], [90, 5], [80, 20]]),
        "it lies outside: 70,5,90,20 is not within 0,0,64,48",
    ),
    "far outside": (draw.shape("added", [[1e300, 5], [90, 5], [30, 20]]), "'1e+300' is no coordinate"),
    "nothing": (draw.shape("added", [[1.1, 1.1], [1.2, 1.1], [1.1, 1.2]]), "covers no pixel"),
    "unknown": (draw.shape("adedd", SQUARE), "unknown label 'adedd'; did you mean added?"),
    "no word": (draw.shape("", SQUARE), "unknown label ''"),
    "no text": (draw.shape(3, SQUARE), 'it needs "label" (a text)'),
    "wrong side": (draw.shape("removed", SQUARE), "what is removed is drawn in before, not in after"),
    "turned": (draw.shape("added", SQUARE[:3], "oriented_rectangle"), "has four points, not 3"),
    "points": (draw.shape("added", SQUARE, "points"), "a points has no area"),
    "line": (draw.shape("added", SQUARE, "linestrip"), "a linestrip has no area"),
    "circle": (draw.shape("added", SQUARE, "circle"), "a circle has two points, not 4"),
    "infinite": (draw.shape("added", [[float("inf"), 1], [2, 2], [3, 1]]), "'inf' is no coordinate"),
    "huge": (draw.shape("added", [[10**400, 1], [2, 2], [3, 1]]), "is no coordinate"),
    "true": (draw.shape("added", [[True, 1], [2, 2], [3, 1]]), "'True' is no coordinate"),
    "three numbers": (draw.shape("added", [[1, 2, 3]]), "a corner is x and y"),
    "no points": ({"label": "added"}, 'it needs "points" (a list)'),
    "no shape": ("added", 'it needs "label"'),
    "broken mask": (draw.shape("added", [[1, 1], [3, 3]], "mask", mask="AAAA"), "its mask is no picture"),
    "mask of another size": (
        draw.shape("added", [[1, 1], [30, 30]], "mask", mask=png((5, 4))),
        "its mask is 5x4 pixels, but its points are 30x30 apart",
    ),
    "mask to fill the memory": (
        draw.shape("added", [[0, 0], [39_999, 39_999]], "mask", mask=png((40_000, 40_000))),
        "a mask of 40000x40000 pixels cannot be",
    ),
    "mask cut short": (draw.shape("added", [[1, 1], [5, 4]], "mask", mask=png((5, 4))), "its mask is no picture"),
    "huge circle": (draw.shape("added", [[1e308, 1e308], [-1e308, -1e308]], "circle"), "is no coordinate"),
    "no base64": (draw.shape("added", [[1, 1], [3, 3]], "mask", mask="@"), "base64"),
    "moved": (draw.shape("moved", SQUARE), "what moved is drawn in after only: draw it in before too"),
}


@pytest.mark.parametrize(("shape", "said"), SHAPES.values(), ids=SHAPES.keys())
def test_a_shape_that_cannot_be_used(root, shape, said):
    file = draw.labelme(root / "after/1.json", shape)
    trouble = the_one("labelme", root)
    assert trouble.startswith(f"{file}: ")
    assert said in trouble


HEADS = "filename,file_size,file_attributes,region_count,region_id,region_shape_attributes,region_attributes\n"
FILES = {
    "labelme": [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[]", "holds a list"),
        ("{}", 'needs "shapes"'),
        ("\xff", "not JSON"),
        ("[" * 100_000, "without end"),
        ('{"shapes": [], "imageData": "\\u00e4"}', "base64"),
        ('{"shapes": [], "imagePath": 5}', 'needs "imagePath" (a text)'),
        ('{"shapes": [], "imageWidth": true, "imageHeight": true}', "'True' is no coordinate"),
        ('{"shapes": [], "imagePath": "1.png", "shapes": []}', "an object has 'shapes' twice"),
        ('{"shapes": [], "imageWidth": "x", "imageHeight": 1}', "'x' is no coordinate"),
    ],
    "coco": [
        ("{}", 'needs "images"'),
        ('{"images": [{"id": 1}], "annotations": [], "categories": []}', 'needs "file_name"'),
        ('{"images": [], "annotations": [{"image_id": 3}], "categories": []}', "image 3, which is not among"),
        ('{"images": [], "annotations": [3], "categories": []}', 'needs "image_id"'),
        ('{"images": [], "annotations": [], "categories": [{"id": 1}]}', 'needs "name"'),
        ('{"images": [{"id": 1}, {"id": 1}], "annotations": [], "categories": []}', "two of its images have the id 1"),
        (
            '{"images": [], "annotations": [], "categories": [{"id": 2, "name": "added"}, {"id": 2, "name": "moved"}]}',
            "two of its categories have the id 2",
        ),
        (
            '{"images": [], "annotations": [{"id": 3}, {"id": 4}, {"id": 3}], "categories": []}',
            "two of its annotations have the id 3",
        ),
        (
            '{"images": [], "annotations": [{"id": "x"}, {"id": "x"}], "categories": []}',
            "two of its annotations have the id x",
        ),
    ],
    "cvat": [
        ("", "not XML"),
        ("<annotations>", "not XML"),
        ("<html/>", "its root is 'html'"),
        ("<annotations><track/></annotations>", "CVAT for video"),
        ("<annotations><image/></annotations>", "needs 'name'"),
        ('<annotations><image name="1.png" width="nan" height="3"/></annotations>', "no coordinate"),
        ('<?xml version="1.0" encoding="utf-99"?><annotations/>', "not XML"),
        ("<!DOCTYPE annotations><annotations/>", "document type"),
    ],
    "via": [
        ("[1]", "holds a list"),
        ('{"x": 1}', 'needs "filename"'),
        ('{"_via_img_metadata": 3}', 'needs "_via_img_metadata"'),
        ('{"x": {"filename": "1.png", "regions": 3}}', "is no list"),
    ],
    "via-csv": [
        ("", "lacks filename"),
        ("a,b\n1,2\n", "lacks filename"),
        (
            HEADS + "1,2\n",
            "row 2 has too few cells",
        ),
        (
            HEADS + "1,2,{},1,0,{,{}\n",
            "row 2: '{' is not JSON",
        ),
        (
            HEADS + 'after/1.png,1,{},1,0,"{""name"": ""rect"", ""name"": ""x""}",{}\n',
            "an object has 'name' twice",
        ),
    ],
}


@pytest.mark.parametrize(("form", "text", "said"), [(form, *one) for form, each in FILES.items() for one in each])
def test_a_file_that_is_something_else(root, form, text, said):
    file = root / f"before{get_format(form).suffix}"
    file.write_bytes(text.encode("latin-1"))
    trouble = the_one(form, root)
    assert str(file) in trouble
    assert said in trouble


BOMB = """<?xml version="1.0"?>
<!DOCTYPE annotations [<!ENTITY a "aaaaaaaaaa">{more}]>
<annotations><image id="0" name="&z;" width="1" height="1"/></annotations>"""
ENTITIES = "".join(
    f'<!ENTITY {late} "{f"&{early};" * 10}">' for early, late in zip("abcdefghi", "bcdefghiz", strict=True)
)
OUTSIDE = '<!ENTITY z SYSTEM "file:///etc/passwd">'


@pytest.mark.parametrize("more", [ENTITIES, OUTSIDE])
def test_entities_are_refused_before_they_grow(root, more):
    draw.written(root / "before.xml", BOMB.format(more=more))
    assert "document type" in the_one("cvat", root)


def test_deep_xml_is_read(root):
    draw.written(root / "before.xml", "<annotations>" + "<a>" * 50_000 + "</a>" * 50_000 + "</annotations>")
    assert read_pairs(get_format("cvat"), root) == ((), ())


MARKS = {
    "coco": [
        ({"name": "added", "segmentation": [FLAT[:-1]]}, "list of polygons"),
        ({"name": "added", "segmentation": [FLAT[:4]]}, "three corners"),
        ({"name": "added", "segmentation": {"size": [48, 64], "counts": [1]}}, "do not fill 64x48"),
        ({"name": "added", "segmentation": {"size": [48], "counts": [1]}}, "run lengths need"),
        ({"name": "added", "segmentation": {"size": [48, 64], "counts": "%"}}, "a letter"),
        ({"name": "added", "bbox": [1, 2, 3]}, "a bbox is"),
        ({"name": "added", "segmentation": []}, 'needs "bbox"'),
        *[
            ({"name": "added", "segmentation": {"size": size, "counts": [0, 1]}}, "run lengths need")
            for size in ([True, True], [48, 64, 1], ["48", "64"], [48.0, 64.0], [])
        ],
        ({"name": "added", "segmentation": {"size": [48, 64], "counts": [True, 3071]}}, "do not fill 64x48"),
        (
            {"name": "added", "segmentation": {"size": [24, 32], "counts": [100, 5, 663]}},
            "run lengths of 32x24 on a picture of 64x48",
        ),
        (
            {"name": "added", "segmentation": {"size": [64, 48], "counts": [100, 5, 2967]}},
            "run lengths of 48x64 on a picture of 64x48",
        ),
        ({"name": "added", "bbox": [9, 9, -5, 5]}, "-5 is no width, height or radius"),
        ({"name": "added", "bbox": [64, 9, 5, 5]}, "it lies outside"),
        ({"name": "added", "bbox": [9, 9, 5, 5], "attributes": {"rotation": "x"}}, "'x' is no coordinate"),
        (
            {"name": "added", "bbox": [10, 5, 20, 15], "segmentation": [FLAT], "attributes": {"rotation": 90}},
            "its segmentation is its bbox, but it has a rotation",
        ),
        ({"name": "added", "category_id": 9, "bbox": [1, 1, 5, 5]}, "there is no category 9"),
    ],
    "cvat": [
        ('<polygon label="added" points="1,1;2,2"/>', "three corners"),
        ('<polygon label="added" points="1,1;2;3,3"/>', "a corner is x and y"),
        ('<polygon points="1,1;2,9;3,3"/>', "needs 'label'"),
        ('<polygon label="added"/>', "needs 'points'"),
        ('<polyline label="added" points="1,1;2,9;3,3"/>', "has no area"),
        ('<box label="added" xtl="1" ytl="1" xbr="x" ybr="4"/>', "'x' is no coordinate"),
        ('<mask label="added" rle="1, x" left="1" top="1" width="2" height="2"/>', "list of whole numbers"),
        ('<mask label="added" rle="9" left="1" top="1" width="2" height="2"/>', "do not fill 2x2"),
        ('<mask label="added" rle="4" left="1" top="1" width="1e9" height="1e9"/>', "cannot be"),
        ('<mask label="added" rle="4" left="1e200" top="1" width="2" height="2"/>', "'1e200' is no coordinate"),
        ('<mask label="added" rle="0,4" left="1" top="1" width="2" height="1e200"/>', "'1e200' is no coordinate"),
        ('<mask label="added" rle="0,4" left="1.5" top="1" width="2" height="2"/>', "are whole numbers"),
        ('<mask label="added" rle="0,4" left="-2" top="1" width="2" height="2"/>', "it lies outside"),
        ('<ellipse label="added" cx="9" cy="9" rx="-9" ry="9"/>', "-9 is no width, height or radius"),
        ('<box label="added" xtl="64" ytl="1" xbr="70" ybr="4"/>', "it lies outside"),
        ('<cuboid label="added"/>', "a cuboid has no area"),
        ('<blob label="added"/>', "a blob has no area"),
        ('<tag label="Added"/>', "a tag has no area"),
    ],
    "via": [
        (({"name": "polyline"}, {"kind": "added"}), "a polyline has no area"),
        (({"name": "polygon", "all_points_x": [1], "all_points_y": []}, {"kind": "added"}), "it has 1 x and 0 y"),
        (({"name": "rect", "x": 1}, {"kind": "added"}), "is no coordinate"),
        ((draw.polygon((1, 1), (5, 1), (5, 5)), {}), 'needs an attribute "kind"'),
        ((draw.polygon((1, 1), (5, 1), (5, 5)), {"kind": {"added": True, "moved": True}}), "must be one word"),
        (({}, {"kind": "added"}), 'needs "name"'),
        (({"name": "rect", "x": 5, "y": 5, "width": -5, "height": 5}, {"kind": "added"}), "-5 is no width"),
        (({"name": "circle", "cx": -9, "cy": 5, "r": 8}, {"kind": "added"}), "it lies outside"),
        ((draw.polygon((1, 1), (5, 1), (5, 5)), {"kind": 5}), 'needs an attribute "kind" that holds a word'),
        ((draw.polygon((1, 1), (5, 1), (5, 5)), {"type": "x", "name": "y"}), "no attribute holds a known label"),
        (
            (draw.polygon((1, 1), (5, 1), (5, 5)), {"type": "moved", "name": "added"}),
            "type='moved' and name='added': --attribute NAME says which counts",
        ),
    ],
}


@pytest.mark.parametrize(("form", "mark", "said"), [(form, *one) for form, each in MARKS.items() for one in each])
def test_a_mark_that_cannot_be_used(root, form, mark, said):
    images = {"after/1.png": mark if form == "cvat" else [mark]}
    make = {"coco": draw.coco, "cvat": draw.cvat, "via": draw.via}[form]
    file = make(root / f"all{get_format(form).suffix}", images)
    trouble = the_one(form, file)
    assert trouble.startswith(f"{file}: after/1.png: ")
    assert said in trouble


def test_the_size_must_be_the_pictures(root):
    draw.labelme(root / "after/1.json", size=(48, 64))
    assert "says that the picture is 48x64, but it is 64x48" in the_one("labelme", root)
    draw.labelme(root / "after/1.json", size=None)
    assert read_pairs(get_format("labelme"), root)[1] == ()


def test_a_missing_picture(root):
    draw.labelme(root / "after/2.json", draw.shape("added", SQUARE))
    _, troubles = read_pairs(get_format("labelme"), root)
    assert len(troubles) == 2  # after has none, and before has none either
    assert f"{root / 'after/2.json'}: the picture 2.png is missing" in troubles[1]
    assert "before/2: the picture is missing" in troubles[0]


def test_a_broken_picture(root):
    (root / "before/1.png").write_bytes(b"no picture")
    draw.labelme(root / "after/1.json", draw.shape("added", SQUARE))
    assert "before/1: " in the_one("labelme", root)


def test_two_files_of_one_key(root):
    sheet = {"after/1.png": [], "site/after/1.jpg": []}
    file = draw.coco(root / "all.json", sheet)
    assert f"{file}: after/1.png is of the same picture '1': keep one of them" in the_one("coco", file)
    file.unlink()
    draw.picture(root / "before/1.bmp")
    draw.labelme(root / "after/1.json")
    assert "claim one name: keep one of them" in the_one("labelme", root)


def test_pictures_of_two_sizes(root):
    draw.picture(root / "before/1.png", (32, 32))
    draw.labelme(root / "after/1.json")
    assert "its pictures are 32x32 and 64x48" in the_one("labelme", root)


@pytest.mark.parametrize("name", ["1.png", "elsewhere/1.png"])
def test_no_side(root, name):
    file = draw.coco(root / "all.json", {name: []})
    assert f"{file}: {name}: nothing tells whether it is before or after" in the_one("coco", file)


@pytest.mark.parametrize("name", ["before/../../x.png", "before/", "before/..", "before/a\x07.png", "before/c:x.png"])
def test_names_that_lead_elsewhere(root, name):
    file = draw.coco(root / "all.json", {name: []})
    trouble = the_one("coco", file)
    assert "cannot be the name of a pair" in trouble or "nothing tells" in trouble


def test_side_by_side(tmp_path):
    draw.picture(tmp_path / "1.png", (128, 48))
    draw.picture(tmp_path / "2.png", (127, 48))
    across = [[50, 5], [80, 5], [80, 20], [50, 20]]
    wrong = [[10, 5], [20, 5], [20, 20]]
    file = draw.labelme(tmp_path / "1.json", draw.shape("changed", across), draw.shape("added", wrong), size=None)
    draw.labelme(tmp_path / "2.json", size=None)
    _, troubles = read_pairs(get_format("labelme"), tmp_path, side_by_side=True)
    second, first, third = troubles
    assert first == f"{file}: shape 1 (changed): it crosses the middle, from one picture into the other"
    assert second == f"{file}: shape 2 (added): what is added is drawn in after, not in before"
    assert "127 wide: two pictures side by side have an even width" in third


def test_every_trouble_is_told_at_once(root):
    draw.labelme(root / "after/1.json", *[one for one, _ in SHAPES.values()])
    draw.written(root / "before/1.json", json.dumps([]))
    _, troubles = read_pairs(get_format("labelme"), root)
    assert len(troubles) == len(SHAPES) + 1
