"""Network that writes a sentence on what changed: Fan and Wang's, with attention, or with regions and facts to copy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from spotdiff.errors import OptionError
from spotdiff.language.facts import SLOTS
from spotdiff.nets.parts.backbones import BACKBONES, backbone
from spotdiff.nets.parts.blocks import halves
from spotdiff.nets.parts.vocabulary import BEGIN, PAD, Vocabulary
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
    """Encoder and `CaptionDecoder`; pictures (N, 3, H, W) RGB in [0, 1], words (N, T).

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
        self.teller = CaptionDecoder(
            len(self.vocabulary),
            design.width,
            kind=design.decoder,
            attention=not joined,
            copying=design.looks == "regions",
            dropout=design.dropout,
        )

    def forward(self, before: Tensor, after: Tensor, words: Tensor, facts: Tensor | None = None) -> Tensor:
        """Logarithms of the chances (N, T, vocabulary) of each word."""
        chances: Tensor = self.teller(self.encode(before, after, facts), words)
        return chances

    def encode(self, before: Tensor, after: Tensor, facts: Tensor | None = None) -> Memory:
        """What the sentences are written from; `facts`, (N, count) numbers of words, are for the regions alone."""
        if facts is None:
            facts = torch.zeros(len(before), 0, dtype=torch.long, device=before.device)
        if self.design.looks == "joined":
            start = self.gather(self._both_orders(before, after))
            return Memory(start, start[:, None, :0], facts)
        first, second = halves(self.body(torch.cat([before, after]))[0])
        maps = self.gather(torch.cat([first, second, first - second], 1))
        places = maps.flatten(2).transpose(1, 2)  # (N, places, width)
        return Memory(places.mean(1), places + self.where(_grid(maps)), facts)

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


_NO = -1e9  # logit of what must not be looked at


class Memory(NamedTuple):
    """What a sentence is written from.

    Attributes:
        start: (N, width), what the whole pair looks like.
        looks: (N, places, width) to attend to; no places where the decoder does not look.
        facts: (N, count) numbers of words that may be copied, 0 for none; no columns where nothing is copied.
    """

    start: Tensor
    looks: Tensor
    facts: Tensor

    def at(self, rows: Tensor) -> Memory:
        """The memory of some pairs, in this order."""
        return Memory(self.start[rows], self.looks[rows], self.facts[rows])


class State(NamedTuple):
    """Where the writing stands: hidden and cell, each (N, width); a GRU has no use for the cell."""

    hidden: Tensor
    cell: Tensor

    def at(self, rows: Tensor) -> State:
        """The state of some sentences, in this order."""
        return State(self.hidden[rows], self.cell[rows])


class CaptionDecoder(nn.Module):
    """An LSTM or GRU cell over the last word and what it looks at.

    References:
        Xu et al. (2015), Show, Attend and Tell, ICML, section 3.1 (soft attention). https://arxiv.org/abs/1502.03044
        See, Liu, Manning (2017), Get To The Point, ACL, equations 8 and 9 (copying). https://arxiv.org/abs/1704.04368

    Args:
        words: Size of the vocabulary.
        width: Of the state and of what is looked at.
        kind: lstm or gru.
        attention: Whether it looks at places anew for each word.
        copying: Whether it may copy facts.
        dropout: Share of the values that is dropped while learning.
    """

    def __init__(self, words: int, width: int, *, kind: str, attention: bool, copying: bool, dropout: float) -> None:
        super().__init__()
        self.attention, self.copying = attention, copying
        self.embed = nn.Embedding(words, width, padding_idx=PAD)
        inputs = width * (1 + attention + copying)
        self.cell = nn.LSTMCell(inputs, width) if kind == "lstm" else nn.GRUCell(inputs, width)
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(inputs, words)
        self.null = nn.Parameter(torch.zeros(1, 1, width))  # to look at nothing
        self.asks = nn.ModuleDict()
        for name, used in (("looks", attention), ("facts", copying)):
            if used:
                self.asks[name] = nn.Linear(width, width)
        if copying:
            self.slots = nn.Parameter(torch.zeros(1, SLOTS, width))  # the same word means another thing elsewhere
        self.copies = nn.Linear(inputs, 1) if copying else None

    def begin(self, memory: Memory) -> State:
        """Before the first word."""
        return State(memory.start, torch.zeros_like(memory.start))

    def forward(self, memory: Memory, words: Tensor) -> Tensor:
        """Logarithms of the chances (N, T, words) of each word of sentences (N, T), those before it given."""
        state, steps = self.begin(memory), []
        last = torch.cat([words.new_full((len(words), 1), BEGIN), words[:, :-1]], 1)
        for step in range(words.shape[1]):
            chances, state = self.step(last[:, step], state, memory)
            steps.append(chances)
        return torch.stack(steps, 1)

    def step(self, word: Tensor, state: State, memory: Memory) -> tuple[Tensor, State]:
        """Logarithms of the chances (N, words) of the next word, and the state behind it."""
        inputs, copied = [self.dropout(self.embed(word))], None
        if self.attention:
            places = torch.cat([self.null.expand(len(word), -1, -1), memory.looks], 1)
            inputs.append(self._attend("looks", state.hidden, places, None)[0])
        if self.copying:
            attended, copied = self._attend(
                "facts", state.hidden, self.embed(memory.facts) + self.slots, memory.facts == PAD
            )
            inputs.append(attended)
        state = self._cell(torch.cat(inputs, 1), state)
        inputs[0] = self.dropout(state.hidden)
        together = torch.cat(inputs, 1)
        chances = self.out(together).log_softmax(-1)
        if copied is None or self.copies is None:
            return chances, state
        copy = self.copies(together).sigmoid()
        spread = torch.zeros_like(chances).scatter_add(1, memory.facts, copied)
        return ((1 - copy) * chances.exp() + copy * spread).clamp_min(1e-9).log(), state

    def _attend(self, what: str, hidden: Tensor, places: Tensor, masked: Tensor | None) -> tuple[Tensor, Tensor]:
        """The attended value (N, width) over places (N, count, width), and the weight of each."""
        logits = (places @ self.asks[what](hidden)[:, :, None])[..., 0] / places.shape[-1] ** 0.5
        weights = (logits if masked is None else logits.masked_fill(masked, _NO)).softmax(1)
        return (weights[:, None] @ places)[:, 0], weights

    def _cell(self, inputs: Tensor, state: State) -> State:
        if isinstance(self.cell, nn.LSTMCell):
            return State(*self.cell(inputs, (state.hidden, state.cell)))
        return State(self.cell(inputs, state.hidden), state.cell)
