"""The verb evaluate with several methods, exchanged pairs and perturbations."""

from __future__ import annotations

import csv
import json

import cv2
import numpy as np
import pytest

from spotdiff.cli._methods_option import read_candidates
from spotdiff.errors import OptionError

PLAIN = ("--align", "off", "--light", "off", "--workers", "0")


@pytest.fixture
def yard(tmp_path):
    """Two pairs with masks of their own: something came in one, nothing in the other."""
    root = tmp_path / "yard"
    for name, came in (("came", True), ("kept", False)):
        before = np.full((30, 40, 3), 90, np.uint8)
        after, new = before.copy(), np.zeros((30, 40), np.uint8)
        if came:
            after[10:20, 10:20] = 220
            new[10:20, 10:20] = 255
        for folder, pixels in (("before", before), ("after", after), ("gone", 0 * new), ("new", new)):
            (root / folder).mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(root / folder / f"{name}.png"), pixels)
    return root


def test_two_methods_stand_in_one_table(spotdiff, yard, tmp_path):
    out = tmp_path / "out"
    ran = spotdiff("evaluate", yard, "--method", "pixel", "--method", "ssim", *PLAIN, "--out", out)
    assert ran.code == 0
    assert ran.err == ""
    assert f"Wrote {out / 'compare.html'}" in ran.out
    rows = list(csv.DictReader((out / "compare.csv").read_text(encoding="utf-8").splitlines()))
    assert [(row["dataset"], row["method"]) for row in rows] == [("yard", "pixel"), ("yard", "ssim")]
    assert float(rows[0]["any F1"]) == 1
    summary = json.loads((out / "1_pixel" / "summary.json").read_text(encoding="utf-8"))
    assert summary["method"]["name"] == "pixel"
    assert summary["datasets"][0]["maps"]["pictures"] == 2
    assert summary["datasets"][0]["maps"]["false_alarms"] == 0
    lines = ran.out.splitlines()
    assert lines[0] == "answer"
    assert lines[2].split()[0] == "pixel"


def test_one_method_writes_where_it_always_did(spotdiff, yard, tmp_path):
    out = tmp_path / "out"
    assert spotdiff("evaluate", yard, "--method", "pixel", *PLAIN, "--out", out).code == 0
    names = {path.name for path in out.iterdir()}
    assert {"summary.json", "samples.csv", "precision_recall.svg", "precision_recall.csv", "maps.csv"} <= names
    assert {"precision_recall_any.svg", "precision_recall_new.svg", "maps_precision_recall.csv"} <= names
    assert not {name for name in names if name.startswith("compare")}
    rows = list(csv.DictReader((out / "maps.csv").read_text(encoding="utf-8").splitlines()))
    assert {row["map"] for row in rows} == {"added", "removed", "changed", "unchanged", "gone", "new", "any"}
    (sample, _) = csv.DictReader((out / "samples.csv").read_text(encoding="utf-8").splitlines())
    assert (sample["f1_any"], sample["changed_fraction"], sample["swap_gone"]) == ("1.0", "0.0833333", "")


def test_json_of_two_methods(spotdiff, yard):
    ran = spotdiff("evaluate", yard, "--method", "pixel", "--method", "ssim", *PLAIN, "--json", "-")
    said = json.loads(ran.out)
    assert [method["label"] for method in said["methods"]] == ["pixel", "ssim"]


def test_exchanged_pairs_are_told(spotdiff, yard):
    ran = spotdiff("evaluate", yard, "--method", "pixel", *PLAIN, "--swap")
    lines = ran.out.splitlines()
    table = lines[lines.index("exchanged") :]
    assert table[1].split() == ["dataset", "pairs", "verdicts", "gone", "of", "new", "of", "regions", "kinds"]
    assert table[2].split() == ["yard", "2", "1.000", "1.000", "1", "1.000", "1", "1.000", "1.000"]


def test_robustness_is_written_and_told(spotdiff, yard, tmp_path):
    out = tmp_path / "out"
    ran = spotdiff("evaluate", yard, "--method", "pixel", *PLAIN, "--robustness", "--most", "1", "--out", out)
    assert ran.code == 0
    assert "robustness, F1" in ran.out
    rows = list(csv.DictReader((out / "robust.csv").read_text(encoding="utf-8").splitlines()))
    assert {row["pairs"] for row in rows} == {"1"}
    assert {row["disturbance"] for row in rows} == {"none", "shift", "rotation", "exposure", "shadow", "noise"}
    assert (out / "robust.svg").read_text(encoding="utf-8").startswith("<svg")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        pytest.param(["--method", "pixel", "--method", "pixel"], "--method pixel is asked for twice", id="twice"),
        pytest.param(["--method", "pixel", "--method", "pixle"], "did you mean pixel?", id="no such method"),
        pytest.param(["--method", "pixel=w.onnx"], "method pixel has no parameter 'weights'", id="no weights"),
        pytest.param(["--method", "pixel", "--set", "ssim.sigma=1"], "is meant for 'ssim'", id="set for another"),
        pytest.param(["--method", "pixel", "--swap", "--ignore", "0,0,5,5"], "cannot be exchanged", id="ignore"),
        pytest.param(["--method", "spot=missing.onnx"], "missing.onnx", id="weights that are not there"),
        pytest.param(["--method", "unet"], "weights", id="a network without weights"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(spotdiff, yard, asked, message):
    ran = spotdiff("evaluate", yard, *asked, *PLAIN)
    assert ran.code == 2
    (line,) = ran.err.splitlines()
    assert message in line
    assert ran.out == ""


def test_a_published_set_that_is_not_there(spotdiff, tmp_path):
    ran = spotdiff("evaluate", f"levir:{tmp_path}", "--method", "pixel")
    assert ran.code == 2
    assert "there is no 'levir' in data/published" in ran.err


def test_settings_find_their_method():
    made = read_candidates(
        ["pixel", "ssim"], settings=["pixel.metric=yiq", "ssim.sigma=2"], sensitivity=0.7, align="off"
    )
    assert {label: (o.method, o.settings, o.sensitivity) for label, o in made.items()} == {
        "pixel": ("pixel", {"metric": "yiq"}, 0.7),
        "ssim": ("ssim", {"sigma": "2"}, 0.7),
    }
    every = read_candidates(["a", "b"], settings=["side=512"])
    assert [o.settings for o in every.values()] == [{"side": "512"}] * 2


def test_weights_are_a_setting_and_tell_two_of_one_method_apart():
    made = read_candidates(["fused=one/w.onnx", "fused=two/w.onnx", "spot=w.onnx"], settings=["fused.side=512"])
    assert list(made) == ["fused=one/w.onnx", "fused=two/w.onnx", "spot"]
    assert made["fused=two/w.onnx"].settings == {"side": "512", "weights": "two/w.onnx"}
    assert made["spot"].settings == {"weights": "w.onnx"}


@pytest.mark.parametrize("setting", ["side", "spot.side", "=3"])
def test_what_is_no_setting(setting):
    with pytest.raises(OptionError, match="--set takes field=value"):
        read_candidates(["spot"], settings=[setting])
