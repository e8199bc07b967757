"""Trained network, a baseline: shared encoder, difference of the features in the decoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from spotdiff.methods._network import Network


@dataclass(frozen=True, slots=True)
class FcSiamDiff(Network):
    """FC-Siam-diff; see `spotdiff.nets.fc_siam_diff`.

    Its parameters are those of every method with a network; see `spotdiff.methods._network`.
    """

    net: ClassVar[str] = "fc-siam-diff"
