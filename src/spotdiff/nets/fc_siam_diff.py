"""FC-Siam-diff: both pictures through one encoder, how much their features differ in the decoder.

Daudt, Le Saux, Boulch (2018), Fully Convolutional Siamese Networks for Change Detection, ICIP,
https://doi.org/10.1109/ICIP.2018.8451652 (arXiv 1810.08462). Ours: four classes rather than two, unless asked; what
else differs is told in `spotdiff.nets.parts.fc_siam`.

A difference without its sign is the same in both directions. That after's deepest features, 16 times coarser than the
picture, are there as well is all by which this net can tell added from removed; expect it to be poor at that.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from spotdiff.nets.parts.fc_siam import DROPOUT, WIDTHS, FcSiamNet, check_levels
from spotdiff.nets.parts.heads import check_classes
from spotdiff.params import check, param


@dataclass(frozen=True, slots=True)
class FcSiamDiff:
    """Settings of the network.

    Attributes:
        widths: Channels of the encoder, level by level, the first at the pictures' size.
        classes: 4 (added, removed, changed, unchanged) or 2 (changed, unchanged).
        dropout: Share of channels that is dropped after every convolution while learning.
    """

    widths: tuple[int, ...] = param(WIDTHS, "channels of the encoder, the first at full size", low=1, high=4096)
    classes: int = param(4, "4: added, removed, changed, unchanged; 2: changed, unchanged", low=2, high=4)
    dropout: float = param(DROPOUT, "share of channels dropped while learning", low=0, high=0.9)

    def __post_init__(self) -> None:
        check(self)
        check_levels(self.widths)
        check_classes(self.classes)

    def build(self) -> FcSiamNet:
        """The module with fresh weights."""
        return FcSiamNet(self.widths, classes=self.classes, dropout=self.dropout, join=_difference, times=1)


def _difference(before: Tensor, after: Tensor) -> Tensor:
    return (before - after).abs()
