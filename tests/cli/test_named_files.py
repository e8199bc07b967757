"""Whatever file or folder is named: one line says what is wrong with it, without the system's number."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from PIL import Image

PLAIN = ("--method", "pixel", "--align", "off", "--light", "off")
FILES = {
    "compare": "compare NAMED later/1.png",
    "language": "compare earlier/1.png later/1.png --language NAMED.po",
    "ignore mask": "compare earlier/1.png later/1.png --ignore-mask NAMED",
    "areas": "compare earlier/1.png later/1.png --areas NAMED",
    "settings": "compare earlier/1.png later/1.png --settings NAMED",
    "weights": "compare earlier/1.png later/1.png --method network --set weights=NAMED",
    "table": "batch NAMED --out out",
    "settings of a batch": "batch earlier later --out out --settings NAMED",
    "areas of a batch": "batch earlier later --out out --areas NAMED",
    "export": "export NAMED --out o.onnx",
    "recipe": "train NAMED.toml --data earlier --out run",
    "rules": "watch --rules NAMED",
    "store": "events list --store NAMED.db",
    "labels": "labels in coco NAMED --out drawn",
}
FOLDERS = {
    "history": "compare earlier/1.png later/1.png --history NAMED",
    "earlier pictures": "batch NAMED later --out out",
    "later pictures": "batch earlier NAMED --out out",
    "pictures of a golden one": "batch earlier/1.png NAMED --out out",
    "approve": "approve NAMED --all",
    "judge": "judge NAMED",
    "datasets": "datasets --open NAMED",
    "a published set": "datasets --open levir-cd:NAMED",
    "evaluate": "evaluate NAMED",
    "captions": "evaluate NAMED --captions",
    "progress": "progress NAMED --out site",
    "photos": "synth --photos NAMED --out made --count 1",
    "views": "synth --views NAMED --out made --count 1",
    "data": "train spot --data NAMED --out run",
    "watch": "watch NAMED --replay",
}


@pytest.fixture
def named(tmp_path, monkeypatch, spotdiff):
    """The one line about a name that is put into a command."""
    for folder in ("earlier", "later", "empty"):
        (tmp_path / folder).mkdir()
    for folder in ("earlier", "later"):
        Image.fromarray(np.full((24, 32, 3), 90, np.uint8)).save(tmp_path / folder / "1.png")
    (tmp_path / "some.dat").write_text("some words", encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    def named(command, name):
        words = command.replace("NAMED", name).split()
        ran = spotdiff(*words, *(PLAIN if words[0] in ("compare", "batch") and "--method" not in words else ()))
        assert (ran.code, len(ran.err.splitlines())) == (2, 1), ran.err
        assert "Errno" not in ran.err
        return ran.err

    return named


@pytest.mark.parametrize("command", FILES.values(), ids=FILES.keys())
def test_a_file_that_is_not_there_is_told_so(named, command):
    told = named(command, "nowhere/nothing")
    assert "nowhere/nothing" in told
    assert any(words in told.lower() for words in ("no such", "there is no", "does not exist")), told


@pytest.mark.parametrize("command", FILES.values(), ids=FILES.keys())
def test_a_folder_is_no_file(named, command):
    named(command, "empty")


@pytest.mark.parametrize("command", FOLDERS.values(), ids=FOLDERS.keys())
def test_a_folder_that_is_not_there_is_told_so(named, command):
    told = named(command, "nowhere/nothing")
    assert "nowhere/nothing: no such file or folder" in told


@pytest.mark.parametrize("command", [one for name, one in FOLDERS.items() if name != "watch"])
def test_a_file_is_no_folder(named, command):
    assert "no such" not in named(command, "some.dat")


def test_a_system_error_of_a_pair_is_told_without_its_number(tmp_path, named, spotdiff, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device", "out/1.json")

    monkeypatch.setattr("spotdiff.batching.compare.write_whole", full)
    ran = spotdiff("batch", "earlier", "later", "--out", "out", "--workers", "0", *PLAIN)
    assert ran.err == "spotdiff: a pair had trouble: 1: out/1.json: No space left on device\n"
    with (tmp_path / "out" / "index.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert float(row["seconds"]) == float(f"{float(row['seconds']):.6g}") > 0
