"""Trained network: features of both pictures fused by direction; tells what came, went and was replaced."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from spotdiff.methods._network import Network


@dataclass(frozen=True, slots=True)
class Fused(Network):
    """C-3PO: features of both pictures fused in branches; see `spotdiff.nets.fused`.

    Its parameters are those of every method with a network; see `spotdiff.methods._network`.
    """

    net: ClassVar[str] = "fused"
