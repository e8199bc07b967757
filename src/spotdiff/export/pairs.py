"""Pairs to calibrate and measure an exported network on: from a dataset, or made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.align import align
from spotdiff.data.dataset import CHANGED, UNCOUNTED, Dataset, read_truth
from spotdiff.errors import Refusal
from spotdiff.image import load_pair
from spotdiff.light import match_light
from spotdiff.options import Options
from spotdiff.types import Pair, Picture

if TYPE_CHECKING:
    from spotdiff.data.dataset import Sample
    from spotdiff.data.example import Source
    from spotdiff.types import Bytes, Mask


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """An aligned pair, and what is known of it.

    Attributes:
        pair: The pair, as a method would get it.
        changed: (H, W) bool; None where nobody knows.
        counted: (H, W) bool, False for pixels to leave out; None for all.
    """

    pair: Pair
    changed: Mask | None = None
    counted: Mask | None = None


def known_pairs(data: Dataset | Source, *, most: int, side: int) -> list[Known]:
    """The first `most` pairs of a source, or so many spread over a dataset, brought to a longer side of `side`.

    Pairs that the flow would refuse are left out.
    """
    if isinstance(data, Dataset):
        count = min(most, len(data))
        thinned = (data.samples[index * len(data) // count] for index in range(count))
        found: Iterator[Known | None] = map(_of_sample, thinned)
    else:
        found = (_of_source(data, number) for number in range(most))
    return [_shrunk(known, side) for known in found if known is not None]


def _of_source(source: Source, number: int) -> Known:
    example = source[number]
    counted = example.counted_before & example.counted_after
    return Known(Pair(Picture(example.before), Picture(example.after)), example.gone | example.new, counted)


def _of_sample(sample: Sample) -> Known | None:
    """The pair of a sample after the flow's own steps, with its mask if it has one."""
    pair = load_pair(sample.before, sample.after, options=Options())
    try:
        aligned, _ = align(pair, model="auto", beyond=True)
        aligned, _ = match_light(aligned, model="auto")
    except Refusal:
        return None
    mask = read_truth(sample).mask if sample.has_truth else None
    if mask is None or mask.shape != pair.before.pixels.shape[:2]:
        return Known(aligned)
    return Known(aligned, mask == CHANGED, ~np.isin(mask, UNCOUNTED))


def _shrunk(known: Known, side: int) -> Known:
    width, height = known.pair.before.size
    factor = side / max(width, height)
    if factor >= 1:
        return known
    size = max(round(width * factor), 1), max(round(height * factor), 1)
    pair = replace(
        known.pair,
        before=_smaller(known.pair.before, size),
        after=_smaller(known.pair.after, size),
        valid=_thinned(known.pair.valid, size),
        seen=_thinned(known.pair.seen, size),
        history=(),
    )
    return Known(pair, _thinned(known.changed, size), _thinned(known.counted, size))


def _smaller(picture: Picture, size: tuple[int, int]) -> Picture:
    alpha = None if picture.alpha is None else _resized(picture.alpha, size, cv2.INTER_AREA)
    return replace(picture, pixels=_resized(picture.pixels, size, cv2.INTER_AREA), alpha=alpha)


def _thinned(mask: Mask | None, size: tuple[int, int]) -> Mask | None:
    return None if mask is None else _resized(mask.astype(np.uint8), size, cv2.INTER_NEAREST) > 0


def _resized(values: Bytes, size: tuple[int, int], way: int) -> Bytes:
    return np.asarray(cv2.resize(values, size, interpolation=way), np.uint8)
