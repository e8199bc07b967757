"""Siamese: boxes round what changed in each of two pictures that need not be aligned (CYWS, 2023).

Sachdeva, Zisserman (2023), The Change You Want to See, WACV. https://arxiv.org/abs/2209.14341

The published net is `backbone="resnet50"`, `pretrained`, `hidden=(256, 128, 64)`, `widths=(256, 256, 128, 128, 64)`,
`head=64`, `stride=1`. The settings given here are smaller ones, for a net that learns on a CPU.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from spotdiff.errors import OptionError
from spotdiff.nets.parts.backbones import BACKBONES, backbone
from spotdiff.nets.parts.centre_head import CentreHead
from spotdiff.nets.parts.coattention import CoAttention, SamePlace
from spotdiff.nets.parts.outputs import Centres, Head, Net
from spotdiff.nets.parts.unet_decoder import UnetDecoder
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
        self.first = _first_used(self.encoder.strides, design.stride)
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
        said = self.head(self._on_grid(self.decoder(levels), like=both))
        return Centres(Head(*(part[:count] for part in said)), Head(*(part[count:] for part in said)))

    def _on_grid(self, maps: Tensor, *, like: Tensor) -> Tensor:
        """Maps at exactly the size of the grid; a backbone may round odd sizes down, or widen them to its windows.

        Maps of that size already pass unchanged. They are not let past, for an export would then follow what holds for
        the size that it is traced at.
        """
        grid = [(length + self.stride - 1) // self.stride for length in like.shape[-2:]]
        return nn.functional.interpolate(maps, size=grid, mode="bilinear")


def _first_used(strides: tuple[int, ...], finest: int) -> int:
    """Index of the shallowest level that is not finer than the grid."""
    return next(index for index, stride in enumerate(strides) if stride >= finest)


def _blocks(strides: tuple[int, ...], finest: int) -> int:
    """Steps of the decoder from the deepest level to the grid: one a level, then one a doubling."""
    return len(strides) - 1 + (strides[0] // finest).bit_length() - 1
