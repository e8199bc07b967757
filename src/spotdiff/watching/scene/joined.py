"""Something taken here and something left there, told one after the other: is it one thing that moved?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from spotdiff.regions.moved import likeness, look
from spotdiff.regions.outline import outlines_of

if TYPE_CHECKING:
    from spotdiff.regions.moved import Look
    from spotdiff.types import Bytes
    from spotdiff.watching.scene.difference import Difference
    from spotdiff.watching.scene.judge import Judged

_LIKELY = 0.5  # chance that two looks are of one thing: that one came when the other went speaks for it, too
_SHARED = 0.3  # share of the ground of what was told that a moved thing must have left


def one_that_moved(told: Difference, fresh: Difference) -> Judged | None:
    """What two differences are together if they are one thing that moved; None where they are two."""
    one, other = told.judged, fresh.judged
    if one is None or other is None or told.shown is None or fresh.shown is None:
        return None
    if other.kind == "moved" and one.kind in ("taken", "left", "changed"):
        shared = int((other.mask & one.mask).sum())
        return other if shared >= _SHARED * int(one.mask.sum()) else None
    for gone, came, here, there in ((told, fresh, one, other), (fresh, told, other, one)):
        fits = there.kind in ("left", "changed") and here.kind in ("taken", "changed") and there.kind != here.kind
        if fits and likeness(_look(gone, 0), _look(came, 1)) >= _LIKELY:
            return _moved(here, there)
    return None


def _moved(here: Judged, there: Judged) -> Judged:
    text = f"{there.text} It seems to have stood elsewhere before."
    return replace(
        there,
        kind="moved",
        score=min(here.score, there.score),
        box_before=here.box,
        mask=here.mask | there.mask,
        text=text,
    )


def _look(difference: Difference, picture: int) -> Look | None:
    found, shown = difference.judged, difference.shown
    if found is None or shown is None:
        return None
    left, top, right, bottom = found.box
    inside = np.ascontiguousarray(found.mask[top:bottom, left:right]).astype(np.uint8)
    pixels: Bytes = shown[picture]
    return look(pixels, found.box, outlines_of(inside, left=left, top=top))
