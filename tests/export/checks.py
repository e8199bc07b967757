"""What holds for every exported network."""

from __future__ import annotations

import cv2
import numpy as np
import onnx

from spotdiff.export import Exported
from spotdiff.export.conversion import SIZES, TOLERANCE, parity
from spotdiff.methods import get_method
from spotdiff.nets.parts.facts import KEY, Facts
from spotdiff.nets.parts.inference import open_onnx, open_weights
from spotdiff.types import Pair, Picture


def check_exported(exported: Exported, weights: str) -> None:
    assert exported.size == exported.path.stat().st_size
    assert set(exported.errors) == set(SIZES)
    assert max(exported.errors.values()) < TOLERANCE
    _check_file(exported, weights)
    ask, facts = open_onnx(exported.path)
    torch_asks, torch_facts = open_weights(weights)
    assert facts == torch_facts == exported.facts
    for size, most in parity(torch_asks, ask, sizes=((33, 47), (128, 96))).items():
        assert most < TOLERANCE, size
    _check_method(exported, weights)


def _check_file(exported: Exported, weights: str) -> None:
    model = onnx.load(exported.path)
    onnx.checker.check_model(model)
    assert [one.version for one in model.opset_import if one.domain == ""] == [18]
    assert not [node for node in model.graph.node if node.op_type == "BatchNormalization"]
    assert [put.name for put in model.graph.input] == ["before", "after"]
    for put in model.graph.input:
        count, channels, *size = put.type.tensor_type.shape.dim
        assert (count.dim_value, channels.dim_value) == (1, 3)
        assert all(length.dim_param for length in size)
    assert [one.key for one in model.metadata_props] == [KEY]
    assert Facts.from_json(model.metadata_props[0].value, path=exported.path) == exported.facts
    content = exported.path.read_bytes()
    assert b"site-packages" not in content  # nor where on this machine the code lies
    assert b'.py"' not in content
    assert not any(node.metadata_props or node.doc_string for node in model.graph.node)


def _check_method(exported: Exported, weights: str) -> None:
    """The method `onnx` says what the network's own method says, also of a picture that is scaled and padded."""
    rng = np.random.default_rng(2)
    coarse = rng.integers(0, 256, (2, 5, 20, 3), np.uint8)
    before, after = (cv2.resize(one, (100, 25), interpolation=cv2.INTER_CUBIC) for one in coarse)
    pair = Pair(Picture(before), Picture(cv2.addWeighted(before, 0.6, after, 0.4, 0)))
    one = get_method("onnx", {"weights": str(exported.path)}).score(pair)
    two = get_method(exported.facts.net, {"weights": weights, "closest": 0}).score(pair)  # onnx looks once
    assert one.directed == two.directed
    assert one.weights == two.weights != ""
    assert one.change.any()
    assert np.allclose(one.gone, two.gone, atol=1e-3)
    assert np.allclose(one.new, two.new, atol=1e-3)
    assert set(one.layers) == set(two.layers)
    assert set(one.notes) == set(two.notes)
