"""A method over a dataset on disk, and the verb that does it."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import pytest

from spotdiff.cli import run_verb
from spotdiff.data import open_dataset
from spotdiff.errors import DataError, OptionError
from spotdiff.evaluate import evaluate
from spotdiff.methods.pixel import Pixel
from spotdiff.options import Options

PIXEL = Options(method="pixel", align="off", light="off")
ASKED = ["--method", "pixel", "--align", "off", "--light", "off", "--workers", "0"]


def test_figures_of_a_small_dataset(yard):
    report = evaluate(open_dataset(yard), PIXEL)
    assert (report.trouble, report.verdicts["changed"], report.verdicts["same"]) == (1, 1, 1)
    assert (report.pixels.f1, report.pixels.pictures) == (1, 2)
    assert (report.pictures.caught, report.pictures.false_alarms, report.pictures.auc) == (1, 0, 1)
    assert [o.error for o in report.outcomes if o.error] == [
        f"{yard / 'mask' / 'odd.png'} holds 7: a mask holds 255 changed, 0 not changed, 170 or 85 not counted"
    ]


def test_a_torn_picture_is_trouble_with_its_sample_only(yard):
    (yard / "after" / "came.png").write_bytes(b"torn")
    report = evaluate(open_dataset(yard), PIXEL)
    assert [o.name for o in report.outcomes if o.error] == ["came", "odd"]
    assert report.pixels.pictures == 1


def test_processes_find_the_same(yard):
    here, there = (evaluate(open_dataset(yard), PIXEL, workers=count).summary() for count in (0, 2))
    assert {**here, "seconds": 0} == {**there, "seconds": 0}


def test_no_truth_at_all(hall):
    (hall / "boxes" / "one.json").unlink()
    with pytest.raises(DataError, match="hall has no truth: it needs a folder mask or boxes"):
        evaluate(open_dataset(hall), PIXEL)


def test_a_wrong_setting_is_no_trouble_with_samples(yard):
    with pytest.raises(OptionError, match="no parameter 'metrik'"):
        evaluate(open_dataset(yard), Options(method="pixel", settings={"metrik": "yiq"}))


def test_verb_measures_all_datasets_of_a_folder(yard, hall, tmp_path, capsys):
    (yard / "mask" / "odd.png").rename(yard / "mask" / "lost.png")
    out = tmp_path / "measured"
    code = run_verb(["evaluate", str(tmp_path), *ASKED, "--set", "metric=yiq", "--out", str(out)])
    shown = capsys.readouterr()
    assert code == 2  # odd has no truth now
    assert "hall" in shown.out
    assert "pictures" in shown.out
    assert f"Wrote {out / 'summary.json'}" in shown.out
    left_out, trouble = shown.err.splitlines()
    assert left_out == "spotdiff: yard: mask/lost.png belongs to no pair; left out"
    assert trouble.startswith("spotdiff: a pair had trouble and counts in no figure: yard/odd: odd has no truth")
    said = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert [d["dataset"] for d in said["datasets"]] == ["hall", "yard"]
    assert said["method"]["parameters"]["metric"] == "yiq"
    assert len(list(csv.DictReader((out / "samples.csv").read_text(encoding="utf-8").splitlines()))) == 4


def test_verb_answers_in_json_alone(hall, capsys):
    assert run_verb(["evaluate", str(hall), *ASKED, "--json", "-"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["datasets"][0]["pictures"]["caught"] == 1
    assert shown.err == ""


def test_verb_writes_json_and_is_quiet(hall, tmp_path, capsys):
    target = tmp_path / "new" / "figures.json"
    assert run_verb(["evaluate", str(hall), *ASKED, "--json", str(target), "--quiet"]) == 0
    assert json.loads(target.read_text(encoding="utf-8"))["datasets"][0]["pairs"] == 1
    assert capsys.readouterr() == ("", "")


def test_verb_prints_plain_text_where_nobody_watches(hall, capsys):
    assert run_verb(["evaluate", str(hall), *ASKED]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["answers", "dataset  pairs  same  changed  unsure  trouble  s/pair"]
    assert lines[2].split()[:6] == ["hall", "1", "0", "1", "0", "0"]


def test_verb_shows_its_example(capsys):
    assert run_verb(["evaluate", "--help"]) == 0
    assert "\n  Example: spotdiff evaluate yard hall" in capsys.readouterr().out


def test_verb_takes_a_split(yard, capsys):
    (yard / "val.txt").write_text("came\nkept\n", encoding="utf-8")
    assert run_verb(["evaluate", str(yard), "--split", "val", *ASKED]) == 0
    assert "yard/val" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        pytest.param([], "evaluate takes one dataset or more", id="nothing"),
        pytest.param(["{yard}", "{yard}"], "two datasets are named yard", id="twice"),
        pytest.param(["{yard}/mask"], "holds no dataset", id="no dataset"),
        pytest.param(["{yard}", "--split", "val"], "has no split 'val'", id="no split"),
        pytest.param(["{yard}", "--method", "pixle"], "did you mean pixel?", id="no method"),
    ],
)
def test_verb_says_what_is_wrong_in_one_line(yard, capsys, asked, message):
    assert run_verb(["evaluate", *(word.format(yard=yard) for word in asked)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


def test_masks_of_both_pictures_and_places_are_scored_across_a_moved_camera(glade):
    """After is seen from aside; its truth lies in its own pixels, and the answer's alignment brings it back."""
    report = evaluate(open_dataset(glade), Options(method="classic", light="off"))
    assert report.trouble == 0
    maps = report.maps.maps
    assert (report.maps.pictures, report.maps.unchanged, report.maps.false_alarms) == (2, 1, 0)
    assert list(maps) == ["added", "removed", "changed", "unchanged", "gone", "new", "any"]
    assert maps["any"].f1 > 0.85
    assert maps["new"].recall > 0.85
    assert (report.objects.form, report.objects.true) == ("places", 6)
    assert report.objects.average_precision > 0.9
    assert report.objects.average_precisions[0.1] >= report.objects.average_precisions[0.75]
    blind = evaluate(open_dataset(glade), Options(method="classic", light="off", align="off"))
    assert blind.maps.maps["any"].f1 < maps["any"].f1 - 0.1


def test_parameters_and_weights_of_a_method_are_told(glade, monkeypatch):
    score = Pixel.score
    monkeypatch.setattr(Pixel, "parameters_learned", 1234, raising=False)
    monkeypatch.setattr(Pixel, "score", lambda self, pair: replace(score(self, pair), weights="ab12"))
    summary = evaluate(open_dataset(glade), PIXEL).summary()
    assert (summary["parameters"], summary["weights"]) == (1234, "ab12")
