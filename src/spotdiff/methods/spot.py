"""Trained network of ours: what each picture shows that the other does not, by matching in both directions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from spotdiff.methods._network import Network


@dataclass(frozen=True, slots=True)
class Spot(Network):
    """Spot: two masks, each in its own picture's pixels; see `spotdiff.nets.spot`.

    Its parameters are those of every method with a network; see `spotdiff.methods._network`.
    """

    net: ClassVar[str] = "spot"
