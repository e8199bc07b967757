"""Pictures of few colours, as GIF and palette PNG hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from spotdiff.types import Bytes, Mask

_MOST = 256  # colours of a palette
_NEARLY = 12.0  # levels by which a colour may miss the nearest one; those who choose colours take short cuts
_AT_ONCE = 1 << 14  # pixels


def near_in_palette(before: Bytes, after: Bytes, places: Mask) -> Mask:
    """Where one picture shows the other's colour as nearly as its few colours let it.

    Args:
        before: (H, W, 3) uint8.
        after: Of the same shape.
        places: (H, W) bool, where that is asked.

    Returns:
        (H, W) bool; False everywhere if neither has a palette, or both have.
    """
    found = np.zeros(places.shape, bool)
    palettes = [_palette(before), _palette(after)]
    if (palettes[0] is None) == (palettes[1] is None):
        return found
    full, few, palette = (after, before, palettes[0]) if palettes[1] is None else (before, after, palettes[1])
    wanted, shown = full[places].astype(np.float32), few[places].astype(np.float32)
    colours = np.asarray(palette, np.float32)
    nearest = np.empty(len(wanted), np.float32)
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE, None] - colours
        nearest[start : start + _AT_ONCE] = np.sqrt((some**2).sum(-1).min(1))
    missed = np.linalg.norm(wanted - shown, axis=1)
    found[places] = missed <= np.maximum(2 * nearest, nearest + _NEARLY)
    return found


def _palette(picture: Bytes) -> Bytes | None:
    """(n, 3): the colours of a picture that has few; None for any other."""
    if len(_colours(picture[::7, ::7])) > _MOST:  # tells most others at once
        return None
    colours = _colours(picture)
    return colours if len(colours) <= _MOST else None


def _colours(picture: Bytes) -> Bytes:
    packed = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2RGBA).view(np.uint32)
    return np.unique(packed).view(np.uint8).reshape(-1, 4)[:, :3]
