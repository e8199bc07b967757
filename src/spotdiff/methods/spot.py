"""The default: what each picture shows that the other does not, found by a small network that comes with spotdiff."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from spotdiff import nets
from spotdiff.methods._network import NetworkMethod as Network
from spotdiff.methods._plain_difference import with_plain_difference
from spotdiff.params import param
from spotdiff.types import Calibration, Evidence, Extraction

if TYPE_CHECKING:
    from spotdiff.types import Pair

SHIPPED = Path(nets.__file__).parent / "shipped" / "spot.onnx"


@dataclass(frozen=True, slots=True)
class Spot(Network):
    """Spot: two masks, each in its own picture's pixels; see `spotdiff.nets.spot` and docs/spot.md.

    Its parameters are those of every method with a network (see `spotdiff.methods._network`), with other defaults.
    Without `weights` it uses those that come with spotdiff, through onnxruntime.
    """

    net: ClassVar[str] = "spot"
    extraction: ClassVar[Extraction] = Extraction(
        grow=0.25,
        seed=0.4,
        min_area=12,
        join=6,
        calibration=Calibration(evidence=0.9, area=0.32, whole=0.29, faint=-0.82, constant=-3.06),
        least=0.2,
        sure=0.65,
        doubt=0.35,
    )

    weights: str = param(
        "", "file of trained weights, or one exported to ONNX; empty for those that come with spotdiff"
    )
    closest: int = param(
        1 << 20, "longer side up to which it looks closer; 0 for one look", low=0, high=1 << 20, unit="px"
    )

    def score(self, pair: Pair) -> Evidence:
        """As `Network.score`, without the network where all pixels are the same, and not by it alone where most are."""
        before, after = pair.before.opaque, pair.after.opaque
        if np.array_equal(before, after):
            nothing = np.zeros(before.shape[:2], np.float32)
            return Evidence(nothing, nothing, directed=True, notes={"anything": 0.0})
        return with_plain_difference(Network.score(self, pair), pair)  # not `super`: slots make a class of their own

    @property
    def file(self) -> str:
        """The file of weights: the one given, or ours."""
        return self.weights or str(SHIPPED)
