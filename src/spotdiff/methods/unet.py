"""Trained network: two pictures joined, encoder and decoder of strided convolutions; tells what came and went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from spotdiff.methods._network import Network


@dataclass(frozen=True, slots=True)
class Unet(Network):
    """UNet over both pictures joined in one input; see `spotdiff.nets.unet`.

    Its parameters are those of every method with a network; see `spotdiff.methods._network`.
    """

    net: ClassVar[str] = "unet"
