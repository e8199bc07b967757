"""Corrections over HTTP: kept by revisions, handed out as labelled pairs, and brought in from annotation tools."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from spotdiff.data import open_dataset
from spotdiff.data.dataset import read_truth

EXAMPLES = Path(__file__).parents[2] / "examples"
FORMATS = ("labelme", "coco", "cvat", "via")
BOX = [[5, 80], [25, 80], [25, 100], [5, 100]]


@pytest.fixture(name="record")
def record_fixture(server, pictures):
    return server.compare(*pictures).json


def put(server, name, *, revision=0, **said):
    address = f"/api/v1/comparisons/{name}/annotations"
    body = json.dumps({"revision": revision, **said})
    return server.ask("PUT", address, body=body, headers={"Content-Type": "application/json"})


def shape(kind, side="after", points=BOX, **more):
    return {"kind": kind, "side": side, "form": "polygon", "points": points, **more}


def archive(server, name, **asked):
    query = "&".join(f"{key}={value}" for key, value in asked.items())
    got = server.get(f"/api/v1/comparisons/{name}/annotations.zip?{query}")
    assert got.status == 200, got.body
    return got.body


def bring_in(server, name, data, **asked):
    query = "&".join(f"{key}={value}" for key, value in asked.items())
    address = f"/api/v1/comparisons/{name}/annotations/import?{query}"
    return server.ask("POST", address, body=data, headers={"Content-Type": "application/zip"})


def truth(data, folder):
    """What a labelled pair of an archive says."""
    zipfile.ZipFile(io.BytesIO(data)).extractall(folder)
    (sample,) = open_dataset(folder)
    return read_truth(sample)


def test_corrections_are_kept_by_revisions(server, record):
    name = record["id"]
    address = f"/api/v1/comparisons/{name}/annotations"
    assert server.get(address).json["revision"] == 0
    kept = put(server, name, regions={"1": "none"}, shapes=[shape("added")], who="Ann")
    assert kept.status == 200
    assert (kept.json["revision"], kept.json["who"], kept.json["regions"]) == (1, "Ann", {"1": "none"})
    late = put(server, name, revision=0)
    assert late.status == 409
    assert "revision 1" in late.json["detail"]
    assert put(server, name, revision=1).json["shapes"] == []
    assert put(server, name, revision=1).status == 409
    assert put(server, name, revision=3).status == 409


@pytest.mark.parametrize(
    "said",
    [
        {"regions": {"9": "none"}},
        {"regions": {"x": "none"}},
        {"regions": {"1": "odd"}},
        {"shapes": [shape("odd")]},
        {"shapes": [shape("added", points=[[0, 0], [1, 1]])]},
        {"shapes": [shape("added", points=[[0, 0], [1, 1], [1e9, 0]])]},
        {"shapes": [shape("added", form="circle")]},
        {"shapes": [shape("added", form="brush", width=0)]},
        {"more": 1},
        {"revision": -1},
        {"revision": 2**64},
        {"who": "\0"},
    ],
)
def test_what_cannot_be_said(server, record, said):
    assert put(server, record["id"], **said).status == 422
    assert server.get(f"/api/v1/comparisons/{record['id']}/annotations").json["revision"] == 0


def test_addresses_of_comparisons_that_are_not(server):
    assert server.get("/api/v1/comparisons/none/annotations").status == 404
    assert put(server, "none").status == 404
    assert server.get("/api/v1/comparisons/none/annotations.zip").status == 404
    assert bring_in(server, "none", b"").status == 404


def test_what_was_told_is_the_label_until_somebody_corrects_it(server, record, tmp_path):
    told = truth(archive(server, record["id"]), tmp_path / "told")
    assert told.mask[40:70, 50:90].all()
    assert np.count_nonzero(told.mask) == 30 * 40
    put(server, record["id"], regions={"1": "none"})
    assert truth(archive(server, record["id"]), tmp_path / "none").changed is False


def test_what_is_drawn_is_in_the_masks(server, record, tmp_path):
    strokes = [shape("removed", "before", points=[[120, 20], [140, 20]], form="brush", width=6)]
    drawn = [shape("added"), shape("ignore", points=[[140, 100], [160, 100], [160, 120], [140, 120]]), *strokes]
    put(server, record["id"], regions={"1": "added"}, shapes=drawn)
    said = truth(archive(server, record["id"]), tmp_path / "out")
    assert (said.new[80:100, 5:25] == 255).all()
    assert (said.new[40:70, 50:90] == 255).all()
    assert not (said.gone[40:70, 50:90] == 255).any()
    assert (said.gone[18:22, 122:138] == 255).all()
    assert 0.8 < np.count_nonzero(said.gone == 255) / (6 * 26) < 1.3
    assert (said.mask[100:, 140:] == 170).all()


@pytest.mark.parametrize("joined", ["false", "true"])
@pytest.mark.parametrize("form", FORMATS)
def test_labels_go_out_to_a_tool_and_come_back(server, record, tmp_path, form, joined):
    name = record["id"]
    put(server, name, regions={"1": "moved"}, shapes=[shape("added"), shape("removed", "before")])
    before = truth(archive(server, name), tmp_path / "before")
    data = archive(server, name, format=form, joined=joined)
    put(server, name, revision=1, regions={"1": "none"})
    brought = bring_in(server, name, data, format=form, joined=joined)
    assert brought.status == 200, brought.body
    assert brought.json["revision"] == 3
    after = truth(archive(server, name), tmp_path / "after")
    for mask in ("gone", "new", "mask"):
        assert (getattr(before, mask) == getattr(after, mask)).mean() > 0.999


def test_a_moved_camera_is_taken_out(server, tmp_path):
    """The pictures of a labelled pair lie on each other; what is drawn on `after` moves along."""
    before = cv2.imread(str(EXAMPLES / "desk_before.jpg"))[:360, :480]
    turn = cv2.getRotationMatrix2D((240, 180), 2, 1.0) + np.array([[0, 0, 12], [0, 0, -7]])
    after = cv2.warpAffine(before, turn, (480, 360), borderMode=cv2.BORDER_REFLECT)
    coded = [cv2.imencode(".png", each)[1].tobytes() for each in (before, after)]
    name = server.send("/api/v1/compare", before=coded[0], after=coded[1], options='{"method": "classic"}').json["id"]
    corners = np.array([[200, 150], [260, 150], [260, 200], [200, 200]], np.float64)
    there = corners @ turn[:, :2].T + turn[:, 2]
    regions = {str(n + 1): "none" for n in range(len(server.get(f"/api/v1/comparisons/{name}").json["regions"]))}
    put(server, name, regions=regions, shapes=[shape("added", points=there.tolist())])
    said = truth(archive(server, name), tmp_path / "out")
    rows, columns = np.nonzero(said.new == 255)
    found = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    assert np.abs(np.array(found) - (200, 150, 260, 200)).max() <= 1
    assert (said.mask[:, 0] == 170).any()  # what after does not show is not counted
    laid = cv2.imread(str(tmp_path / "out" / "after" / f"{name}.png"))
    assert np.abs(laid[100:260, 100:380].astype(int) - before[100:260, 100:380]).mean() < 6
    brought = bring_in(server, name, archive(server, name, format="labelme"), format="labelme")
    (back,) = [one for one in brought.json["shapes"] if one["kind"] == "added"]
    assert np.abs(np.array(back["points"]).min(axis=0) - there.min(axis=0)).max() < 1.5


def test_all_that_was_corrected_comes_in_one_archive(server, pictures):
    batch = "labels of one run"
    sent = [server.send("/api/v1/compare", before=pictures[0], after=pictures[1], batch=batch) for _ in range(3)]
    names = [one.json["id"] for one in sent]
    address = f"/api/v1/annotations.zip?format=labelme&batch={batch.replace(' ', '%20')}"
    assert server.get(address).status == 404
    for name in names:
        put(server, name)
    shutil.rmtree(server.data / "answers" / names[2][:2] / names[2])
    made = zipfile.ZipFile(io.BytesIO(server.get(address).body))
    assert made.read("left-out.txt").decode() == f"{names[2]}: its files are gone\n"
    files = made.namelist()
    assert {path.split("/")[-1] for path in files if path.endswith(".json")} == {f"{name}.json" for name in names[:2]}
    assert server.get("/api/v1/annotations.zip?format=pairs&joined=true").status == 422
    assert server.get("/api/v1/annotations.zip?format=odd").status == 422


def test_pages_whose_rows_shifted_lie_in_a_frame_with_the_rows_of_both(server, tmp_path):
    """Each page has rows of its own: 20 that came in after, and ahead of them 10 that went from before."""
    rows = np.repeat([[[40 + 2 * n, 200 - 2 * n, 90]] for n in range(80)], 120, 1).astype(np.uint8)  # no two are alike
    before, after = np.insert(rows, [15] * 10, (0, 0, 250), axis=0), np.insert(rows, [45] * 20, (250, 250, 0), axis=0)
    whole = np.insert(before, [55] * 20, (250, 250, 0), axis=0)
    coded = [cv2.imencode(".png", each)[1].tobytes() for each in (before, after)]
    sent = server.send("/api/v1/compare", before=coded[0], after=coded[1], options='{"preset": "screens"}').json
    name, boxes = sent["id"], [(one["box_before"], one["box_after"]) for one in sent["regions"]]
    assert sorted(boxes, key=str) == [(None, [0, 45, 120, 65]), ([0, 15, 120, 25], None)]

    said = truth(archive(server, name), tmp_path / "told")
    laid = [cv2.imread(str(tmp_path / "told" / side / f"{name}.png")) for side in ("before", "after")]
    own = np.ones((2, 110), bool)
    own[0, 55:75] = own[1, 15:25] = False
    for page, has in zip(laid, own, strict=True):
        assert np.array_equal(page[has], whole[has])
        assert not page[~has].any()
    assert [np.flatnonzero((part == 255).all(axis=1)).tolist() for part in (said.gone, said.new)] == [
        list(range(15, 25)),
        list(range(55, 75)),
    ]
    assert set(np.unique(said.mask)) == {0, 255}

    below = [[10, 70], [30, 70], [30, 80], [10, 80]]  # in before, behind what went and what came
    number = boxes.index((None, [0, 45, 120, 65])) + 1
    put(server, name, regions={str(number): "none"}, shapes=[shape("removed", "before", below)])
    said = truth(archive(server, name), tmp_path / "corrected")
    assert (said.mask[55:75] == 170).all()  # nobody says what is so where only one has rows
    assert np.argwhere(said.gone[75:] == 255).min(axis=0).tolist() == [15, 10]
    brought = bring_in(server, name, archive(server, name, format="labelme"), format="labelme").json["shapes"]
    points = [np.array(one["points"]) for one in brought if one["kind"] == "removed"]
    assert any(np.abs(each.min(axis=0) - (10, 70)).max() <= 1 for each in points)
    assert any(np.abs(each.max(axis=0) - (30, 80)).max() <= 1 for each in points)


def test_archives_that_cannot_be(server, record):
    def made(**files):
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as out:
            for path, text in files.items():
                out.writestr(path, text)
        return data.getvalue()

    name = record["id"]
    assert bring_in(server, name, b"no zip").status == 422
    assert bring_in(server, name, b"").status == 422
    assert bring_in(server, name, made(**{"after/x.json": "{}"})).status == 422
    assert bring_in(server, name, made(**{"../../x.json": "{}"})).status == 422
    assert bring_in(server, name, made(**{"/etc/x.json": "{}"})).status == 422
    assert bring_in(server, name, made(**{"readme.txt": "x"})).status == 422
    for reply in (bring_in(server, name, made(**{f"after/{name}.json": "{"})), bring_in(server, name, made(a="b"))):
        assert "/tmp" not in reply.json["detail"]
    assert server.get(f"/api/v1/comparisons/{name}/annotations").json["revision"] == 0
