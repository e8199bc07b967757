"""Siamese: boxes round what changed in each of two pictures that need not be aligned (CYWS, 2023).

Sachdeva, Zisserman (2023), The Change You Want to See, WACV. https://arxiv.org/abs/2209.14341

The published net is `backbone="resnet50"`, `pretrained`, `hidden=(256, 128, 64)`, `widths=(256, 256, 128, 128, 64)`,
`head=64`, `stride=1`. The settings given here are smaller ones, for a net that learns on a CPU.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from spotdiff.errors import OptionError
from spotdiff.nets.parts.backbones import BACKBONES, backbone
from spotdiff.nets.parts.blocks import convs
from spotdiff.nets.parts.outputs import Centres, Head, Net, resized
from spotdiff.params import check, param


@dataclass(frozen=True, slots=True)
class Siamese:
    """Settings of the network.

    Attributes:
        backbone: The encoder that both pictures share.
        pretrained: Whether it starts from weights learned on ImageNet, which must then be downloaded.
        attention: Look for each place anywhere in the other picture; without, only at the same place, as in the
            paper's ablation, for pictures that are aligned.
        hidden: Numbers that places are matched by, at the deepest level, the one above it, and so on; as many levels
            look at the other picture.
        widths: Channels of the decoder, coarse to fine; those finer than `stride` are not built.
        head: Channels of the head.
        stride: Pixels a cell of the box grid: one centre a cell.
    """

    backbone: str = param("small", "the encoder that both pictures share", choices=BACKBONES)
    pretrained: bool = param(False, "start from an encoder that has learned from ImageNet")
    attention: bool = param(True, "look for each place anywhere in the other picture, not at the same place alone")
    hidden: tuple[int, ...] = param((64, 48, 32), "numbers that places are matched by, deepest level first", low=1)
    widths: tuple[int, ...] = param((128, 96, 64, 48, 32), "channels of the decoder, coarse to fine", low=4)
    head: int = param(48, "channels of the head", low=4, high=1024)
    stride: int = param(4, "pixels a cell of the box grid", low=1, high=4, unit="px")

    def __post_init__(self) -> None:
        check(self)
        if self.stride not in (1, 2, 4):
            raise OptionError(f"stride takes 1, 2 or 4 px, not {self.stride}")

    def build(self) -> SiameseNet:
        """The module with fresh weights.

        Raises:
            OptionError: more levels are asked for than the backbone has, or fewer widths given than the stride takes.
        """
        return SiameseNet(self)


class SiameseNet(Net):
    """Encoder, co-attention, decoder and head over pictures side by side in the batch.

    Either picture is treated alike: exchanging the two exchanges the heads. What is found is that something changed
    here, not whether it came or went.

    Attributes:
        stride: Pixels a cell of the box grid, whose size is that of the picture divided by it, rounded up.
    """

    directed = False

    def __init__(self, design: Siamese) -> None:
        super().__init__()
        self.stride = design.stride
        self.encoder = backbone(design.backbone, pretrained=design.pretrained)
        # the shallowest level that is not finer than the grid
        self.first = next(i for i, stride in enumerate(self.encoder.strides) if stride >= design.stride)
        channels, strides = list(self.encoder.channels[self.first :]), self.encoder.strides[self.first :]
        if len(design.hidden) > len(channels):
            raise OptionError(f"hidden takes {len(channels)} numbers at most with {design.backbone} and this stride")
        self.attention = nn.ModuleList(
            CoAttention(count, hidden=hidden) if design.attention else SamePlace()
            for count, hidden in zip(channels[::-1], design.hidden, strict=False)
        )
        for number in range(1, len(design.hidden) + 1):
            channels[-number] *= 2  # own features and what was found for them
        blocks = _blocks(strides, design.stride)
        if len(design.widths) < blocks:
            raise OptionError(f"widths takes {blocks} numbers or more with {design.backbone} and stride {self.stride}")
        self.decoder = UnetDecoder(channels, design.widths[:blocks])
        self.head = CentreHead(design.widths[blocks - 1], width=design.head)

    def forward(self, before: Tensor, after: Tensor) -> Centres:
        """Boxes in each picture's own pixels, on grids of (H / stride, W / stride), rounded up."""
        count = before.shape[0]
        both = torch.cat([before, after])  # (2N, 3, H, W): the first half looks at the second and the other way round
        levels = list(self.encoder(both)[self.first :])
        for number, attend in enumerate(self.attention, 1):
            own = levels[-number]
            levels[-number] = attend(own, torch.cat([own[count:], own[:count]]))
        boxes = self.head(self._on_grid(self.decoder(levels), like=both))
        return Centres(Head(*(part[:count] for part in boxes)), Head(*(part[count:] for part in boxes)))

    def _on_grid(self, maps: Tensor, *, like: Tensor) -> Tensor:
        """Maps at exactly the size of the grid; a backbone may round odd sizes down, or widen them to its windows.

        Maps of that size already pass unchanged. They are not let past, for an export would then follow what holds for
        the size that it is traced at.
        """
        grid = [(length + self.stride - 1) // self.stride for length in like.shape[-2:]]
        return nn.functional.interpolate(maps, size=grid, mode="bilinear")


def _blocks(strides: tuple[int, ...], finest: int) -> int:
    """Steps of the decoder from the deepest level to the grid: one a level, then one a doubling."""
    return len(strides) - 1 + (strides[0] // finest).bit_length() - 1


class CoAttention(nn.Module):
    """Attention of one picture's features over all of the other's.

    Wherever a thing stands in the other picture, it is found: the pictures need not be aligned. The weights are a
    softmax of plain dot products, without a scale and without a code of the place, as published.

    All places are weighed against all: memory grows with the square of their number, (H W)^2 floats a picture. At 256
    by 256 pixels that is 4 MB at stride 8; at 1024 by 1024 it is 1 GB, so bring large pictures to the size the net was
    trained on.

    References:
        Sachdeva, Zisserman (2023), The Change You Want to See, WACV. https://arxiv.org/abs/2209.14341

    Args:
        channels: Of both feature maps.
        hidden: Numbers that places are matched by.
    """

    def __init__(self, channels: int, *, hidden: int) -> None:
        super().__init__()
        self.query = nn.Conv2d(channels, hidden, 1)
        self.key = nn.Conv2d(channels, hidden, 1)

    def forward(self, own: Tensor, other: Tensor) -> Tensor:
        """Own features (N, C, H, W), and behind them what was found in `other` for each: (N, 2 C, H, W)."""
        query = self.query(own).flatten(2)  # (N, hidden, own places)
        key = self.key(other).flatten(2)  # (N, hidden, other places)
        weights = (key.transpose(1, 2) @ query).softmax(1)  # (N, other places, own places)
        attended = (other.flatten(2) @ weights).view_as(own)
        return torch.cat([own, attended], 1)


class SamePlace(nn.Module):
    """The other's features beside one's own, for pictures that are aligned: CYWS without its attention."""

    def forward(self, own: Tensor, other: Tensor) -> Tensor:
        """(N, 2 C, H, W) of two maps (N, C, H, W)."""
        return torch.cat([own, other], 1)


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


class DecoderBlock(nn.Module):
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
        self.blocks = nn.ModuleList(DecoderBlock(*shape) for shape in zip(below, skips, widths, strict=False))

    def forward(self, levels: Sequence[Tensor]) -> Tensor:
        """The finest map (N, width, H, W), from levels shallow to deep."""
        maps, skips = levels[-1], list(levels[-2::-1])
        for number, block in enumerate(self.blocks):
            if number < len(skips):
                maps = block(maps, skips[number])
            else:
                maps = block(nn.functional.interpolate(maps, scale_factor=2.0, mode="bilinear"), None)
        return maps


_RARE = -2.19  # logit of 0.1: hardly a cell holds a centre (Zhou et al. 2019)
_SPREAD = 0.001  # of the last layers at first, so that all cells start alike


class CentreHead(nn.Module):
    """Heat, size and offset, each from a convolution of its own.

    References:
        Zhou, Wang, Krähenbühl (2019), Objects as Points, section 3. https://arxiv.org/abs/1904.07850

    Args:
        channels: Of the maps that it looks at.
        width: Channels between its two layers.
    """

    def __init__(self, channels: int, *, width: int) -> None:
        super().__init__()
        self.heat = _branch(channels, width, 1, bias=_RARE)
        self.size = _branch(channels, width, 2, bias=0.0)
        self.offset = _branch(channels, width, 2, bias=0.5)

    def forward(self, maps: Tensor) -> Head:
        """The boxes that maps (N, C, h, w) speak of, on their grid."""
        return Head(self.heat(maps), self.size(maps), self.offset(maps))


def _branch(inward: int, width: int, outward: int, *, bias: float) -> nn.Sequential:
    last = nn.Conv2d(width, outward, 1)
    nn.init.normal_(last.weight, std=_SPREAD)
    nn.init.constant_(last.bias, bias)  # type: ignore[arg-type]
    return nn.Sequential(nn.Conv2d(inward, width, 3, padding=1), nn.ReLU(), last)
