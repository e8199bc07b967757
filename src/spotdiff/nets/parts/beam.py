"""Beam search: the sentence whose words are together most likely, among the few best at every length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from spotdiff.nets.parts.vocabulary import BEGIN, END, PAD

if TYPE_CHECKING:
    from spotdiff.nets.captioner import CaptionerNet
    from spotdiff.nets.parts.telling import Memory

LONGEST = 60  # words


@torch.inference_mode()
def tell(net: CaptionerNet, memory: Memory, *, width: int = 3, longest: int = LONGEST) -> list[tuple[str, float]]:
    """A sentence for each pair of a memory, and the mean chance of its words, 0 to 1.

    Args:
        net: In `eval` mode.
        memory: From `net.see`.
        width: Sentences that are kept at every length; 1 takes the likeliest word each time.
        longest: Most words of a sentence.
    """
    return [_told(net, memory.at(torch.tensor([row])), width, longest) for row in range(len(memory.start))]


def _told(net: CaptionerNet, memory: Memory, width: int, longest: int) -> tuple[str, float]:
    kept = memory.at(torch.zeros(width, dtype=torch.long))
    words = torch.full((width, 1), BEGIN)
    scores = torch.tensor([0.0] + [-1e9] * (width - 1))  # all begin alike: only one may go on
    state, ended = net.teller.begin(kept), torch.zeros(width, dtype=torch.bool)
    for _ in range(longest):
        chances, state = net.teller.step(words[:, -1], state, kept)
        chances[:, [PAD, BEGIN]] = -1e9
        chances[ended] = -1e9
        chances[ended, END] = 0.0
        scores, best = (scores[:, None] + chances).flatten().topk(width)
        rows, last = best // chances.shape[1], best % chances.shape[1]
        words = torch.cat([words[rows], last[:, None]], 1)
        state, ended = state.at(rows), ended[rows] | (last == END)
        if ended.all():
            break
    return _best(net, words[:, 1:], scores)


def _best(net: CaptionerNet, words: Tensor, scores: Tensor) -> tuple[str, float]:
    """The likeliest per word, so that short sentences are not favoured."""
    lengths = (words != END).sum(1) + 1
    means = scores / lengths
    row = int(means.argmax())
    numbers: Sequence[int] = words[row].tolist()
    return net.vocabulary.text(numbers), float(means[row].exp())
