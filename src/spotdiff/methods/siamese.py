"""Trained network: boxes round what changed, by a shared encoder and co-attention; forgives camera motion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from spotdiff.methods._network import Network


@dataclass(frozen=True, slots=True)
class Siamese(Network):
    """CYWS: boxes round every changed place in both pictures; see `spotdiff.nets.siamese`.

    Its parameters are those of every method with a network; see `spotdiff.methods._network`.
    """

    net: ClassVar[str] = "siamese"
