"""Trained network, a baseline: shared encoder, features of both pictures joined in the decoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from spotdiff.methods._network import Network


@dataclass(frozen=True, slots=True)
class FcSiamConc(Network):
    """FC-Siam-conc; see `spotdiff.nets.fc_siam_conc`.

    Its parameters are those of every method with a network; see `spotdiff.methods._network`.
    """

    net: ClassVar[str] = "fc-siam-conc"
