"""Earlier pictures in which nothing changed say where a place is restless; what changed must stand out of that."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.methods import score
from spotdiff.metrics.odds import log_odds
from spotdiff.types import Pair

if TYPE_CHECKING:
    from spotdiff.types import Evidence, Map, Method

MOST = 8  # earlier pictures, the latest, that are held against the one before
_QUIET = 0.05  # evidence up to which an unchanged place says nothing
_REACH = 0.01  # of the longer side: how far what is restless wanders
_FEWEST_PX = 2


def restless(pair: Pair, method: Method, *, name: str) -> tuple[Map, float | None] | None:
    """How much evidence of change a method finds where nothing changed, (H, W) in [0, 1], and for the pair as a whole.

    Each of the last `MOST` pictures of the history is held against `before`; the highest counts, within one per cent of
    the picture's longer side. None without a history, and from a method that learns from it by itself.

    Args:
        pair: Aligned and in one light, its history too.
        method: That scores it.
        name: What the method is called in an error.
    """
    if not pair.history or getattr(method, "learns_history", False):
        return None
    usual = [score(method, replace(pair, after=earlier, history=()), name=name) for earlier in pair.history[-MOST:]]
    floor = usual[0].change.copy()
    for evidence in usual[1:]:
        np.maximum(floor, evidence.change, out=floor)
    reach = max(round(_REACH * max(floor.shape)), _FEWEST_PX)
    wide = cv2.dilate(floor, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1)))
    whole = [evidence.anything for evidence in usual if evidence.anything is not None]
    return np.asarray(wide, np.float32), max(whole) if whole else None


def over(evidence: Evidence, floor: Map, whole: float | None) -> Evidence:
    """The evidence less what the place shows without a change, in log-odds: as sure as that is no change at all.

    A place that showed nothing keeps its evidence to the last bit.
    """
    gone = _less(evidence.gone, floor)
    new = gone if evidence.gone is evidence.new else _less(evidence.new, floor)
    anything = evidence.anything
    if anything is not None and whole is not None:
        anything = float(_less(np.array([anything], np.float32), np.array([whole], np.float32))[0])
    return replace(evidence, gone=gone, new=new, anything=anything)


def _less(chance: Map, floor: Map) -> Map:
    shift = np.maximum(log_odds(floor) - log_odds(np.float32(_QUIET)), 0)
    lowered = 1 / (1 + np.exp(shift - log_odds(chance)))
    return np.where(shift > 0, np.minimum(lowered, chance), chance).astype(np.float32)
