"""Spot: what each of two pictures shows that the other does not, by one side run in both directions.

Ours. It follows what the field has learned: siamese features rather than joined pictures (Daudt et al. 2018), matching
against what is left of the motion (SimSaC, Park et al. 2022), differences kept by their direction (C-3PO, Wang et al.
2023), and an answer that is mirrored when the pictures are exchanged, here by construction.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from spotdiff.errors import OptionError
from spotdiff.nets.parts.blocks import halves
from spotdiff.nets.parts.matching import LocalMatch
from spotdiff.nets.parts.outputs import Masks, Net, resized
from spotdiff.params import check, param

_SURE_OF_NOTHING = -3.0  # logit to start from: changed pixels are rare


@dataclass(frozen=True, slots=True)
class Spot:
    """Settings of the network.

    Attributes:
        widths: Channels of the shared encoder at strides 2, 4, 8, 16, 32 and so on.
        radii: Radius of the matching window at each of them, in places of that stride.
        keys: Numbers that places are matched by.
        width: Channels of the decoder.
    """

    widths: tuple[int, ...] = param((16, 32, 64, 112, 160), "channels of the encoder at strides 2, 4, 8...", low=4)
    radii: tuple[int, ...] = param((1, 1, 1, 1, 1), "radius of the matching window at each of them", low=0, high=4)
    keys: int = param(24, "numbers that places are matched by", low=4, high=256)
    width: int = param(40, "channels of the decoder", low=4, high=512)

    def __post_init__(self) -> None:
        check(self)
        if len(self.radii) != len(self.widths):
            raise OptionError(f"radii takes {len(self.widths)} numbers, one for each of widths, not {len(self.radii)}")

    def build(self) -> SpotNet:
        """The module with fresh weights."""
        return SpotNet(self)


class SpotNet(Net):
    """Encoder, matching, fusion and decoder over pictures side by side in the batch."""

    directed = True

    def __init__(self, design: Spot) -> None:
        super().__init__()
        widths = design.widths
        self.stem = nn.Sequential(
            nn.Conv2d(3, widths[0], 5, stride=2, padding=2, bias=False),
            nn.InstanceNorm2d(widths[0], affine=True),  # takes out much of a picture's own light
            nn.ReLU(),
            *_conv(widths[0], widths[0]),
        )
        self.stages = nn.ModuleList(
            nn.Sequential(*_conv(shallow, deep, stride=2), *_conv(deep, deep)) for shallow, deep in pairwise(widths)
        )
        self.sides = nn.ModuleList(
            Side(channels, design.width, keys=design.keys, radius=radius)
            for channels, radius in zip(widths, design.radii, strict=True)
        )
        self.smooth = nn.ModuleList(nn.Sequential(*_conv(design.width, design.width)) for _ in widths)
        self.mask = nn.Conv2d(design.width, 1, 1)
        self.anything = nn.Sequential(nn.Linear(design.width, design.width), nn.ReLU(), nn.Linear(design.width, 1))
        nn.init.constant_(self.mask.bias, _SURE_OF_NOTHING)  # type: ignore[arg-type]

    def forward(self, before: Tensor, after: Tensor) -> Masks:
        """Masks of both pictures; each in its own picture's pixels."""
        both = torch.cat([before, after])  # (2N, 3, H, W): the first half looks at the second and the other way round
        found = self._decode(
            [side(level, _exchanged(level)) for side, level in zip(self.sides, self._levels(both), strict=True)]
        )
        mask = resized(self.mask(found), both)  # (2N, 1, H, W)
        gone, new = halves(mask)
        return Masks(gone, new, self._anything(found))

    def _levels(self, pictures: Tensor) -> list[Tensor]:
        levels = [self.stem(pictures * 2 - 1)]
        for stage in self.stages:
            levels.append(stage(levels[-1]))
        return levels

    def _decode(self, levels: list[Tensor]) -> Tensor:
        """From the coarsest level to the finest: (2N, width, H / 2, W / 2)."""
        found = self.smooth[-1](levels[-1])
        for level, smooth in zip(levels[-2::-1], list(self.smooth)[-2::-1], strict=True):
            found = smooth(level + resized(found, level))
        finest: Tensor = found
        return finest

    def _anything(self, found: Tensor) -> Tensor:
        """(N,) logits, the same when the pictures are exchanged."""
        strongest = found.amax((2, 3))
        word: Tensor = self.anything(torch.maximum(*halves(strongest)))[:, 0]
        return word


class Side(nn.Module):
    """What one picture's features have that the other's lack, at one level."""

    def __init__(self, channels: int, width: int, *, keys: int, radius: int) -> None:
        super().__init__()
        self.match = LocalMatch(channels, keys=keys, radius=radius)
        self.fuse = nn.Sequential(nn.Conv2d(3 * channels + 1, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU())

    def forward(self, own: Tensor, other: Tensor) -> Tensor:
        """(N, width, H, W) from two maps (N, channels, H, W)."""
        found, best = self.match(own, other)
        joined = torch.cat([own, functional.relu(own - found), (own - found).abs(), best], 1)
        fused: Tensor = self.fuse(joined)
        return fused


def _exchanged(both: Tensor) -> Tensor:
    first, second = halves(both)
    return torch.cat([second, first])


def _conv(inward: int, outward: int, *, stride: int = 1) -> list[nn.Module]:
    return [nn.Conv2d(inward, outward, 3, stride=stride, padding=1, bias=False), nn.BatchNorm2d(outward), nn.ReLU()]
