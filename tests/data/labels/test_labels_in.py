"""Labels of the four tools become datasets."""

from __future__ import annotations

import base64
import json

import cv2
import numpy as np
import pytest

from data.labels import drawings as draw
from spotdiff import plugins
from spotdiff.data import open_dataset
from spotdiff.data.annotations.pairs import read_pairs
from spotdiff.data.annotations.to_dataset import write_dataset
from spotdiff.data.dataset import read_truth
from spotdiff.data.labels import get_format
from spotdiff.errors import DataError, OptionError

NEW, GONE = (10, 5, 30, 20), (40, 25, 60, 45)  # boxes of what came and what went
SQUARE = [[10, 5], [30, 5], [30, 20], [10, 20]]


def brought(form, source, out, *, boxes="places", **asked):
    pairs, troubles = read_pairs(get_format(form), source, **asked)
    assert troubles == ()
    list(write_dataset(pairs, out, boxes=boxes))
    return open_dataset(out)


def troubles_of(form, source, **asked):
    return read_pairs(get_format(form), source, **asked)[1]


def corners(box):
    left, top, right, bottom = box
    return [[left, top], [right, top], [right, bottom], [left, bottom]]


def by_labelme(root):
    draw.labelme(root / "before/yard/1.json", draw.shape("removed", corners(GONE)))
    draw.labelme(root / "after/yard/1.json", draw.shape("added", [list(NEW[:2]), list(NEW[2:])], "rectangle"))
    return root


def by_coco(root):
    left, top, right, bottom = GONE
    flat = draw.flat(corners(NEW))
    return draw.coco(
        root / "annotations.json",
        {
            "before/yard/1.png": [{"name": "removed", "bbox": [left, top, right - left, bottom - top]}],
            "after/yard/1.png": [{"name": "added", "segmentation": [flat]}],
        },
    )


def by_cvat(root):
    points = ";".join(f"{x}.00,{y}.00" for x, y in corners(NEW))
    box = dict(zip(("xtl", "ytl", "xbr", "ybr"), GONE, strict=True))
    said = " ".join(f'{key}="{value}.00"' for key, value in box.items())
    return draw.cvat(
        root / "annotations.xml",
        {
            "before/yard/1.png": f'<box label="removed" source="manual" occluded="0" {said} z_order="0"></box>',
            "after/yard/1.png": f'<tag label="x"/><polygon label="added" points="{points}" z_order="0"></polygon>',
        },
    )


def by_via(root, *, project=True):
    left, top, right, bottom = GONE
    rect = {"name": "rect", "x": left, "y": top, "width": right - left, "height": bottom - top}
    return draw.via(
        root / "via.json",
        {
            "before/yard/1.png": [(rect, {"kind": "removed"})],
            "after/yard/1.png": [(draw.polygon(*corners(NEW)), {"Label": "added", "note": ""})],
        },
        project=project,
    )


def by_via_csv(root):
    left, top, right, bottom = GONE
    rect = json.dumps({"name": "rect", "x": left, "y": top, "width": right - left, "height": bottom - top})
    rows = [("before", rect, {"change": "removed"}), ("after", json.dumps(draw.polygon(*corners(NEW))), {"x": "added"})]
    text = "#filename,file_size,file_attributes,region_count,region_id,region_shape_attributes,region_attributes\n"
    for side, one, said in rows:
        cells = ['"{}"'.format(cell.replace('"', '""')) for cell in ("{}", "1", "0", one, json.dumps(said))]
        text += f"{side}/yard/1.png,1234,{','.join(cells)}\n"
    return draw.written(root / "via.csv", text)


WAYS = {"labelme": by_labelme, "coco": by_coco, "cvat": by_cvat, "via": by_via, "via-csv": by_via_csv}


def test_every_format_is_tried_here():
    assert sorted(WAYS) == plugins.names("data/labels")
    with pytest.raises(OptionError, match="did you mean labelme"):
        get_format("labelmee")


@pytest.mark.parametrize("form", WAYS)
def test_two_pictures_drawn_on_by_themselves(form, tmp_path):
    source = WAYS[form](draw.pair(tmp_path / "drawn"))
    (sample,) = brought(form, source, tmp_path / "out")
    assert sample.name == "yard/1"
    assert sample.before.read_bytes() == (tmp_path / "drawn/before/yard/1.png").read_bytes()
    wanted = {
        "added": draw.box(*NEW),
        "removed": draw.box(*GONE),
        "changed": draw.box(0, 0, 0, 0),
        "unchanged": 255 - draw.box(*NEW) - draw.box(*GONE),
        "gone": draw.box(*GONE),
        "new": draw.box(*NEW),
        "mask": draw.box(*NEW) + draw.box(*GONE),
    }
    for folder, pixels in wanted.items():
        assert np.array_equal(draw.mask(tmp_path / f"out/{folder}/yard/1.png"), pixels), folder
    truth = read_truth(sample)
    assert (truth.changed, truth.form) == (True, "places")
    assert sorted(zip(truth.kinds, truth.boxes, truth.boxes_after, strict=True)) == [
        ("added", NEW, NEW),
        ("removed", GONE, GONE),
    ]


def test_exported_annotations_of_via_without_a_project(tmp_path):
    source = by_via(draw.pair(tmp_path / "drawn"), project=False)
    assert len(brought("via", source, tmp_path / "out")) == 1
    first = json.loads(source.read_text())
    for one in first.values():
        one["regions"] = {str(at): region for at, region in enumerate(one["regions"])}
    draw.written(source, first)
    assert len(brought("via", source, tmp_path / "again")) == 1


def joined(root, name="1", size=draw.SIZE):
    return draw.picture(root / f"{name}.png", (2 * size[0], size[1]))


@pytest.mark.parametrize("form", ["labelme", "coco", "cvat", "via"])
def test_one_picture_that_shows_both(form, tmp_path):
    whole, wide = joined(tmp_path / "drawn"), draw.SIZE[0]
    right = [[x + wide, y] for x, y in corners(NEW)]
    if form == "labelme":
        shapes = [draw.shape("removed", corners(GONE)), draw.shape("added", right)]
        source = draw.labelme(tmp_path / "drawn/1.json", *shapes, size=(128, 48))
    elif form == "coco":
        marks = [("removed", corners(GONE)), ("added", right)]
        said = [{"name": name, "segmentation": [draw.flat(ring)]} for name, ring in marks]
        source = draw.coco(tmp_path / "drawn/a.json", {"1.png": said}, size=(128, 48))
    elif form == "cvat":
        marks = [("removed", corners(GONE)), ("added", right)]
        said = [f'<polygon label="{n}" points="{";".join(f"{x},{y}" for x, y in r)}"/>' for n, r in marks]
        source = draw.cvat(tmp_path / "drawn/a.xml", {"1.png": "".join(said)}, size=(128, 48))
    else:
        marks = [(draw.polygon(*corners(GONE)), {"kind": "removed"}), (draw.polygon(*right), {"kind": "added"})]
        source = draw.via(tmp_path / "drawn/a.json", {"1.png": marks})
    (sample,) = brought(form, source, tmp_path / "out", side_by_side=True)
    assert np.array_equal(cv2.imread(str(sample.before)), cv2.imread(str(whole))[:, :wide])
    assert np.array_equal(cv2.imread(str(sample.after)), cv2.imread(str(whole))[:, wide:])
    truth = read_truth(sample)
    assert np.array_equal(truth.gone, draw.box(*GONE))
    assert np.array_equal(truth.new, draw.box(*NEW))


def test_kinds_and_where_they_count(tmp_path):
    root = draw.pair(tmp_path / "drawn", "1")
    box = {"moved": (2, 2, 12, 12), "came": (30, 2, 40, 12), "changed": (2, 20, 20, 40), "ignore": (30, 20, 60, 40)}
    over = (50, 30, 64, 48)
    draw.labelme(
        root / "before/1.json",
        draw.shape("moved", corners(box["moved"])),
        draw.shape("Replaced", corners(box["changed"])),
        draw.shape("gone", corners(over)),
    )
    near = (3, 20, 21, 40)
    draw.labelme(
        root / "after/1.json",
        draw.shape("moved", corners(box["came"])),
        draw.shape("changed", corners(near)),
        draw.shape("ignored", corners(box["ignore"])),
    )
    (sample,) = brought("labelme", root, tmp_path / "out")
    truth, either = read_truth(sample), np.maximum(draw.box(*box["changed"]), draw.box(*near))
    ignored = draw.box(*box["ignore"]) > 0
    gone = np.maximum.reduce([draw.box(*box["moved"]), either, draw.box(*over)])
    assert np.array_equal(truth.gone, np.where(ignored, 170, gone))
    assert np.array_equal(truth.new, np.where(ignored, 170, np.maximum(draw.box(*box["came"]), either)))
    assert np.array_equal(draw.mask(tmp_path / "out/changed/1.png"), either)
    assert not (draw.mask(tmp_path / "out/unchanged/1.png")[ignored]).any()
    places = sorted(zip(truth.kinds, truth.boxes, truth.boxes_after, strict=True))
    assert places == [
        ("changed", box["changed"], near),
        ("moved", box["moved"], box["moved"]),
        ("moved", box["came"], box["came"]),
        ("removed", over, over),
    ]
    objects = brought("labelme", root, tmp_path / "objects", boxes="objects").samples[0]
    said = json.loads(objects.boxes.read_text())
    assert said["form"] == "objects"
    assert [kind for *_, kind in said["boxes"]].count("either") == 1
    assert sorted(kind for *_, kind in said["boxes"]) == ["added"] * 3 + ["either"] + ["removed"] * 4


def test_shapes_of_labelme(tmp_path):
    root = draw.pair(tmp_path / "drawn", "1")
    bitmap = np.zeros((9, 7), np.uint8)
    bitmap[2:5, 1:6] = 1
    coded = base64.b64encode(cv2.imencode(".png", bitmap)[1].tobytes()).decode()
    draw.labelme(
        root / "after/1.json",
        draw.shape("added", [[20, 20], [25, 20]], "circle"),
        draw.shape("added", [[40, 10], [46, 18]], "mask", mask=coded),
        draw.shape("added", corners((1, 1, 5, 5)), "rectangle"),
    )
    (sample,) = brought("labelme", root, tmp_path / "out")
    new = read_truth(sample).new > 0
    assert np.count_nonzero(new[:, 10:35]) == pytest.approx(np.pi * 25, rel=0.05)
    assert np.array_equal(new[:, 36:], draw.box(41, 12, 46, 15)[:, 36:] > 0)
    assert np.array_equal(new[:6, :6], draw.box(1, 1, 5, 5)[:6, :6] > 0)


def test_run_lengths_of_coco_and_cvat(tmp_path):
    root = draw.pair(tmp_path / "drawn", "1")
    wanted = draw.box(10, 5, 30, 20) > 0
    wanted[8:12, 15:20] = False
    edges = np.flatnonzero(np.diff(np.concatenate([[0], wanted.T.ravel().astype(int)])))
    counts = np.diff([0, *edges, wanted.size]).tolist()
    one = {"name": "added", "iscrowd": 1, "segmentation": {"size": [48, 64], "counts": counts}}
    coco = draw.coco(root / "c.json", {"after/1.png": [one], "before/1.png": []})
    assert np.array_equal(read_truth(brought("coco", coco, tmp_path / "coco").samples[0]).new > 0, wanted)
    inside = wanted[5:20, 10:30].ravel().astype(int)
    runs = np.diff([0, *np.flatnonzero(np.diff(np.concatenate([[0], inside]))), inside.size])
    rle = ", ".join(map(str, runs))
    xml = f'<mask label="added" rle="{rle}" left="10" top="5" width="20" height="15"/>'
    cvat = draw.cvat(root / "c.xml", {"after/1.png": xml})
    assert np.array_equal(read_truth(brought("cvat", cvat, tmp_path / "cvat").samples[0]).new > 0, wanted)


def test_round_and_turned_shapes_of_cvat_and_via(tmp_path):
    root = draw.pair(tmp_path / "drawn", "1")
    xml = '<ellipse label="added" cx="20" cy="20" rx="8" ry="4"/>'
    xml += '<box label="added" xtl="40" ytl="20" xbr="50" ybr="24" rotation="90.0"/>'
    cvat = draw.cvat(root / "c.xml", {"after/1.png": xml})
    new = read_truth(brought("cvat", cvat, tmp_path / "cvat").samples[0]).new > 0
    assert np.count_nonzero(new[:, :35]) == pytest.approx(np.pi * 32, rel=0.05)
    assert np.array_equal(new[:, 35:], draw.box(43, 17, 47, 27)[:, 35:] > 0)
    regions = [
        ({"name": "circle", "cx": 10, "cy": 10, "r": 5}, {"kind": "added"}),
        ({"name": "ellipse", "cx": 40, "cy": 20, "rx": 8, "ry": 4, "theta": np.pi / 2}, {"kind": {"added": True}}),
    ]
    via = draw.via(root / "v.json", {"after/1.png": regions})
    new = read_truth(brought("via", via, tmp_path / "via").samples[0]).new > 0
    assert np.count_nonzero(new[:, :20]) == pytest.approx(np.pi * 25, rel=0.05)
    columns = np.flatnonzero(new[:, 25:].any(axis=0)) + 25
    assert (columns[0], columns[-1]) == (36, 43)


def test_words_of_ones_own(tmp_path):
    root = draw.pair(tmp_path / "drawn", "1")
    draw.labelme(root / "before/1.json", draw.shape("Stolen", SQUARE))
    (trouble,) = troubles_of("labelme", root)
    assert "unknown label 'Stolen'" in trouble
    assert "shape 1 (Stolen)" in trouble
    (sample,) = brought("labelme", root, tmp_path / "out", labels=["stolen=removed"])
    assert read_truth(sample).kinds == ("removed",)
    for label, said in (("stolen", "takes theirs=ours"), ("x=remved", "did you mean removed"), ("=added", "takes")):
        with pytest.raises(OptionError, match=said):
            read_pairs(get_format("labelme"), root, labels=[label])


def test_pairs_without_a_change(tmp_path):
    root = draw.pair(draw.pair(tmp_path / "drawn", "1"), "2")
    draw.labelme(root / "after/1.json")
    assert [sample.name for sample in brought("labelme", root, tmp_path / "out")] == ["1"]
    both = brought("labelme", root, tmp_path / "both", unmarked=True)
    assert [(sample.name, read_truth(sample).changed) for sample in both] == [("1", False), ("2", False)]
    assert (draw.mask(tmp_path / "both/unchanged/2.png") == 255).all()


def test_pictures_elsewhere_or_inside_of_the_label_file(tmp_path):
    draw.pair(tmp_path / "pictures/images", "1")
    file = draw.coco(
        tmp_path / "drawn/c.json", {"site/t1/1.jpg": [{"name": "added", "segmentation": [draw.flat(SQUARE)]}]}
    )
    assert "picture site/t1/1.jpg is missing" in troubles_of("coco", file)[1]
    assert len(brought("coco", file, tmp_path / "out", pictures=tmp_path / "pictures")) == 1
    embedded = base64.b64encode((tmp_path / "pictures/images/after/1.png").read_bytes()).decode()
    for side in ("before", "after"):
        draw.labelme(tmp_path / f"alone/{side}/1.json", imageData=embedded)
    (sample,) = brought("labelme", tmp_path / "alone", tmp_path / "alone out")
    assert sample.after.read_bytes() == (tmp_path / "pictures/images/after/1.png").read_bytes()


def test_a_side_told_by_the_label_file(tmp_path):
    draw.pair(tmp_path / "drawn", "1")
    for side, kind in (("before", "removed"), ("after", "added")):
        draw.coco(tmp_path / f"drawn/{side}.json", {"1.png": [{"name": kind, "segmentation": [draw.flat(SQUARE)]}]})
    (sample,) = brought("coco", tmp_path / "drawn", tmp_path / "out")
    assert sorted(read_truth(sample).kinds) == ["added", "removed"]


def test_names_written_for_windows(tmp_path):
    draw.pair(tmp_path / "drawn", "1")
    draw.coco(tmp_path / "drawn/c.json", {"C:\\site\\before\\1.png": []})
    assert [sample.name for sample in brought("coco", tmp_path / "drawn", tmp_path / "out")] == ["1"]


def test_nothing_is_written_over(tmp_path):
    by_labelme(draw.pair(tmp_path / "drawn"))
    draw.written(tmp_path / "out/mine.txt", "mine")
    pairs, _ = read_pairs(get_format("labelme"), tmp_path / "drawn")
    with pytest.raises(OptionError, match="is there already"):
        list(write_dataset(pairs, tmp_path / "out"))
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_what_is_stopped_half_way_leaves_nothing(tmp_path):
    root = draw.pair(by_labelme(draw.pair(tmp_path / "drawn")), "2")
    draw.labelme(root / "after/2.json")
    pairs, _ = read_pairs(get_format("labelme"), root)
    (root / "before/yard/1.png").unlink()
    with pytest.raises(DataError, match="No such file"):
        list(write_dataset(pairs, tmp_path / "out"))
    assert [path.name for path in tmp_path.iterdir()] == ["drawn"]


def test_an_empty_folder_is_named(tmp_path):
    with pytest.raises(DataError, match=r"holds no \.json file"):
        read_pairs(get_format("labelme"), tmp_path)
