"""Batch norm folded into the convolution before it, so that an exported network has none."""

from __future__ import annotations

import copy
from collections import Counter
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from spotdiff.errors import DataError

N = TypeVar("N", bound=nn.Module)

_Norm = nn.BatchNorm2d
_Conv = nn.Conv2d | nn.ConvTranspose2d


def folded(net: N, before: Tensor, after: Tensor) -> N:
    """A copy of a network that gives the same answers without batch norm, in its evaluating state.

    Which convolution stands before which norm is seen by running the copy once on the pictures given. A norm that
    follows something else becomes a factor and a term for each channel. A convolution whose values are also used
    before the norm would be folded wrongly: compare the answers.
    """
    net = copy.deepcopy(net).eval()
    for norm, conv in _norms(net, before, after).items():
        if conv is not None:
            _fold(conv, norm)
        after_it = getattr(norm, "act", nn.Identity())  # timm keeps an activation inside of its norms
        _replace(net, norm, after_it if conv is not None else nn.Sequential(Scale(norm), after_it))
    return net


class Scale(nn.Module):
    """What a batch norm does once it has learned: a factor and a term for each channel."""

    factor: Tensor
    term: Tensor

    def __init__(self, norm: _Norm) -> None:
        super().__init__()
        mean, variance = _learned(norm)
        factor = torch.rsqrt(variance + norm.eps)
        if norm.weight is not None:
            factor = factor * norm.weight.detach()
        term = -mean * factor
        if norm.bias is not None:
            term = term + norm.bias.detach()
        self.register_buffer("factor", factor[:, None, None])
        self.register_buffer("term", term[:, None, None])

    def forward(self, maps: Tensor) -> Tensor:
        """Maps (N, C, H, W), scaled and shifted."""
        return maps * self.factor + self.term


def _norms(net: nn.Module, before: Tensor, after: Tensor) -> dict[_Norm, _Conv | None]:
    """Every batch norm with the one convolution that it follows wherever it is used; None where there is no such."""
    makers: dict[int, tuple[_Conv, Tensor]] = {}  # the tensors are kept, so that no other takes their number
    convolutions: dict[_Norm, set[_Conv | None]] = {}

    def made(conv: nn.Module, _: object, values: Tensor) -> None:
        makers[id(values)] = conv, values  # type: ignore[assignment]

    def followed(norm: nn.Module, values: tuple[Tensor, ...]) -> None:
        convolutions.setdefault(norm, set()).add(makers.get(id(values[0]), (None,))[0])  # type: ignore[arg-type]

    hooks = [m.register_forward_hook(made) for m in net.modules() if isinstance(m, _Conv)]
    hooks += [m.register_forward_pre_hook(followed) for m in net.modules() if isinstance(m, _Norm)]
    with torch.inference_mode():
        net(before, after)
    for hook in hooks:
        hook.remove()
    single = {norm: next(iter(convs)) if len(convs) == 1 else None for norm, convs in convolutions.items()}
    uses = Counter(single.values())
    return {norm: conv if uses[conv] == 1 and _foldable(conv) else None for norm, conv in single.items()}


def _foldable(conv: _Conv | None) -> bool:
    """Torch mistakes the channels of a transposed convolution in groups."""
    return conv is not None and not (isinstance(conv, nn.ConvTranspose2d) and conv.groups > 1)


def _fold(conv: _Conv, norm: _Norm) -> None:
    turned = isinstance(conv, nn.ConvTranspose2d)
    learned = *_learned(norm), norm.eps, norm.weight, norm.bias
    conv.weight, conv.bias = fuse_conv_bn_weights(conv.weight, conv.bias, *learned, transpose=turned)


def _learned(norm: _Norm) -> tuple[Tensor, Tensor]:
    """Mean and variance."""
    if norm.running_mean is None or norm.running_var is None:
        raise DataError("a batch norm that keeps no statistics cannot be exported")
    return norm.running_mean, norm.running_var


def _replace(net: nn.Module, old: nn.Module, new: nn.Module) -> None:
    """Put a module in the place of another, wherever it is held."""
    for holder in list(net.modules()):
        for name in [name for name, held in holder._modules.items() if held is old]:  # children are told only once
            setattr(holder, name, new)
