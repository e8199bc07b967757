"""Networks and plug-ins that give NaN, odd shapes, texts or nothing: trouble with one line, never `same`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper

import spotdiff
import tiny_networks
from spotdiff.__main__ import run
from spotdiff.errors import MethodError
from spotdiff.methods import get_method
from spotdiff.methods import score as checked_score
from spotdiff.nets.parts import inference
from spotdiff.nets.parts.facts import KEY, Facts
from spotdiff.nets.parts.weights import load_weights, save_weights
from spotdiff.types import Evidence, Extraction, Pair, Picture

PICTURE = np.full((48, 64, 3), 120, np.uint8)
OTHER = PICTURE.copy()
OTHER[10:30, 20:40] = 220


def constant_onnx(path, *, gone, new=None, kind=TensorProto.FLOAT, anything=None):
    """An ONNX file whose outputs are what they are, whatever it is shown."""
    known = {"net": "odd", "form": "masks", "side": 512, "threshold": 0.5, "parameters": 1, "digest": "c" * 64}
    outputs = {"gone": gone, "new": gone if new is None else new}
    if anything is not None:
        outputs["anything"] = anything
    inputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, 3, "h", "w"]) for n in ("before", "after")]
    nodes, puts = [], []
    for name, value in outputs.items():
        of = TensorProto.STRING if np.asarray(value).dtype.kind in "SO" else kind
        flat = [str(v).encode() for v in np.ravel(value)] if of == TensorProto.STRING else np.ravel(value).tolist()
        tensor = helper.make_tensor(f"{name}_value", of, np.shape(value), flat)
        nodes.append(helper.make_node("Constant", [], [name], value=tensor))
        puts.append(helper.make_tensor_value_info(name, of, list(np.shape(value))))
    graph = helper.make_graph(nodes, "odd", inputs, puts)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    helper.set_model_props(model, {KEY: Facts(settings={}, **known).to_json()})
    onnx.save(model, path)
    return str(path)


def flat(value, shape=(1, 1, 48, 64)):
    return np.full(shape, value, np.float32)


def half_nan():
    values = flat(0.0)
    values[..., 20, 20] = np.nan
    return values


ODD = {
    "NaN": (flat(np.nan), None, "not finite"),
    "one NaN": (half_nan(), None, "not finite"),
    "infinite": (flat(np.inf), None, "not finite"),
    "only new is NaN": (flat(0.0), flat(np.nan), "not finite"),
    "too large": (flat(7.0), None, "from 7 to 7"),
    "negative": (flat(-3.0), None, "from -3"),
    "three dimensions": (flat(0.0, (1, 48, 64)), None, "1x48x64"),
    "two channels": (flat(0.0, (1, 2, 48, 64)), None, "1x2x48x64"),
    "smaller": (flat(0.0, (1, 1, 24, 32)), None, "1x1x24x32"),
    "turned": (flat(0.0, (1, 1, 64, 48)), None, "1x1x64x48"),
    "another size for new": (flat(0.0), flat(0.0, (1, 1, 47, 64)), "1x1x47x64"),
    "one number": (np.float32(0.0), None, "a single number"),
    "empty": (flat(0.0, (1, 1, 0, 0)), None, "1x1x0x0"),
    "no picture": (flat(0.0, (0, 1, 48, 64)), None, "0x1x48x64"),
    "text": (np.full((1, 1, 48, 64), b"0", "S1"), None, "not of numbers"),
}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("method", ["network", "spot"])
def test_a_network_that_gives_no_maps_is_trouble(name, method, tmp_path):
    gone, new, told = ODD[name]
    path = constant_onnx(tmp_path / "odd.onnx", gone=gone, new=new)
    if method == "spot":
        path = str(path)
        model = onnx.load(path)
        facts = Facts(
            settings={}, net="spot", form="masks", side=512, threshold=0.5, parameters=1, digest="c" * 64
        ).to_json()
        helper.set_model_props(model, {KEY: facts})
        onnx.save(model, path)
    with pytest.raises(MethodError, match=told):
        spotdiff.compare(PICTURE, OTHER, method=method, settings={"weights": path})


@pytest.mark.parametrize("word", [np.nan, 2.0, -1.0])
def test_a_word_on_the_whole_pair_that_is_no_chance_is_trouble(word, tmp_path):
    path = constant_onnx(tmp_path / "odd.onnx", gone=flat(0.9), anything=np.array([word], np.float32))
    with pytest.raises(MethodError):
        spotdiff.compare(PICTURE, OTHER, method="network", settings={"weights": path})


def test_the_command_says_so_in_one_line(capfd, tmp_path):
    path = constant_onnx(tmp_path / "odd.onnx", gone=flat(np.nan))
    pair = str(tmp_path / "before.png"), str(tmp_path / "after.png")
    for name, picture in zip(pair, (PICTURE, OTHER), strict=True):
        cv2.imwrite(name, picture)
    assert run(["compare", *pair, "--method", "network", "--set", f"weights={path}"]) == 2
    out, err = capfd.readouterr()
    assert not out
    assert len(err.splitlines()) == 1


def test_weights_of_ours_that_turned_to_nan_are_trouble(tmp_path):
    net, facts = load_weights(tiny_networks.random_weights("unet", tmp_path / "w.safetensors"))
    with torch.no_grad():
        for value in net.parameters():
            value.fill_(torch.nan)
    save_weights(tmp_path / "nan.safetensors", net, facts)
    with pytest.raises(MethodError, match="not finite"):
        spotdiff.compare(PICTURE, OTHER, method="network", settings={"weights": str(tmp_path / "nan.safetensors")})


def test_a_network_that_never_ends_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(inference, "_PATIENCE", 0.5)
    one = helper.make_tensor("true", TensorProto.BOOL, [], [True])
    inner = helper.make_graph(
        [helper.make_node("Identity", ["on"], ["still"]), helper.make_node("Add", ["sum", "step"], ["next"])],
        "body",
        [
            helper.make_tensor_value_info("number", TensorProto.INT64, []),
            helper.make_tensor_value_info("on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("sum", TensorProto.FLOAT, []),
        ],
        [
            helper.make_tensor_value_info("still", TensorProto.BOOL, []),
            helper.make_tensor_value_info("next", TensorProto.FLOAT, []),
        ],
        [helper.make_tensor("step", TensorProto.FLOAT, [], [0.0])],
    )
    start = helper.make_tensor("start", TensorProto.FLOAT, [], [0.0])
    nodes = [
        helper.make_node("Loop", ["", "true", "start"], ["end"], body=inner),
        helper.make_node("Mul", ["before", "end"], ["none"]),
        helper.make_node("ReduceMax", ["none", "channel"], ["gone"]),
        helper.make_node("ReduceMin", ["none", "channel"], ["new"]),
    ]
    channel = helper.make_tensor("channel", TensorProto.INT64, [1], [1])
    inputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, 3, "h", "w"]) for n in ("before", "after")]
    outputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, 1, "h", "w"]) for n in ("gone", "new")]
    graph = helper.make_graph(nodes, "endless", inputs, outputs, [one, start, channel])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    known = {"net": "endless", "form": "masks", "side": 512, "threshold": 0.5, "parameters": 1, "digest": "d" * 64}
    helper.set_model_props(model, {KEY: Facts(settings={}, **known).to_json()})
    path = tmp_path / "endless.onnx"
    onnx.save(model, path)
    with pytest.raises(MethodError, match="did not end"):
        spotdiff.compare(PICTURE, OTHER, method="network", settings={"weights": str(path)})


@dataclass(frozen=True, slots=True)
class Given:
    """A method of somebody else's that gives what it was made with."""

    answer: object = None
    extraction: ClassVar[Extraction] = Extraction()

    def score(self, pair: Pair) -> Evidence:
        """What it was made with."""
        return self.answer  # type: ignore[return-value]


def maps(value=0.0, shape=(48, 64), dtype=np.float32):
    return np.full(shape, value, dtype)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        maps(),
        Evidence(maps(np.nan), maps(), directed=True),
        Evidence(maps(), maps(np.inf), directed=True),
        Evidence(maps(2.0), maps(), directed=True),
        Evidence(maps(shape=(48, 63)), maps(), directed=True),
        Evidence(maps(shape=(48, 64, 1)), maps(), directed=True),
        Evidence([[0.0]], maps(), directed=True),  # type: ignore[arg-type]
        Evidence(maps(), maps(), directed=True, anything=float("nan")),
        Evidence(maps(), maps(), directed=True, cores=(maps(np.nan), maps())),
        Evidence(maps(), maps(), directed=True, layers={"more": maps(np.nan)}),
    ],
)
def test_what_a_plug_in_gives_is_looked_at(answer):
    with pytest.raises(MethodError, match="method given"):
        checked_score(Given(answer), Pair(Picture(PICTURE), Picture(OTHER)), name="given")


def test_what_is_evidence_passes():
    evidence = Evidence(maps(0.25), maps(1.0), directed=True, anything=0.5)
    assert checked_score(Given(evidence), Pair(Picture(PICTURE), Picture(OTHER)), name="given") is evidence
    assert get_method("pixel")
