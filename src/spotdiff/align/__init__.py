"""Camera motion: estimate it, judge it, take it out."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.align.flow import residual_flow
from spotdiff.align.georeferenced import check_data, estimate_motion, place_matrix, share_with_data, with_data
from spotdiff.align.panes import find_panes, without_shift
from spotdiff.align.row_rounding import without_rounding
from spotdiff.align.rows import gathered, match_rows, spread
from spotdiff.align.warp import coverage, scaling, warp_picture
from spotdiff.errors import Refusal
from spotdiff.image.size_limit import SizeLimit
from spotdiff.types import Alignment, Pair

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.types import Bytes, Mask, Pane, Picture, Rows

_NOT_LOOKED_FOR = Alignment("off", np.eye(3), None, 1.0, note="not looked for; laid flush at the top left")
_AFAR = 64  # pixels of the longer side, for a rough look
_FURTHEST = 0.01  # of the picture's longer side: residual parallax, not another place


def align(
    pair: Pair, *, model: str = "auto", beyond: bool = True, max_pixels: float = math.inf
) -> tuple[Pair, Alignment]:
    """The pair with `after` and its history brought into before's pixels, and what was done to `after`.

    Args:
        pair: Two pictures of any sizes.
        model: See `Options.align`.
        beyond: Whether places outside of before count, where the pictures are laid flush and after is larger.
        max_pixels: Largest frame in which both are laid, in million pixels.

    Raises:
        Refusal: the pictures cannot be laid on each other; the reason is in the message.
        LoadError: the frame that both need is too large.
    """
    if pair.history:
        history = tuple(_laid(pair.before, earlier, model, max_pixels) for earlier in pair.history)
        pair = replace(pair, history=history)
    check_data(pair)
    if model == "page" and place_matrix(pair) is None:
        rows = match_rows(pair.before.opaque, pair.after.opaque)
        laid = lay_rows(pair, rows, beyond=beyond, max_pixels=max_pixels)
        if laid[1].rows is None and pair.before.alpha is None and pair.after.alpha is None:
            laid = _lay_panes(*laid, find_panes(pair.before.pixels, pair.after.pixels))
    elif model in ("off", "page"):
        laid = _lay_still(pair, beyond=beyond, max_pixels=max_pixels)
    else:
        motion = estimate_motion(pair, model="auto" if model == "flow" else model)
        alignment = Alignment(motion.model, motion.matrix, motion.error_px, 1.0, note=motion.note)
        laid = lay_moved(pair, alignment, flow=model == "flow", beyond=beyond, max_pixels=max_pixels)
    if laid[0].seen is not None and not laid[0].seen.any():
        raise Refusal("no place has data in both pictures")
    return laid


def _lay_still(pair: Pair, *, beyond: bool, max_pixels: float = math.inf) -> tuple[Pair, Alignment]:
    """The pair as it lies, by its georeferences or else flush at the top left."""
    matrix = place_matrix(pair)
    if matrix is None:
        return lay_flush(pair, _NOT_LOOKED_FOR, beyond=beyond, max_pixels=max_pixels)
    still = replace(_NOT_LOOKED_FOR, matrix=matrix, note="not looked for; laid by georeference")
    return lay_moved(pair, still, flow=False, beyond=beyond)


def lay(pair: Pair, other: Alignment, *, model: str = "auto", beyond: bool = True) -> tuple[Pair, Alignment]:
    """`align` for a pair of which the alignment of its exchanged pair is known."""
    if model == "off" or (model == "page" and place_matrix(pair) is not None):
        return _lay_still(pair, beyond=beyond)
    if model == "page":
        rows = (np.arange(pair.before.size[1]),) * 2 if other.rows is None else other.rows[::-1]
        return _lay_panes(*lay_rows(pair, rows, beyond=beyond), tuple(pane.exchanged() for pane in other.panes))
    matrix = np.asarray(np.linalg.inv(other.matrix), np.float64)
    return lay_moved(pair, replace(other, matrix=matrix / matrix[2, 2], flow=None), flow=model == "flow", beyond=beyond)


def lay_moved(
    pair: Pair, motion: Alignment, *, flow: bool, beyond: bool = True, max_pixels: float = math.inf
) -> tuple[Pair, Alignment]:
    """The pair with `after` brought into before's pixels by a known motion, and what residual flow adds to it."""
    size = pair.before.size
    if is_flush(pair, motion):
        return lay_flush(pair, motion, beyond=beyond, max_pixels=max_pixels)
    seen: Mask | None = coverage(motion.matrix, size, pair.after.size)
    residual = None
    if np.array_equal(motion.matrix, np.eye(3)) and size == pair.after.size:
        after, seen = pair.after, None
    else:
        after = warp_picture(pair.after, motion.matrix, size)
    if flow:
        residual = residual_flow(_grey(pair.before), _grey(after), furthest=_FURTHEST * max(size))
        after = warp_picture(pair.after, motion.matrix, size, residual)
    seen = with_data(pair, motion.matrix, seen)
    overlap = share_with_data(pair.before, seen)
    if seen is not None and seen.all():
        seen = None
    aligned = replace(pair, after=after, seen=seen)
    return aligned, replace(motion, overlap=overlap, flow=residual)


def _laid(before: Picture, earlier: Picture, model: str, max_pixels: float) -> Picture:
    """A picture of the history in before's pixels; where it does not reach, before stands in."""
    name = earlier.path or "a picture of the history"
    if model == "off":
        if earlier.size != before.size:
            sizes = "{}x{}, before {}x{}".format(*earlier.size, *before.size)
            raise Refusal(f"{name} is {sizes}; without alignment the history must be of before's size")
        return earlier
    try:
        aligned, alignment = align(Pair(before, earlier), model=model, max_pixels=max_pixels)
    except Refusal as refusal:
        raise Refusal(f"{name}: {refusal}") from None
    if alignment.rows is not None:
        own_rows, width = alignment.rows[0], before.size[0]
        earlier = replace(aligned.after, pixels=gathered(aligned.after.opaque, own_rows, width), alpha=None)
        seen = gathered(aligned.seen, own_rows, width) if aligned.seen is not None else None
        aligned = replace(aligned, after=earlier, seen=seen)
    if aligned.seen is None:
        return aligned.after
    own = slice(before.size[1]), slice(before.size[0])  # laid flush, it may reach beyond before
    pixels = np.where(aligned.seen[own][..., None], aligned.after.opaque[own], before.opaque)
    return replace(aligned.after, pixels=pixels, alpha=None)


def is_flush(pair: Pair, alignment: Alignment) -> bool:
    """Whether pictures of two sizes, as they were given, lie flush at the top left, and not by their georeferences."""
    return (
        alignment.rows is None
        and pair.before.size != pair.after.size
        and np.array_equal(alignment.matrix, np.eye(3))
        and place_matrix(pair) is None
    )


def overlap_of_after(pair: Pair, alignment: Alignment) -> float:
    """Share of after, in its own pixels, that before shows.

    Args:
        pair: The pictures as they were given.
        alignment: How after lies on before.
    """
    before, after = pair.before.size, pair.after.size
    if place_matrix(pair) is not None or pair.before.has_data is not None or pair.after.has_data is not None:
        turned, back = pair.swapped(), np.linalg.inv(alignment.matrix).astype(np.float64)
        return share_with_data(pair.after, with_data(turned, back, coverage(back, after, before)))
    if np.array_equal(alignment.matrix, np.eye(3)):
        return min(before[0], after[0]) * min(before[1], after[1]) / (after[0] * after[1])
    factor = min(_AFAR / max(after), 1.0)  # a share needs no full picture
    size = max(round(after[0] * factor), 1), max(round(after[1] * factor), 1)
    back = np.linalg.inv(alignment.matrix) @ np.linalg.inv(scaling(factor))
    return float(coverage(np.asarray(back, np.float64), size, before).mean())


def lay_flush(
    pair: Pair, alignment: Alignment, *, beyond: bool = True, max_pixels: float = math.inf
) -> tuple[Pair, Alignment]:
    """The pair with both pictures flush at the top left, the smaller filled up with black; `seen` says where.

    Args:
        pair: Two pictures as they were given.
        alignment: Why they lie so.
        beyond: See `align`.
        max_pixels: See `align`.

    Raises:
        LoadError: the frame is too large.
    """
    if pair.before.size == pair.after.size:
        seen = with_data(pair, np.eye(3), None)
        return replace(pair, seen=seen), replace(alignment, overlap=share_with_data(pair.before, seen))
    width, height = (max(b, a) for b, a in zip(pair.before.size, pair.after.size, strict=True))
    SizeLimit("both pictures, laid flush", max_pixels).check(width, height)
    inside = [_inside(p, (width, height)) for p in (pair.before, pair.after)]
    seen = inside[0] & inside[1]
    padded = [_pad(p, (width, height)) for p in (pair.before, pair.after)]
    valid = None
    if pair.valid is not None:
        valid = np.full((height, width), beyond)
        valid[: pair.valid.shape[0], : pair.valid.shape[1]] = pair.valid
    overlap = float(seen.sum()) / (pair.before.size[0] * pair.before.size[1])
    laid = replace(pair, before=padded[0], after=padded[1], seen=seen, valid=valid)
    return laid, replace(alignment, overlap=overlap)


def lay_rows(pair: Pair, rows: Rows, *, beyond: bool = True, max_pixels: float = math.inf) -> tuple[Pair, Alignment]:
    """The pair with the rows that are one on each other, in a frame that has the rows of both; `seen` says which do.

    Args:
        pair: Two pictures as they were given.
        rows: Each picture's own row for every row of the frame, or -1.
        beyond: See `align`.
        max_pixels: See `align`.

    Raises:
        LoadError: the frame is too large.
    """
    shared = (rows[0] >= 0) & (rows[1] >= 0)
    overlap = float(shared.sum()) / pair.before.size[1]
    shifts = np.unique(rows[1][shared] - rows[0][shared])
    note = "the rows stay where they are"
    if (shifts != 0).any():
        note = "rows shifted by " + " to ".join(map(str, dict.fromkeys((int(shifts[0]), int(shifts[-1]))))) + " px"
    alignment = Alignment("page", np.eye(3), 0.0, overlap, note=note)
    if shared.all():
        return lay_flush(pair, alignment, beyond=beyond, max_pixels=max_pixels)
    width = max(pair.before.size[0], pair.after.size[0])
    SizeLimit("the rows of both pages", max_pixels).check(width, len(shared))
    laid = [_spread(picture, own, width) for picture, own in zip((pair.before, pair.after), rows, strict=True)]
    if pair.before.alpha is None and pair.after.alpha is None:
        pixels = without_rounding(pair.before.pixels, pair.after.pixels, (laid[0].pixels, laid[1].pixels), rows)
        laid[1] = replace(laid[1], pixels=pixels)
    seen = np.zeros((len(shared), width), bool)
    seen[shared, : min(pair.before.size[0], pair.after.size[0])] = True
    for picture, own in zip((pair.before, pair.after), rows, strict=True):
        if picture.has_data is not None:
            seen &= spread(picture.has_data, own, width, fill=False)
    valid = None if pair.valid is None else spread(pair.valid, rows[0], width, fill=beyond)
    aligned = replace(pair, before=laid[0], after=laid[1], seen=seen, valid=valid)
    return aligned, replace(alignment, rows=rows)


def _lay_panes(aligned: Pair, alignment: Alignment, panes: tuple[Pane, ...]) -> tuple[Pair, Alignment]:
    """Flush pages without the shift of panes whose rows shifted by themselves."""
    if not panes:
        return aligned, alignment
    after = without_shift(panes, aligned.before.pixels, aligned.after.pixels)
    furthest = max(int(np.abs(pane.rows[1] - pane.rows[0])[pane.shared].max()) for pane in panes)
    note = f"rows of {len(panes)} part{'s' if len(panes) > 1 else ''} of the page shifted by up to {furthest} px"
    aligned = replace(aligned, after=replace(aligned.after, pixels=after))
    return aligned, replace(alignment, panes=panes, note=note)


def _spread(picture: Picture, own: NDArray[np.int64], width: int) -> Picture:
    alpha = None if picture.alpha is None else spread(picture.alpha, own, width, fill=255)
    return replace(picture, pixels=spread(picture.pixels, own, width, fill=0), alpha=alpha)


def _inside(picture: Picture, size: tuple[int, int]) -> Mask:
    """Where a frame of a size holds the picture laid flush, and the picture has data."""
    inside = np.zeros((size[1], size[0]), bool)
    inside[: picture.size[1], : picture.size[0]] = True if picture.has_data is None else picture.has_data
    return inside


def _pad(picture: Picture, size: tuple[int, int]) -> Picture:
    right, below = size[0] - picture.size[0], size[1] - picture.size[1]
    pixels = cv2.copyMakeBorder(picture.pixels, 0, below, 0, right, cv2.BORDER_CONSTANT, value=(0, 0, 0))
    alpha = picture.alpha
    if alpha is not None:
        alpha = np.asarray(cv2.copyMakeBorder(alpha, 0, below, 0, right, cv2.BORDER_CONSTANT, value=(255,)), np.uint8)
    return replace(picture, pixels=np.asarray(pixels, np.uint8), alpha=alpha)


def _grey(picture: Picture) -> Bytes:
    return np.asarray(cv2.cvtColor(picture.opaque, cv2.COLOR_RGB2GRAY), np.uint8)
