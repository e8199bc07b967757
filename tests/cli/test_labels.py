"""The verb `labels`: what it says, writes and refuses."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest


@pytest.fixture
def drawn(pictures):
    """A folder with a pair and labelme's files: a square came, a triangle went."""
    root = pictures / "drawn"
    marks = {
        "before": ("taken", [[5, 5], [20, 5], [5, 20]]),
        "after": ("added", [[40, 30], [80, 30], [80, 60], [40, 60]]),
    }
    for side, (label, points) in marks.items():
        (root / side).mkdir(parents=True)
        (root / side / "1.png").write_bytes((pictures / f"{side}.png").read_bytes())
        shapes = [{"label": label, "points": points, "shape_type": "polygon"}]
        (root / side / "1.json").write_text(json.dumps({"shapes": shapes, "imagePath": "1.png"}))
    return root


def test_labels_in_and_out_and_in(spotdiff, drawn, tmp_path):
    ran = spotdiff("labels", "in", "labelme", drawn, "--label", "taken=removed", "--out", tmp_path / "place")
    said = f"Wrote {tmp_path / 'place'}: 1 pairs, 0 of them unchanged; 1 added, 1 removed\n"
    assert (ran.code, ran.out, ran.err) == (0, said, "")
    new = cv2.imread(str(tmp_path / "place/new/1.png"), cv2.IMREAD_GRAYSCALE)
    assert np.count_nonzero(new) == 1200
    out = spotdiff(
        "labels", "out", "cvat", tmp_path / "place", "--side-by-side", "--out", tmp_path / "cvat", "--json", "-"
    )
    assert json.loads(out.out) == {
        "out": str(tmp_path / "cvat"),
        "pairs": 1,
        "unchanged": 0,
        "labels": {"added": 1, "removed": 1},
    }
    back = spotdiff("labels", "in", "cvat", tmp_path / "cvat", "--side-by-side", "--out", tmp_path / "again", "--quiet")
    assert (back.code, back.out, back.err) == (0, "", "")
    again = cv2.imread(str(tmp_path / "again/new/1.png"), cv2.IMREAD_GRAYSCALE)
    assert np.array_equal(new, again)


def test_what_it_wrote_is_measured(spotdiff, drawn, tmp_path, plain):
    spotdiff("labels", "in", "labelme", drawn, "--label", "taken=removed", "--out", tmp_path / "place")
    assert spotdiff("evaluate", tmp_path / "place", *plain, "--workers", "0").code == 0


def test_bad_files_are_named_one_by_one_and_nothing_is_written(spotdiff, drawn, tmp_path):
    (drawn / "after/2.json").write_text("{")
    ran = spotdiff("labels", "in", "labelme", drawn, "--out", tmp_path / "place")
    first, second = ran.err.splitlines()
    assert (ran.code, ran.out) == (2, "")
    assert first.startswith(f"spotdiff: {drawn}/after/2.json is not JSON")
    assert second.startswith(f"spotdiff: {drawn}/before/1.json: shape 1 (taken): unknown label 'taken'")
    assert not (tmp_path / "place").exists()


def test_a_dataset_that_cannot_be_drawn(spotdiff, drawn, tmp_path):
    ran = spotdiff("labels", "out", "coco", drawn, "--out", tmp_path / "out")
    assert ran.code == 2
    assert "after/1.json belongs to no pair; left out" in ran.err
    assert ran.err.splitlines()[-1] == "spotdiff: 1 has no truth: it needs mask/1.png or boxes/1.json"
    assert not (tmp_path / "out").exists()


def test_the_summary_as_a_file(spotdiff, drawn, tmp_path):
    asked = ("--label", "taken=ignore", "--boxes", "objects", "--json", tmp_path / "deep/s.json")
    spotdiff("labels", "in", "labelme", drawn, "--out", tmp_path / "place", *asked)
    assert json.loads((tmp_path / "deep/s.json").read_text())["labels"] == {"added": 1, "ignore": 1}
    assert json.loads((tmp_path / "place/boxes/1.json").read_text())["form"] == "objects"


MISTAKES = {
    "nothing": ([], "see spotdiff --help"),
    "no verb": (["up"], "No such command 'up'"),
    "no format": (["in", "coko", "drawn", "--out", "x"], "did you mean coco?"),
    "no source": (["in", "coco", "none", "--out", "x"], "does not exist"),
    "no out": (["in", "coco", "drawn"], "--out"),
    "full": (["in", "labelme", "drawn", "--label", "taken=removed", "--out", "drawn"], "is there already"),
    "word": (["in", "labelme", "drawn", "--label", "taken", "--out", "x"], "takes theirs=ours"),
    "no label file": (["in", "cvat", "drawn", "--out", "x"], "holds no .xml file"),
    "no dataset": (["out", "coco", "drawn/before", "--out", "x"], "holds no dataset"),
    "no pictures": (["in", "labelme", "drawn", "--pictures", "none", "--out", "x"], "none: no such file or folder"),
}


@pytest.mark.parametrize(("arguments", "said"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_2_and_one_line(spotdiff, drawn, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    ran = spotdiff("labels", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.count("\n") == 1
    assert said in ran.err
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("arguments", [("labels", "-h"), ("labels", "in", "--help"), ("labels", "out", "--help")])
def test_help_has_an_example(spotdiff, arguments):
    ran = spotdiff(*arguments)
    assert ran.code == 0
    assert "Example: spotdiff labels" in ran.out


def test_letters_that_steer_a_terminal_are_spelled_out(spotdiff, tmp_path):
    images = [{"id": 1, "file_name": "before/\n\x1b[2J\x07x.png"}]
    (tmp_path / "all.json").write_text(json.dumps({"images": images, "annotations": [], "categories": []}))
    ran = spotdiff("labels", "in", "coco", tmp_path / "all.json", "--out", tmp_path / "place")
    (line,) = ran.err.splitlines()
    assert ran.code == 2
    assert line.isprintable()
    assert r"before/ \x1b[2J\x07x.png" in line


def test_an_option_names_the_attribute_that_counts(spotdiff, drawn, tmp_path):
    shape = {"name": "rect", "x": 5, "y": 5, "width": 20, "height": 20}
    region = {"shape_attributes": shape, "region_attributes": {"type": "moved", "name": "added"}}
    file = drawn / "all.json"
    file.write_text(json.dumps({"a": {"filename": "after/1.png", "size": 1, "regions": [region]}}))
    ran = spotdiff("labels", "in", "via", file, "--out", tmp_path / "place")
    assert "--attribute NAME says which counts" in ran.err
    ran = spotdiff("labels", "in", "via", file, "--attribute", "name", "--out", tmp_path / "place", "--json", "-")
    assert json.loads(ran.out)["labels"] == {"added": 1}
