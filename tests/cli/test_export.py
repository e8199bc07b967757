"""Networks exported, and used, by command."""

from __future__ import annotations

import cv2
import pytest

import tiny_networks


@pytest.fixture
def run(tmp_path):
    """The folder of a training run."""
    tiny_networks.random_weights("unet", tmp_path / "run" / "weights.safetensors")
    return tmp_path / "run"


def test_export_then_compare(spotdiff, run, pictures, tmp_path):
    out = tmp_path / "made" / "yard.onnx"
    ran = spotdiff("export", run, "--out", out, "--int8", "--most", 4)
    assert (ran.code, ran.err) == (0, "")
    first, second, *rest = ran.out.splitlines()
    assert first.startswith(f"Wrote {out}: unet, 3,624 parameters, 0.02 MB")
    assert "differs from torch by" in second
    assert "77x101" in second
    assert rest[0].startswith(f"Wrote {tmp_path / 'made' / 'yard.int8.onnx'}: ")
    assert rest[-1].startswith("F1 with the truth: ")
    for name in ("yard.onnx", "yard.int8.onnx"):
        asked = ("--method", "onnx", "--set", f"weights={out.with_name(name)}", "--maps", tmp_path / "maps")
        ran = spotdiff("compare", pictures / "before.png", pictures / "after.png", *asked)
        assert ran.code in (0, 1, 3)
        assert not ran.err
        for layer in ("before", "after", "added", "removed", "changed", "unchanged"):
            assert f"Wrote {tmp_path / 'maps' / layer}.png" in ran.out
            assert cv2.imread(str(tmp_path / "maps" / f"{layer}.png"), cv2.IMREAD_UNCHANGED).shape == (120, 160)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "--out", "yard.pt"], "end its name in .onnx"),
        (["nowhere", "--out", "yard.onnx"], "there is no file nowhere"),
        (["run", "--out", "yard.onnx", "--data", "x"], "add --int8"),
        (["yard.onnx", "--out", "yard.onnx"], "would be written over"),
        (["notes.txt", "--out", "yard.onnx"], "notes.txt cannot be read as weights"),
        (["run"], "--out"),
        (["run", "--out", "yard.onnx", "--int8", "--data", "no-such"], "no-such: no such file or folder"),
    ],
)
def test_what_cannot_be_is_one_line(arguments, said, spotdiff, run, monkeypatch):
    monkeypatch.chdir(run.parent)
    (run.parent / "notes.txt").write_text("not weights")
    ran = spotdiff("export", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert ran.err.count("\n") == 1
    assert not (run.parent / "yard.onnx").exists()
