from __future__ import annotations

import json

import pytest

pytest.importorskip("av")
SMALL = ("width=96", "height=64", "fps=4", "shortest=9", "longest=9", "calm=3", "stays=4", "smallest=0.02")
ASKED = ("synth", "--recipe", "clips", "--workers", 0, *[part for one in SMALL for part in ("--set", one)])


def test_clips_from_nothing(spotdiff, tmp_path):
    ran = spotdiff(*ASKED, "--out", tmp_path / "clips", "--count", 2, "--seed", 3, "--set", "quiet=0.5")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Made 2 clips (")
    assert "Clips: 1 event, 1 light. Events: " in ran.out
    assert json.loads((tmp_path / "clips" / "00001.json").read_text())["scenario"] == "light"
    again = spotdiff(*ASKED, "--out", tmp_path / "clips", "--count", 2, "--seed", 3, "--set", "quiet=0.5")
    assert again.out.startswith("Made 0 clips; 2 were there already.")


MISTAKES = {
    "side": (["--size", 128], "clips are not square"),
    "field": (["--set", "quite=1"], "did you mean quiet?"),
    "value": (["--set", "quiet=2"], "quiet takes 0..1"),
    "photos": (["--photos", "nowhere"], "nowhere: no such file or folder"),
}


@pytest.mark.parametrize(("asked", "said"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_one_line_and_2(spotdiff, tmp_path, monkeypatch, asked, said):
    monkeypatch.chdir(tmp_path)
    ran = spotdiff(*ASKED, "--out", "o", *asked)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert ran.err.count("\n") == 1
    assert not (tmp_path / "o").exists()
