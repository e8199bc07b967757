"""A contact sheet: pairs side by side, as they are and with their truth laid over them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from spotdiff.data.example import Example, Source
    from spotdiff.types import Box, Bytes, Mask

_TILE = 160  # side of a picture on the sheet, in pixels
_GAP = 4
_GONE, _NEW, _OPEN = (230, 40, 40), (30, 190, 60), (120, 120, 120)
_COLUMNS = 2  # pairs side by side


def contact_sheet(source: Source, count: int) -> Bytes:
    """The first `count` pairs, each as before, after, before with `gone` in red, after with `new` in green.

    What does not count is grey, places have their boxes and kinds; (H, W, 3) uint8.
    """
    strips = [_strip(source[number]) for number in range(count)]
    while len(strips) % _COLUMNS:
        strips.append(np.full_like(strips[0], 255))
    rows = [np.hstack(strips[start : start + _COLUMNS]) for start in range(0, len(strips), _COLUMNS)]
    return np.vstack(rows)


def _strip(example: Example) -> Bytes:
    before = _overlaid(example.before, example.gone, example.counted_before, _GONE)
    after = _overlaid(example.after, example.new, example.counted_after, _NEW)
    tiles = [_tile(pixels) for pixels in (example.before, example.after, before, after)]
    scale = _TILE / example.before.shape[1]
    for place in example.places:
        _mark(tiles[2], place.box_before, place.kind, scale)
        _mark(tiles[3], place.box_after, str(place.facts.get("class", "")), scale)
    framed = [cv2.copyMakeBorder(tile, 0, _GAP, 0, _GAP, cv2.BORDER_CONSTANT, value=(255,) * 3) for tile in tiles]
    return np.hstack(framed)


def _overlaid(pixels: Bytes, mask: Mask, counted: Mask, ink: tuple[int, int, int]) -> Bytes:
    shown = pixels.copy()
    shown[~counted] = shown[~counted] // 2 + np.array(_OPEN, np.uint8) // 2
    shown[mask & counted] = shown[mask & counted] // 3 + (np.array(ink, np.float32) * 2 / 3).astype(np.uint8)
    return shown


def _tile(pixels: Bytes) -> Bytes:
    way = cv2.INTER_AREA if pixels.shape[0] > _TILE else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, (_TILE, _TILE), interpolation=way))


def _mark(tile: Bytes, box: Box | None, text: str, scale: float) -> None:
    if box is None:
        return
    left, top, right, bottom = (round(edge * scale) for edge in box)
    cv2.rectangle(tile, (left, top), (right - 1, bottom - 1), (255, 255, 255), 1)
    at = left, top - 3 if top > 12 else bottom + 10
    for ink, thick in (((0, 0, 0), 2), ((255, 255, 255), 1)):
        cv2.putText(tile, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.33, ink, thick, cv2.LINE_AA)
