"""Heads of segmentation networks: from features to one map a class, on the features' grid."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from spotdiff.errors import OptionError
from spotdiff.nets.parts.blocks import conv
from spotdiff.nets.parts.outputs import FOUR, TWO

HEADS = ("fcn", "deeplabv3")
_RATES = (12, 24, 36)  # spacings of the atrous convolutions
_DROPPED = 0.1


def check_classes(classes: int) -> None:
    """Raise OptionError unless the number of classes is one that has names."""
    if classes not in (len(FOUR), len(TWO)):
        raise OptionError(f"classes takes {len(FOUR)} or {len(TWO)}, not {classes}")


def head(name: str, width: int, classes: int) -> nn.Module:
    """The head of that name, one of `HEADS`, over features of `width` channels."""
    return {"fcn": _fcn, "deeplabv3": _deeplab}[name](width, classes)


def _fcn(width: int, classes: int) -> nn.Module:
    """Long, Shelhamer, Darrell (2015), Fully Convolutional Networks for Semantic Segmentation, CVPR."""
    inner = max(width // 4, 1)
    return nn.Sequential(conv(width, inner), nn.Dropout(_DROPPED), nn.Conv2d(inner, classes, 1))


def _deeplab(width: int, classes: int) -> nn.Module:
    """Chen et al. (2017), Rethinking Atrous Convolution for Semantic Image Segmentation, arXiv 1706.05587."""
    inner = max(width // 2, 1)
    return nn.Sequential(_Pyramid(width, inner), conv(inner, inner), nn.Conv2d(inner, classes, 1))


class _Pyramid(nn.Module):
    """Atrous spatial pyramid pooling: what lies near, far, farther, and in the whole picture.

    The branch over the whole picture has no batch norm, which cannot learn from a batch of one pair.
    """

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.near = conv(width, inner, size=1)
        self.far = nn.ModuleList(conv(width, inner, spacing=rate) for rate in _RATES)
        self.whole = nn.Sequential(nn.Conv2d(width, inner, 1), nn.ReLU())
        self.mix = nn.Sequential(conv(inner * (2 + len(_RATES)), inner, size=1), nn.Dropout(_DROPPED))

    def forward(self, features: Tensor) -> Tensor:
        """(N, inner, H, W) from features (N, width, H, W)."""
        near = self.near(features)
        whole = self.whole(features.mean((2, 3), keepdim=True)).expand_as(near)
        mixed: Tensor = self.mix(torch.cat([near, *(far(features) for far in self.far), whole], 1))
        return mixed
