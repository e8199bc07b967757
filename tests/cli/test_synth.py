from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from spotdiff.data import open_dataset


def test_from_nothing(spotdiff, tmp_path):
    ran = spotdiff("synth", "--out", tmp_path / "pairs", "--count", 6, "--size", 64, "--seed", 3)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Made 6 pairs (")
    assert "of 6 pairs are changed" in ran.out
    assert len(open_dataset(tmp_path / "pairs")) == 6


def test_from_photographs_with_a_recipe_changed(spotdiff, tmp_path):
    (tmp_path / "photos").mkdir()
    noise = np.random.default_rng(0).integers(0, 255, (90, 120, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "photos" / "one.png")
    asked = ("--recipe", "plain", "--set", "unchanged=1", "--set", "most-changes=2", "--quiet")
    ran = spotdiff(
        "synth", "--photos", tmp_path / "photos", "--out", tmp_path / "out", "--count", 3, "--size", 64, *asked
    )
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    said = json.loads((tmp_path / "out" / "recipe.json").read_text())
    assert (said["recipe"]["most_changes"], said["recipe"]["camera"], said["changed"]) == (2, "still", 0)
    assert said["materials"]["photos"] == 1


def test_started_again_it_goes_on(spotdiff, tmp_path):
    asked = ("synth", "--out", tmp_path, "--size", 64)
    spotdiff(*asked, "--count", 2)
    ran = spotdiff(*asked, "--count", 4)
    assert ran.out.startswith("Made 2 pairs")
    assert "2 were there already" in ran.out
    assert spotdiff(*asked, "--count", 4).out.startswith("Made 0 pairs; 4 were there already.")


MISTAKES = {
    "no out": ([], "needs a folder to write into: --out DIR"),
    "no pairs": (["--out", "o", "--count", "0"], "--count takes 1 or more, not 0"),
    "too small": (["--out", "o", "--size", "32"], "--size takes 64 px or more, not 32"),
    "seed": (["--out", "o", "--seed", "-1"], "--seed takes 0 or more"),
    "no folder": (["--out", "o", "--photos", "nowhere"], "nowhere: no such file or folder"),
    "empty folder": (["--out", "o", "--cutouts", "empty"], "holds no picture"),
    "unreadable": (["--out", "o", "--photos", "bad"], "torn.jpg (no picture)"),
    "recipe": (["--out", "o", "--recipe", "nice"], "there are default, aligned, free, captions, plain"),
    "field": (["--out", "o", "--set", "lihgt=1"], "did you mean light?"),
    "value": (["--out", "o", "--set", "light=7"], "light takes 0..1"),
    "no value": (["--out", "o", "--set", "light"], "--set takes field=value"),
    "another folder": (["--out", "bad"], "is not empty"),
}


@pytest.mark.parametrize(("asked", "said"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_one_line_and_2(spotdiff, tmp_path, monkeypatch, asked, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "torn.jpg").write_text("no picture")
    ran = spotdiff("synth", *asked)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert ran.err.count("\n") == 1
    assert not (tmp_path / "o").exists()
