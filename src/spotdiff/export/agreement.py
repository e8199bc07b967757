"""How far one exported network says what another says, how well both know the truth, and what they take."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.metrics.masks import Levels, f1, levels

if TYPE_CHECKING:
    from spotdiff.export.pairs import Known
    from spotdiff.methods.network import Network
    from spotdiff.types import Bytes, Evidence, Map

_CHANGED = 128  # of evidence in 8 bits
_RUNS = 5  # of which the fastest counts


@dataclass(frozen=True, slots=True)
class Agreement:
    """A file beside the one it was made from.

    Attributes:
        pairs: How many pairs were measured.
        size: Its bytes as a share of the other's.
        seconds: Time for a pair as a share of the other's, with the threads that the methods have.
        largest, mean: Difference of gone and new, over all pixels of all pairs.
        agreement: F1 of what it calls changed, with what the other calls changed as the truth.
        f1, f1_before: F1 of it and of the other with the true masks; None where no pair has one.
    """

    pairs: int
    size: float
    seconds: float
    largest: float
    mean: float
    agreement: float
    f1: float | None
    f1_before: float | None


def agreement(whole: Network, other: Network, known: Sequence[Known]) -> Agreement:
    """Measure `other` against `whole`, the one it was made from, on pairs that neither has been fitted to."""
    apart: list[Map] = []
    agreed, true, true_before = [], [], []
    for one in known:
        said, meant = other.score(one.pair), whole.score(one.pair)
        apart += [np.abs(said.gone - meant.gone), np.abs(said.new - meant.new)]
        agreed.append(levels(_bytes(said), _bytes(meant) >= _CHANGED))
        if one.changed is not None:
            true.append(levels(_bytes(said), one.changed, counted=one.counted))
            true_before.append(levels(_bytes(meant), one.changed, counted=one.counted))
    return Agreement(
        pairs=len(known),
        size=Path(other.weights).stat().st_size / Path(whole.weights).stat().st_size,
        seconds=_seconds(other, known[0]) / _seconds(whole, known[0]),
        largest=max(float(values.max()) for values in apart),
        mean=sum(float(values.sum()) for values in apart) / sum(values.size for values in apart),
        agreement=_f1(agreed),
        f1=_f1(true) if true else None,
        f1_before=_f1(true_before) if true_before else None,
    )


def _bytes(evidence: Evidence) -> Bytes:
    return np.asarray(cv2.convertScaleAbs(evidence.change, alpha=255), np.uint8)


def _f1(found: Sequence[Levels]) -> float:
    return float(f1(sum(found[1:], found[0]).at(_CHANGED)))


def _seconds(method: Network, known: Known) -> float:
    taken = []
    for _ in range(_RUNS):
        start = time.perf_counter()
        method.score(known.pair)
        taken.append(time.perf_counter() - start)
    return min(taken)
