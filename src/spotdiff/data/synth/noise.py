"""Random fields, cut from tiles that are made once: grain, octaves, ripples; and smooth fields from few numbers."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from spotdiff.types import Map


_GRAIN, _TILE = 768, 1024  # sides of the tiles


@cache
def _grain() -> Map:
    return np.random.default_rng(1).standard_normal((_GRAIN, _GRAIN, 3), np.float32)


@cache
def _octaves() -> Map:
    """A tile of noise whose power falls with its frequency, of deviation 1; it goes on at its edges."""
    rng = np.random.default_rng(2)
    tile = np.zeros((_TILE, _TILE), np.float32)
    for octave in range(7):
        tile += _periodic(rng, 8 << octave, 8 << octave) / (1.7**octave)
    return np.asarray((tile - tile.mean()) / tile.std(), np.float32)


@cache
def _ripples() -> Map:
    """The same, with crests that lie across, as on water."""
    rng = np.random.default_rng(3)
    tile = np.zeros((_TILE, _TILE), np.float32)
    for octave in range(4):
        tile += _periodic(rng, 64 << octave, 16 << octave) / (1.3**octave)
    return np.asarray((tile - tile.mean()) / tile.std(), np.float32)


def _periodic(rng: np.random.Generator, rows: int, columns: int) -> Map:
    coarse = rng.standard_normal((rows, columns), np.float32)
    wrapped = cv2.copyMakeBorder(coarse, 2, 2, 2, 2, cv2.BORDER_WRAP)
    tall, wide = _TILE // rows, _TILE // columns
    fine = cv2.resize(wrapped, ((columns + 4) * wide, (rows + 4) * tall), interpolation=cv2.INTER_CUBIC)
    return np.asarray(fine[2 * tall : 2 * tall + _TILE, 2 * wide : 2 * wide + _TILE])


def _cut(tile: Map, rng: np.random.Generator, height: int, width: int) -> Map:
    """A piece from anywhere in a tile, which goes round at its edges where the piece is larger."""
    rows, columns = tile.shape[:2]
    if height <= rows and width <= columns:
        top, left = int(rng.integers(rows - height + 1)), int(rng.integers(columns - width + 1))
        return tile[top : top + height, left : left + width]
    top, left = int(rng.integers(rows)), int(rng.integers(columns))
    piece = tile.take(range(top, top + height), axis=0, mode="wrap").take(
        range(left, left + width), axis=1, mode="wrap"
    )
    return np.asarray(piece)


def grain(rng: np.random.Generator, height: int, width: int) -> Map:
    """(height, width, 3) float32 of independent normal numbers, which repeat from place to place."""
    return _cut(_grain(), rng, height, width)


def octaves(rng: np.random.Generator, height: int, width: int, *, zoom: float = 1.0) -> Map:
    """(height, width) float32 of cloudy noise, of deviation about 1; `zoom` above 1 makes it coarser."""
    return _zoomed(_octaves(), rng, height, width, (zoom, zoom))


def ripples(rng: np.random.Generator, height: int, width: int, *, zoom: float = 1.0) -> Map:
    """(height, width) float32 of noise like small waves seen from the shore, of deviation about 1."""
    return _zoomed(_ripples(), rng, height, width, (zoom, zoom))


def fibres(rng: np.random.Generator, height: int, width: int, *, zoom: float = 1.0, along: float = 8.0) -> Map:
    """(height, width) float32 of noise drawn out `along` times from left to right, as in wood."""
    return _zoomed(_octaves(), rng, height, width, (zoom, zoom * along))


def _zoomed(tile: Map, rng: np.random.Generator, height: int, width: int, zoom: tuple[float, float]) -> Map:
    rows, columns = max(int(height / zoom[0]), 4), max(int(width / zoom[1]), 4)
    piece = _cut(tile, rng, rows, columns)
    if piece.shape == (height, width):
        return piece
    return np.asarray(cv2.resize(piece, (width, height), interpolation=cv2.INTER_LINEAR))


def smooth(rng: np.random.Generator, size: tuple[int, int], *, cells: int, channels: int = 1) -> Map:
    """A smooth field over (width, height) from `cells` x `cells` normal numbers: (H, W) or (H, W, channels) float32.

    It is drawn over a grid four times finer by cubic interpolation and from there by linear one, which costs a tenth.
    """
    coarse = rng.standard_normal((cells, cells, channels), np.float32)
    finer = cv2.resize(coarse, (4 * cells, 4 * cells), interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.resize(finer, size, interpolation=cv2.INTER_LINEAR))
