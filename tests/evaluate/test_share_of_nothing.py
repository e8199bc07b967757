"""Where nothing changed and nothing was said there is no figure: in no object, table, JSON or CSV."""

from __future__ import annotations

import csv
import json
import math

import cv2
import numpy as np
import pytest

from spotdiff.data import open_dataset
from spotdiff.evaluate import evaluate, write_leaderboard
from spotdiff.evaluate.captions import Row, markdown
from spotdiff.evaluate.events import summed
from spotdiff.evaluate.report_files import write_all
from spotdiff.evaluate.tables import aligned, tables
from spotdiff.metrics.facts import FactScores, Share
from spotdiff.metrics.ratios import count_known, mean_known, share, shares
from spotdiff.options import Options

PIXEL = Options(method="pixel", align="off", light="off")
OF_NOTHING = {
    "pictures": ("caught", "precision", "auc"),
    "pixels": ("precision", "recall", "f1", "iou", "f1_per_picture", "average_precision", "best_f1", "best_threshold"),
    "objects": ("recall", "precision", "kind_right", "f1", "average_precision", "average_precision_of_kind"),
    "swap": ("gone", "new", "regions", "kinds"),
}


@pytest.fixture(scope="module")
def still(tmp_path_factory):
    """Two pairs of places with masks, in which nothing changed."""
    root = tmp_path_factory.mktemp("still")
    for name in ("one", "two"):
        for folder in ("before", "after", "gone", "new", "boxes"):
            (root / folder).mkdir(exist_ok=True)
            level = 90 if folder in ("before", "after") else 0
            if folder != "boxes":
                cv2.imwrite(str(root / folder / f"{name}.png"), np.full((30, 40), level, np.uint8))
        truth = {"form": "places", "boxes": [], "boxes_after": []}
        (root / "boxes" / f"{name}.json").write_text(json.dumps(truth), encoding="utf-8")
    return open_dataset(root)


@pytest.fixture(scope="module")
def report(still):
    return evaluate(still, PIXEL, swap=True)


@pytest.mark.parametrize(("level", "name"), [(level, name) for level, names in OF_NOTHING.items() for name in names])
def test_no_figure_of_nothing(report, level, name):
    assert report.summary()[level][name] is None


@pytest.mark.parametrize("name", ["added", "removed", "changed", "gone", "new", "any"])
def test_no_figure_of_a_map_with_nothing_in_it(report, name):
    figures = report.summary()["maps"]["maps"][name]
    assert {figures[ratio] for ratio in ("precision", "recall", "f1", "iou", "average_precision")} == {None}
    assert {figures[f"{ratio}_per_picture"] for ratio in ("precision", "recall", "f1", "iou")} == {None}
    assert (figures["f1_pictures"], figures["accuracy"]) == (0, 1)


def test_tables_say_none(report):
    by_title = {table.title: table for table in tables([report])}
    for title in ("pixels", "objects", "maps", "exchanged"):
        for line in by_title[title].rows:
            said = dict(zip(by_title[title].heads, line, strict=True))
            if said.get("map") != "unchanged":
                assert {said[head] for head in ("F1", "recall", "gone") if head in said} == {"none"}
    assert "-" not in "\n".join(aligned(by_title["pixels"])).split()


def read(path):
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def test_files_leave_the_cell_empty(report, tmp_path):
    write_all([report], tmp_path)
    samples = read(tmp_path / "samples.csv")
    for column in ("f1", "f1_added", "f1_any", "swap_gone", "swap_new"):
        assert {sample[column] for sample in samples} == {""}
    maps = {line["map"]: line for line in read(tmp_path / "maps.csv")}
    assert (maps["added"]["f1"], maps["added"]["f1_pictures"], maps["unchanged"]["f1"]) == ("", "0", "1")
    assert {line["recall"] for line in read(tmp_path / "precision_recall.csv")} == {""}


def test_the_leaderboard_leaves_it_out(report, tmp_path):
    write_leaderboard([report], tmp_path)
    (line,) = read(tmp_path / "compare.csv")
    assert "answer F1" not in line
    assert (line["unchanged F1"], line["answer pictures of F1/picture"]) == ("1", "0")


def test_facts_events_and_captions_likewise():
    nothing = Share(0, 0, 0)
    assert np.isnan([nothing.precision, nothing.recall, nothing.f1]).all()
    events = summed([])
    assert np.isnan([events.recall, events.precision, events.label_right, events.changed, events.false_per_day]).all()
    assert "| a system | none | none | none | none | none |" in markdown([Row("a system", FactScores(), {}, ())])


def test_a_mean_is_of_the_figures_there_are():
    values = [0.5, math.nan, 1.0]
    assert (mean_known(values), count_known(values)) == (0.75, 2)
    assert np.isnan([mean_known([math.nan]), mean_known([]), share(0, 0)]).all()
    assert share(0, 3) == 0
    assert np.array_equal(shares([0, 1], [0, 2]), [math.nan, 0.5], equal_nan=True)
