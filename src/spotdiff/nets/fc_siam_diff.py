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

from spotdiff.nets.parts.fc_siam import FcSiam, FcSiamNet


@dataclass(frozen=True, slots=True)
class FcSiamDiff(FcSiam):
    """Settings of the network, those of `FcSiam`."""

    def build(self) -> FcSiamNet:
        """The module with fresh weights."""
        return FcSiamNet(self, join=_difference, times=1)


def _difference(before: Tensor, after: Tensor) -> Tensor:
    return (before - after).abs()
