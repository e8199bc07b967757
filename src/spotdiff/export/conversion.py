"""A network of torch as the bytes of an ONNX file, and whether that gives what the network gives."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from spotdiff.errors import DataError
from spotdiff.export.fold import folded
from spotdiff.nets.parts.facts import KEY, Facts

if TYPE_CHECKING:
    from spotdiff.nets.parts.inference import Run
    from spotdiff.nets.parts.outputs import Net
    from spotdiff.types import Map

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


SIZES = ((64, 96), (101, 77), (32, 130))  # height and width; none of them is the one that export follows
TOLERANCE = 1e-4
_TO_LOOK_AT = 1e-3  # of maps that nothing is decided by; some are ratios of small numbers
_DECIDES = ("gone", "new", "anything", "heat", "size", "offset")


def parity(torch_run: Run, onnx_run: Run, *, sizes: Sequence[tuple[int, int]] = SIZES) -> dict[tuple[int, int], float]:
    """The largest difference of two ways to run one network, by height and width of the pictures.

    A difference is taken as a share of the value where that is more than 1, as sizes of boxes are. What is told is the
    largest in what the network decides; maps to look at are held to a wider bound and not told.

    Raises:
        DataError: the answers have other names or shapes, or differ somewhere by more than 1e-4, or by more than 1e-3
            in maps to look at.
    """
    rng = np.random.default_rng(0)
    errors = {}
    for height, width in sizes:
        before, after = (rng.random((1, 3, height, width), np.float32) for _ in range(2))
        errors[height, width] = _apart(torch_run(before, after), onnx_run(before, after), at=f"{width}x{height}")
    return errors


def _apart(wanted: Mapping[str, Map], got: Mapping[str, Map], *, at: str) -> float:
    shapes, others = ({name: value.shape for name, value in outputs.items()} for outputs in (wanted, got))
    if shapes != others:
        raise DataError(f"the exported network answers {others} at {at}, not {shapes}")
    apart = {name: _largest(want, got[name]) for name, want in wanted.items()}
    for name, most in apart.items():
        allowed = TOLERANCE if _decides(name) else _TO_LOOK_AT
        if not most <= allowed:  # which no NaN is
            raise DataError(f"the exported network differs by {most:.2g} in {name} at {at}; {allowed:g} is allowed")
    return max(most for name, most in apart.items() if _decides(name))


def _largest(want: Map, got: Map) -> float:
    return float((np.abs(got - want) / np.maximum(np.abs(want), 1)).max())


def _decides(name: str) -> bool:
    return name.partition("_")[0] in _DECIDES
