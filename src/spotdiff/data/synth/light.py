"""What light does to a picture: exposure, colour, slopes of light, cast shadows, haze, night, glare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.data.synth.drawn_objects import draw_object
from spotdiff.data.synth.noise import octaves, smooth

if TYPE_CHECKING:
    from spotdiff.data.synth.recipe import PairRecipe
    from spotdiff.types import Bytes, Map, Matrix

_CELLS = 32  # side of the grid on which smooth light is reckoned
_DARKEST, _BRIGHTEST = 48.0, 165.0  # means that exposure keeps a picture between, as cameras do


@dataclass(frozen=True, slots=True, eq=False)
class Lit:
    """A picture as the light of one moment shows it.

    Attributes:
        linear: (H, W, 3) uint8 under that light, before the camera's tones.
        tones: (1, 256, 3) uint8, the camera's table for each channel.
        facts: What was chosen, in numbers.
    """

    linear: Bytes
    tones: Bytes
    facts: dict[str, object]


def lit(rng: np.random.Generator, picture: Bytes, recipe: PairRecipe) -> Lit:
    """The picture under a light of its own; the same picture at strength 0 without shadows."""
    strength = recipe.light
    facts: dict[str, object] = {}
    size = picture.shape[1], picture.shape[0]
    gain = _field(rng, picture, recipe, facts) if strength else np.ones((1, 1, 3), np.float32)
    shaded = rng.random() < recipe.shadows
    if strength or shaded:
        wide = np.asarray(cv2.resize(gain, size, interpolation=cv2.INTER_LINEAR))
        if shaded:
            wide = np.asarray(cv2.multiply(wide, cv2.merge([_cast_shadow(rng, *size, facts)] * 3)))
        picture = np.asarray(cv2.multiply(picture, wide, dtype=cv2.CV_8U))
    if strength and rng.random() < 0.06:
        picture = _glare(rng, picture, facts)
    return Lit(picture, _tones(rng, strength, facts), facts)


def _field(rng: np.random.Generator, picture: Bytes, recipe: PairRecipe, facts: dict[str, object]) -> Map:
    """A small (N, N, 3) float32, to be stretched: exposure, white balance and a smooth slope as one factor."""
    strength = recipe.light
    stops = float(np.clip(rng.normal(0, 0.55), -1.5, 1.5)) * strength
    mean = max(float(np.mean(cv2.mean(picture)[:3])), 1.0)
    factor = float(np.clip(mean * 2**stops, min(_DARKEST, mean), max(_BRIGHTEST, mean))) / mean
    balance = np.exp(rng.normal(0, 0.06 * strength, 3))
    facts |= {"stops": round(float(np.log2(factor)), 2), "balance": [round(float(b), 3) for b in balance]}
    even = (factor * balance / balance.mean()).astype(np.float32)[None, None]
    kind = str(rng.choice(("clouds", "slope", "round"), p=(0.4, 0.3, 0.3))) if rng.random() < recipe.uneven else "even"
    facts["field"] = kind
    if kind == "even":
        return np.asarray(even)
    return np.asarray(np.exp2(_slopes(rng, kind) * np.float32(strength))[..., None] * even, np.float32)


def _slopes(rng: np.random.Generator, kind: str) -> Map:
    """(_CELLS, _CELLS) float32 in stops of light, with a mean near 0."""
    if kind == "clouds":
        cells = int(rng.integers(2, 9))
        field = smooth(rng, (_CELLS, _CELLS), cells=cells)
        return np.asarray(field * np.float32(rng.uniform(0.1, 0.6) / cells**0.35))
    across = np.linspace(-1, 1, _CELLS, dtype=np.float32)
    down = across[:, None]
    if kind == "slope":
        angle, steep = rng.uniform(0, 2 * np.pi), rng.uniform(0.2, 0.8)
        return np.asarray((across * np.cos(angle) + down * np.sin(angle)) * steep, np.float32)
    middle, deep = rng.uniform(-0.7, 0.7, 2), rng.uniform(-0.8, 0.5)
    far = (across - middle[0]) ** 2 + (down - middle[1]) ** 2
    return np.asarray(np.clip(deep * (far - 0.6), -1.6, 1.2), np.float32)


def _cast_shadow(rng: np.random.Generator, width: int, height: int, facts: dict[str, object]) -> Map:
    """(H, W) float32, 1 where the sun is: shadows of houses, trees, fences or clouds, hard or soft."""
    kind = str(rng.choice(list(_SHADOWS), p=(0.25, 0.2, 0.2, 0.1, 0.25)))
    mask = _SHADOWS[kind](rng, width, height)
    softness = float(rng.choice((0.0, 1.0, 3.0, 10.0))) * width / 256
    if softness >= 1:
        side = 2 * int(softness) + 1
        mask = cv2.blur(cv2.blur(mask, (side, side)), (side, side))
    dark = float(rng.uniform(0.2, 0.7))
    facts["shadow"] = {"kind": kind, "dark": round(dark, 2), "soft_px": round(softness, 1)}
    return np.asarray(1 - mask.astype(np.float32) * np.float32(dark / 255))


def _polygon(rng: np.random.Generator, width: int, height: int) -> Bytes:
    mask = np.zeros((height, width), np.uint8)
    for _ in range(int(rng.integers(1, 4))):
        angles = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(3, 9))))
        radius = rng.uniform(0.1, 0.6) * rng.uniform(0.4, 1, len(angles)) * width
        middle = rng.uniform(0, 1, 2) * (width, height)
        points = np.stack([np.cos(angles) * radius, np.sin(angles) * radius * rng.uniform(0.3, 1)], 1) + middle
        cv2.fillPoly(mask, [points.astype(np.int32)], 255)
    return mask


def _edge(rng: np.random.Generator, width: int, height: int) -> Bytes:
    """Everything beyond a broken line, as beside a house."""
    mask = np.zeros((height, width), np.uint8)
    level = rng.uniform(0.2, 0.8) + rng.normal(0, 0.12, 4)
    line = [
        (int(x * width), int(y * height)) for x, y in zip((0, 0.4, 0.4 + rng.uniform(0, 0.3), 1), level, strict=True)
    ]
    cv2.fillPoly(mask, [np.array([*line, (width, height), (0, height)], np.int32)], 255)
    turns = int(rng.integers(4))
    return np.ascontiguousarray(np.rot90(mask, turns)) if width == height else mask


def _leaves(rng: np.random.Generator, width: int, height: int) -> Bytes:
    field = octaves(rng, height, width, zoom=rng.uniform(0.3, 1.5))
    return np.asarray(cv2.compare(field, float(rng.uniform(-0.5, 0.7)), cv2.CMP_GT))


def _bars(rng: np.random.Generator, width: int, height: int) -> Bytes:
    """A fence or a window: stripes, sometimes crossed, within a slanted field."""
    mask = np.zeros((height, width), np.uint8)
    pitch, angle = rng.uniform(0.05, 0.25) * width, rng.uniform(0, np.pi)
    along = 2 * width * np.array([np.cos(angle), np.sin(angle)])
    thick = max(int(pitch * rng.uniform(0.15, 0.5)), 1)
    for step in np.arange(-width, width, pitch):
        foot = np.array([width / 2, height / 2]) + step * np.array([-np.sin(angle), np.cos(angle)])
        ends = (foot - along).astype(int).tolist(), (foot + along).astype(int).tolist()
        cv2.line(mask, ends[0], ends[1], 255, thick)
    return mask


def _figures(rng: np.random.Generator, width: int, height: int) -> Bytes:
    """What stands outside of the picture, drawn out along the ground."""
    mask = np.zeros((height, width), np.uint8)
    for _ in range(int(rng.integers(1, 4))):
        shape = draw_object(rng).alpha
        tall = height * rng.uniform(0.2, 1.0)
        factor, lean = tall / shape.shape[0], rng.uniform(-2.0, 2.0)
        wide = factor * rng.uniform(0.4, 1.2)
        foot = rng.uniform(-0.2, 1.2) * width, rng.uniform(0.3, 1.2) * height
        matrix = np.array([[wide, -lean * factor, foot[0] + lean * tall], [0, factor, foot[1] - tall]])
        mask = np.maximum(mask, cv2.warpAffine(shape, matrix, (width, height)))
    return np.asarray(mask)


_SHADOWS = {"polygon": _polygon, "edge": _edge, "leaves": _leaves, "bars": _bars, "figures": _figures}


def _glare(rng: np.random.Generator, picture: Bytes, facts: dict[str, object]) -> Bytes:
    """Light from a lamp or the sun that falls into the lens."""
    height, width = picture.shape[:2]
    middle, reach = rng.uniform(-0.1, 1.1, 2), rng.uniform(0.1, 0.5)
    across = (np.linspace(0, 1, width, dtype=np.float32) - middle[0]) ** 2
    down = (np.linspace(0, 1, height, dtype=np.float32)[:, None] - middle[1]) ** 2
    glow = np.exp(-(across + down) / (2 * reach**2)).astype(np.float32)
    facts["glare"] = round(float(reach), 2)
    colour = np.array((255, 245, 225), np.float32) * np.float32(rng.uniform(0.2, 0.7))
    return np.asarray(cv2.add(picture, glow[..., None] * colour, dtype=cv2.CV_8U))


def _tones(rng: np.random.Generator, strength: float, facts: dict[str, object]) -> Bytes:
    """The camera's table: gamma, contrast, and now and then haze or night; each level to itself at strength 0."""
    level = np.linspace(0, 1, 256, dtype=np.float64)[:, None].repeat(3, axis=1)
    if strength:
        gamma = float(np.exp(np.clip(rng.normal(0, 0.16), -0.35, 0.34) * strength))
        contrast = float(rng.uniform(-0.25, 0.35)) * strength
        level = level**gamma
        level = level + contrast * (3 * level**2 - 2 * level**3 - level)
        facts |= {"gamma": round(gamma, 3), "contrast": round(contrast, 3)}
        if rng.random() < 0.1:
            level = _hazy(rng, level, strength, facts)
        elif rng.random() < 0.06:
            level = level * (1 - strength * np.array([0.45, 0.38, 0.28]))
            facts["night"] = True
    return np.asarray(np.clip(np.rint(255 * level), 0, 255).astype(np.uint8)[None])


def _hazy(rng: np.random.Generator, level: Matrix, strength: float, facts: dict[str, object]) -> Matrix:
    thick = float(rng.uniform(0.15, 0.5)) * strength
    facts["haze"] = round(thick, 2)
    return np.asarray(level * (1 - thick) + thick * (rng.uniform(0.65, 0.9) + rng.normal(0, 0.02, 3)))
