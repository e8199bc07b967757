"""Feature pyramid: levels of different fineness brought to one map."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from spotdiff.nets.parts.blocks import conv
from spotdiff.nets.parts.outputs import resized


class Pyramid(nn.Module):
    """The deep levels lend their meaning to the fine ones; then all are joined on the finest (MSF of C-3PO).

    Lin et al. (2017), Feature Pyramid Networks for Object Detection, CVPR, https://doi.org/10.1109/CVPR.2017.106.

    Args:
        channels: Of the levels, shallow to deep.
        width: Of every level inside, and of what comes out.
    """

    def __init__(self, channels: Sequence[int], width: int) -> None:
        super().__init__()
        self.sides = nn.ModuleList(nn.Sequential(nn.Conv2d(inward, width, 1), nn.ReLU()) for inward in channels)
        self.smooth = nn.ModuleList(nn.Sequential(nn.Conv2d(width, width, 3, padding=1), nn.ReLU()) for _ in channels)
        self.join = conv(width * len(channels), width)

    def forward(self, levels: Sequence[Tensor]) -> Tensor:
        """(N, width, H, W) of the size of the first level, from levels shallow to deep."""
        sides = [side(level) for side, level in zip(self.sides, levels, strict=True)]
        found = [sides[-1]]
        for level in sides[-2::-1]:
            found.append(level + resized(found[-1], level))
        smoothed = [smooth(level) for smooth, level in zip(self.smooth, found[::-1], strict=True)]
        joined: Tensor = self.join(torch.cat([resized(level, levels[0]) for level in smoothed], 1))
        return joined
