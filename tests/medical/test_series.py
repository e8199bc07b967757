"""Two series are laid on each other by the places of their slices; what changed becomes a DICOM segmentation."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pydicom
import pytest

import spotdiff
from conftest import check_answer
from spotdiff.cli import run_verb
from spotdiff.errors import LoadError, MissingExtra, OptionError
from spotdiff.report import dicom_seg

from .studies import BLOCK, SIDE, dataset_of, save, save_series, slice_values


@pytest.fixture(scope="module")
def studies(tmp_path_factory):
    folder = tmp_path_factory.mktemp("studies")
    before = save_series(folder / "before", [0, 5, 10, 15])
    after = save_series(folder / "after", [16, 11, 6, 21], changed=[11])  # 1 mm off, and in another order
    for number, place in enumerate([6, 11, 16]):  # the same body as at 5, 10 and 15
        (path,) = [p for p in (folder / "after").iterdir() if pydicom.dcmread(p).ImagePositionPatient[2] == place]
        one = pydicom.dcmread(path)
        one.PixelData = (slice_values(50 * (number + 1), block=place == 11) + 1024).astype("<i2").tobytes()
        one.save_as(path)
    return before, after


def test_slices_are_matched_by_their_places(studies):
    answer = spotdiff.compare(*studies, preset="medical", page="all")
    check_answer(answer)
    assert [(page.verdict, page.reason) for page in answer.pages] == [
        ("unsure", "only before has this slice"),
        ("same", "no region is sure and large enough"),
        ("changed", answer.pages[2].reason),
        ("same", "no region is sure and large enough"),
        ("unsure", "only after has this slice"),
    ]
    assert answer.verdict == "changed"
    assert "Page 1: only before has this slice." in answer.text
    (region,) = answer.regions
    assert (region.kind, region.page) == ("added", 3)
    single = spotdiff.compare(*studies, preset="medical", page=3)
    assert single.regions[0].box_after == region.box_after
    with pytest.raises(LoadError, match="it has no slice where the other series has that of page 5"):
        spotdiff.compare(*studies, preset="medical", page=5)
    exchanged = spotdiff.compare(*studies[::-1], preset="medical", page="all")
    assert [page.verdict for page in exchanged.pages] == [page.verdict for page in answer.pages]
    assert exchanged.pages[0].reason == "only after has this slice"


def test_a_segmentation_has_a_segment_a_kind_and_names_both_studies(studies, tmp_path):
    import highdicom

    answer = spotdiff.compare(*studies, preset="medical", page="all").save(dicom_seg=tmp_path / "new" / "seg.dcm")
    found = highdicom.seg.segread(tmp_path / "new" / "seg.dcm")
    labels = [found.get_segment_description(number).segment_label for number in found.segment_numbers]
    assert labels == ["added", "removed", "replaced", "moved", "changed"]
    after = [pydicom.dcmread(path) for path in sorted(Path(studies[1]).iterdir())]
    assert found.StudyInstanceUID == after[0].StudyInstanceUID
    (series,) = found.ReferencedSeriesSequence
    named = {item.ReferencedSOPInstanceUID for item in series.ReferencedInstanceSequence}
    assert named == {one.SOPInstanceUID for one in after if one.ImagePositionPatient[2] < 20}
    (other,) = found.StudiesContainingOtherReferencedInstancesSequence
    assert len(other.ReferencedSeriesSequence[0].ReferencedInstanceSequence) == 3
    changed = next(one for one in after if one.ImagePositionPatient[2] == 11)
    pixels = found.get_pixels_by_source_instance(
        source_sop_instance_uids=[changed.SOPInstanceUID], assert_missing_frames_are_empty=True
    )
    added = pixels[0, ..., 0] > 0
    page = spotdiff.compare(*studies, preset="medical", page=3)
    assert (added == page.mask("after")).all()
    assert not pixels[..., 1:].any()
    assert added.sum() == pytest.approx(answer.changed_pixels, abs=8)
    left, top, right, bottom = BLOCK
    assert added[top + 2 : bottom - 2, left + 2 : right - 2].all()


def test_one_slice_without_change_gives_an_empty_segmentation(tmp_path):
    before = save(tmp_path / "a.dcm", dataset_of(slice_values(3)))
    after = save(tmp_path / "b.dcm", dataset_of(slice_values(3)))
    spotdiff.compare(before, after, preset="medical").save(dicom_seg=tmp_path / "seg.dcm")
    found = pydicom.dcmread(tmp_path / "seg.dcm")
    assert len(found.SegmentSequence) == 5
    assert not found.pixel_array.any()


def test_the_command_writes_it(studies, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    run = ["compare", *studies, "--preset", "medical", "--page", "all", "--dicom-seg", "seg.dcm", "--json", "r.json"]
    assert run_verb(run) == 1
    assert "Wrote seg.dcm" in capsys.readouterr().out
    assert pydicom.dcmread("seg.dcm").Modality == "SEG"
    record = json.loads((tmp_path / "r.json").read_text())
    assert [page["verdict"] for page in record["pages"]] == ["unsure", "same", "changed", "same", "unsure"]
    assert record["regions"][0]["box_after_mm"]
    slice_file = f"{studies[1]}/00.dcm"
    assert run_verb([*run[:7], "--dicom-seg", slice_file]) == 2
    assert "is read and would be written over" in capsys.readouterr().err


def test_a_batch_has_a_row_a_page(studies, tmp_path):
    table = tmp_path / "pairs.csv"
    table.write_text(f"name,before,after\nct,{studies[0]},{studies[1]}\n")
    out = tmp_path / "out"
    result = spotdiff.batch(table, out=out, preset="medical", page="all", workers=0)
    assert [row.verdict for row in result.rows] == ["changed"]
    with (out / "pages.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["name"], row["page"], row["verdict"]) for row in rows] == [
        ("ct", str(number), verdict)
        for number, verdict in enumerate(("unsure", "same", "changed", "same", "unsure"), start=1)
    ]
    with (out / "regions.csv").open(newline="") as file:
        assert [row["page"] for row in csv.DictReader(file)] == ["3"]
    again = spotdiff.batch(table, out=out, preset="medical", page="all", workers=0)
    assert again.counts == result.counts
    one = spotdiff.batch(table, out=out, preset="medical", page=3, workers=0)
    assert [row.verdict for row in one.rows] == ["changed"]
    assert not (out / "pages.csv").exists()


def test_a_slice_that_was_written_anew_is_compared_anew(tmp_path):
    before = save_series(tmp_path / "before", [0, 5])
    after = save_series(tmp_path / "after", [0, 5])
    (tmp_path / "t.csv").write_text(f"name,before,after\nct,{before},{after}\n")
    asked = {"out": tmp_path / "out", "preset": "medical", "page": "all", "workers": 0}
    assert spotdiff.batch(tmp_path / "t.csv", **asked).rows[0].verdict == "same"
    path = sorted((tmp_path / "after").iterdir())[0]
    one = pydicom.dcmread(path)
    one.PixelData = (slice_values(0, block=True) + 1024).astype("<i2").tobytes()
    one.save_as(path)
    assert spotdiff.batch(tmp_path / "t.csv", **asked).rows[0].verdict == "changed"


def test_slices_without_places_go_by_their_numbers(tmp_path):
    folders = []
    for name, block in (("a", False), ("b", True)):
        series = pydicom.uid.generate_uid()
        for number in (2, 1):
            one = dataset_of(slice_values(number, block=block and number == 2), InstanceNumber=number)
            one.SeriesInstanceUID = series
            del one.ImagePositionPatient
            save(tmp_path / name / f"{3 - number}.dcm", one)
        (tmp_path / name / "notes.txt").write_text("no DICOM")
        folders.append(str(tmp_path / name))
    answer = spotdiff.compare(*folders, preset="medical", page="all")
    assert [page.verdict for page in answer.pages] == ["same", "changed"]


def turned(folder, places):
    path = save_series(folder, places)
    for file in folder.iterdir():
        one = pydicom.dcmread(file)
        one.ImageOrientationPatient, one.ImagePositionPatient = [1, 0, 0, 0, 0, -1], [0, one.ImagePositionPatient[2], 0]
        one.save_as(file)
    return path


def test_what_cannot_be_matched_is_told(tmp_path):
    usual = save_series(tmp_path / "usual", [0, 5])
    with pytest.raises(LoadError, match=r"no slices lie at one place \(0 to 5 mm and 400 to 405 mm\)"):
        spotdiff.compare(usual, save_series(tmp_path / "far", [400, 405]), page="all")
    with pytest.raises(LoadError, match="lie at one place; put each pass into a folder of its own"):
        spotdiff.compare(usual, save_series(tmp_path / "twice", [0, 0.001]), page="all")
    side = turned(tmp_path / "side", [0, 5])
    with pytest.raises(LoadError, match="their slices lie in two directions"):
        spotdiff.compare(usual, side, page="all")
    mixed = turned(tmp_path / "mixed", [0, 5])
    first = next((tmp_path / "mixed").iterdir())
    one = pydicom.dcmread(first)
    one.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    one.save_as(first)
    with pytest.raises(LoadError, match="its slices lie in several directions"):
        spotdiff.compare(usual, mixed, page="all")
    two = save_series(tmp_path / "two", [0, 5])
    save(tmp_path / "two" / "other.dcm", dataset_of(slice_values(1)))
    with pytest.raises(LoadError, match="it holds 2 series; put each into a folder of its own"):
        spotdiff.compare(usual, two, page="all")
    with pytest.raises(LoadError, match="a folder of DICOM slices is compared with another one"):
        spotdiff.compare(usual, tmp_path / "two" / "other.dcm")
    (tmp_path / "empty").mkdir()
    with pytest.raises(LoadError, match="a directory without DICOM pictures"):
        spotdiff.compare(usual, tmp_path / "empty")


def test_a_segmentation_wants_a_study(tmp_path, monkeypatch):
    grey = np.full((SIDE, SIDE), 90, np.uint8)
    answer = spotdiff.compare(grey, grey, method="pixel")
    with pytest.raises(OptionError, match="after is no DICOM file"):
        answer.save(dicom_seg=tmp_path / "a", json=tmp_path / "b")
    assert not (tmp_path / "b").exists()
    lacking = dataset_of(slice_values(3))
    del lacking.FrameOfReferenceUID, lacking.PatientID
    path = save(tmp_path / "c.dcm", lacking)
    with pytest.raises(OptionError, match="no DICOM segmentation can be made of this study: "):
        spotdiff.compare(path, path, preset="medical").save(dicom_seg=tmp_path / "a")
    monkeypatch.setattr(dicom_seg, "find_spec", lambda name: None)
    with pytest.raises(
        MissingExtra, match=r"this needs highdicom, for a DICOM segmentation: pip install 'spotdiff\[med"
    ):
        answer.save(dicom_seg=tmp_path / "a")
