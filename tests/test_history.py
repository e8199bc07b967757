"""Earlier pictures in which nothing changed say where a place is restless, to every method."""

from __future__ import annotations

import csv

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

import spotdiff
from spotdiff.cli import verbs
from spotdiff.history import over
from spotdiff.image import load_picture
from spotdiff.types import Evidence

METHODS = ("spot", "classic", "ssim", "pixel")
WATER = (slice(70, 140), slice(0, 100))
THING = (20, 120, 60, 160)  # top, left, bottom, right


def moment(seed, *, thing=False):
    """A place with water in one corner, that looks otherwise every time."""
    coarse = np.random.default_rng(0).integers(60, 200, (14, 20, 3)).astype(np.uint8)
    picture = cv2.resize(coarse, (200, 140), interpolation=cv2.INTER_CUBIC)
    waves = np.random.default_rng(seed).integers(20, 230, (14, 20, 1)).astype(np.uint8)
    waves = cv2.resize(np.repeat(waves, 3, 2), (100, 70), interpolation=cv2.INTER_CUBIC)
    picture[WATER] = waves
    if thing:
        top, left, bottom, right = THING
        picture[top:bottom, left:right] = (230, 30, 40)
    return picture


def in_water(answer):
    return [r for r in answer.regions if r.box_before[1] >= WATER[0].start - 4 and r.box_before[0] < WATER[1].stop]


@pytest.mark.parametrize("method", METHODS)
def test_what_is_restless_is_no_change_and_what_came_is(method):
    before, after = moment(1), moment(2, thing=True)
    asked = {"method": method, "align": "off", "light": "off"}
    without = spotdiff.compare(before, after, **asked)
    answer = spotdiff.compare(before, after, history=[moment(3), moment(4), moment(5)], **asked)
    assert in_water(without)
    assert not in_water(answer)
    left = THING[1]
    assert any(abs(region.box_after[0] - left) < 10 for region in answer.regions)


@pytest.mark.parametrize("method", METHODS)
def test_a_history_that_shows_the_same_changes_nothing(method):
    before, after = moment(1), moment(1, thing=True)
    asked = {"method": method, "align": "off", "light": "off"}
    without = spotdiff.compare(before, after, **asked)
    answer = spotdiff.compare(before, after, history=[before.copy(), before.copy()], **asked)
    assert answer.regions == without.regions
    assert answer.verdict == without.verdict
    assert answer.score == pytest.approx(without.score, abs=1e-6)  # judged in the other order, sums round otherwise


def test_evidence_stands_out_by_its_log_odds():
    def evidence(*values):
        return Evidence(*(np.array([[value]], np.float32) for value in values), directed=True)

    plain = over(evidence(0.9, 0.2), np.array([[0.0]], np.float32), None)
    assert plain.gone[0, 0] == np.float32(0.9)
    assert plain.new[0, 0] == np.float32(0.2)
    odds = 0.9 / 0.1 / (0.5 / 0.5) * (0.05 / 0.95)  # what is over a floor of a half, from a quiet twentieth
    lowered = over(evidence(0.9, 0.2), np.array([[0.5]], np.float32), None)
    assert lowered.gone[0, 0] == pytest.approx(odds / (1 + odds), abs=1e-6)


def test_history_by_folder_and_by_table(tmp_path):
    pictures = {"before": moment(1), "after": moment(2), **{f"earlier/{n}": moment(n) for n in (3, 4, 5)}}
    for name, pixels in pictures.items():
        path = tmp_path / f"{name}.png"
        path.parent.mkdir(exist_ok=True)
        cv2.imwrite(str(path), pixels[..., ::-1])
    run = CliRunner().invoke
    asked = ["--method", "classic", "--align", "off", "--light", "off"]
    pair = [str(tmp_path / "before.png"), str(tmp_path / "after.png")]
    assert run(verbs, ["compare", *pair, *asked, "-q"], standalone_mode=False).return_value != 0
    history = ["--history", str(tmp_path / "earlier")]
    assert run(verbs, ["compare", *pair, *asked, *history, "-q"], standalone_mode=False).return_value == 0
    with (tmp_path / "pairs.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["name", "before", "after", "history"])
        rows.writerow(["with", "before.png", "after.png", "earlier"])
        rows.writerow(["without", "before.png", "after.png", ""])
        rows.writerow(["wrong", "before.png", "after.png", "nowhere"])
    out = tmp_path / "out"
    run(
        verbs,
        ["batch", str(tmp_path / "pairs.csv"), "--out", str(out), "--index", "csv", *asked, "-q"],
        standalone_mode=False,
    )
    with (out / "index.csv").open() as file:
        verdicts = {row["name"]: row for row in csv.DictReader(file)}
    assert verdicts["with"]["verdict"] == "same"
    assert verdicts["without"]["verdict"] != "same"
    assert "nowhere" in str(verdicts["wrong"])


def test_a_history_of_another_place_is_refused():
    other = load_picture(np.random.default_rng(9).integers(0, 255, (140, 200, 3)).astype(np.uint8))
    answer = spotdiff.compare(moment(1), moment(1, thing=True), history=[other], method="classic")
    assert answer.verdict == "unsure"
    assert "history" in answer.reason
