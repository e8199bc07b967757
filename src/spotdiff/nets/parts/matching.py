"""Local matching: for every place of one picture, what the other shows near there that fits best."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class LocalMatch(nn.Module):
    """Attention of one picture's features over a small window of the other's.

    What an aligner leaves over, parallax and leaves in the wind, is a shift by a few pixels. A feature that is found
    again anywhere within the window has a counterpart, whatever the shift. Keys are of unit length, so that a match is
    a cosine: light changes the length of a feature more than its direction.

    Args:
        channels: Of both feature maps.
        keys: Numbers that places are matched by.
        radius: Of the window, in places: it has (2 radius + 1) squared of them.
    """

    def __init__(self, channels: int, *, keys: int, radius: int) -> None:
        super().__init__()
        self.radius = radius
        self.project = nn.Conv2d(channels, keys, 1, bias=False)
        self.sharpness = nn.Parameter(torch.tensor(2.0))  # logarithm of the softmax' inverse temperature

    def forward(self, own: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
        """Match `own` (N, C, H, W) against `other` of the same shape.

        Returns:
            The other's features brought to where they match, (N, C, H, W), and the best cosine, (N, 1, H, W).
        """
        query = functional.normalize(self.project(own), dim=1)
        key = functional.normalize(self.project(other), dim=1)
        cosines = torch.cat([(query * place).sum(1, keepdim=True) for place in self._window(key)], 1)
        weights = (cosines * self.sharpness.exp()).softmax(1)  # (N, places, H, W)
        places = self._window(other)
        found = places[0] * weights[:, :1]
        for number, place in enumerate(places[1:], 1):
            found = found + place * weights[:, number : number + 1]
        return found, cosines.amax(1, keepdim=True)

    def _window(self, maps: Tensor) -> list[Tensor]:
        """The maps shifted by every step of the window, edges repeated."""
        radius, (height, width) = self.radius, maps.shape[-2:]
        if radius == 0:
            return [maps]
        wide = functional.pad(maps, (radius,) * 4, mode="replicate")
        steps = range(2 * radius + 1)
        rows = [wide[..., down : down + height, :] for down in steps]  # rows first: exporting takes time for every cut
        return [row[..., right : right + width] for row in rows for right in steps]
