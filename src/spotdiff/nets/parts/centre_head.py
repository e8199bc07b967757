"""Head that says boxes by their centres: where one is, how large it is, and where in its cell the centre lies."""

from __future__ import annotations

from torch import Tensor, nn

from spotdiff.nets.parts.outputs import Head

_RARE = -2.19  # logit of 0.1: hardly a cell holds a centre (Zhou et al. 2019)
_SPREAD = 0.001  # of the last layers at first, so that all cells start alike


class CentreHead(nn.Module):
    """Heat, size and offset, each from a convolution of its own.

    References:
        Zhou, Wang, Krähenbühl (2019), Objects as Points, section 3. https://arxiv.org/abs/1904.07850

    Args:
        channels: Of the maps that it looks at.
        width: Channels between its two layers.
    """

    def __init__(self, channels: int, *, width: int) -> None:
        super().__init__()
        self.heat = _branch(channels, width, 1, bias=_RARE)
        self.size = _branch(channels, width, 2, bias=0.0)
        self.offset = _branch(channels, width, 2, bias=0.5)

    def forward(self, maps: Tensor) -> Head:
        """The boxes that maps (N, C, h, w) speak of, on their grid."""
        return Head(self.heat(maps), self.size(maps), self.offset(maps))


def _branch(inward: int, width: int, outward: int, *, bias: float) -> nn.Sequential:
    last = nn.Conv2d(width, outward, 1)
    nn.init.normal_(last.weight, std=_SPREAD)
    nn.init.constant_(last.bias, bias)  # type: ignore[arg-type]
    return nn.Sequential(nn.Conv2d(inward, width, 3, padding=1), nn.ReLU(), last)
