"""Encoders that turn a picture into feature maps, coarser and deeper level by level.

One is ours and learns from scratch. EfficientNet-Lite0 has its ImageNet weights from a package (`nets.parts.lite`). The
others are the classification networks of timm, with their ImageNet weights when those can be downloaded:

- VGG16: Simonyan and Zisserman 2015, "Very deep convolutional networks for large-scale image recognition" (ICLR,
  arXiv 1409.1556), with batch norm;
- ResNet-18 and -50: He et al. 2016, "Deep residual learning for image recognition" (CVPR, arXiv 1512.03385);
- MobileNetV2: Sandler et al. 2018, "MobileNetV2: inverted residuals and linear bottlenecks" (CVPR, arXiv 1801.04381);
- Swin-T: Liu et al. 2021, "Swin Transformer: hierarchical vision transformer using shifted windows" (ICCV, arXiv
  2103.14030); it starts at stride 4 and so has four levels where the others have five.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Mapping, Sequence
from itertools import pairwise
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from spotdiff.errors import MissingExtra, OptionError
from spotdiff.nets.parts.blocks import convs
from spotdiff.nets.parts.lite import LEVELS, PACKAGE, Lite0, fill_published, published_weights

SMALL, LITE = "small", "efficientnet-lite0"
_TIMM: Mapping[str, tuple[str, tuple[int, ...], Mapping[str, object]]] = {  # timm's name, its maps, what it needs
    "vgg16": ("vgg16_bn", (1, 2, 3, 4, 5), {}),  # its map 0 is as fine as the picture
    "resnet18": ("resnet18", (0, 1, 2, 3, 4), {}),
    "resnet50": ("resnet50", (0, 1, 2, 3, 4), {}),
    "mobilenetv2": ("mobilenetv2_100", (0, 1, 2, 3, 4), {}),
    "swin-t": ("swin_tiny_patch4_window7_224", (0, 1, 2, 3), {"strict_img_size": False}),
}
BACKBONES = (SMALL, LITE, *_TIMM)
_WIDTHS = (16, 32, 48, 80, 112)  # of the small one, at strides 2, 4, 8, 16, 32
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, RGB in [0, 1]
_DEEPEST = 32  # stride of the last map of every backbone


class Backbone(nn.Module):
    """A picture in, its feature maps out, from shallow to deep.

    Attributes:
        channels: Of the maps.
        strides: How many times coarser than the picture each map is; the last is 32 unless less was asked for.
    """

    channels: tuple[int, ...]
    strides: tuple[int, ...]

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Maps (N, channels[i], ~H / strides[i], ~W / strides[i]) of pictures (N, C, H, W) in [0, 1].

        An odd size is rounded up or down as the backbone likes; bring maps to each other's size before joining them.
        """
        raise NotImplementedError

    def freeze(self, levels: int) -> None:
        """Learn nothing in what gives the `levels` shallowest maps.

        Raises:
            OptionError: this backbone cannot, or has not so many.
        """
        raise OptionError(f"no part of this backbone can be frozen; that of {LITE} can")


def backbone(
    name: str,
    *,
    pretrained: bool = False,
    in_channels: int = 3,
    levels: int = 5,
    coarsest: int = _DEEPEST,
    widths: Sequence[int] = (),
) -> Backbone:
    """The backbone of that name with its `levels` deepest maps, or all where it has fewer.

    Args:
        name: One of `BACKBONES`.
        pretrained: Start from ImageNet weights. Those of EfficientNet-Lite0 come from an installed package, those of
            timm's networks are downloaded once and kept; where they cannot be had a warning says why and the weights
            are random. The small backbone has none.
        in_channels: 3, or 6 for two pictures joined; pretrained first filters are then repeated.
        levels: 1 to 5.
        coarsest: Stride of the deepest map; what lies deeper is not built.
        widths: Channels of the small backbone at strides 2, 4, 8 and so on; () for its own. Others have theirs.

    Raises:
        OptionError: there is no such backbone, it has no pretrained weights, or none of these widths.
        MissingExtra: timm is not installed.
    """
    if name not in BACKBONES:
        raise OptionError(f"there is no backbone {name!r}; there are {', '.join(BACKBONES)}")
    if name == SMALL:
        if pretrained:
            raise OptionError(f"the {SMALL} backbone has no pretrained weights; set pretrained=false or take another")
        return _Small(in_channels, levels, coarsest, widths or _WIDTHS)
    if widths:
        raise OptionError(f"widths are those of the {SMALL} backbone; {name} has its own")
    if name == LITE:
        return _Lite(pretrained=pretrained, in_channels=in_channels, levels=levels, coarsest=coarsest)
    return _FromTimm(name, pretrained=pretrained, in_channels=in_channels, levels=levels, coarsest=coarsest)


class _Small(Backbone):
    """Ours: stages of two convolutions, from scratch; 0.34 million weights with its own five widths."""

    def __init__(self, in_channels: int, levels: int, coarsest: int, widths: Sequence[int]) -> None:
        super().__init__()
        strides = [2 ** (stage + 1) for stage in range(len(widths)) if 2 ** (stage + 1) <= coarsest]
        widths = tuple(widths[: len(strides)])
        self.stages = nn.ModuleList(convs(*pair, stride=2) for pair in pairwise((in_channels, *widths)))
        self.channels, self.strides = widths[-levels:], tuple(strides[-levels:])

    def forward(self, pictures: Tensor) -> list[Tensor]:
        maps, levels = pictures * 2 - 1, []
        for stage in self.stages:
            maps = stage(maps)
            levels.append(maps)
        return levels[-len(self.channels) :]


class _Lite(Backbone):
    """EfficientNet-Lite0."""

    def __init__(self, *, pretrained: bool, in_channels: int, levels: int, coarsest: int) -> None:
        super().__init__()
        kept = [level for level in LEVELS if level[2] <= coarsest][-levels:]
        self.body = Lite0(coarsest=coarsest, in_channels=in_channels)
        self.channels, self.strides = tuple(level[1] for level in kept), tuple(level[2] for level in kept)
        if not pretrained:
            return
        path = published_weights()
        if path is None:
            install = PACKAGE.replace("_", "-")
            warnings.warn(
                f"no pretrained weights for {LITE}: install {install}; starting from random ones", stacklevel=3
            )
        else:
            fill_published(self.body, path)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        levels: list[Tensor] = self.body(pictures)
        return levels[-len(self.channels) :]

    def freeze(self, levels: int) -> None:
        if levels > len(self.body.ends):
            raise OptionError(f"frozen takes 0 to {len(self.body.ends)}, not {levels}")
        self.body.freeze(levels)


class _FromTimm(Backbone):
    """A network of timm without its classifier."""

    mean: Tensor
    std: Tensor

    def __init__(self, name: str, *, pretrained: bool, in_channels: int, levels: int, coarsest: int) -> None:
        super().__init__()
        self.body = _body(name, pretrained=pretrained, in_channels=in_channels, levels=levels, coarsest=coarsest)
        self.channels = tuple(self.body.feature_info.channels())
        self.strides = tuple(self.body.feature_info.reduction())
        self.padded = self.channels_last = name == "swin-t"
        times = in_channels // len(_MEAN)
        self.register_buffer("mean", torch.tensor(_MEAN * times).view(1, -1, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(_STD * times).view(1, -1, 1, 1), persistent=False)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        pictures = (pictures - self.mean) / self.std
        if not self.padded:
            return list(self.body(pictures))
        height, width = pictures.shape[-2:]
        maps = self.body(functional.pad(pictures, (0, -width % _DEEPEST, 0, -height % _DEEPEST)))
        return [
            level.permute(0, 3, 1, 2)[
                ..., : -(-height // stride), : -(-width // stride)
            ]  # (N, h, w, C) to (N, C, h, w)
            for level, stride in zip(maps, self.strides, strict=True)
        ]


def _body(name: str, *, pretrained: bool, in_channels: int, levels: int, coarsest: int) -> Any:  # noqa: ANN401 (timm is untyped)
    known, maps, needs = _TIMM[name]
    deeper = _DEEPEST.bit_length() - coarsest.bit_length()  # maps that are coarser than wanted
    maps = maps[: len(maps) - deeper]
    make = functools.partial(
        _timm()[0].create_model, known, features_only=True, in_chans=in_channels, out_indices=maps[-levels:], **needs
    )
    if pretrained:
        try:
            return make(pretrained=True)
        except OSError as error:  # what every failed download is, offline too
            why = str(error).partition("\n")[0]
            warnings.warn(
                f"no pretrained weights for {name} could be fetched ({why}); starting from random ones", stacklevel=2
            )
    return make(pretrained=False)


@functools.cache
def _timm() -> tuple[ModuleType, object]:
    """Timm, and what must live as long as it does.

    Timm imports torchvision. Where torchvision's compiled operators do not fit the installed torch, that import fails
    as soon as it describes the shapes of two of them, which no network here uses. Once they are declared, it passes.
    """
    try:
        return _imported(), None
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
    declared = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
    for operator in ("nms", "qnms"):
        shape = f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
        declared.define(shape)  # type: ignore[no-untyped-call]
    return _imported(), declared


def _imported() -> ModuleType:
    try:
        import timm
    except ModuleNotFoundError as missing:
        raise MissingExtra(str(missing.name), extra="train") from None
    return timm
