"""Fused: features of both pictures merged along branches of change, in a pyramid, then segmented.

C-3PO: Wang, Gao, Wang (2023), How to Reduce Change Detection to Semantic Segmentation, Pattern Recognition 138, arXiv
2206.07557. Ours: the merged features, the pyramid and the heads are as wide as asked (theirs 512); two branches are
summed as they are, where theirs counts the second twice; maps go up by bilinear resizing; ResNet-50 is not dilated; and
appear and disappear have weights of their own unless `shared` is set.

As published they share them. The sum of both is then the same when the pictures are exchanged, and a net with both
branches cannot tell added from removed, however it is trained.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from spotdiff.errors import OptionError
from spotdiff.nets.parts.backbones import BACKBONES, SMALL, backbone
from spotdiff.nets.parts.blocks import halves
from spotdiff.nets.parts.branches import BRANCHES, NAMES, Merge
from spotdiff.nets.parts.heads import HEADS, check_classes, head
from spotdiff.nets.parts.outputs import FOUR, Classes, Net, resized
from spotdiff.nets.parts.pyramid import Pyramid
from spotdiff.params import check, param

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
        spoken = [merge(*halves(level)) for merge, level in zip(self.merges, levels, strict=True)]
        merged = [functional.relu(_total(said)) for said in spoken]
        logits = resized(self.head(self.pyramid(merged)), before)  # (N, classes, H, W)
        if self.training:
            return Classes(logits)
        return Classes(logits, _layers(spoken, like=before))


def _layers(spoken: Sequence[Mapping[str, Tensor]], *, like: Tensor) -> dict[str, Tensor]:
    return {NAMES[branch]: _strength([said[branch] for said in spoken], like) for branch in spoken[0]}


def _total(said: Mapping[str, Tensor]) -> Tensor:
    return torch.stack(list(said.values())).sum(0)


def _strength(levels: Sequence[Tensor], like: Tensor) -> Tensor:
    """How much a branch says where, (N, 1, H, W): the highest value of each pair is 1, or all are 0."""
    lengths = [resized(level.square().sum(1, keepdim=True).sqrt(), like) for level in levels]
    mean = torch.stack(lengths).mean(0)
    strength: Tensor = mean / mean.amax((1, 2, 3), keepdim=True).clamp_min(_TINY)
    return strength
