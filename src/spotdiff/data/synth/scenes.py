"""Scenes drawn where there are no photographs: rooms, streets, fields of texture, boards."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.data.synth.noise import fibres, grain, octaves, ripples

if TYPE_CHECKING:
    from spotdiff.types import Bytes, Map


def scene(rng: np.random.Generator, side: int) -> Bytes:
    """A (side, side, 3) uint8 scene of its own."""
    paint = _SCENES[int(rng.choice(len(_SCENES), p=_SHARES))]
    picture = paint(rng, side)
    return np.asarray(cv2.add(picture, grain(rng, side, side) * rng.uniform(0.5, 3), dtype=cv2.CV_8U))


def _colour(rng: np.random.Generator, *, saturation: float = 0.5, value: tuple[float, float] = (0.25, 0.95)) -> Map:
    hsv = np.array([[[rng.uniform(0, 360), saturation * rng.beta(1.2, 2), rng.uniform(*value)]]], np.float32)
    return np.asarray(255 * cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0, 0], np.float32)


def _texture(rng: np.random.Generator, height: int, width: int) -> Bytes:
    """A surface seen from straight ahead: plaster, stone, wood, water, tiles, bricks or cloth."""
    kind, base = int(rng.integers(7)), _colour(rng)
    depth = float(rng.uniform(0.02, 0.25))
    if kind == 0:
        relief = 0.4 * octaves(rng, height, width, zoom=rng.uniform(0.2, 2))
    elif kind == 1:
        relief = np.tanh(1.5 * octaves(rng, height, width, zoom=rng.uniform(0.1, 0.6)))
    elif kind == 2:
        relief = fibres(rng, height, width, zoom=rng.uniform(0.1, 0.5), along=rng.uniform(4, 16))
    elif kind == 3:
        relief = ripples(rng, height, width, zoom=rng.uniform(0.3, 1.5))
    elif kind < 6:
        relief = _tiles(rng, height, width, shifted=kind == 5)
    else:
        relief = 0.3 * _weave(rng, height, width)
    return _toned(base, 1 + depth * np.clip(relief, -2.5, 2.5))


def _toned(base: Map, gain: Map) -> Bytes:
    """The colour, brighter or darker by a factor a pixel; factors are told apart in 64ths up to 4."""
    steps = np.asarray(cv2.convertScaleAbs(gain.astype(np.float32), alpha=64))
    table = np.clip(np.arange(256, dtype=np.float32)[:, None] / 64 * base, 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(cv2.merge([steps] * 3), table[None]))


def _tiles(rng: np.random.Generator, height: int, width: int, *, shifted: bool) -> Map:
    """Tiles or, with every other row shifted, bricks: each a little brighter or darker, with joints between."""
    tall = int(rng.integers(max(height // 16, 6), max(height // 3, 7)))
    wide = int(tall * (rng.uniform(1.8, 3) if shifted else rng.uniform(0.7, 1.4)))
    rows, columns = np.arange(height)[:, None], np.arange(width)
    row = rows // tall
    across = columns + (row % 2) * (wide // 2 if shifted else 0)
    own = rng.standard_normal((height // tall + 1, width // wide + 3), np.float32)[row, across // wide]
    joint = ((rows % tall) < max(tall // 14, 1)) | ((across % wide) < max(tall // 14, 1))
    return np.asarray(np.where(joint, rng.choice((-3.0, 2.5)), 0.6 * own + 0.3 * octaves(rng, height, width, zoom=0.5)))


def _weave(rng: np.random.Generator, height: int, width: int) -> Map:
    pitch = rng.uniform(3, 9)
    across = np.sin(np.arange(width, dtype=np.float32) * (2 * np.pi / pitch))
    down = np.sin(np.arange(height, dtype=np.float32) * (2 * np.pi / pitch))[:, None]
    return np.asarray(across + down + octaves(rng, height, width))


def _surface(rng: np.random.Generator, side: int) -> Bytes:
    """One surface, or two that meet along a line."""
    picture = _texture(rng, side, side)
    if rng.random() < 0.5:
        cv2.copyTo(_texture(rng, side, side), _half(rng, side), picture)
    return picture


def _half(rng: np.random.Generator, side: int) -> Bytes:
    """(side, side) uint8: one side of a line through the picture."""
    angle, middle = rng.uniform(0, 2 * np.pi), rng.uniform(0.3, 0.7, 2) * side
    along, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    far = 2 * side
    corners = [middle + far * along, middle - far * along, middle - far * along + far * across]
    corners.append(middle + far * along + far * across)
    return np.asarray(cv2.fillPoly(np.zeros((side, side), np.uint8), [np.array(corners, np.int32)], 255))


def _room(rng: np.random.Generator, side: int) -> Bytes:
    """A wall, a floor that runs away from us, sometimes a corner, windows, pictures and furniture with plain fronts."""
    horizon = int(side * rng.uniform(0.45, 0.75))
    picture = _texture(rng, side, side)
    picture[horizon:] = _floor(rng, side - horizon, side)
    if rng.random() < 0.6:
        _skirting(rng, picture, horizon)
    for _ in range(int(rng.integers(0, 4))):
        _panel(rng, picture, horizon)
    return picture


def _floor(rng: np.random.Generator, height: int, width: int) -> Bytes:
    """A texture in perspective."""
    texture = _texture(rng, 256, 256)
    lean = rng.uniform(-0.3, 0.3) * width
    source = np.array([(0, 0), (256, 0), (256, 256), (0, 256)], np.float32)
    target = np.array([(lean, 0), (width + lean, 0), (1.8 * width, height), (-0.8 * width, height)], np.float32)
    matrix = cv2.getPerspectiveTransform(source, target)
    return np.asarray(cv2.warpPerspective(texture, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101))


def _skirting(rng: np.random.Generator, picture: Bytes, horizon: int) -> None:
    tall = max(int(picture.shape[0] * rng.uniform(0.01, 0.04)), 1)
    picture[horizon - tall : horizon] = _colour(rng, saturation=0.2).astype(np.uint8)


def _panel(rng: np.random.Generator, picture: Bytes, horizon: int) -> None:
    """A window, a picture, a door or a cupboard: a frame with something in it."""
    side = picture.shape[0]
    width, height = (int(side * rng.uniform(0.1, 0.4)) for _ in range(2))
    left = int(rng.integers(0, max(side - width, 1)))
    top = horizon + int(0.1 * side) - height if rng.random() < 0.5 else int(rng.uniform(0.02, 0.3) * side)
    top = max(min(top, side - height - 1), 0)
    frame = max(int(side * rng.uniform(0.005, 0.03)), 1)
    picture[top : top + height, left : left + width] = _colour(rng).astype(np.uint8)
    inner = height - 2 * frame, width - 2 * frame
    if min(inner) > 4:
        inside = _texture(rng, *inner) if rng.random() < 0.6 else _sky(rng, *inner)
        picture[top + frame : top + frame + inner[0], left + frame : left + frame + inner[1]] = inside


def _sky(rng: np.random.Generator, height: int, width: int) -> Bytes:
    """A slope of blue or grey with clouds."""
    upper, lower = _colour(rng, value=(0.5, 1)), _colour(rng, saturation=0.2, value=(0.7, 1))
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    clouds = np.clip(octaves(rng, height, width, zoom=rng.uniform(1, 3)), 0, 2)[..., None]
    sky = upper + down * (lower - upper) + clouds * rng.uniform(0, 40)
    return np.clip(sky, 0, 255).astype(np.uint8)


def _street(rng: np.random.Generator, side: int) -> Bytes:
    """Sky, a row of fronts with windows, a pavement and a road with its lines."""
    picture = _sky(rng, side, side)
    horizon = int(side * rng.uniform(0.45, 0.7))
    left = -int(rng.integers(0, side // 4))
    while left < side:
        width = int(side * rng.uniform(0.15, 0.45))
        _front(rng, picture, left, width, top=int(side * rng.uniform(0.02, 0.35)), foot=horizon)
        left += width
    picture[horizon:] = _floor(rng, side - horizon, side)
    if rng.random() < 0.6:
        foot = int(rng.uniform(0.2, 0.8) * side)
        cv2.line(picture, (foot, side), (side // 2, horizon), (225, 225, 215), max(side // 60, 1), cv2.LINE_AA)
    return picture


def _front(rng: np.random.Generator, picture: Bytes, left: int, width: int, *, top: int, foot: int) -> None:
    """A house front with a grid of windows."""
    start, stop = max(left, 0), min(left + width, picture.shape[1])
    if stop - start < 4 or foot - top < 4:
        return
    picture[top:foot, start:stop] = _texture(rng, foot - top, stop - start)
    pane = _colour(rng, value=(0.1, 0.5)).astype(np.uint8).tolist()
    columns, rows = (int(rng.integers(2, 6)) for _ in range(2))
    wide, tall = width / columns, (foot - top) / rows
    for row in range(rows):
        for column in range(columns):
            x, y = left + column * wide, top + row * tall
            corner = int(x + 0.75 * wide), int(y + 0.8 * tall)
            cv2.rectangle(picture, (int(x + 0.25 * wide), int(y + 0.25 * tall)), corner, pane, -1)


def _board(rng: np.random.Generator, side: int) -> Bytes:
    """A circuit board, or a desk from above: plain ground, lines, pads and plates."""
    picture = _toned(_colour(rng, saturation=0.9), 1 + 0.03 * octaves(rng, side, side))
    line = _colour(rng, saturation=0.7).astype(np.uint8).tolist()
    for _ in range(int(rng.integers(4, 24))):
        x, y = (int(v) for v in rng.integers(0, side, 2))
        bend = x + int(rng.normal(0, side / 4)), y + int(rng.normal(0, side / 4))
        points = np.array([(x, y), (bend[0], y), bend], np.int32)
        cv2.polylines(
            picture, [points], isClosed=False, color=line, thickness=max(int(side * rng.uniform(0.003, 0.015)), 1)
        )
        cv2.circle(picture, (x, y), max(int(side * rng.uniform(0.008, 0.02)), 1), line, -1, cv2.LINE_AA)
    for _ in range(int(rng.integers(0, 6))):
        x, y = (int(v) for v in rng.integers(0, side, 2))
        size = (side * rng.uniform(0.04, 0.2, 2)).astype(int)
        colour = _colour(rng, value=(0.05, 0.6)).astype(np.uint8).tolist()
        cv2.rectangle(picture, (x, y), (x + int(size[0]), y + int(size[1])), colour, -1)
    return picture


_SCENES: tuple[Callable[[np.random.Generator, int], Bytes], ...] = (_room, _street, _surface, _board)
_SHARES = (0.4, 0.25, 0.2, 0.15)
