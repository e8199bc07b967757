"""Log-odds of chances, in which independent pieces of evidence add up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from spotdiff.types import Map

_LEAST = 1e-4  # chance, so that the log-odds are finite


def log_odds(chance: Map | np.float32) -> Map:
    """The log-odds of chances in [0, 1], between -9.2 and 9.2.

    Examples:
        >>> log_odds(np.array([0.5, 1], np.float32)).round(2).tolist()
        [0.0, 9.210000038146973]
    """
    bounded = np.clip(chance, _LEAST, 1 - _LEAST)
    return np.asarray(np.log(bounded / (1 - bounded)), np.float32)
