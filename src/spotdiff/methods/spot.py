"""The default: what each picture shows that the other does not, found by a small network that comes with spotdiff."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import cv2
import numpy as np

from spotdiff import nets
from spotdiff.errors import Refusal
from spotdiff.methods._network import Network
from spotdiff.methods._opaque import opaque
from spotdiff.params import param
from spotdiff.types import Evidence, Extraction

if TYPE_CHECKING:
    from spotdiff.types import Bytes, Pair

_AFAR = 64  # pixels of the longer side, for a rough look
_FARTHEST = 80.0  # levels; half of a picture has not changed and is brought to one light before
SHIPPED = Path(nets.__file__).parent / "shipped" / "spot.onnx"


@dataclass(frozen=True, slots=True)
class Spot(Network):
    """Spot: two masks, each in its own picture's pixels; see `spotdiff.nets.spot` and docs/spot.md.

    Its parameters are those of every method with a network (see `spotdiff.methods._network`), with other defaults.
    Without `weights` it uses those that come with spotdiff, through onnxruntime.
    """

    net: ClassVar[str] = "spot"
    extraction: ClassVar[Extraction] = Extraction(
        grow=0.25, seed=0.4, min_area=12, join=6, calibration=(1.05, 0.3, -1.86), least=0.1, sure=0.65, doubt=0.35
    )

    weights: str = param(
        "", "file of trained weights, or one exported to ONNX; empty for those that come with spotdiff"
    )
    closest: int = param(
        1 << 20, "longer side up to which it looks closer; 0 for one look", low=0, high=1 << 20, unit="px"
    )

    def score(self, pair: Pair) -> Evidence:
        """As `Network.score`; the network is not asked about pictures that look the same in every pixel.

        Raises:
            Refusal: the pictures differ all over by more than it has learned to tell from light, such as a negative.
        """
        before, after = opaque(pair.before), opaque(pair.after)
        if np.array_equal(before, after):
            nothing = np.zeros(before.shape[:2], np.float32)
            return Evidence(nothing, nothing, directed=True, notes={"anything": 0.0})
        if _apart(before, after) > _FARTHEST:
            raise Refusal("the pictures differ all over by more than light and camera explain")
        return Network.score(self, pair)  # not `super`: slots make a class of their own

    @property
    def file(self) -> str:
        """The file of weights: the one given, or ours."""
        return self.weights or str(SHIPPED)


def _apart(before: Bytes, after: Bytes) -> float:
    """How many levels half of both pictures differ by at least, seen from afar."""
    height, width = before.shape[:2]
    factor = min(_AFAR / max(height, width), 1.0)
    size = max(round(width * factor), 1), max(round(height * factor), 1)
    small = [cv2.resize(np.ascontiguousarray(one), size, interpolation=cv2.INTER_AREA) for one in (before, after)]
    return float(np.median(cv2.absdiff(*small).max(-1)))
