"""Fused: features of both pictures merged along branches of change, in a pyramid, then segmented.

C-3PO: Wang, Gao, Wang (2023), How to Reduce Change Detection to Semantic Segmentation, Pattern Recognition 138, arXiv
2206.07557. Ours: the merged features, the pyramid and the heads are as wide as asked (theirs 512); two branches are
summed as they are, where theirs counts the second twice; maps go up by bilinear resizing; ResNet-50 is not dilated; and
appear and disappear have weights of their own unless `shared` is set.

As published they share them. The sum of both is then the same when the pictures are exchanged, and a net with both
branches cannot tell added from removed, however it is trained.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import torch
from torch import Tensor, nn
from torch.nn import functional

from spotdiff.errors import OptionError
from spotdiff.nets.parts.backbones import BACKBONES, SMALL, backbone
from spotdiff.nets.parts.blocks import conv, halves
from spotdiff.nets.parts.outputs import FOUR, Classes, Net, check_classes, resized
from spotdiff.params import check, param

NAMES = {"i": "information", "a": "appear", "d": "disappear", "e": "exchange"}
BRANCHES = tuple("".join(some) for count in range(1, len(NAMES) + 1) for some in combinations(NAMES, count))
HEADS = ("fcn", "deeplabv3")
_RATES = (12, 24, 36)  # spacings of the atrous convolutions
_DROPPED = 0.1
_TINY = 1e-6


@dataclass(frozen=True, slots=True)
class Fused:
    """Settings of the network.

    Attributes:
        backbone: Where the features come from; small is ours, the others are those of timm.
        pretrained: Whether the backbone starts from ImageNet weights.
        branches: Letters of information, appear, disappear and exchange.
        shared: Whether appear and disappear have the same weights.
        levels: How many of the deepest levels are used; 4 start at a quarter of the size, 1 is a thirty-second.
        width: Channels of the merged features at most, of the pyramid and, divided, of the head.
        head: fcn or deeplabv3.
        classes: 4 (added, removed, changed, unchanged) or 2 (changed, unchanged).
        frozen_norm: Keep the backbone's batch norm statistics as they are, for pretrained weights and small batches.
    """

    backbone: str = param(SMALL, "where the features come from", choices=BACKBONES)
    pretrained: bool = param(False, "start the backbone from ImageNet weights")
    branches: str = param("iade", "letters of information, appear, disappear, exchange", choices=BRANCHES)
    shared: bool = param(False, "appear and disappear have the same weights, as published")
    levels: int = param(4, "how many of the deepest levels are used", low=1, high=4)
    width: int = param(64, "channels of the pyramid and the head; 512 as published", low=4, high=4096)
    head: str = param("fcn", "what segments the pyramid", choices=HEADS)
    classes: int = param(4, "4: added, removed, changed, unchanged; 2: changed, unchanged", low=2, high=4)
    frozen_norm: bool = param(False, "keep the backbone's batch norm statistics")

    def __post_init__(self) -> None:
        check(self)
        check_classes(self.classes)
        if self.pretrained and self.backbone == SMALL:
            raise OptionError(
                f"the {SMALL} backbone has no pretrained weights; set backbone, such as backbone=resnet18"
            )

    @property
    def directed(self) -> bool:
        """Whether the net can tell added from removed: no, where all its branches are alike both ways round."""
        sided = [letter for letter in self.branches if letter in "ad"]
        return self.classes == len(FOUR) and (len(sided) == 1 or (len(sided) == 2 and not self.shared))

    def build(self) -> FusedNet:
        """The module with fresh weights."""
        return FusedNet(self)


class FusedNet(Net):
    """Backbone, branches, pyramid, head."""

    def __init__(self, design: Fused) -> None:
        super().__init__()
        self.directed = design.directed
        self.frozen_norm = design.frozen_norm
        self.backbone = backbone(design.backbone, pretrained=design.pretrained, levels=design.levels)
        merged = [min(channels, design.width) for channels in self.backbone.channels]
        self.merges = nn.ModuleList(
            Merge(*shape, branches=design.branches, shared=design.shared)
            for shape in zip(self.backbone.channels, merged, strict=True)
        )
        self.pyramid = Pyramid(merged, design.width)
        self.head = head(design.head, design.width, design.classes)

    def train(self, mode: bool = True) -> FusedNet:  # noqa: FBT001, FBT002 (torch's own signature)
        """Switch to learning or back; frozen batch norms stay as they are."""
        super().train(mode)
        if self.frozen_norm:
            for module in self.backbone.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval()
        return self

    def forward(self, before: Tensor, after: Tensor) -> Classes:
        """Logits (N, classes, H, W) of the pairs; out of training also the strength of every branch, (N, 1, H, W)."""
        levels = self.backbone(torch.cat([before, after]))  # (2N, c, H / stride, W / stride) each
        branches = [merge(*halves(level)) for merge, level in zip(self.merges, levels, strict=True)]
        merged = [functional.relu(torch.stack(list(maps.values())).sum(0)) for maps in branches]
        logits = resized(self.head(self.pyramid(merged)), before)  # (N, classes, H, W)
        if self.training:
            return Classes(logits)
        return Classes(logits, {NAMES[name]: _strength([m[name] for m in branches], before) for name in branches[0]})


def _strength(levels: Sequence[Tensor], like: Tensor) -> Tensor:
    """How strong a branch is where, (N, 1, H, W): the highest value of each pair is 1, or all are 0."""
    lengths = [resized(level.square().sum(1, keepdim=True).sqrt(), like) for level in levels]
    mean = torch.stack(lengths).mean(0)
    strength: Tensor = mean / mean.amax((1, 2, 3), keepdim=True).clamp_min(_TINY)
    return strength


class Merge(nn.Module):
    """Branches over the features of one level, each a 3x3 convolution without bias.

    Information looks at the sum of both features, appear at what after has more of, disappear at what before has more
    of, and exchange at how much they differ.

    Args:
        inward: Channels of the features.
        outward: Of each branch.
        branches: Their letters, one of `BRANCHES`.
        shared: Whether appear and disappear have the same weights.
    """

    def __init__(self, inward: int, outward: int, *, branches: str, shared: bool) -> None:
        super().__init__()
        self.branches = branches
        self.weights_of = {letter: "r" if shared and letter in "ad" else letter for letter in branches}
        names = sorted(set(self.weights_of.values()))
        self.filters = nn.ModuleDict({name: nn.Conv2d(inward, outward, 3, padding=1, bias=False) for name in names})

    def forward(self, before: Tensor, after: Tensor) -> dict[str, Tensor]:
        """Each branch's map, (N, outward, H, W), by its letter, from features (N, inward, H, W)."""
        inputs = {"i": before + after, "e": (before - after).abs()}
        inputs |= {"a": functional.relu(after - before), "d": functional.relu(before - after)}
        return {letter: self.filters[self.weights_of[letter]](inputs[letter]) for letter in self.branches}


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
        merged = [sides[-1]]
        for level in sides[-2::-1]:
            merged.append(level + resized(merged[-1], level))
        smoothed = [smooth(level) for smooth, level in zip(self.smooth, merged[::-1], strict=True)]
        joined: Tensor = self.join(torch.cat([resized(level, levels[0]) for level in smoothed], 1))
        return joined


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
    return nn.Sequential(_AtrousPyramid(width, inner), conv(inner, inner), nn.Conv2d(inner, classes, 1))


class _AtrousPyramid(nn.Module):
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
