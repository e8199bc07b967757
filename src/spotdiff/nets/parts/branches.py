"""Merging two pictures' features along branches that stand for kinds of change (MTF of C-3PO)."""

from __future__ import annotations

from itertools import combinations

from torch import Tensor, nn
from torch.nn import functional

NAMES = {"i": "information", "a": "appear", "d": "disappear", "e": "exchange"}
BRANCHES = tuple("".join(some) for count in range(1, len(NAMES) + 1) for some in combinations(NAMES, count))


class Merge(nn.Module):
    """Branches over the features of one level, each a 3x3 convolution without bias.

    Information looks at the sum of both features, appear at what after has more of, disappear at what before has more
    of, and exchange at how much they differ.

    Args:
        inward: Channels of the features.
        outward: Of each branch.
        branches: Their letters, one of `BRANCHES`.
        shared: Whether appear and disappear have the same weights.
    """

    def __init__(self, inward: int, outward: int, *, branches: str, shared: bool) -> None:
        super().__init__()
        self.branches = branches
        self.weights_of = {letter: "r" if shared and letter in "ad" else letter for letter in branches}
        names = sorted(set(self.weights_of.values()))
        self.filters = nn.ModuleDict({name: nn.Conv2d(inward, outward, 3, padding=1, bias=False) for name in names})

    def forward(self, before: Tensor, after: Tensor) -> dict[str, Tensor]:
        """What each branch says, (N, outward, H, W), by its letter; its features are (N, inward, H, W)."""
        seen = {"i": before + after, "e": (before - after).abs()}
        seen |= {"a": functional.relu(after - before), "d": functional.relu(before - after)}
        return {letter: self.filters[self.weights_of[letter]](seen[letter]) for letter in self.branches}
