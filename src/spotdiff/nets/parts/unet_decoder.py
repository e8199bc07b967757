"""Decoder of a U-Net: from the deepest features back to a fine grid, with what each level saw on the way down."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from spotdiff.nets.parts.blocks import convs
from spotdiff.nets.parts.outputs import resized


class SqueezeExcitation(nn.Module):
    """Concurrent spatial and channel squeeze and excitation (scSE): weighs each channel, and each place.

    References:
        Roy, Navab, Wachinger (2018), Concurrent Spatial and Channel Squeeze & Excitation in Fully Convolutional
        Networks, MICCAI; both are added, as there.
        https://doi.org/10.1007/978-3-030-00928-1_48

    Args:
        channels: Of the maps.
        reduction: By which the channels are squeezed on the way.
    """

    def __init__(self, channels: int, *, reduction: int = 16) -> None:
        super().__init__()
        squeezed = max(channels // reduction, 1)
        self.channel = nn.Sequential(nn.Conv2d(channels, squeezed, 1), nn.ReLU(), nn.Conv2d(squeezed, channels, 1))
        self.place = nn.Conv2d(channels, 1, 1)

    def forward(self, maps: Tensor) -> Tensor:
        """The maps (N, C, H, W), weighed."""
        channel = self.channel(maps.mean((2, 3), keepdim=True)).sigmoid()  # (N, C, 1, 1)
        place = self.place(maps).sigmoid()  # (N, 1, H, W)
        weighed: Tensor = maps * (channel + place)
        return weighed


class Block(nn.Module):
    """One step up: what comes from below joined with the level's own features; scSE before and after convolutions."""

    def __init__(self, below: int, skip: int, width: int) -> None:
        super().__init__()
        self.mix = nn.Sequential(
            SqueezeExcitation(below + skip),
            convs(below + skip, width),
            SqueezeExcitation(width),
        )

    def forward(self, below: Tensor, skip: Tensor | None) -> Tensor:
        """(N, width, H, W), of the size of `skip`; without one, of that of `below`."""
        joined = below if skip is None else torch.cat([resized(below, skip), skip], 1)
        mixed: Tensor = self.mix(joined)
        return mixed


class UnetDecoder(nn.Module):
    """Blocks from coarse to fine (Ronneberger et al. 2015, https://doi.org/10.1007/978-3-319-24574-4_28).

    Args:
        channels: Of the levels, shallow to deep.
        widths: Of the blocks, coarse to fine: one a level above the deepest, then any number at twice the size each.
    """

    def __init__(self, channels: Sequence[int], widths: Sequence[int]) -> None:
        super().__init__()
        skips = [*channels[-2::-1], *[0] * len(widths)][: len(widths)]
        below = [channels[-1], *widths]
        self.blocks = nn.ModuleList(Block(*shape) for shape in zip(below, skips, widths, strict=False))

    def forward(self, levels: Sequence[Tensor]) -> Tensor:
        """The finest map (N, width, H, W), from levels shallow to deep."""
        found, skips = levels[-1], list(levels[-2::-1])
        for number, block in enumerate(self.blocks):
            if number < len(skips):
                found = block(found, skips[number])
            else:
                found = block(nn.functional.interpolate(found, scale_factor=2.0, mode="bilinear"), None)
        return found
