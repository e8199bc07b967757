"""Pictures that were never scenes: etched boards, pages and screens, cartoons, shelves. Hard edges, no grain."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.data.synth.lettering import on_screen, words
from spotdiff.data.synth.noise import octaves

if TYPE_CHECKING:
    from spotdiff.types import Bytes, Matrix

Colour = tuple[int, ...]


def drawing(rng: np.random.Generator, side: int, *, screens: float = 0.0, plain: float = 0.0) -> tuple[Bytes, bool]:
    """A (side, side, 3) uint8 drawing, and whether it is a screen.

    Args:
        rng: Decides.
        side: Of the picture.
        screens: Share of the drawings that are screens.
        plain: Share of the drawings that are nearly empty.
    """
    draw = rng.random()
    if draw < screens:
        return screen(rng, side), True
    if draw < screens + plain:
        return _empty(rng, side), False
    paint = _DRAWINGS[int(rng.integers(len(_DRAWINGS)))]
    return paint(rng, side), False


def _empty(rng: np.random.Generator, side: int) -> Bytes:
    """One colour with a slope of light and a little texture: a wall, a table, a dark screen."""
    down, across = np.mgrid[0:side, 0:side].astype(np.float32) / side - 0.5
    slope = 1 + rng.normal(0, 0.12) * down + rng.normal(0, 0.12) * across
    rough = rng.uniform(0, 6) * octaves(rng, side, side, zoom=float(np.exp(rng.uniform(-2, 1))))
    ground = np.array(_colour(rng), np.float32) * slope[..., None] + rough[..., None]
    return np.asarray(np.clip(ground, 0, 255), np.uint8)


def screen(rng: np.random.Generator, side: int) -> Bytes:
    """A page, a terminal or a dashboard to the pixel: bars, panels, buttons, tables, curves and small writing."""
    dark = rng.random() < 0.4
    ground = rng.integers(8, 50, 3) if dark else rng.integers(230, 256, 3)
    picture = np.full((side, side, 3), ground, np.uint8)
    size = int(rng.integers(8, 15))
    bar = int(rng.integers(0, 2)) * int(size * rng.uniform(1.5, 2.5))
    pane = int(rng.integers(0, 2)) * int(side * rng.uniform(0.1, 0.3))
    if bar:
        picture[:bar] = _colour(rng)
    if pane:
        picture[bar:, :pane] = np.clip(ground + rng.integers(-18, 19), 0, 255)
    _written(rng, picture[:bar], size)
    _written(rng, picture[bar:, :pane], size)
    down = bar + 4
    while down < side - size:
        tall = int(side * rng.uniform(0.1, 0.45))
        _panels(rng, picture[down : down + tall, pane + 4 :], size)
        down += tall + int(rng.integers(2, 8))
    return picture


def _panels(rng: np.random.Generator, row: Bytes, size: int) -> None:
    """One to three panels beside each other, each with a line round it or on a ground of its own."""
    count = int(rng.integers(1, 4))
    for left, right in pairwise(np.linspace(0, row.shape[1], count + 1).astype(int).tolist()):
        panel = row[:, left : max(right - 4, left)]
        if min(panel.shape[:2]) < 6:
            continue
        how = rng.random()
        if how < 0.4:
            panel[:] = np.clip(panel[0, 0].astype(int) + rng.integers(-16, 17), 0, 255)
        elif how < 0.6:
            line = _colour(rng)
            panel[[0, -1]], panel[:, [0, -1]] = line, line
        inner = panel[2:-2, 2:-2]
        if rng.random() < 0.2:
            _curve(rng, inner)
        elif rng.random() < 0.15:
            inner[: max(size + 4, 1), : int(inner.shape[1] * rng.uniform(0.2, 0.7))] = _colour(rng)
        else:
            _written(rng, inner, size if rng.random() < 0.8 else 2 * size)


def _curve(rng: np.random.Generator, part: Bytes) -> None:
    canvas = np.ascontiguousarray(part)
    steps = np.cumsum(rng.normal(0, 1, 24))
    level = (steps - steps.min()) / max(float(np.ptp(steps)), 1e-6) * (part.shape[0] - 1)
    points = np.stack([np.linspace(0, part.shape[1] - 1, 24), level], 1).astype(np.int32)
    cv2.polylines(canvas, [points], isClosed=False, color=_colour(rng), thickness=1, lineType=cv2.LINE_AA)
    part[:] = canvas


def _written(rng: np.random.Generator, part: Bytes, size: int) -> None:
    """Lines or columns of small writing and numbers."""
    tall, wide = part.shape[:2]
    if tall < size or wide < 2 * size:
        return
    ground = part[tall // 2, wide // 2].astype(float)
    ink = _ink(rng, ground)
    columns = int(rng.integers(2, 5)) if rng.random() < 0.3 else 1
    for down in range(2, tall - size, int(size * rng.uniform(1.2, 1.8))):
        for left in np.linspace(2, wide, columns, endpoint=False).astype(int).tolist():
            text = " ".join(words(rng) for _ in range(1 if columns > 1 else int(rng.integers(1, 6))))
            piece = on_screen(rng, text, size, ink, ground)[: tall - down, : max(wide // columns - 4, 1)]
            room = part[down : down + piece.shape[0], left : left + piece.shape[1]]
            room[:] = piece[: room.shape[0], : room.shape[1]]


def _ink(rng: np.random.Generator, ground: Matrix) -> Matrix:
    """A colour that can be read on a ground; half the time grey."""
    away = 255.0 if ground.mean() < 128 else 0.0
    grey = rng.random() < 0.5
    towards = np.full(3, away) if grey else np.array(_colour(rng), float)
    ink = ground + (towards - ground) * rng.uniform(0.5, 1.0)
    return np.asarray(ink if np.abs(ink - ground).max() > 60 else np.full(3, away))


def _colour(rng: np.random.Generator) -> Colour:
    hsv = np.array([[[rng.integers(180), rng.integers(256) * rng.random(), rng.integers(30, 256)]]]).astype(np.uint8)
    return tuple(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0, 0].tolist())


def _etched(rng: np.random.Generator, side: int) -> Bytes:
    """Copper in two levels, as boards are inspected: lanes of tracks with bends, pads, planes, edges a little rough."""
    copper = np.zeros((side, side), np.uint8)
    pitch = side * float(rng.uniform(0.05, 0.2))
    wide = max(int(pitch * rng.uniform(0.3, 0.65)), 2)
    for lane in np.arange(-0.5 * side, 1.5 * side, pitch):
        if rng.random() < 0.8:
            cv2.polylines(copper, [_track(rng, lane, side, pitch)], isClosed=False, color=255, thickness=wide)
    for _ in range(int(rng.integers(0, 10))):
        _pad(rng, copper, pitch)
    if rng.random() < 0.3:
        corner, size = rng.integers(0, side, 2), (side * rng.uniform(0.1, 0.5, 2)).astype(int)
        cv2.rectangle(copper, corner.tolist(), (corner + size).tolist(), 255, -1)
    if rng.random() < 0.5:
        copper = np.ascontiguousarray(copper.T)
    rough = copper + rng.uniform(0, 40) * octaves(rng, side, side, zoom=0.1)
    level = np.where(cv2.GaussianBlur(np.asarray(rough, np.float32), (0, 0), 0.8) > 127, 255, 0).astype(np.uint8)
    ground, metal = ((0,) * 3, (255,) * 3) if rng.random() < 0.6 else (_colour(rng), _colour(rng))
    return _in_two(level, ground, metal)


def _track(rng: np.random.Generator, lane: float, side: int, pitch: float) -> Bytes:
    """The corners of a track that keeps to its lane and changes it once or twice by a slant."""
    points, down = [(lane, -10.0)], 0.0
    for _ in range(int(rng.integers(0, 3))):
        down += side * float(rng.uniform(0.1, 0.5))
        points.append((points[-1][0], down))
        step = pitch * int(rng.integers(-2, 3))
        down += abs(step)
        points.append((points[-1][0] + step, down))
    points.append((points[-1][0], side + 10.0))
    return np.array(points).astype(np.int32)


def _pad(rng: np.random.Generator, copper: Bytes, pitch: float) -> None:
    middle, radius = rng.integers(0, len(copper), 2).tolist(), max(int(pitch * rng.uniform(0.3, 0.8)), 3)
    cv2.circle(copper, middle, radius + max(radius // 3, 2), 0, -1)
    cv2.circle(copper, middle, radius, 255, -1)
    if rng.random() < 0.6:
        cv2.circle(copper, middle, max(radius // 3, 1), 0, -1)


def _in_two(level: Bytes, ground: Colour, other: Colour) -> Bytes:
    table = np.linspace(np.array(ground, np.float32), np.array(other, np.float32), 256)
    return np.asarray(cv2.LUT(cv2.merge([level] * 3), table.astype(np.uint8)[None]))


def _page(rng: np.random.Generator, side: int) -> Bytes:
    """Boxes, lines of writing, buttons and pictures on plain ground: a form, a web page, a screen."""
    dark = rng.random() < 0.25
    ground = tuple(int(v) for v in (rng.integers(15, 60, 3) if dark else rng.integers(225, 256, 3)))
    picture = np.full((side, side, 3), ground, np.uint8)
    down = int(rng.integers(0, max(side // 8, 1)))
    while down < side:
        tall = int(side * rng.uniform(0.05, 0.25))
        left = int(side * rng.uniform(0, 0.3))
        _block(rng, picture[down : down + tall, left:], dark=dark)
        down += tall + int(side * rng.uniform(0.01, 0.06))
    return picture


def _block(rng: np.random.Generator, part: Bytes, *, dark: bool) -> None:
    """One piece of a page: writing, a coloured bar, a picture."""
    tall, wide = part.shape[:2]
    if min(tall, wide) < 4:
        return
    how = rng.random()
    if how < 0.25:
        part[:, : int(wide * rng.uniform(0.3, 1))] = _colour(rng)
    elif how < 0.4:
        inner = int(wide * rng.uniform(0.2, 0.8))
        part[:, :inner] = np.clip(128 + 60 * octaves(rng, tall, inner)[..., None] + rng.normal(0, 40, 3), 0, 255)
    else:
        ink = np.full(3, int(rng.integers(170, 256)) if dark else int(rng.integers(0, 110)), np.uint8)
        _lines(rng, part, ink)


def _lines(rng: np.random.Generator, part: Bytes, ink: Bytes) -> None:
    """Lines of writing, one below the other."""
    tall, wide = part.shape[:2]
    height, face = int(np.clip(tall * rng.uniform(0.15, 0.6), 6, 40)), int(rng.integers(0, 4))
    canvas = np.ascontiguousarray(part)
    for down in range(height, tall, int(height * 1.4)):
        line = " ".join(words(rng) for _ in range(int(rng.integers(1, 8))))[: max(2 * wide // height, 1)]
        heavy = 1 + height // 16
        cv2.putText(canvas, line, (0, down - height // 4), face, height / 32, ink.tolist(), heavy, cv2.LINE_AA)
    part[:] = canvas


def _cartoon(rng: np.random.Generator, side: int) -> Bytes:
    """Flat patches of colour with dark outlines, some with a slope of light in them."""
    picture = np.full((side, side, 3), _colour(rng), np.uint8)
    inked, thick = rng.random() < 0.7, max(int(side * rng.uniform(0.004, 0.014)), 1)
    for number in range(int(rng.integers(8, 45))):
        reach = side * float(rng.uniform(0.25, 0.6) if number < 4 else np.exp(rng.uniform(np.log(0.02), np.log(0.25))))
        points = _outline(rng, rng.uniform(0, side, 2), reach)
        cv2.fillPoly(picture, [points], _colour(rng), cv2.LINE_AA)
        if inked:
            cv2.polylines(picture, [points], isClosed=True, color=(20, 18, 24), thickness=thick, lineType=cv2.LINE_AA)
    if rng.random() < 0.5:
        slope = np.linspace(rng.uniform(0.7, 1), 1, side, dtype=np.float32)[:, None, None]
        picture = np.asarray(picture * slope, np.uint8)
    return picture


def _outline(rng: np.random.Generator, middle: Matrix, reach: float) -> Bytes:
    """A smooth or an angular closed line."""
    count = int(rng.choice((3, 4, 5, 6, 24)))
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False) + rng.uniform(0, 2 * np.pi)
    wobble = 1 + sum(rng.normal(0, 0.15 / k) * np.cos(k * angles + rng.uniform(0, 6.3)) for k in range(1, 4))
    radii = reach * wobble * (1 if count == 24 else rng.uniform(0.6, 1.2, count))
    flat = rng.uniform(0.4, 1)
    around = np.stack([np.cos(angles) * radii, flat * np.sin(angles) * radii], 1)
    return np.asarray(middle + around).astype(np.int32)


def _cache(rng: np.random.Generator, side: int) -> Bytes:
    """Books and boxes upright beside each other in one or two rows, under boards."""
    picture = np.full((side, side, 3), _colour(rng), np.uint8)
    rows = int(rng.integers(1, 3))
    rail, wood = max(int(side * rng.uniform(0.02, 0.1)), 1), _colour(rng)
    for foot in np.linspace(side, side / rows, rows).astype(int).tolist():
        tallest = side // rows - rail
        left = int(side * rng.uniform(-0.05, 0.3))
        while left < side:
            wide = max(int(side * np.exp(rng.uniform(np.log(0.02), np.log(0.25)))), 2)
            if rng.random() < 0.85:
                _upright(rng, picture, (left, foot - rail), (wide, max(int(tallest * rng.uniform(0.4, 0.98)), 2)))
            left += wide + int(rng.integers(0, 3))
        picture[foot - rail : foot] = wood
    return picture


def _upright(rng: np.random.Generator, picture: Bytes, foot: tuple[int, int], size: tuple[int, int]) -> None:
    """A back with bands and lettering, standing or leaning on what is beside it."""
    wide, tall = size
    back = np.full((tall, wide, 3), _colour(rng), np.uint8)
    for down in rng.integers(0, tall, int(rng.integers(0, 4))).tolist():
        back[down : down + max(int(tall * rng.uniform(0.01, 0.2)), 1)] = _colour(rng)
    if rng.random() < 0.7:
        lettering = np.ascontiguousarray(np.rot90(back))
        _lines(rng, lettering, np.array(_colour(rng), np.uint8))
        back = np.ascontiguousarray(np.rot90(lettering, 3))
    lean = tall * float(rng.normal(0, 0.15)) if rng.random() < 0.3 else 0.0
    matrix = np.array([[1, -lean / tall, foot[0] + lean], [0, 1, foot[1] - tall]])
    room = picture.shape[1], picture.shape[0]
    cv2.warpAffine(back, matrix, room, dst=picture, borderMode=cv2.BORDER_TRANSPARENT)


_DRAWINGS: tuple[Callable[[np.random.Generator, int], Bytes], ...] = (_etched, _page, _cartoon, _cache)
