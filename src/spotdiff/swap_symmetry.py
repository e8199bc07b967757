"""Exchanged pictures have the mirrored answer, because both orders are judged as one and the answer is turned round."""

from __future__ import annotations

import re
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.align import lay
from spotdiff.align.rows import common_box, common_outlines, spread
from spotdiff.align.warp import map_box, move_outlines
from spotdiff.light import match_light
from spotdiff.methods._postprocess import opposite
from spotdiff.types import Region

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.options import Options
    from spotdiff.types import Alignment, Box, Bytes, Comparison, Evidence, Kind, Mask, Outline, Pair, Picture

_ROWS = 64  # looked at a time
_OTHER = {"before": "after", "after": "before"}
_MIRRORED: dict[Kind, Kind] = {"added": "removed", "removed": "added"}
_WORD = re.compile(r"[a-z]+")


def judged_turned(pair: Pair) -> bool:
    """Whether a pair is judged with its pictures exchanged: the brighter one is the first, whoever came first.

    So a pixel that changes does not turn the order over, and with it what is found. With a history the pair is not
    turned: that belongs to the picture before.
    """
    before, after = pair.before, pair.after
    if pair.history or before.size != after.size:
        return not pair.history and before.size > after.size
    if brighter := _brightness(before) - _brightness(after):
        return brighter < 0
    if (order := _order(before.visible, after.visible)) or (before.alpha is None and after.alpha is None):
        return order > 0
    opaque = np.full(before.pixels.shape[:2], 255, np.uint8)
    alphas = [opaque if picture.alpha is None else picture.alpha for picture in (before, after)]
    # colours that nobody sees decide last, for a method that reads no alpha
    return (_order(*alphas) or _order(before.pixels, after.pixels)) > 0


def _brightness(picture: Picture) -> float:
    return float(sum(cv2.sumElems(picture.visible)))


def _order(before: Bytes, after: Bytes) -> int:
    """Which of two arrays of one shape is the first, by the first rows that differ: below 0, above, or 0 if none do."""
    for top in range(0, len(before), _ROWS):
        one, other = (np.ascontiguousarray(values[top : top + _ROWS]).data for values in (before, after))
        if (sums := (zlib.crc32(one), zlib.crc32(other)))[0] != sums[1]:
            return -1 if sums[0] < sums[1] else 1
    return 0


def exchanged(pair: Pair) -> Pair:
    """The pair with its pictures exchanged; what counts is told in before's pixels, and has to be brought along."""
    return replace(pair.swapped(), valid=None)


def counting(aligned: Pair, valid: Mask | None, alignment: Alignment, *, beyond: bool) -> Pair:
    """An aligned pair with what counts told in its second picture's own pixels.

    Args:
        aligned: Its `valid` is replaced.
        valid: (H, W) bool in the pixels of the second picture as it was given; None for everywhere.
        alignment: Takes the common frame's pixels to those.
        beyond: Whether places outside of that picture count.
    """
    if valid is None:
        return aligned
    if alignment.rows is not None:
        return replace(aligned, valid=spread(valid, alignment.rows[1], aligned.before.size[0], fill=beyond))
    size = aligned.before.size
    border = 255 * int(beyond)
    how = {"flags": cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP, "borderMode": cv2.BORDER_CONSTANT, "borderValue": border}
    seen = cv2.warpPerspective(255 * valid.astype(np.uint8), alignment.matrix, size, **how)
    return replace(aligned, valid=seen > 127)


def mirrored(judged: Comparison, pair: Pair, options: Options) -> Comparison:
    """The answer to a pair from that to the exchanged pair; `Comparison.mirror` holds the latter.

    Evidence and labels are brought into before's pixels for whoever looks at them there, by the nearest pixel; maps in
    each picture's own pixels are taken from the answer as it was judged.
    """
    answer = replace(judged, pair=pair, aligned=pair, mirror=judged, reason=_turned_words(judged.reason))
    answer = replace(answer, regions=tuple(turned_region(region) for region in judged.regions))
    if judged.alignment.model == "off" and judged.alignment.note == "":
        return answer  # refused before it was aligned
    aligned, alignment = lay(pair, judged.alignment, model=options.align, beyond=not options.focus)
    aligned, light = match_light(aligned, model=options.light)
    answer = replace(answer, aligned=aligned, alignment=alignment, light=light)
    if judged.evidence is None or judged.labels is None:
        return answer
    size, matrix = aligned.before.size, alignment.matrix
    labels = np.rint(_seen(judged.labels.astype(np.float32), matrix, size)).astype(np.int32)
    return replace(answer, evidence=_turned_evidence(judged.evidence, matrix, size), labels=labels)


def turned_region(region: Region) -> Region:
    """The region as it is in the answer to the exchanged pair."""
    return replace(
        region,
        kind=_MIRRORED.get(region.kind, region.kind),
        box_before=region.box_after,
        box_after=region.box_before,
        outline_before=region.outline_after,
        outline_after=region.outline_before,
    )


def _turned_evidence(evidence: Evidence, matrix: NDArray[np.float64], size: tuple[int, int]) -> Evidence:
    new = _seen(evidence.gone, matrix, size)
    gone = new if evidence.gone is evidence.new else _seen(evidence.new, matrix, size)
    return replace(
        evidence,
        gone=gone,
        new=new,
        cores=None,  # they have done their work
        layers={opposite(name): _seen(values, matrix, size) for name, values in evidence.layers.items()},
        notes={opposite(name): value for name, value in evidence.notes.items()},
    )


def _seen(values: NDArray[np.float32], matrix: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float32]:
    """A map (H, W) of the other picture's pixels, as it lies in a frame that the matrix takes there."""
    if np.array_equal(matrix, np.eye(3)) and values.shape[1::-1] == size:
        return values
    return np.asarray(
        cv2.warpPerspective(values, matrix, size, flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP), np.float32
    )


def _turned_words(text: str) -> str:
    """A reason in which before stands for after, and the other way round.

    Examples:
        >>> _turned_words("after shows only 12% of before")
        'before shows only 12% of after'
    """
    return _WORD.sub(lambda word: _OTHER.get(word[0], word[0]), text)


def in_common_frame(region: Region, alignment: Alignment) -> Region:
    """A region in the pictures' own pixels with all of it in the common frame, which is that of before."""
    if alignment.rows is not None:
        before, after = alignment.rows
        return replace(
            region,
            box_before=None if region.box_before is None else common_box(region.box_before, before),
            box_after=None if region.box_after is None else common_box(region.box_after, after),
            outline_before=common_outlines(region.outline_before, before),
            outline_after=common_outlines(region.outline_after, after),
        )
    back = np.linalg.inv(alignment.matrix).astype(np.float64)

    def outlines(own: tuple[Outline, ...]) -> tuple[Outline, ...]:
        return move_outlines(own, back, (1 << 30, 1 << 30))

    box: Box | None = None if region.box_after is None else map_box(region.box_after, back)
    return replace(region, box_after=box, outline_after=outlines(region.outline_after))
