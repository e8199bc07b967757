"""Methods side by side: the table, its files, what is marked as best."""

from __future__ import annotations

import csv
import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from spotdiff.data import Dataset, Sample
from spotdiff.evaluate import Outcome, report_of
from spotdiff.evaluate.leaderboard import (
    COLUMNS,
    leaderboard,
    leaderboard_tables,
    leaderboard_to_json,
    to_html,
    to_markdown,
    write_leaderboard,
)
from spotdiff.evaluate.map_metrics import tally
from spotdiff.evaluate.report_files import map_plots
from spotdiff.metrics.masks import levels
from spotdiff.options import Options

SVG = "{http://www.w3.org/2000/svg}"
TRUTH = np.array([[True, True, False, False]])


def report(folder, label, shown, *, dataset="yard", seconds=0.5, parameters=None):
    """A method that said this of the one picture, whose first two pixels are gone."""
    shown = np.array([shown])
    nothing = np.zeros_like(shown)
    outcome = Outcome(
        "a",
        "changed",
        0.9,
        seconds,
        changed=True,
        pixels=levels(np.rint(255 * shown).astype(np.uint8), TRUTH),
        maps=tally(shown, nothing, TRUTH, ~TRUTH & False),
    )
    made = report_of(Dataset(dataset, (Sample("a", folder, folder),)), [outcome], Options(method="pixel"), label=label)
    return replace(made, parameters=parameters)


@pytest.fixture
def reports(tmp_path):
    good = report(tmp_path, "fused=a|b.onnx", [0.9, 0.8, 0.2, 0.1], seconds=0.7, parameters=1000)
    poor = report(tmp_path, "<pixel>", [0.9, 0.2, 0.8, 0.1], seconds=0.2)
    return [good, poor]


def column(table, name):
    place = [c.name for c in table.columns].index(name)
    return [row.cells[place] for row in table.rows]


def test_the_best_of_a_column_is_marked(reports):
    table = leaderboard(reports)
    assert [(row.dataset, row.method) for row in table.rows] == [("yard", "fused=a|b.onnx"), ("yard", "<pixel>")]
    assert [(c.text, c.best) for c in column(table, "removed F1")] == [("1.000", True), ("0.500", False)]
    assert [c.best for c in column(table, "cost s/pair")] == [False, True]  # less is better
    assert [(c.text, c.best) for c in column(table, "cost parameters")] == [("1000", False), ("none", False)]
    assert [c.best for c in column(table, "pictures caught")] == [False, False]  # both are as good


def test_columns_without_any_figure_are_left_out(reports):
    names = {c.name for c in leaderboard(reports).columns}
    assert not {name for name in names if name.startswith(("boxes", "exchanged"))}
    assert len({c.name for c in COLUMNS}) == len(COLUMNS)
    assert {"removed AP", "gone R", "unchanged IoU", "answer F1"} <= names


def test_each_dataset_has_its_own_best(tmp_path):
    hall = report(tmp_path, "one", [0.9, 0.2, 0.8, 0.1], dataset="hall")
    better = report(tmp_path, "two", [0.9, 0.9, 0.8, 0.1], dataset="hall")
    yard = report(tmp_path, "one", [0.9, 0.9, 0.2, 0.1])
    table = leaderboard([hall, yard, better])
    assert [row.dataset for row in table.rows] == ["hall", "hall", "yard"]
    assert [c.best for c in column(table, "answer F1")] == [False, True, False]
    titles = {made.title: made for made in leaderboard_tables([hall, yard, better])}
    assert titles["answer"].heads[:3] == ("dataset", "method", "F1")
    assert [row[2][-1] for row in titles["answer"].rows] == [" ", "*", " "]


def test_tables_for_people_leave_out_empty_rows(reports):
    bare = replace(reports[1], maps=None, map_curves={})
    titles = {made.title: made for made in leaderboard_tables([reports[0], bare])}
    assert [row[0] for row in titles["removed"].rows] == ["fused=a|b.onnx"]
    assert titles["cost"].heads == ("method", "s/pair", "parameters", "trouble")


def test_markdown_marks_the_best_and_keeps_its_columns(reports):
    lines = to_markdown(leaderboard(reports)).splitlines()
    cells = [line.replace("\\|", "").strip("|").split("|") for line in lines]
    assert len({len(row) for row in cells}) == 1
    place = [cell.strip() for cell in cells[0]].index("removed F1")
    assert [row[place].strip() for row in cells[2:]] == ["**1.000**", "0.500"]
    assert "\\<pixel\\>" in lines[3]


class Seen(HTMLParser):
    """The words of a page's bold cells and of its heads, and whatever it would load."""

    def __init__(self):
        super().__init__()
        self.stack, self.bold, self.heads, self.loads = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.stack.append(tag)
        self.loads += [value for name, value in attrs if name in ("src", "href")]

    def handle_endtag(self, tag):
        while self.stack and self.stack.pop() != tag:
            pass

    def handle_data(self, data):
        if "b" in self.stack:
            self.bold.append(data)
        if "th" in self.stack:
            self.heads.append(data)


def test_the_page_holds_the_table_and_loads_nothing(reports):
    plots = map_plots(reports)
    text = to_html(leaderboard(reports), plots)
    page = Seen()
    page.feed(text)
    assert "1.000" in page.bold
    assert {"<pixel>", "fused=a|b.onnx", "removed", "AP"} <= set(page.heads)
    assert page.loads == []
    assert "<pixel>" not in text
    assert text.count("</svg>") == len(plots) > 1
    assert "content=\"default-src 'none';" in text
    assert "unsafe" not in text
    assert text.count("<style") == 1  # that of a plot would be refused


def test_all_files_are_written(reports, tmp_path):
    paths = write_leaderboard(reports, tmp_path / "new")
    names = [path.relative_to(tmp_path / "new").as_posix() for path in paths]
    assert names[:3] == ["compare.csv", "compare.md", "compare.html"]
    assert "precision_recall_removed.svg" in names
    assert names[-2:] == ["1_fused_a_b.onnx", "2__pixel_"]
    for folder in paths[-2:]:
        assert (folder / "summary.json").is_file()
        assert (folder / "maps.csv").is_file()
    assert all(path.exists() for path in paths)
    rows = list(csv.DictReader(paths[0].read_text(encoding="utf-8").splitlines()))
    assert [row["method"] for row in rows] == ["fused=a|b.onnx", "<pixel>"]
    assert (rows[0]["removed F1"], rows[1]["cost parameters"]) == ("1", "")


def test_a_plot_has_one_line_a_method(reports, tmp_path):
    paths = {path.name: path for path in write_leaderboard(reports, tmp_path / "new") if path.parent.name == "new"}
    root = ET.fromstring(paths["precision_recall_gone.svg"].read_text(encoding="utf-8"))
    assert len(root.findall(f"{SVG}path")) == 2
    words = [text.text for text in root.iter(f"{SVG}text")]
    assert {"fused=a|b.onnx", "<pixel>", "F1 1.000, AP 1.000"} <= set(words)
    assert "precision_recall_added.svg" not in paths  # nothing was added anywhere


def test_json_names_each_method(reports):
    said = json.loads(leaderboard_to_json(reports))
    assert said["schema"] == "spotdiff/evaluations/1"
    assert [m["label"] for m in said["methods"]] == ["fused=a|b.onnx", "<pixel>"]
    (dataset,) = said["methods"][0]["datasets"]
    assert (dataset["parameters"], dataset["maps"]["maps"]["removed"]["f1"]) == (1000, 1)
