"""Export of the networks without matching, and what is made of an exported file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

import tiny_networks
from spotdiff.errors import DataError
from spotdiff.export import export_onnx, quantised
from spotdiff.methods import get_method
from spotdiff.types import Pair, Picture
from tiny_training import Squares

from .checks import check_exported

JOINED = ("unet", "fc-siam-conc", "fc-siam-diff")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A function that gives a network's exported file and its weights, each exported once."""
    folder, kept = tmp_path_factory.mktemp("export"), {}

    def make(name: str):
        if name not in kept:
            weights = tiny_networks.random_weights(name, folder / name / "weights.safetensors", recipe="yard")
            kept[name] = export_onnx(folder / name, folder / f"{name}.onnx"), weights
        return kept[name]

    return make


@pytest.mark.parametrize("name", JOINED)
def test_says_what_the_network_says(name, made, capfd):
    check_exported(*made(name))
    assert capfd.readouterr() == ("", "")


def test_in_8_bits(made, capfd):
    exported, _ = made("unet")
    out = exported.path.with_suffix(".int8.onnx")
    found = quantised(exported.path, out, Squares(), most=9)
    assert capfd.readouterr() == ("", "")
    measured = found.agreement
    assert (found.calibrated, measured.pairs) == (5, 4)
    assert found.size == out.stat().st_size
    assert measured.size == pytest.approx(found.size / exported.size, rel=0.1)
    assert 0 < measured.mean < measured.largest < 0.05
    assert measured.agreement > 0.9
    assert 0 <= measured.f1 <= 1
    assert 0 <= measured.f1_before <= 1
    assert measured.seconds > 0
    kinds = [node.op_type for node in onnx.load(out).graph.node]
    assert kinds.count("DequantizeLinear") > kinds.count("Conv") > 0


def test_a_file_in_8_bits_says_what_it_is(made):
    exported, _ = made("unet")
    out = exported.path.with_name("small.onnx")
    found = quantised(exported.path, out, Squares(), most=4)
    method = get_method("onnx", {"weights": str(out)})
    facts = method.facts()
    assert facts == found.facts
    assert facts.recipe == "yard int8"
    assert facts.digest not in ("", exported.facts.digest)
    assert facts.figures["int8_agreement"] == found.agreement.agreement
    assert replace(facts, recipe="", digest="", figures={}) == replace(exported.facts, recipe="", digest="", figures={})
    example = Squares()[1]
    evidence = method.score(Pair(Picture(example.before), Picture(example.after)))
    assert evidence.weights == facts.digest
    assert np.isfinite(evidence.change).all()


def test_8_bits_need_pairs(made, tmp_path):
    exported, _ = made("unet")
    with pytest.raises(DataError, match="two pairs or more"):
        quantised(exported.path, tmp_path / "small.onnx", Squares(), most=1)
    assert not list(tmp_path.iterdir())


def test_an_export_that_says_something_else_is_refused(tmp_path, monkeypatch):
    wrong = Path(tiny_networks.bright_onnx(tmp_path / "bright.onnx"))
    monkeypatch.setattr("spotdiff.export.conversion.to_onnx", lambda net, facts: wrong.read_bytes())
    weights = tiny_networks.random_weights("unet", tmp_path / "u.safetensors")
    with pytest.raises(DataError, match="the exported network answers"):
        export_onnx(weights, tmp_path / "u.onnx")
    assert not (tmp_path / "u.onnx").exists()


@pytest.mark.parametrize("there", ["nothing", "an empty folder", "another file"])
def test_nothing_to_export(there, tmp_path):
    source = tmp_path / "run"
    if there == "an empty folder":
        source.mkdir()
    if there == "another file":
        source.write_bytes(b"not weights")
    with pytest.raises(DataError, match="run") as caught:
        export_onnx(source, tmp_path / "out.onnx")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out.onnx").exists()
