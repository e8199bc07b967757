"""Judging anew: index, page and JUnit XML hold the new verdict and a sentence that is true for it."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

PLAIN = ("--method", "pixel", "--align", "off", "--light", "off", "--workers", "0", "--quiet")


@pytest.fixture
def site(tmp_path, monkeypatch):
    """home is the same, dot and block changed, noise1 and noise2 are refused, new is new, bad is in trouble."""
    rng = np.random.default_rng(4)
    for side in ("base", "shots"):
        (tmp_path / side).mkdir()
        for name, mark in (("home", 0), ("dot", 4), ("block", 20), ("bad", 0)):
            picture = np.full((60, 80, 3), 90, np.uint8)
            if side == "shots":
                picture[10 : 10 + mark, 10 : 10 + mark] = (255, 0, 0)
            Image.fromarray(picture).save(tmp_path / side / f"{name}.png")
        for name in ("noise1", "noise2"):
            Image.fromarray(rng.integers(0, 255, (200, 260, 3), np.uint8)).save(tmp_path / side / f"{name}.png")
    (tmp_path / "base/bad.png").write_bytes(b"no picture")
    Image.fromarray(picture).save(tmp_path / "shots/new.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def batch(spotdiff):
    def call(*more):
        return spotdiff("batch", "base", "shots", "--out", "out", *PLAIN, "--align", "homography", *more)

    return call


def index():
    with Path("out/index.csv").open(encoding="utf-8", newline="") as file:
        return {row["name"]: row for row in csv.DictReader(file)}


def test_the_index_holds_both_verdicts_and_a_true_sentence(site, spotdiff, batch):
    batch()
    was = index()
    assert {name: row["measured"] for name, row in was.items()} == {name: row["verdict"] for name, row in was.items()}
    spotdiff("judge", "out", "--max-pixels", "100")
    row = index()["dot"]
    assert (row["verdict"], row["measured"]) == ("same", "changed")
    said = "Same: with max_pixels 100, 1 of 1 regions counted, 16 px"
    assert row["text"].startswith(said)
    assert row["text"].endswith(f"As compared: {was['dot']['text']}")
    assert {name: row for name, row in index().items() if name != "dot"} == {n: r for n, r in was.items() if n != "dot"}
    spotdiff("judge", "out")
    assert index() == was


def test_page_and_junit_are_judged_too(site, spotdiff, batch):
    batch("--report", "out/index.html", "--junit", "j/junit.xml")
    page = Path("out/index.html").read_text(encoding="utf-8")
    spotdiff("judge", "out", "--max-pixels", "100")
    judged = Path("out/index.html").read_text(encoding="utf-8")
    assert "compared: changed" in judged
    assert "Same: with max_pixels 100" in judged
    assert "pages/dot.html" in judged
    assert tags() == {"bad": "error", "block": "failure", "new": "failure", "noise1": "failure", "noise2": "failure"}
    spotdiff("judge", "out", "--fail-on", "new")
    assert Path("out/index.html").read_text(encoding="utf-8") == page
    assert tags()["block"] == "skipped"
    Path("out/index.html").unlink()
    spotdiff("judge", "out")
    assert not Path("out/index.html").exists()


def test_a_folder_of_answers_may_be_judged_elsewhere(site, spotdiff, batch, monkeypatch):
    batch("--report", "out/index.html")
    (site / "elsewhere").mkdir()
    (site / "out").rename(site / "elsewhere/answers")
    monkeypatch.chdir(site / "elsewhere")
    assert spotdiff("judge", "answers", "--max-pixels", "100").code == 2
    page = Path("answers/index.html").read_text(encoding="utf-8")
    assert "Same: with max_pixels 100" in page
    assert 'href="./pages/dot.html"' in page


def tags():
    root = ElementTree.parse("j/junit.xml").getroot()
    return {case.get("name"): found.tag for case in root.iter("testcase") for found in case}


def test_junit_fails_what_the_batch_fails_on(site, batch):
    batch("--junit", "j/junit.xml", "--fail-on", "changed")
    skipped = dict.fromkeys(("new", "noise1", "noise2"), "skipped")
    assert tags() == {"bad": "error", "block": "failure", "dot": "failure", **skipped}


def test_a_batch_with_settings_tells_the_same(site, spotdiff, batch):
    batch()
    spotdiff("judge", "out", "--max-pixels", "100")
    judged = index()
    Path("s.toml").write_text("max_pixels = 100\n", encoding="utf-8")
    batch("--settings", "s.toml")
    timeless = [{n: {k: v for k, v in r.items() if k != "seconds"} for n, r in i.items()} for i in (judged, index())]
    assert timeless[0] == timeless[1]
    Path("s.toml").write_text("sensitivity = 0.9\n", encoding="utf-8")
    assert "at sensitivity 0.9 once" in batch("--settings", "s.toml").err


def test_the_sentence_is_in_the_language_of_the_batch(site, spotdiff, batch):
    batch("--language", "zh")
    spotdiff("judge", "out", "--max-pixels", "100")
    assert index()["dot"]["text"].startswith("按所定标准")


def test_pairs_that_nobody_could_judge_are_told_apart(site, spotdiff, batch):
    batch()
    ran = spotdiff("judge", "out", "--good", "home,noise1,bad", "--bad", "block,noise2", "--json")
    found = json.loads(ran.out)
    assert (found["precision"], found["recall"], found["not_judged"]) == (1.0, 1.0, 3)
    ran = spotdiff("judge", "out", "--good", "home,noise1,bad", "--bad", "block,noise2")
    assert "3 pairs could not be judged." in ran.out
    ran = spotdiff("judge", "out", "--good", "home", "--bad", "noise2")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "1 could not be judged" in ran.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--good", "home,dot", "--bad", "dot"), "dot is among the good pairs and among the bad ones"),
        (("--good", "home", "--bad", "shots/new.png"), "is no text in UTF-8"),
        (("--good", "home", "--bad", "x" * 300), "no pair of the batch is called"),
        (("--good", "home", "--bad", "dot", "--settings", "out/index.csv"), "would be written over"),
    ],
)
def test_what_cannot_be_learned_is_one_line(site, spotdiff, batch, words, told):
    batch()
    was = Path("out/index.csv").read_bytes()
    ran = spotdiff("judge", "out", *words)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert told in ran.err
    assert Path("out/index.csv").read_bytes() == was


def test_names_that_look_like_patterns_are_found(site, spotdiff, batch):
    for side in ("base", "shots"):
        Path(side, "block.png").rename(Path(side, "b[1].png"))
    batch()
    assert "Wrote" in spotdiff("judge", "out", "--good", "home", "--bad", "b[1]").out


def test_compare_takes_the_settings_too(site, spotdiff):
    Path("s.toml").write_text("max_pixels = 100\n", encoding="utf-8")
    pair = ("compare", "base/dot.png", "shots/dot.png", "--method", "pixel", "--align", "off", "--light", "off")
    assert spotdiff(*pair).code == 1
    ran = spotdiff(*pair, "--settings", "s.toml")
    assert ran.code == 0
    assert ran.out.startswith("Same: with max_pixels 100, 1 of 1 regions counted, 16 px")
    assert "As compared: " in ran.out
    assert "Where" not in ran.out
    record = json.loads(spotdiff(*pair, "--settings", "s.toml", "--json", "-").out)
    assert (record["verdict"], record["regions"][0]["likely"]) == ("same", False)
    assert spotdiff("compare", "base/block.png", "shots/block.png", *pair[3:], "--settings", "s.toml").code == 1
    ran = spotdiff(*pair, "--settings", "none.toml")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    Path("s.toml").write_text("sensitivity = 0.9\n", encoding="utf-8")
    assert spotdiff(*pair, "--settings", "s.toml").code == 2
    assert spotdiff(*pair, "--settings", "s.toml", "--sensitivity", "0.9").code == 1
