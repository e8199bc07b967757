"""A captioner in a file of weights, and its sentences by beam search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import torch

from spotdiff.errors import DataError
from spotdiff.language.facts import slots_of
from spotdiff.nets import CAPTIONERS
from spotdiff.nets.parts.facts import file_stamp
from spotdiff.nets.parts.vocabulary import BEGIN, END, PAD
from spotdiff.nets.parts.weights import load_weights

if TYPE_CHECKING:
    from spotdiff.language.facts import ChangeFact
    from spotdiff.nets.captioner import CaptionerNet, Memory
    from spotdiff.nets.parts.vocabulary import Vocabulary
    from spotdiff.types import Bytes


@dataclass(frozen=True, slots=True, eq=False)
class LoadedCaptioner:
    """A captioner that is ready to be run.

    Attributes:
        net: In `eval` mode.
        side: Of the squares that it is shown, in pixels.
        regions: Whether it is shown regions and their facts, not whole pictures.
    """

    net: CaptionerNet
    side: int
    regions: bool

    def captions(
        self, befores: Sequence[Bytes], afters: Sequence[Bytes], facts: Sequence[ChangeFact] = (), *, beam: int = 3
    ) -> list[tuple[str, float]]:
        """A sentence for each two squares (side, side, 3), and the mean chance of its words, 0 to 1."""
        if not befores:
            return []
        with torch.inference_mode():
            before, after = (
                torch.from_numpy(np.stack(some)).permute(0, 3, 1, 2).float() / 255 for some in (befores, afters)
            )
            slots = slots_tensor(facts, self.net.vocabulary) if self.regions else None
            return beam_search(self.net, self.net.encode(before, after, slots), width=beam)


def slots_tensor(facts: Sequence[ChangeFact | None], vocabulary: Vocabulary) -> torch.Tensor | None:
    """(N, slots) numbers of the words that may be copied; None where nothing is known of some."""
    known = [fact for fact in facts if fact is not None]
    if len(known) < len(facts):
        return None
    number = vocabulary.number
    return torch.tensor([[number(word) if word else PAD for word in slots_of(fact)] for fact in known])


def open_captioner(path: str | Path) -> LoadedCaptioner:
    """The captioner in a file of weights; loaded once, until the file changes.

    Raises:
        DataError: the file cannot be read, or holds no captioner.
    """
    return _opened(file_stamp(path))


@lru_cache(maxsize=2)
def _opened(stamp: tuple[str, int, int]) -> LoadedCaptioner:
    net, facts = load_weights(stamp[0])
    if facts.form != "words" or facts.net not in CAPTIONERS:
        raise DataError(f"{stamp[0]} holds {facts.net}, which tells nothing in words; give weights of a captioner")
    if not all(bool(value.isfinite().all()) for value in net.state_dict().values()):
        raise DataError(f"{stamp[0]} holds weights that are no numbers; train anew")
    captioner = cast("CaptionerNet", net)
    return LoadedCaptioner(captioner, facts.side, captioner.design.looks == "regions")


LONGEST = 60  # words


@torch.inference_mode()
def beam_search(
    net: CaptionerNet, memory: Memory, *, width: int = 3, longest: int = LONGEST
) -> list[tuple[str, float]]:
    """A sentence for each pair of a memory, and the mean chance of its words, 0 to 1.

    Args:
        net: In `eval` mode.
        memory: From `net.encode`.
        width: Sentences that are kept at every length; 1 takes the likeliest word each time.
        longest: Most words of a sentence.
    """
    return [_sentence(net, memory.at(torch.tensor([row])), width, longest) for row in range(len(memory.start))]


def _sentence(net: CaptionerNet, memory: Memory, width: int, longest: int) -> tuple[str, float]:
    memory = memory.at(torch.zeros(width, dtype=torch.long))
    words = torch.full((width, 1), BEGIN)
    scores = torch.tensor([0.0] + [-1e9] * (width - 1))  # all begin alike: only one may go on
    state, ended = net.teller.begin(memory), torch.zeros(width, dtype=torch.bool)
    for _ in range(longest):
        chances, state = net.teller.step(words[:, -1], state, memory)
        chances[:, [PAD, BEGIN]] = -1e9
        chances[ended] = -1e9
        chances[ended, END] = 0.0
        scores, best = (scores[:, None] + chances).flatten().topk(width)
        rows, last = best // chances.shape[1], best % chances.shape[1]
        words = torch.cat([words[rows], last[:, None]], 1)
        state, ended = state.at(rows), ended[rows] | (last == END)
        if ended.all():
            break
    words = words[:, 1:]
    means = scores / ((words != END).sum(1) + 1)  # per word, so that short sentences are not favoured
    row = int(means.argmax())
    numbers: Sequence[int] = words[row].tolist()
    return net.vocabulary.text(numbers), float(means[row].exp())
