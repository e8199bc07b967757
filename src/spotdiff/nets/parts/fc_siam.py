"""What FC-Siam-conc and FC-Siam-diff share: a siamese encoder and a U-Net decoder.

Daudt, Le Saux, Boulch (2018), Fully Convolutional Siamese Networks for Change Detection, ICIP,
https://doi.org/10.1109/ICIP.2018.8451652 (arXiv 1810.08462). As published, the deepest features that enter the decoder
are those of the second picture alone. Ours: no bias before a batch norm, and a map that came up one pixel short of its
skip is resized to it, where theirs repeats its edge.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

from spotdiff.errors import OptionError
from spotdiff.nets.parts.blocks import conv, halves
from spotdiff.nets.parts.outputs import FOUR, Classes, Net, check_classes, resized
from spotdiff.params import check, param

Join: TypeAlias = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True, slots=True)
class FcSiam:
    """Settings of both networks.

    Attributes:
        widths: Channels of the encoder, level by level, the first at the pictures' size.
        classes: 4 (added, removed, changed, unchanged) or 2 (changed, unchanged).
        dropout: Share of channels that is dropped after every convolution while learning.
    """

    widths: tuple[int, ...] = param(
        (16, 32, 64, 128), "channels of the encoder, the first at full size", low=1, high=4096
    )
    classes: int = param(4, "4: added, removed, changed, unchanged; 2: changed, unchanged", low=2, high=4)
    dropout: float = param(0.2, "share of channels dropped while learning", low=0, high=0.9)

    def __post_init__(self) -> None:
        check(self)
        check_classes(self.classes)
        if not 1 <= len(self.widths) <= 5:  # a picture of 32 pixels can be halved five times
            raise OptionError(f"widths takes 1 to 5 numbers, not {len(self.widths)}")


class FcSiamNet(Net):
    """Encoder for each picture, decoder over the joined skips.

    Args:
        design: Its settings.
        join: Makes a skip from both pictures' features.
        times: How many times wider than one picture's features that skip is.
    """

    def __init__(self, design: FcSiam, *, join: Join, times: int) -> None:
        super().__init__()
        widths, dropout = design.widths, design.dropout
        self.directed = design.classes == len(FOUR)
        self.join = join
        above = (3, *widths)
        self.downs = nn.ModuleList(
            nn.Sequential(*_stage(above[level], width, width, count=_count(level), dropout=dropout))
            for level, width in enumerate(widths)
        )
        self.ups = nn.ModuleList(
            nn.ConvTranspose2d(width, width, 3, stride=2, padding=1, output_padding=1) for width in widths
        )
        self.mixes = nn.ModuleList(
            nn.Sequential(*_stage(width * (1 + times), width, outward, count=_count(level, finest=1), dropout=dropout))
            for level, (width, outward) in enumerate(zip(widths, (widths[0], *widths), strict=False))
        )
        self.maps = nn.Conv2d(widths[0], design.classes, 3, padding=1)

    def forward(self, before: Tensor, after: Tensor) -> Classes:
        """Logits (N, classes, H, W) of the pairs."""
        skips, maps = self._down(before, after)
        for skip, up, mix in zip(skips[::-1], list(self.ups)[::-1], list(self.mixes)[::-1], strict=True):
            maps = mix(torch.cat([resized(up(maps), skip), skip], 1))
        return Classes(self.maps(maps))

    def _down(self, before: Tensor, after: Tensor) -> tuple[list[Tensor], Tensor]:
        """Joined features at strides 1, 2, 4, 8, and those of the second picture alone at stride 16."""
        both, skips = torch.cat([before, after]) * 2 - 1, []  # (2N, 3, H, W)
        for down in self.downs:
            both = down(both)
            skips.append(self.join(*halves(both)))
            both = functional.max_pool2d(both, 2)
        return skips, halves(both)[1]


def _count(level: int, *, finest: int = 2) -> int:
    """Convolutions at a level: 2, 2, 3, 3 going down; coming up the last of the finest is the one that classifies."""
    return (finest, 2, 3)[min(level, 2)]


def _stage(inward: int, width: int, outward: int, *, count: int, dropout: float) -> list[nn.Module]:
    """Convolutions from `inward` to `width` channels, the last of them to `outward`, each with dropout."""
    path = [inward, *[width] * (count - 1), outward]
    return [nn.Sequential(conv(*pair), nn.Dropout2d(dropout)) for pair in pairwise(path)]
