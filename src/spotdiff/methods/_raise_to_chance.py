"""Evidence of a network made surer by a witness that knows where something differs, but not what came and what went."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from spotdiff.types import Evidence, Map, Mask

_LEAST = 1e-4  # chance, so that the odds are finite
_UNKNOWN = 0.4  # evidence under which the network does not know which picture has a thing


def raised_to_chance(
    evidence: Evidence, chance: Map, *, anything: float, sides: tuple[Mask, Mask] | None = None
) -> Evidence:
    """Both maps raised so that the larger comes to a chance at least.

    Args:
        evidence: Of the network.
        chance: (H, W) in [0, 1].
        anything: That anything changed at all.
        sides: Which maps are raised where the network did not know, before's and after's; both alike when None.
    """
    surest = np.clip(evidence.change, _LEAST, 1 - _LEAST)
    factor = np.asarray(np.maximum(chance, surest) / surest, np.float32)
    maps = []
    for number, side in enumerate((evidence.gone, evidence.new)):
        raised = np.minimum(np.maximum(side, _LEAST) * factor, 1)
        if sides is not None:
            raised = np.where(surest < _UNKNOWN, np.where(sides[number], chance, side), raised)
        maps.append(np.where(factor > 1, raised, side).astype(np.float32))
    gone, new = maps if evidence.directed else (np.maximum(*maps),) * 2
    return replace(evidence, gone=gone, new=new, anything=max(evidence.anything or 0.0, anything))
