"""U-Net over two pictures joined to one of six channels, with a map each for added, removed, changed and unchanged.

Ronneberger, Fischer, Brox (2015), U-Net: Convolutional Networks for Biomedical Image Segmentation, MICCAI,
https://doi.org/10.1007/978-3-319-24574-4_28, joined early as in FC-EF of Daudt, Le Saux, Boulch (2018), Fully
Convolutional Siamese Networks for Change Detection, ICIP, https://doi.org/10.1109/ICIP.2018.8451652. The settings are
those published for 6-channel pairs of 256 x 512: a has 6, 16, 32, 64, 128, 256 channels, b 6, 16, 32, 64 and c 6, 16,
32, 64, 128. Ours: convolutions keep their maps' size (padded), a strided convolution goes down instead of pooling, a
resize to the skip's size goes up, so that every size fits; batch norm throughout.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from spotdiff.errors import OptionError
from spotdiff.nets.parts.backbones import BACKBONES, Backbone, backbone
from spotdiff.nets.parts.blocks import convs
from spotdiff.nets.parts.outputs import FOUR, Classes, Net, resized
from spotdiff.params import check, param

_SETTINGS = {"a": (6, 16, 32, 64, 128, 256), "b": (6, 16, 32, 64), "c": (6, 16, 32, 64, 128)}
_OF_SETTING = (0,)
_JOINED = 6  # channels of two pictures


@dataclass(frozen=True, slots=True)
class Unet:
    """Settings of the network.

    Attributes:
        setting: a, b or c: how deep it is.
        widths: Channels level by level instead of a setting's: the first at the pictures' size, each further one at
            half the size before; 2 to 6 of them.
        encoder: A backbone over the joined pictures instead of our own encoder, for transfer; the decoder keeps its
            widths.
        pretrained: Whether that backbone starts from ImageNet weights.
    """

    setting: str = param("a", "how deep it is", choices=tuple(_SETTINGS))
    widths: tuple[int, ...] = param(
        _OF_SETTING, "channels level by level, the first at full size; 0 takes those of the setting", low=0, high=4096
    )
    encoder: str = param("", "backbone instead of our own encoder, or none", choices=("", *BACKBONES))
    pretrained: bool = param(False, "start the backbone from ImageNet weights")

    def __post_init__(self) -> None:
        check(self)
        if self.widths != _OF_SETTING and (0 in self.widths or not 2 <= len(self.widths) <= 6):
            raise OptionError(f"widths takes 2 to 6 numbers of 1 and above, or 0, not {self.widths!r}")
        if self.pretrained and not self.encoder:
            raise OptionError("our own encoder has no pretrained weights; set encoder, such as encoder=resnet18")

    @property
    def channels(self) -> tuple[int, ...]:
        """Channels level by level."""
        return _SETTINGS[self.setting] if self.widths == _OF_SETTING else self.widths

    def build(self) -> UnetNet:
        """The module with fresh weights."""
        return UnetNet(self)


class UnetNet(Net):
    """Encoder and decoder over the joined pictures; four maps."""

    def __init__(self, design: Unet) -> None:
        super().__init__()
        self.encoder = _encoder(design)
        widths = [_width_at(stride, design.channels) for stride in self.encoder.strides[:-1]]
        below = (*widths[1:], self.encoder.channels[-1])  # what comes up to each level
        shapes = zip(below, self.encoder.channels, widths, strict=False)
        self.ups = nn.ModuleList(convs(under + skip, width) for under, skip, width in shapes)
        self.maps = nn.Conv2d(widths[0], len(FOUR), 1)

    def forward(self, before: Tensor, after: Tensor) -> Classes:
        """Logits (N, 4, H, W) of the pairs."""
        *skips, maps = self.encoder(torch.cat([before, after], 1))  # (N, c, H, W), (N, c, H / 2, W / 2), ...
        for skip, up in zip(skips[::-1], list(self.ups)[::-1], strict=True):
            maps = up(torch.cat([resized(maps, skip), skip], 1))
        return Classes(self.maps(maps))  # (N, 4, H, W)


class _Own(Backbone):
    """Two convolutions a level, the first of them going down."""

    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.channels = widths
        self.strides = tuple(2**level for level in range(len(widths)))
        self.first = convs(_JOINED, widths[0])
        self.stages = nn.ModuleList(convs(*pair, stride=2) for pair in pairwise(widths))

    def forward(self, pictures: Tensor) -> list[Tensor]:
        levels = [self.first(pictures * 2 - 1)]
        for stage in self.stages:
            levels.append(stage(levels[-1]))
        return levels


class _Transferred(Backbone):
    """A backbone, and above it a level of our own at the pictures' size."""

    def __init__(self, body: Backbone, width: int) -> None:
        super().__init__()
        self.channels = (width, *body.channels)
        self.strides = (1, *body.strides)
        self.first = convs(_JOINED, width)
        self.body = body

    def forward(self, pictures: Tensor) -> list[Tensor]:
        return [self.first(pictures * 2 - 1), *self.body(pictures)]


def _encoder(design: Unet) -> Backbone:
    if not design.encoder:
        return _Own(design.channels)
    body = backbone(design.encoder, pretrained=design.pretrained, in_channels=_JOINED)
    return _Transferred(body, design.channels[0])


def _width_at(stride: int, widths: tuple[int, ...]) -> int:
    """Channels at that stride; below the last level those of the last."""
    return widths[min(stride.bit_length(), len(widths)) - 1]
