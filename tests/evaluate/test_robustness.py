"""Robustness curves: which pairs, which figures, which files."""

from __future__ import annotations

import csv
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from spotdiff.data import Dataset, Sample, open_dataset
from spotdiff.evaluate.perturbations import STRENGTHS, perturbations
from spotdiff.evaluate.robustness import (
    RobustnessPoint,
    perturbed_outcomes,
    robustness_points,
    robustness_table,
    spread,
    write_robustness,
)
from spotdiff.options import Options

SVG = "{http://www.w3.org/2000/svg}"
PIXEL = Options(method="pixel", align="off", light="off")


@pytest.mark.parametrize(("most", "chosen"), [(1, "a"), (2, "ae"), (3, "acf"), (9, "abcdefgh")])
def test_pairs_are_spread_over_the_set(most, chosen):
    blind = Sample("0", Path(), Path())
    samples = tuple(Sample(name, Path(), Path(), mask=Path("mask.png")) for name in "abcdefgh")
    found = spread(Dataset("set", (blind, *samples)), most)
    assert "".join(sample.name for sample in found) == chosen


def test_curves_start_at_the_pictures_as_they_are(yard):
    (yard / "mask" / "odd.png").unlink()
    samples = spread(open_dataset(yard), 5)
    rows = robustness_points(perturbed_outcomes(samples, PIXEL), dataset="yard", method="pixel")
    first, *others = rows
    assert (first.disturbance, first.strength, first.pairs, first.f1) == ("none", 0, 2, 1)
    assert [(row.disturbance, row.strength, row.unit) for row in others] == [
        (what.name, what.strength, what.unit) for what in perturbations()
    ]
    by = {(row.disturbance, row.strength): row for row in others}
    assert by["shift", 1.0].f1 > by["shift", 4.0].f1 > by["shift", 8.0].f1  # nothing brings after back to before
    assert by["exposure", 1.0].false_alarms == 1


def test_a_pair_that_cannot_be_read_counts_nowhere(yard):
    samples = open_dataset(yard).samples  # one of the three has a wrong mask
    rows = robustness_points(perturbed_outcomes(samples, PIXEL), dataset="yard", method="pixel")
    assert {row.pairs for row in rows} == {2}


def strengths(method, dataset="yard", f1=0.5):
    marks = [("none", 0.0, ""), *((what.name, what.strength, what.unit) for what in perturbations())]
    return [RobustnessPoint(dataset, method, *mark, 3, f1, 1.0, float("nan")) for mark in marks]


def test_files_hold_every_strength(tmp_path):
    table, plot = write_robustness([*strengths("pixel"), *strengths("ssim", f1=0.8)], tmp_path / "new")
    rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 2 * (1 + len(perturbations()))
    assert (rows[0]["f1"], rows[0]["false_alarms"], rows[-1]["method"]) == ("0.5", "", "ssim")
    root = ET.fromstring(plot.read_text(encoding="utf-8"))
    assert len(root.findall(f"{SVG}path")) == 2 * len(STRENGTHS)
    words = {text.text for text in root.iter(f"{SVG}text")}
    assert {"pixel", "ssim", "rotation, degrees", "F1"} <= words
    assert len(root.findall(f"{SVG}circle")) == 2 * sum(1 + len(strengths) for _, strengths in STRENGTHS.values())


def test_the_plot_holds_its_points_inside(tmp_path):
    _, plot = write_robustness([*strengths("worst", f1=0.0), *strengths("best", f1=1.0)], tmp_path)
    root = ET.fromstring(plot.read_text(encoding="utf-8"))
    for dot in root.findall(f"{SVG}circle"):
        assert 0 < float(dot.get("cx")) < float(root.get("width"))
        assert float(dot.get("cy")) in (74.0, 294.0)


def test_the_table_leaves_out_what_has_no_figure():
    table = robustness_table(
        [*strengths("pixel"), *strengths("pixel", "hall", float("nan")), *strengths("ssim", "hall")]
    )
    assert table.heads == ("disturbance", "strength", "pixel, yard", "ssim, hall")
    assert table.rows[0] == ("none", "0", "0.500", "0.500")
    assert table.rows[1][:2] == ("shift, px", "1")
