"""The figures agree with those of a scorer that shares no line with this project."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from spotdiff.data import Dataset, open_dataset
from spotdiff.data.dataset import read_truth
from spotdiff.evaluate import report_of
from spotdiff.evaluate.evaluate_sample import judge
from spotdiff.options import Options
from spotdiff.pipeline import compare
from spotdiff.report.maps import write_maps
from spotdiff.report.record import write_json

SHARED = Path(__file__).parents[2] / ".." / "shared"
SCORER = SHARED / "score" / "score.py"
SETS = (
    "bins_dev",
    "deeppcb_dev",
    "sbi_pairs_dev",
    "ucsd_pairs_dev",
    "photohunt_dev",
    "drone_dev",
    "wallflower_wavingtrees",
)

pytestmark = [pytest.mark.shared, pytest.mark.skipif(not SCORER.exists(), reason="the measuring pictures are not here")]


def figures(report):
    """The report's figures under the scorer's names; None for those that the truth does not give."""
    pixels, objects, pictures = report.pixels, report.objects, report.pictures
    named = {}
    if pixels:
        # to the scorer a picture with nothing true and nothing told has an F1 of 1; to us it has none
        empty = len(report.outcomes) - pixels.f1_pictures
        per_image = (pixels.f1_per_picture * pixels.f1_pictures + empty) / len(report.outcomes)
        named |= {"f1": pixels.f1, "f1_per_image": per_image, "f1_best_threshold": pixels.best_f1}
        named |= {"precision": pixels.precision, "recall": pixels.recall}
    elif objects and objects.form == "points":
        named = {"targets_hit": objects.recall, "extra_regions_per_pair": objects.extra_per_picture}
    elif objects and objects.form == "areas":
        named = {"defects_hit": objects.recall, "regions_right": objects.precision}
    elif objects:
        named = {
            "object_recall": objects.recall,
            "object_precision": objects.precision,
            "kind_right": objects.kind_right,
        }
    else:
        named = {"auc": pictures.auc, "caught": pictures.caught, "false_alarms": pictures.false_alarms}
    return named | {"unsure": report.unsure, "pairs": len(report.outcomes)}


def part_of(name, folder):
    """Every n-th pair of a set, so that six are left, linked under `folder`."""
    whole = open_dataset(SHARED / "data" / name)
    for sample in whole.samples[:: max(len(whole) // 6, 1)][:6]:
        for path in (sample.before, sample.after, sample.mask, sample.boxes):
            if path is not None:
                link = folder / name / path.parent.name / path.name
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(path.resolve())
    return open_dataset(folder / name)


def answered(dataset: Dataset, results: Path, options: Options):
    for sample in dataset:
        comparison = compare(sample.before, sample.after, options=options, name=sample.name)
        stem = f"{dataset.name}/{sample.name}"
        write_json(comparison, results / f"{stem}.json")
        write_maps(comparison, results, stem=stem)
        yield judge(comparison, read_truth(sample))


@pytest.mark.parametrize("name", SETS)
def test_figures_agree(name, tmp_path):
    dataset = part_of(name, tmp_path / "data")
    options = Options(sensitivity=0.7)  # so that there is something wrong to count
    report = report_of(dataset, answered(dataset, tmp_path / "results", options), options)
    command = [sys.executable, str(SCORER), "measure", str(tmp_path / "data"), str(tmp_path / "results"), "--json"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    (row,) = json.loads(said)
    ours = figures(report)
    assert len(ours) >= 4
    assert ours == pytest.approx({key: row[key] for key in ours}, abs=1e-3, nan_ok=True)
