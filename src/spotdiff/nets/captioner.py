"""Network that writes a sentence on what changed: Fan and Wang's, with attention, or with regions and facts to copy."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from spotdiff.errors import OptionError
from spotdiff.nets.parts.backbones import BACKBONES, backbone
from spotdiff.nets.parts.blocks import halves
from spotdiff.nets.parts.telling import Memory, Teller
from spotdiff.nets.parts.vocabulary import Vocabulary
from spotdiff.params import check, param

LOOKS = ("joined", "attention", "regions")


@dataclass(frozen=True, slots=True)
class Captioner:
    """Settings.

    Attributes:
        words: The vocabulary, spaces between; filled in from the sentences that are learned from.
        looks: joined, as published: the signed difference in both orders, side by side, pooled to two vectors;
            attention: over the places of both pictures; regions: attention over the surroundings of one region, whose
            facts may be copied.
        backbone: The encoder.
        decoder: lstm or gru.
        width: Of the state.
        dropout: Share of the values that is dropped while learning.
    """

    words: str = param("", "the vocabulary, spaces between; filled in from what is learned from")
    looks: str = param("joined", "what is looked at", choices=LOOKS)
    backbone: str = param("resnet18", "the encoder", choices=BACKBONES)
    decoder: str = param("lstm", "what writes", choices=("lstm", "gru"))
    width: int = param(512, "of the decoder's state", low=8, high=4096)
    dropout: float = param(0.1, "share of values dropped while learning", low=0, high=0.9)

    def __post_init__(self) -> None:
        check(self)

    def build(self) -> CaptionerNet:
        """The module with fresh weights.

        Raises:
            OptionError: there is no vocabulary.
        """
        if not self.words:
            raise OptionError("a captioner needs words: train it with `spotdiff train captioner`")
        return CaptionerNet(self)


class CaptionerNet(nn.Module):
    """Encoder and `Teller`; pictures (N, 3, H, W) RGB in [0, 1], words (N, T).

    Published (Fan and Wang 2019, "Spot-It"): both pictures joined in both orders and subtracted, so that each
    difference shows twice, once with each sign; ResNet; 1024 to 512 with batch norm and ReLU; LSTM.
    """

    directed = True
    stride = 1

    def __init__(self, design: Captioner) -> None:
        super().__init__()
        self.design, self.vocabulary = design, Vocabulary(tuple(design.words.split()))
        joined = design.looks == "joined"
        self.body = backbone(design.backbone, levels=1 if joined else 2)
        deep = self.body.channels
        if joined:
            self.gather = nn.Sequential(nn.Linear(2 * deep[0], design.width), nn.BatchNorm1d(design.width), nn.ReLU())
        else:
            self.gather = nn.Sequential(
                nn.Conv2d(3 * deep[0], design.width, 1), nn.BatchNorm2d(design.width), nn.ReLU()
            )
            self.where = nn.Linear(4, design.width)
        self.teller = Teller(
            len(self.vocabulary),
            design.width,
            kind=design.decoder,
            attention=not joined,
            copying=design.looks == "regions",
            dropout=design.dropout,
        )

    def forward(self, before: Tensor, after: Tensor, words: Tensor, facts: Tensor | None = None) -> Tensor:
        """Logarithms of the chances (N, T, vocabulary) of each word."""
        said: Tensor = self.teller(self.see(before, after, facts), words)
        return said

    def see(self, before: Tensor, after: Tensor, facts: Tensor | None = None) -> Memory:
        """What the sentences are written from; `facts`, (N, count) numbers of words, are for the regions alone."""
        if facts is None:
            facts = torch.zeros(len(before), 0, dtype=torch.long, device=before.device)
        if self.design.looks == "joined":
            start = self.gather(self._both_orders(before, after))
            return Memory(start, start[:, None, :0], facts)
        first, second = halves(self.body(torch.cat([before, after]))[0])
        seen = self.gather(torch.cat([first, second, first - second], 1))
        places = seen.flatten(2).transpose(1, 2)  # (N, places, width)
        return Memory(places.mean(1), places + self.where(_grid(seen)), facts)

    def _both_orders(self, before: Tensor, after: Tensor) -> Tensor:
        """(N, 2 C): the encoder's view of [before - after | after - before], each half pooled to one vector."""
        difference = before - after
        grey = getattr(self.body, "mean", 0.5)  # what the encoder takes for nothing
        middle = self.body(torch.cat([difference, -difference], 3) + grey)[0]
        pooled = nn.functional.adaptive_avg_pool2d(middle, (1, 2))
        return pooled.flatten(1)


def _grid(maps: Tensor) -> Tensor:
    """(places, 4): x, y and their squares in [-1, 1], so that a straight line of them tells places apart."""
    y, x = (torch.linspace(-1, 1, side, device=maps.device) for side in maps.shape[-2:])
    down, across = torch.meshgrid(y, x, indexing="ij")
    return torch.stack([across, down, across**2, down**2], -1).flatten(0, 1)
