"""Pictures that say where they lie or where they have data: the motion left between them, and what both show."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.align.estimate import Motion, estimate
from spotdiff.align.pull_push import pull_push
from spotdiff.align.warp import coverage
from spotdiff.errors import Refusal
from spotdiff.image.geo_offset import offset_between

if TYPE_CHECKING:
    from spotdiff.types import Bytes, Mask, Matrix, Pair, Picture

_WORK_SIDE = 800  # pixels


def place_matrix(pair: Pair) -> Matrix | None:
    """What takes before's pixels to after's by their georeferences, (3, 3); None where they do not tell."""
    offset = offset_between(pair.before, pair.after)
    return None if offset is None else _translation(*offset)


def estimate_motion(pair: Pair, model: str) -> Motion:
    """`estimate` for a pair: where georeferences tell how the pictures lie, in what both cover, from there.

    Raises:
        Refusal: as `estimate`.
    """
    before, after = _grey(pair.before), _grey(pair.after)
    offset = offset_between(pair.before, pair.after)
    if offset is None:
        return estimate(before, after, model=model)
    right, down = offset
    left, top = max(0, -right), max(0, -down)
    width = min(pair.before.size[0], pair.after.size[0] - right) - left
    height = min(pair.before.size[1], pair.after.size[1] - down) - top
    if width <= 0 or height <= 0:
        raise Refusal("by their georeferences the pictures have no ground in common")
    here = before[top : top + height, left : left + width]
    there = after[top + down : top + down + height, left + right : left + right + width]
    motion = estimate(np.ascontiguousarray(here), np.ascontiguousarray(there), model=model)
    matrix = _translation(left + right, top + down) @ motion.matrix @ _translation(-left, -top)
    return replace(motion, matrix=matrix / matrix[2, 2], note=f"laid by georeference; {motion.note}")


def _translation(right: int, down: int) -> Matrix:
    return np.array([[1, 0, right], [0, 1, down], [0, 0, 1]], np.float64)


def _grey(picture: Picture) -> Bytes:
    """(H, W) uint8, smooth where the picture has no data, so that nothing there looks as if it stood still."""
    grey = np.asarray(cv2.cvtColor(picture.opaque, cv2.COLOR_RGB2GRAY), np.uint8)
    if picture.has_data is None:
        return grey
    width, height = picture.size
    factor = min(_WORK_SIDE / max(width, height), 1.0)  # what is smooth needs no more
    size = max(round(width * factor), 1), max(round(height * factor), 1)
    known = cv2.resize(picture.has_data.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA) == 255
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    smooth = np.rint(pull_push(small[..., None], known.astype(np.float32))[..., 0]).clip(0, 255).astype(np.uint8)
    return np.where(picture.has_data, grey, cv2.resize(smooth, (width, height), interpolation=cv2.INTER_LINEAR))


def with_data(pair: Pair, matrix: Matrix, seen: Mask | None) -> Mask | None:
    """Where both pictures show something: `seen` but for the places where one of them has no data.

    Args:
        pair: The pictures as they were given.
        matrix: Takes before's pixels to after's.
        seen: (H, W) bool in before's pixels, where both pictures reach; None for everywhere.
    """
    before, after = pair.before.has_data, pair.after.has_data
    if before is None and after is None:
        return seen
    width, height = pair.before.size
    both = np.ones((height, width), bool) if seen is None else seen
    if before is not None:
        both = both & before
    if after is not None:
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP  # a pixel that is made of one without data has none
        there = cv2.warpPerspective(255 * after.astype(np.uint8), matrix, (width, height), flags=flags)
        both = both & (there == 255)
    return np.asarray(both, bool)


def check_data(pair: Pair) -> None:
    """Raise a Refusal where no place has data in both pictures, so that no motion can be looked for."""
    if shared_ground(pair) == 0:
        raise Refusal("no place has data in both pictures")


def share_with_data(picture: Picture, seen: Mask | None) -> float:
    """Share of a picture's data that is seen, `seen` being in its own pixels and True only where it has data."""
    if seen is None:
        return 1.0
    return float(seen.sum()) / max(int(seen.size if picture.has_data is None else picture.has_data.sum()), 1)


def shared_ground(pair: Pair) -> float:
    """Smaller share of either picture's data that the other has data for as they lie by themselves, 0 to 1.

    1 for pictures that say nothing of where they lie or have data.
    """
    still = place_matrix(pair)
    gaps = pair.before.has_data is not None or pair.after.has_data is not None
    if still is None and (not gaps or pair.before.size != pair.after.size):
        return 1.0
    matrix = np.eye(3) if still is None else still
    seen = with_data(pair, matrix, coverage(matrix, pair.before.size, pair.after.size))
    count = 0 if seen is None else int(seen.sum())
    return min(count / max(_data(one), 1) for one in (pair.before, pair.after))


def _data(picture: Picture) -> int:
    """How many pixels have data."""
    return picture.size[0] * picture.size[1] if picture.has_data is None else int(picture.has_data.sum())
