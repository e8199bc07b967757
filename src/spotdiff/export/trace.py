"""A network of torch as the bytes of an ONNX file."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from spotdiff.export.fold import folded
from spotdiff.nets.parts.facts import KEY, Facts

if TYPE_CHECKING:
    from spotdiff.nets.parts.outputs import Net

OPSET = 18
_TRACED = (75, 99)  # height and width it is followed at; odd, so that no level of the network happens to fit
_NOISE = (  # what torch says of its own inside
    (FutureWarning, r".*isinstance\(treespec, LeafSpec\).*"),
)


def to_onnx(net: Net, facts: Facts) -> bytes:
    """The network as an ONNX file: inputs `before` and `after`, (1, 3, H, W), any H and W from 32; its facts inside.

    Batch norm is folded. Outputs bear the names that `Net.pictures` gives them.
    """
    rng = torch.Generator().manual_seed(0)
    before, after = (torch.rand(1, 3, *_TRACED, generator=rng) for _ in range(2))
    plain = folded(net, before, after)
    with torch.inference_mode():
        names = list(plain.pictures(before, after))
    program = _program(_Named(plain).eval(), before, after, names)
    model = program.model
    _tidy(model)
    model.metadata_props[KEY] = facts.to_json()
    return bytes(program.model_proto.SerializeToString())


class _Named(nn.Module):
    """The network with its answers in a row, as ONNX wants them."""

    def __init__(self, net: Net) -> None:
        super().__init__()
        self.net = net

    def forward(self, before: Tensor, after: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.net.pictures(before, after).values())


def _program(net: nn.Module, before: Tensor, after: Tensor, names: list[str]) -> Any:  # noqa: ANN401 (of torch's inside)
    free = {2: torch.export.Dim.DYNAMIC, 3: torch.export.Dim.DYNAMIC}
    with warnings.catch_warnings():
        for category, message in _NOISE:
            warnings.filterwarnings("ignore", message, category)
        return torch.onnx.export(
            net,
            (before, after),
            dynamo=True,
            opset_version=OPSET,
            input_names=["before", "after"],
            output_names=names,
            dynamic_shapes=(free, free),
            external_data=False,
            verbose=False,
        )


def _tidy(model: Any) -> None:  # noqa: ANN401
    """Take out where in whose files each node came from."""
    for node in model.graph.all_nodes():
        node.metadata_props.clear()
        node.doc_string = None
        for value in node.outputs:
            value.metadata_props.clear()
    for value in (*model.graph.inputs, *model.graph.initializers.values()):
        value.metadata_props.clear()
    model.graph.metadata_props.clear()
    model.metadata_props.clear()
