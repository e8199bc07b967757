"""Captioned pairs made, learned from and measured, by the command line alone."""

from __future__ import annotations

import json

import pytest

TINY = (
    "--set",
    "net.backbone=small",
    "--set",
    "net.width=32",
    "--set",
    "side=32",
    "--set",
    "least=1",
    "--set",
    "batch=4",
)


@pytest.fixture
def pairs(spotdiff, tmp_path):
    asked = ("--recipe", "captions", "--count", 12, "--size", 64, "--out", tmp_path / "pairs", "--set", "unchanged=0.4")
    assert spotdiff("synth", *asked).code == 0
    return tmp_path / "pairs"


def test_from_nothing_to_a_table(spotdiff, pairs, tmp_path):
    run = tmp_path / "run"
    ran = spotdiff("train", "captioner", "--data", pairs, "--out", run, *TINY, "--set", "epochs=1", "--threads", 1)
    assert ran.code == 0, ran.err
    assert "fact F1" in ran.out
    assert (run / "curves.png").is_file()
    out = tmp_path / "measured"
    weights = run / "weights.safetensors"
    ran = spotdiff("evaluate", pairs, "--captions", "--captioner", weights, "--method", "pixel", "--out", out)
    assert ran.code == 0, ran.err
    systems = [line.split("|")[1].strip() for line in ran.out.splitlines()[2:]]
    assert systems == ["blind", "words, true regions", "words, own regions", str(weights)]
    figures = {row["system"]: row for row in json.loads((out / "captions.json").read_text())}
    assert figures["words, true regions"]["facts"]["kind"]["f1"] == 1
    assert figures["words, true regions"]["false_statements"] == 0
    sentences = [json.loads(line) for line in (out / "sentences.jsonl").read_text().splitlines()]
    assert len(sentences) == 12
    assert sentences[0]["said"].keys() == figures.keys()
    assert (out / "captions.md").read_text() == ran.out


def test_pairs_of_which_only_sentences_are_known(spotdiff, pairs):
    entries = json.loads((pairs / "captions.json").read_text())
    (pairs / "annotations").mkdir()
    (pairs / "annotations" / "test.json").write_text(json.dumps(entries))
    pictures = pairs / "resized_images"
    pictures.mkdir()
    for entry in entries:
        for side, ending in (("before", ""), ("after", "_2")):
            (pictures / f"{entry['img_id']}{ending}.png").write_bytes(
                (pairs / side / f"{entry['img_id']}.png").read_bytes()
            )
    ran = spotdiff("evaluate", f"spot-the-diff:{pairs}", "--split", "test", "--captions", "--method", "pixel")
    assert ran.code == 0, ran.err
    assert [line.split("|")[1].strip() for line in ran.out.splitlines()[2:]] == ["blind", "words, own regions"]
    assert "| none |" in ran.out


MISTAKES = {
    "no data": (("train", "captioner", "--out", "run"), "captioned pairs"),
    "no pairs": (("train", "captioner", "--out", "run", "--data", "."), "no made pairs"),
    "steps": (("train", "captioner", "--out", "run", "--data", ".", "--steps", "3"), "--set epochs=N"),
    "weights": (("train", "captioner", "--out", "run", "--data", ".", "--from", "x"), "--from is not"),
    "field": (("train", "captioner", "--out", "run", "--data", ".", "--set", "batchs=3"), "did you mean batch"),
    "no captions": (("evaluate", ".", "--captions"), "no made pairs"),
    "no weights": (("evaluate", "pairs", "--captions", "--captioner", "none.safetensors"), "none.safetensors"),
    "two methods": (("evaluate", "pairs", "--captions", "--method", "pixel", "--method", "ssim"), "one method"),
}


@pytest.mark.parametrize(("asked", "said"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_one_line_and_2(spotdiff, pairs, monkeypatch, asked, said):
    monkeypatch.chdir(pairs.parent)
    ran = spotdiff(*asked)
    assert ran.code == 2
    assert said in ran.err
    assert ran.err.count("\n") == 1
