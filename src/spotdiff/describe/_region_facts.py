"""What can be seen of regions: their facts, from boxes, outlines and pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.image.colour_words import MIXED, some_of, word_of
from spotdiff.language.facts import ChangeFact, Spot, Thing, size_word
from spotdiff.language.places import area_of, place_of, side_of, way_of

if TYPE_CHECKING:
    from spotdiff.language.places import Areas
    from spotdiff.types import Box, Bytes, Outline, Pair, Region

_CLEAR = 0.6  # share of a thing's pixels that its colour needs to be told
_LIGHTS = ((1.0, 1.0, 1.0), (0.85, 0.85, 0.85), (1.18, 1.18, 1.18), (1.06, 1.0, 0.94), (0.94, 1.0, 1.06))
_FEWEST = 12  # pixels inside of a thing, to tell its colour
_RIM = 0.06  # of the shorter side of a box, that is left out of the colour: it shows what is behind, too
_NEIGHBOURS = 12  # of the surest regions, that others are told to be beside of


def facts_of(pair: Pair, regions: Sequence[Region], areas: Areas | None = None) -> tuple[ChangeFact, ...]:
    """What can be told of each region, in their order.

    Args:
        pair: Aligned, light matched; boxes and outlines of the regions are in this common frame.
        regions: The surest first.
        areas: Named polygons in before's pixels.
    """
    facts = [replace(_fact(pair, region, areas or {}), score=region.score, likely=region.likely) for region in regions]
    boxes = [_where(region) for region in regions]
    return tuple(_beside(fact, number, boxes, facts) for number, fact in enumerate(facts))


def _fact(pair: Pair, region: Region, areas: Areas) -> ChangeFact:
    size = pair.before.size
    before, after = region.box_before, region.box_after
    box = _where(region)
    if box is None:
        return ChangeFact(region.kind)
    old = _thing(pair.before.opaque, region.outline_before, before or box, size)
    new = _thing(pair.after.opaque, region.outline_after, after or box, size)
    spot = _spot(box, size, areas)
    if region.kind == "replaced":
        other = replace(new, size="") if new.size == old.size else new  # one size is told once, and one colour
        other = replace(other, colour="") if new.colour == old.colour else other
        return ChangeFact("replaced", old, spot, other)
    if region.kind == "moved" and before and after:
        to = _spot(after, size, areas)
        way = way_of(before, after) if to == spot else ""
        return ChangeFact("moved", old, spot, to=to, way=way)
    if region.kind == "changed":
        return ChangeFact("changed", Thing(size=old.size), spot)
    return ChangeFact(region.kind, new if region.kind == "added" else old, spot)


def _where(region: Region) -> Box | None:
    """Where a region is told; of a moved thing where it was."""
    return region.place[1] if region.kind != "moved" else region.box_before or region.box_after


def _spot(box: Box, size: tuple[int, int], areas: Areas) -> Spot:
    return Spot(place_of(box, size), area_of(box, areas))


def _thing(pixels: Bytes, outline: Sequence[Outline], box: Box, size: tuple[int, int]) -> Thing:
    share = (box[2] - box[0]) * (box[3] - box[1]) / (size[0] * size[1])
    return Thing("", _colour(pixels, outline, box), size_word(share))


def _colour(pixels: Bytes, outline: Sequence[Outline], box: Box) -> str:
    """The word for most of what an outline holds, its rim left out; "" where no word fits enough of it in any light."""
    left, top = max(box[0], 0), max(box[1], 0)
    right, bottom = min(box[2], pixels.shape[1]), min(box[3], pixels.shape[0])
    if not outline or left >= right or top >= bottom:
        return ""
    mask = np.zeros((bottom - top, right - left), np.uint8)
    cv2.fillPoly(mask, [np.array(part, np.int32) - np.array((left, top), np.int32) for part in outline], 255)
    rim = max(round(_RIM * min(mask.shape)), 1)
    inside = cv2.erode(mask, np.ones((2 * rim + 1, 2 * rim + 1), np.uint8), borderValue=0)
    if cv2.countNonZero(inside) < _FEWEST:
        return ""
    chosen = some_of(pixels[top:bottom, left:right], np.asarray(inside))[None]
    lit = (np.asarray(cv2.multiply(chosen, (*gain, 0)))[0] for gain in _LIGHTS)
    word = word_of(next(lit), clear=_CLEAR)
    return word if word != MIXED and all(word_of(colours, clear=_CLEAR) == word for colours in lit) else ""


def _beside(fact: ChangeFact, number: int, boxes: Sequence[Box | None], facts: Sequence[ChangeFact]) -> ChangeFact:
    """The fact with the surest likely change that it is next to, if there is one."""
    own = boxes[number]
    if own is None:
        return fact
    for other, box in enumerate(boxes[: min(number, _NEIGHBOURS)]):
        if box is not None and facts[other].likely and (side := side_of(own, box)):
            return replace(fact, beside=(side, other + 1))
    return fact
