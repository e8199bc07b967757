"""Pictures of one source: two screens, two scans of one drawing, a photograph and its retouched copy.

Where most pixels are the same to the level, neither light nor camera changed, and what differs was made to differ. A
network that learned to forgive light and camera forgives too much there; the difference itself is heard as a witness.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.methods._tolerant_difference import strongest

if TYPE_CHECKING:
    from spotdiff.types import Bytes, Evidence, Mask

_ALIKE = 0.6  # share of equal pixels; of film frames 0.39 at most, of screens and retouched photographs 0.81 at least
_FAINTEST, _PLAIN = 8.0, 24.0  # levels of difference from which it counts, and counts in full: less is compression
_THIN = 3  # pixels
_WEIGHT = 2.5  # added to the log-odds: what the network gave 4 % becomes 34 %, what it gave 0.3 % stays under 4 %
_CERTAIN = 0.98  # chance that anything changed, where the plain difference counts in full
_LEAST = 1e-4  # chance, so that the log-odds are finite


def of_one_source(before: Bytes, after: Bytes, usable: Mask | None) -> bool:
    """Whether most pixels that count are the same to the level in both pictures, (H, W, 3) uint8."""
    same = strongest(cv2.absdiff(before, after)) == 0
    return bool(same[usable].mean() > _ALIKE if usable is not None and usable.any() else same.mean() > _ALIKE)


def backed(evidence: Evidence, before: Bytes, after: Bytes) -> Evidence:
    """The evidence with the difference of the pictures as a witness; which picture has what stays as it was.

    Lines thinner than three pixels are none: edges that were drawn anew, or that compression moved.
    """
    apart = cv2.morphologyEx(strongest(cv2.absdiff(before, after)), cv2.MORPH_OPEN, np.ones((_THIN, _THIN), np.uint8))
    apart = cv2.GaussianBlur(apart.astype(np.float32), (0, 0), 1.0)
    witness = _WEIGHT * np.clip((apart - _FAINTEST) / (_PLAIN - _FAINTEST), 0, 1)
    surest = np.clip(evidence.change, _LEAST, 1 - _LEAST)
    raised = 1 / (1 + (1 - surest) / surest * np.exp(-witness))
    factor = np.asarray(raised / surest, np.float32)
    anything = max(evidence.anything or 0.0, _CERTAIN) if witness.max() == _WEIGHT else evidence.anything
    return replace(evidence, gone=evidence.gone * factor, new=evidence.new * factor, anything=anything)
