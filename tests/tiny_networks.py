"""Tiny networks with random values, and an ONNX file made by hand that knows bright from dark."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import onnx
import torch
from onnx import TensorProto, helper

from spotdiff.nets import get_net
from spotdiff.nets.parts import outputs
from spotdiff.nets.parts.facts import KEY, Facts
from spotdiff.nets.parts.weights import save_weights

TINY = {  # settings that make a network quick to build, run and export
    "fc-siam-conc": {"widths": (4, 6)},
    "fc-siam-diff": {"widths": (4, 6)},
    "fused": {"width": 4, "levels": 1},
    "siamese": {"hidden": (4,), "widths": (8, 4, 4, 4, 4), "head": 4},
    "spot": {"backbone": "small", "widths": (6, 8), "radii": (0, 1), "keys": 4, "width": 6},
    "unet": {"widths": (4, 6, 8)},
}


def random_weights(name: str, path, **facts) -> str:
    """Write a tiny network with random values and return the file's name."""
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(3)
        net = get_net(name, TINY.get(name, {})).build().eval()
        for key, value in net.state_dict().items():
            if value.is_floating_point() and value.ndim == 1:  # starts as 0 or 1 everywhere, which would hide a mistake
                value.add_((torch.rand_like(value) - 0.5) * 0.4 + 3 * key.startswith("head.size"))
            if key.startswith("head.heat") and value.ndim == 4:  # starts so that all places are alike
                value.mul_(100)
        said = net(*torch.rand(2, 1, 3, 64, 64))
    known = {
        "form": type(said).__name__.lower(),
        "classes": {4: outputs.FOUR, 2: outputs.TWO}[said.logits.shape[1]] if hasattr(said, "logits") else (),
        "directed": net.directed,
        "stride": getattr(net, "stride", 1) if isinstance(said, outputs.Centres) else 1,
        "side": 64,
        "threshold": 0.05 if isinstance(said, outputs.Centres) else 0.5,
        "parameters": outputs.count_parameters(net),
    }
    save_weights(path, net, Facts(net=name, settings=TINY.get(name, {}), **(known | facts)))
    return str(path)


def bright_onnx(path, **facts) -> str:
    """Write an ONNX file by hand, with facts, that calls what is darker gone and what is brighter new."""

    def values(name: str, channels: int):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, channels, "height", "width"])

    nodes = []
    for name, more, less in (("gone", "before", "after"), ("new", "after", "before")):
        nodes += [
            helper.make_node("Sub", [more, less], [f"{name}_apart"]),
            helper.make_node("Relu", [f"{name}_apart"], [f"{name}_up"]),
        ]
        nodes.append(helper.make_node("ReduceMax", [f"{name}_up", "channel"], [name]))
    channel = helper.make_tensor("channel", TensorProto.INT64, [1], [1])
    puts = [values("before", 3), values("after", 3)], [values("gone", 1), values("new", 1)]
    graph = helper.make_graph(nodes, "bright", *puts, [channel])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    known = {"net": "bright", "form": "masks", "side": 512, "threshold": 0.1, "parameters": 1, "digest": "b" * 64}
    helper.set_model_props(model, {KEY: Facts(settings={}, **(known | facts)).to_json()})
    onnx.save(model, path)
    return str(path)


def weights_in(folder: Path) -> Callable[[str], str]:
    """A function from the name of a method with a network to a file of weights for it, made when first asked for."""

    @cache
    def made(name: str) -> str:
        if name == "onnx":
            return bright_onnx(folder / "bright.onnx")
        return random_weights(name, folder / f"{name}.safetensors")

    return made
