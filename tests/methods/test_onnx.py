"""Exported networks as a method. The file is made by hand: what is darker is gone, what is brighter is new."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

import spotdiff
import tiny_networks
from spotdiff.errors import DataError, OptionError
from spotdiff.methods import get_method
from spotdiff.nets.parts.facts import KEY
from spotdiff.nets.parts.inference import open_onnx
from spotdiff.report.record import to_record
from spotdiff.types import Pair, Picture

BOX = (20, 10, 44, 38)


@pytest.fixture(scope="module")
def bright(tmp_path_factory):
    return tiny_networks.bright_onnx(tmp_path_factory.mktemp("onnx") / "bright.onnx")


def grey(level: int = 120) -> np.ndarray:
    return np.full((60, 80, 3), level, np.uint8)


def with_box(level: int) -> np.ndarray:
    picture, (left, top, right, bottom) = grey(), BOX
    picture[top:bottom, left:right] = level
    return picture


def pair_of(before: np.ndarray, after: np.ndarray) -> Pair:
    return Pair(Picture(before), Picture(after))


def test_the_answer_is_the_files(bright):
    evidence = get_method("onnx", {"weights": bright}).score(pair_of(grey(), with_box(200)))
    inside = np.zeros((60, 80), bool)
    inside[10:38, 20:44] = True
    apart, limit = 80 / 255, 0.1  # the limit that the file's facts name
    assert np.allclose(evidence.new[inside], 0.5 + 0.5 * (apart - limit) / (1 - limit), atol=1e-5)
    assert not evidence.new[~inside].any()
    assert not evidence.gone.any()
    assert evidence.weights == "b" * 64


@pytest.mark.parametrize(
    ("before", "after", "kind"), [(grey(), with_box(220), "added"), (with_box(220), grey(), "removed")]
)
def test_a_directed_file_names_kinds(before, after, kind, bright, checked):
    found = spotdiff.compare(before, after, method="onnx", settings={"weights": bright}, align="off", light="off")
    checked(found)
    assert [region.kind for region in found.regions] == [kind]
    box = found.regions[0].box_after if kind == "added" else found.regions[0].box_before
    assert np.abs(np.subtract(box, BOX)).max() <= 1
    assert to_record(found)["method"]["weights"] == "b" * 64


def test_it_needs_no_torch(bright, tmp_path):
    for name, picture in (("before", grey()), ("after", with_box(220))):
        cv2.imwrite(str(tmp_path / f"{name}.png"), picture)
    code = f"""
import json, sys
for name in ("torch", "onnx", "safetensors", "onnxscript", "timm"):
    sys.modules[name] = None
from spotdiff.__main__ import run
asked = "compare before.png after.png --align off --light off --json - --method onnx --set".split()
code = run([*asked, "weights={bright}"])
sys.stderr.write(json.dumps([code, "onnxruntime" in sys.modules]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True
    )
    assert json.loads(done.stderr) == [1, True]
    assert json.loads(done.stdout)["method"]["name"] == "onnx"


def foreign(path: Path, *, names=("before", "after"), facts: str | None = None) -> str:
    puts = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, None, None]) for name in names]
    said = helper.make_tensor_value_info("gone", TensorProto.FLOAT, [1, 3, None, None])
    graph = helper.make_graph([helper.make_node("Sub", list(names), ["gone"])], "foreign", puts, [said])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    if facts is not None:
        helper.set_model_props(model, {KEY: facts})
    onnx.save(model, path)
    return str(path)


BROKEN = {
    "empty": (lambda path, good: path.write_bytes(b""), "cannot be read as a network|holds no weights"),
    "noise": (lambda path, good: path.write_bytes(bytes(range(256)) * 9), "cannot be read as a network"),
    "text": (lambda path, good: path.write_text("weights"), "cannot be read as a network"),
    "cut": (lambda path, good: path.write_bytes(good[: len(good) // 2]), "cannot be read as a network"),
    "no facts": (lambda path, good: foreign(path), "holds no weights of spotdiff"),
    "other facts": (lambda path, good: foreign(path, facts='{"a": 1}'), "holds no weights of spotdiff"),
    "other inputs": (
        lambda path, good: foreign(path, names=("x", "y"), facts='{"net": "n", "settings": {}, "form": "masks"}'),
        "takes other inputs",
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_file_that_cannot_be_used_is_one_line(fault, bright, tmp_path, capfd):
    make, told = BROKEN[fault]
    path = tmp_path / "some.onnx"
    make(path, Path(bright).read_bytes())
    with pytest.raises((DataError, OptionError), match=told) as caught:
        get_method("onnx", {"weights": str(path)})
    assert "some.onnx" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_a_file_is_opened_once_and_again_when_it_changes(tmp_path):
    path = tiny_networks.bright_onnx(tmp_path / "b.onnx")
    first, facts = open_onnx(path)
    assert open_onnx(path)[0] is first
    assert open_onnx(path, threads=1)[0] is not first or cv2.getNumThreads() == 1
    tiny_networks.bright_onnx(tmp_path / "b.onnx", net="brighter")
    assert open_onnx(path)[1].net == "brighter" != facts.net


def test_threads_do_not_change_the_answer(bright):
    pair = pair_of(grey(), with_box(200))
    one, three = (get_method("onnx", {"weights": bright, "threads": n}).score(pair) for n in (1, 3))
    assert np.allclose(one.new, three.new, atol=1e-6)
    assert one.new.any()
