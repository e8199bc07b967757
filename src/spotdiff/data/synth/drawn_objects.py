"""Things drawn where there are no cut-outs, and beside them: balls, boxes, bottles, blobs, with shade and texture."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.data.synth.cutouts import Cutout, cutout_of
from spotdiff.data.synth.noise import fibres, octaves

if TYPE_CHECKING:
    from spotdiff.types import Bytes, Map

_SIDE = 96  # of the square that a thing is drawn on
_FINE = 4  # bits of a pixel's fraction in the drawing calls


def draw_object(rng: np.random.Generator) -> Cutout:
    """A thing with a colour, a texture and a shade of its own, about 96 px large."""
    name = str(rng.choice(list(_SHAPES)))
    alpha = _SHAPES[name](rng)
    left, top, width, height = cv2.boundingRect(alpha)
    alpha = np.ascontiguousarray(alpha[top : top + height, left : left + width])
    pixels = _shaded(rng, _surface(rng, height, width), alpha, name)
    return cutout_of(np.dstack([pixels, alpha]), name)


def _surface(rng: np.random.Generator, height: int, width: int) -> Map:
    """(height, width, 3) float32 in 0..255: one colour, two in a pattern, or a colour with grain."""
    base = _colour(rng)
    how = rng.random()
    if how < 0.25:
        weight = np.zeros((height, width), np.float32)
    elif how < 0.45:
        weight = _stripes(rng, height, width)
    elif how < 0.6:
        weight = np.where(octaves(rng, height, width, zoom=rng.uniform(0.3, 2)) > 0, 1, 0).astype(np.float32)
    elif how < 0.8:
        weight = 0.5 + 0.3 * octaves(rng, height, width, zoom=rng.uniform(0.2, 1))
    else:
        weight = 0.5 + 0.3 * fibres(rng, height, width, zoom=rng.uniform(0.1, 0.5))
    other = _colour(rng) if rng.random() < 0.5 else base * rng.uniform(0.4, 1.3)
    return np.asarray(base + weight[..., None] * (other - base), np.float32)


def _colour(rng: np.random.Generator) -> Map:
    hsv = np.array([[[rng.uniform(0, 360), rng.beta(1.6, 1.4), rng.uniform(0.15, 1)]]], np.float32)
    return np.asarray(255 * cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0, 0], np.float32)


def _stripes(rng: np.random.Generator, height: int, width: int) -> Map:
    angle, pitch = rng.uniform(0, np.pi), rng.uniform(6, 30)
    across = np.arange(width, dtype=np.float32) * np.cos(angle)
    down = np.arange(height, dtype=np.float32)[:, None] * np.sin(angle)
    wave = np.sin((across + down) * (2 * np.pi / pitch))
    return np.asarray((wave > rng.uniform(-0.6, 0.6)).astype(np.float32))


def _shaded(rng: np.random.Generator, surface: Map, alpha: Bytes, name: str) -> Bytes:
    """The surface lit from one side: round things by their distance from the edge, flat ones by a slope."""
    height, width = alpha.shape
    towards = rng.uniform(-1, 1, 2)
    down, across = np.linspace(-1, 1, height, dtype=np.float32)[:, None], np.linspace(-1, 1, width, dtype=np.float32)
    light = 1 + rng.uniform(0.05, 0.4) * (towards[0] * across + towards[1] * down)
    if name in _ROUND:
        depth = cv2.distanceTransform(alpha, cv2.DIST_L2, 3)
        light *= 0.55 + 0.5 * np.sqrt(np.minimum(depth / max(float(depth.max()), 1.0), 1))
    shaded = surface * np.asarray(light, np.float32)[..., None]
    return np.asarray(np.clip(shaded, 0, 255), np.uint8)


def _filled(points: Map) -> Bytes:
    """A polygon given in shares of the side, with smooth edges."""
    canvas = np.zeros((_SIDE, _SIDE), np.uint8)
    corners = np.round(points * _SIDE * (1 << _FINE)).astype(np.int32)
    return np.asarray(cv2.fillPoly(canvas, [corners], 255, cv2.LINE_AA, _FINE))


def _ball(rng: np.random.Generator) -> Bytes:
    canvas = np.zeros((_SIDE, _SIDE), np.uint8)
    axes = round(_SIDE * 0.46), round(_SIDE * rng.uniform(0.3, 0.46))
    return np.asarray(cv2.ellipse(canvas, (_SIDE // 2, _SIDE // 2), axes, 0, 0, 360, 255, -1, cv2.LINE_AA))


def _box(rng: np.random.Generator) -> Bytes:
    height, lean = rng.uniform(0.25, 0.9), rng.uniform(-0.08, 0.08)
    top = 0.5 - height / 2
    bottom = 0.5 + height / 2
    return _filled(np.array([(0.08 + lean, top), (0.92 + lean, top), (0.92, bottom), (0.08, bottom)], np.float32))


def _blob(rng: np.random.Generator) -> Bytes:
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    radius = 0.3 + sum(rng.normal(0, 0.09 / k) * np.cos(k * angles + rng.uniform(0, 6.3)) for k in range(1, 6))
    radius = np.clip(radius, 0.1, 0.48)
    return _filled(np.stack([0.5 + radius * np.cos(angles), 0.5 + radius * np.sin(angles)], 1).astype(np.float32))


def _shard(rng: np.random.Generator) -> Bytes:
    angles = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(3, 8))))
    radius = rng.uniform(0.2, 0.48, len(angles))
    return _filled(np.stack([0.5 + radius * np.cos(angles), 0.5 + radius * np.sin(angles)], 1).astype(np.float32))


def _bottle(rng: np.random.Generator) -> Bytes:
    """A profile turned round its axis: body, shoulder, neck."""
    body, neck, shoulder = rng.uniform(0.12, 0.3), rng.uniform(0.04, 0.1), rng.uniform(0.25, 0.5)
    right = [(neck, 0.03), (neck, shoulder - 0.1), (body, shoulder), (body, 0.95), (body - 0.03, 0.98)]
    left = [(-x, y) for x, y in reversed(right)]
    return _filled(np.array([(0.5 + x, y) for x, y in right + left], np.float32))


def _bar(rng: np.random.Generator) -> Bytes:
    """Something long and thin: a pole, a plank, a pipe."""
    angle, half = rng.uniform(0, np.pi), rng.uniform(0.015, 0.06)
    along = 0.46 * np.array([np.cos(angle), np.sin(angle)])
    across = half * np.array([-np.sin(angle), np.cos(angle)])
    corners = [0.5 + along + across, 0.5 + along - across, 0.5 - along - across, 0.5 - along + across]
    return _filled(np.array(corners, np.float32))


def _spine(rng: np.random.Generator) -> Bytes:
    """Something upright and narrow: a book's back, a bag, a file."""
    half, top, lean = rng.uniform(0.025, 0.15), rng.uniform(0.04, 0.3), rng.normal(0, 0.08)
    left, right = 0.5 - half, 0.5 + half
    return _filled(np.array([(left + lean, top), (right + lean, top), (right, 0.96), (left, 0.96)], np.float32))


def _ring(rng: np.random.Generator) -> Bytes:
    canvas = np.zeros((_SIDE, _SIDE), np.uint8)
    radius = _SIDE * rng.uniform(0.28, 0.38)
    axes = round(radius), round(radius * rng.uniform(0.5, 1))
    return np.asarray(
        cv2.ellipse(canvas, (_SIDE // 2, _SIDE // 2), axes, 0, 0, 360, 255, int(rng.integers(6, 18)), cv2.LINE_AA)
    )


_SHAPES: dict[str, Callable[[np.random.Generator], Bytes]] = {
    "ball": _ball,
    "box": _box,
    "blob": _blob,
    "shard": _shard,
    "bottle": _bottle,
    "bar": _bar,
    "spine": _spine,
    "ring": _ring,
}
_ROUND = {"ball", "blob", "bottle", "ring"}
