"""What one picture's features find in the other's: by co-attention anywhere, or plainly at the same place."""

from __future__ import annotations

import torch
from torch import Tensor, nn


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
        found = (other.flatten(2) @ weights).view_as(own)
        return torch.cat([own, found], 1)


class SamePlace(nn.Module):
    """The other's features beside one's own, for pictures that are aligned: CYWS without its attention."""

    def forward(self, own: Tensor, other: Tensor) -> Tensor:
        """(N, 2 C, H, W) of two maps (N, C, H, W)."""
        return torch.cat([own, other], 1)
