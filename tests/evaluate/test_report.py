"""What is made of a report: JSON, rows, tables, files, the plot."""

from __future__ import annotations

import csv
import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from spotdiff.data import Dataset, Sample
from spotdiff.evaluate import Outcome, report_of
from spotdiff.evaluate.aggregate import Curve
from spotdiff.evaluate.report_files import to_json, write_all
from spotdiff.evaluate.tables import aligned, tables
from spotdiff.metrics.masks import levels
from spotdiff.options import Options
from spotdiff.report.plots import COLOURS, DASHES, Line, colour_of, precision_recall_svg

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def report(tmp_path):
    shown = levels(np.array([[255, 140, 0]], np.uint8), np.array([[True, False, False]]))
    outcomes = [
        Outcome("b", "changed", 0.9, 0.4, 2, changed=True, pixels=shown),
        Outcome("c", error="it is torn"),
        Outcome("a", "unsure", 0.2, 0.2),
    ]
    dataset = Dataset(
        "yard", tuple(Sample(name, tmp_path, tmp_path) for name in "abc"), odd=("x.txt belongs to no pair",)
    )
    return report_of(dataset, outcomes, Options(method="pixel", settings={"metric": "yiq"}))


def test_outcomes_come_in_the_datasets_order(report):
    assert [o.name for o in report.outcomes] == ["a", "b", "c"]


def test_summary_is_json_without_numbers_json_cannot_say(report):
    said = json.loads(to_json([report]))
    assert said["schema"] == "spotdiff/evaluation/1"
    assert (said["method"]["name"], said["method"]["parameters"]["metric"]) == ("pixel", "yiq")
    assert said["options"]["align"] == "auto"
    assert "settings" not in said["options"]
    (yard,) = said["datasets"]
    assert (yard["dataset"], yard["pairs"], yard["trouble"]) == ("yard", 3, 1)
    assert yard["verdicts"] == {"same": 0, "changed": 1, "unsure": 1}
    assert yard["unsure"] == 0.5
    assert yard["seconds"] == 0.3
    assert yard["odd"] == ["x.txt belongs to no pair"]
    assert yard["pixels"]["precision"] == 0.5
    assert yard["pictures"]["auc"] is None
    assert yard["objects"] is None


def test_files_hold_every_sample_and_the_curve(report, tmp_path):
    paths = write_all([report], tmp_path / "new" / "folder")
    assert [path.name for path in paths] == [
        "summary.json",
        "samples.csv",
        "precision_recall.svg",
        "precision_recall.csv",
    ]
    rows = list(csv.DictReader(paths[1].read_text(encoding="utf-8").splitlines()))
    assert [(row["name"], row["verdict"], row["tp"], row["fp"], row["error"]) for row in rows] == [
        ("a", "unsure", "", "", ""),
        ("b", "changed", "1", "1", ""),
        ("c", "trouble", "", "", "it is torn"),
    ]
    points = list(csv.DictReader(paths[3].read_text(encoding="utf-8").splitlines()))
    at = {row["threshold"]: (row["precision"], row["recall"]) for row in points}
    assert (at["255"], at["128"], at["0"]) == (("1", "1"), ("0.5", "1"), ("0.333333", "1"))
    assert {row["level"] for row in points} == {"pixels"}


def test_tables_tell_only_the_levels_there_are(report):
    shown = tables([report])
    assert [table.title for table in shown] == ["answers", "pictures", "pixels"]
    _, *lines = aligned(shown[1])
    assert lines[1].split() == ["yard", "1", "0", "1.000", "none", "none", "none"]
    assert len({len(line) for line in lines}) == 1


def line(name, *points):
    recall, precision = (np.array(axis, float) for axis in zip(*points, strict=True))
    return Line(
        name, "pixels", Curve("pixels", np.arange(len(points))[::-1] / 1.0, precision, recall, points[-1][::-1])
    )


def test_plot_draws_each_curve_as_steps_in_its_own_stroke():
    lines = [line(f"set {i}", (0.2, 1.0), (1.0, 0.5)) for i in range(len(COLOURS) + 1)]
    root = ET.fromstring(precision_recall_svg(lines, title="ssim"))
    paths = root.findall(f"{SVG}path")
    assert {path.get("d") for path in paths} == {"M 138 48 L 138 248 L 458 248"}
    strokes = [(path.get("stroke"), path.get("stroke-dasharray")) for path in paths]
    assert strokes[0] == (colour_of(0), None)
    assert strokes[-1] == (colour_of(0), DASHES[1])
    assert len(set(strokes)) == len(lines)
    dots = root.findall(f"{SVG}circle")
    assert {(dot.get("cx"), dot.get("cy")) for dot in dots} == {("458.0", "248.0")}


def test_plot_tells_names_as_text_and_holds_the_legend():
    long = "<yard> & " + "x" * 60
    root = ET.fromstring(precision_recall_svg([line(long, (1.0, 1.0))] * 20, title="a < b"))
    words = [text.text for text in root.iter(f"{SVG}text")]
    assert words.count(long) == 20
    assert {"a < b", "recall", "precision"} <= set(words)
    assert max(float(text.get("y")) for text in root.iter(f"{SVG}text")) < float(root.get("height"))
    start = next(float(text.get("x")) for text in root.iter(f"{SVG}text") if text.text == long)
    assert start + 6.5 * len(long) < float(root.get("width"))


def test_plot_leaves_out_a_dot_that_stands_nowhere():
    never = Curve("pixels", np.array([0.0]), np.array([0.3]), np.array([1.0]), (float("nan"), 0.0))
    root = ET.fromstring(precision_recall_svg([Line("a", "", never)], title=""))
    assert root.findall(f"{SVG}circle") == []
