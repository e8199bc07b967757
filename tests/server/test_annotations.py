"""Corrections over HTTP: kept by revisions, handed out as labelled pairs, and brought in from annotation tools."""

from __future__ import annotations

import io
import json
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
    for name in names[:2]:
        put(server, name)
    files = zipfile.ZipFile(io.BytesIO(server.get(address).body)).namelist()
    assert {path.split("/")[-1] for path in files if path.endswith(".json")} == {f"{name}.json" for name in names[:2]}
    assert server.get("/api/v1/annotations.zip?format=pairs&joined=true").status == 422
    assert server.get("/api/v1/annotations.zip?format=odd").status == 422


def test_pages_whose_rows_shifted_are_left_out_and_it_is_said_why(server, record):
    rows = np.repeat(np.repeat([[[40 + 25 * n, 200 - 20 * n, 90]] for n in range(8)], 10, 0), 120, 1).astype(np.uint8)
    grown = np.insert(rows, [30] * 20, (250, 250, 0), axis=0)
    coded = [cv2.imencode(".png", each)[1].tobytes() for each in (rows, grown)]
    options = '{"preset": "screens"}'
    name = server.send("/api/v1/compare", before=coded[0], after=coded[1], options=options, batch="pages").json["id"]
    refused = server.get(f"/api/v1/comparisons/{name}/annotations.zip")
    assert refused.status == 422
    assert "rows" in refused.json["detail"]
    put(server, name)
    other = server.send("/api/v1/compare", before=coded[0], after=coded[0], options=options, batch="pages").json["id"]
    put(server, other)
    made = zipfile.ZipFile(io.BytesIO(server.get("/api/v1/annotations.zip?batch=pages").body))
    assert name in made.read("left-out.txt").decode()
    assert f"before/{other}.png" in made.namelist()


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
