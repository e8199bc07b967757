"""A decoder that writes a sentence word by word, looking at what an encoder saw and copying facts where it likes."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from spotdiff.language.slots import SLOTS
from spotdiff.nets.parts.vocabulary import BEGIN, PAD

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


class Teller(nn.Module):
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
        seen = width * (1 + attention + copying)
        self.cell = nn.LSTMCell(seen, width) if kind == "lstm" else nn.GRUCell(seen, width)
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(seen, words)
        self.null = nn.Parameter(torch.zeros(1, 1, width))  # to look at nothing
        self.asks = nn.ModuleDict()
        for name, used in (("looks", attention), ("facts", copying)):
            if used:
                self.asks[name] = nn.Linear(width, width)
        if copying:
            self.slots = nn.Parameter(torch.zeros(1, SLOTS, width))  # the same word means another thing elsewhere
        self.copies = nn.Linear(seen, 1) if copying else None

    def begin(self, memory: Memory) -> State:
        """Before the first word."""
        return State(memory.start, torch.zeros_like(memory.start))

    def forward(self, memory: Memory, words: Tensor) -> Tensor:
        """Logarithms of the chances (N, T, words) of each word of sentences (N, T), those before it given."""
        state, said = self.begin(memory), []
        last = torch.cat([words.new_full((len(words), 1), BEGIN), words[:, :-1]], 1)
        for step in range(words.shape[1]):
            chances, state = self.step(last[:, step], state, memory)
            said.append(chances)
        return torch.stack(said, 1)

    def step(self, word: Tensor, state: State, memory: Memory) -> tuple[Tensor, State]:
        """Logarithms of the chances (N, words) of the next word, and the state behind it."""
        seen, copied = [self.dropout(self.embed(word))], None
        if self.attention:
            places = torch.cat([self.null.expand(len(word), -1, -1), memory.looks], 1)
            seen.append(self._look("looks", state.hidden, places, None)[0])
        if self.copying:
            found, weights = self._look(
                "facts", state.hidden, self.embed(memory.facts) + self.slots, memory.facts == PAD
            )
            seen.append(found)
            copied = weights
        state = self._cell(torch.cat(seen, 1), state)
        seen[0] = self.dropout(state.hidden)
        together = torch.cat(seen, 1)
        chances = self.out(together).log_softmax(-1)
        if copied is None or self.copies is None:
            return chances, state
        copy = self.copies(together).sigmoid()
        spread = torch.zeros_like(chances).scatter_add(1, memory.facts, copied)
        return ((1 - copy) * chances.exp() + copy * spread).clamp_min(1e-9).log(), state

    def _look(self, what: str, hidden: Tensor, places: Tensor, closed: Tensor | None) -> tuple[Tensor, Tensor]:
        """What is found (N, width) by asking places (N, count, width), and how much each was looked at."""
        asked = (places @ self.asks[what](hidden)[:, :, None])[..., 0] / places.shape[-1] ** 0.5
        weights = (asked if closed is None else asked.masked_fill(closed, _NO)).softmax(1)
        return (weights[:, None] @ places)[:, 0], weights

    def _cell(self, seen: Tensor, state: State) -> State:
        if isinstance(self.cell, nn.LSTMCell):
            return State(*self.cell(seen, (state.hidden, state.cell)))
        return State(self.cell(seen, state.hidden), state.cell)
