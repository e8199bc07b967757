"""FC-Siam-conc: both pictures through one encoder, their features side by side in the decoder.

Daudt, Le Saux, Boulch (2018), Fully Convolutional Siamese Networks for Change Detection, ICIP,
https://doi.org/10.1109/ICIP.2018.8451652 (arXiv 1810.08462). Ours: four classes rather than two, unless asked; what
else differs is told in `spotdiff.nets.parts.fc_siam`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from spotdiff.nets.parts.fc_siam import FcSiam, FcSiamNet


@dataclass(frozen=True, slots=True)
class FcSiamConc(FcSiam):
    """Settings of the network, those of `FcSiam`."""

    def build(self) -> FcSiamNet:
        """The module with fresh weights."""
        return FcSiamNet(self, join=_side_by_side, times=2)


def _side_by_side(before: Tensor, after: Tensor) -> Tensor:
    return torch.cat([before, after], 1)
