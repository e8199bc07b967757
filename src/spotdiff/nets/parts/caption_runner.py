"""A captioner in a file of weights, asked for sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import torch

from spotdiff.errors import DataError
from spotdiff.language.slots import slots_of
from spotdiff.nets import SPEAKING
from spotdiff.nets.parts.beam import tell
from spotdiff.nets.parts.facts import file_stamp
from spotdiff.nets.parts.vocabulary import PAD
from spotdiff.nets.parts.weights import load_weights

if TYPE_CHECKING:
    from spotdiff.language.facts import ChangeFact
    from spotdiff.nets.captioner import CaptionerNet
    from spotdiff.nets.parts.vocabulary import Vocabulary
    from spotdiff.types import Bytes


@dataclass(frozen=True, slots=True, eq=False)
class Speaker:
    """A captioner that is ready to be asked.

    Attributes:
        net: In `eval` mode.
        side: Of the squares that it is shown, in pixels.
        regions: Whether it is shown regions and their facts, not whole pictures.
    """

    net: CaptionerNet
    side: int
    regions: bool

    def say(
        self, befores: Sequence[Bytes], afters: Sequence[Bytes], facts: Sequence[ChangeFact] = (), *, beam: int = 3
    ) -> list[tuple[str, float]]:
        """A sentence for each two squares (side, side, 3), and the mean chance of its words, 0 to 1."""
        if not befores:
            return []
        with torch.inference_mode():
            before, after = (
                torch.from_numpy(np.stack(some)).permute(0, 3, 1, 2).float() / 255 for some in (befores, afters)
            )
            known = slots_tensor(facts, self.net.vocabulary) if self.regions else None
            return tell(self.net, self.net.see(before, after, known), width=beam)


def slots_tensor(facts: Sequence[ChangeFact | None], vocabulary: Vocabulary) -> torch.Tensor | None:
    """(N, slots) numbers of the words that may be copied; None where nothing is known of some."""
    known = [fact for fact in facts if fact is not None]
    if len(known) < len(facts):
        return None
    number = vocabulary.number
    return torch.tensor([[number(word) if word else PAD for word in slots_of(fact)] for fact in known])


def open_speaker(path: str | Path) -> Speaker:
    """The captioner in a file of weights; loaded once, until the file changes.

    Raises:
        DataError: the file cannot be read, or holds no captioner.
    """
    return _opened(file_stamp(path))


@lru_cache(maxsize=2)
def _opened(stamp: tuple[str, int, int]) -> Speaker:
    net, facts = load_weights(stamp[0])
    if facts.form != "words" or facts.net not in SPEAKING:
        raise DataError(f"{stamp[0]} holds {facts.net}, which tells nothing in words; give weights of a captioner")
    if not all(bool(value.isfinite().all()) for value in net.state_dict().values()):
        raise DataError(f"{stamp[0]} holds weights that are no numbers; train anew")
    speaking = cast("CaptionerNet", net)
    return Speaker(speaking, facts.side, speaking.design.looks == "regions")
