"""Light that changes while nothing else does: steps, clouds, lamps, headlights; and a camera gone to infrared."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.data.synth.noise import grain, smooth

if TYPE_CHECKING:
    from spotdiff.data.synth.clips.script import Disturbance, Script
    from spotdiff.types import Bytes, Map

Effect = Callable[["Bytes", int], "Bytes"]  # of a picture, and the number of its frame
_CELL = 8  # pixels, of the grid on which clouds are reckoned
_UNIT = 64  # stands for a gain of 1 where gains are bytes
TONES = ("step", "ramp", "flicker", "rain")


def tones_at(disturbances: Sequence[Disturbance], second: float) -> Bytes | None:
    """(1, 256, 3) uint8, the table of all that changes the light everywhere; None where nothing does."""
    acting = [(one, one.strength(second)) for one in disturbances if one.kind in TONES]
    acting = [(one, strength) for one, strength in acting if strength > 0]
    if not acting:
        return None
    level = np.linspace(0, 1, 256)[:, None].repeat(3, axis=1)
    for one, strength in acting:
        gain = np.asarray(one.facts.get("gain", (1.0, 1.0, 1.0))) ** strength
        if one.kind == "flicker":
            gain = gain * (1 + one.facts["depth"] * math.sin(2 * math.pi * one.facts["hertz"] * (second - one.start)))
        level = np.clip(level * gain, 0, 1) ** (one.facts.get("gamma", 1.0) ** strength)
        level = level + strength * one.facts.get("haze", 0.0) * (0.6 - level)
    return np.rint(255 * level).astype(np.uint8)[None]


def cloud(one: Disturbance, script: Script) -> Effect:
    """A soft shadow that moves across."""
    rng, (width, height) = np.random.default_rng(one.seed), script.size
    wide, tall = width // _CELL + 2, height // _CELL + 2
    shape = _cloud(rng, wide, tall)
    dark = np.rint(255 * (1 - (1 - one.facts["gain"]) * shape)).astype(np.uint8)
    backwards = rng.random() < 0.5

    def apply(pixels: Bytes, frame: int) -> Bytes:
        share = (frame / script.fps - one.start) / (one.end - one.start)
        start = 2 * wide * ((1 - share) if backwards else share)
        matrix = np.array([[1 / _CELL, 0, start], [0, 1 / _CELL, 0]])
        how = {"flags": cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, "borderMode": cv2.BORDER_REPLICATE}
        field = cv2.warpAffine(dark, matrix, (width, height), **how)
        return np.asarray(cv2.multiply(pixels, cv2.merge([field] * 3), scale=1 / 255))

    return apply


def _cloud(rng: np.random.Generator, wide: int, tall: int) -> Map:
    """(tall, 3 * wide) float32: 1 under a cloud in the middle third and around, 0 at both ends."""
    across = (np.arange(3 * wide, dtype=np.float32) - 1.5 * wide) / (wide * rng.uniform(0.25, 0.45))
    down = (np.arange(tall, dtype=np.float32)[:, None] - tall * rng.uniform(0.2, 0.8)) / (tall * rng.uniform(0.6, 1.6))
    far = np.sqrt(across**2 + down**2) + 0.25 * smooth(rng, (3 * wide, tall), cells=6)
    near = np.clip(1.5 - far, 0, 1)
    shape = near * near * (3 - 2 * near)
    shape[:, :wide], shape[:, -wide:] = 0, 0
    return np.asarray(cv2.GaussianBlur(shape, (0, 0), wide / 24), np.float32)


def lamp(one: Disturbance, script: Script) -> Effect:
    """A lamp that goes on, and lights what is near it."""
    width, height = script.size
    x, y = one.facts["at"]
    across = (np.arange(width, dtype=np.float32) - x * width) / (one.facts["reach"] * width)
    down = (np.arange(height, dtype=np.float32)[:, None] - y * height) / (one.facts["reach"] * width)
    near = np.exp(-(across**2 + down**2))[..., None]
    gain = 1 + near * (np.asarray(one.facts["gain"], np.float32) - 1)
    lit = np.clip(np.rint(_UNIT * gain), 0, 255).astype(np.uint8)
    unlit = np.full_like(lit, _UNIT)

    def apply(pixels: Bytes, frame: int) -> Bytes:
        strength = one.strength(frame / script.fps)
        field = lit if strength == 1 else cv2.addWeighted(lit, strength, unlit, 1 - strength, 0)
        return np.asarray(cv2.multiply(pixels, field, scale=1 / _UNIT))

    return apply


def headlights(one: Disturbance, script: Script) -> Effect:
    """A pair of bright lights that sweeps across, with their glow."""
    width, height = script.size
    rng, radius = np.random.default_rng(one.seed), one.facts["reach"] * width
    glow = _pair_of_lights(radius, np.array(one.facts["colour"], np.float32))
    start, end = (-1.5 * radius, width + 1.5 * radius)[:: int(rng.choice((-1, 1)))]
    rows = height * rng.uniform(0.3, 0.9, 2)

    def apply(pixels: Bytes, frame: int) -> Bytes:
        share = (frame / script.fps - one.start) / (one.end - one.start)
        x, y = start + share * (end - start), rows[0] + share * (rows[1] - rows[0])
        left, top = round(x - glow.shape[1] / 2), round(y - glow.shape[0] / 2)
        return added(pixels, glow, left, top)

    return apply


def _pair_of_lights(radius: float, colour: Map) -> Bytes:
    half = int(1.5 * radius)
    across = np.arange(-half, half + 1, dtype=np.float32)
    down = across[:, None]
    light = np.zeros((2 * half + 1, 2 * half + 1), np.float32)
    for middle in (-0.35 * radius, 0.35 * radius):
        far = (across - middle) ** 2 + down**2
        light = light + np.exp(-far / (2 * (0.1 * radius) ** 2)) + 0.3 * np.exp(-far / (2 * (0.4 * radius) ** 2))
    return np.asarray(np.clip(light[..., None] * colour, 0, 255), np.uint8)


def added(pixels: Bytes, light: Bytes, left: int, top: int) -> Bytes:
    """The picture with a lighter piece added at a place; what lies outside is cut off."""
    height, width = pixels.shape[:2]
    rows = slice(max(top, 0), min(top + light.shape[0], height))
    columns = slice(max(left, 0), min(left + light.shape[1], width))
    if rows.start < rows.stop and columns.start < columns.stop:
        piece = light[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
        pixels[rows, columns] = cv2.add(pixels[rows, columns], piece)
    return pixels


def infrared(one: Disturbance, script: Script) -> Effect:
    """A camera that goes to infrared and back: grey, with tones of its own, dark corners and more noise."""
    rng, (width, height) = np.random.default_rng(one.seed), script.size
    weights = np.array([one.facts["weights"]], np.float32)
    level = np.linspace(0, 1, 256) ** one.facts["gamma"] * one.facts["gain"]
    tones = np.clip(np.rint(255 * (level + 0.04)), 0, 255).astype(np.uint8)
    across = np.linspace(-1, 1, width, dtype=np.float32)
    far = across**2 + (np.linspace(-1, 1, height, dtype=np.float32)[:, None] * height / width) ** 2
    corners = np.clip(255 * (1 - one.facts["vignette"] * far), 0, 255).astype(np.uint8)
    noise = NoiseBank(rng, (width, height), one.facts["noise"], script.frames, channels=1)
    first = round(one.start * script.fps)
    flash = one.facts["flash"]

    def apply(pixels: Bytes, frame: int) -> Bytes:
        grey = cv2.multiply(cv2.LUT(cv2.transform(pixels, weights), tones), corners, scale=1 / 255)
        if frame - first < 2:
            grey = cv2.convertScaleAbs(grey, alpha=flash)
        return np.asarray(cv2.merge([noise(grey, frame)] * 3))

    return apply


class NoiseBank:
    """Noise made once, of which each frame takes another piece."""

    def __init__(
        self, rng: np.random.Generator, size: tuple[int, int], deviation: float, frames: int, *, channels: int = 3
    ) -> None:
        self.size, room = size, 96
        speckle = np.rint(deviation * grain(rng, size[1] + room, size[0] + room)).astype(np.int16)
        speckle = speckle if channels == 3 else speckle[..., 0]
        self.above, self.below = (np.clip(side, 0, 255).astype(np.uint8) for side in (speckle, -speckle))
        self.places = rng.integers(0, room, (frames, 2)).tolist()

    def __call__(self, pixels: Bytes, frame: int) -> Bytes:
        """The picture with the noise of a frame."""
        (width, height), (top, left) = self.size, self.places[frame]
        piece = slice(top, top + height), slice(left, left + width)
        return np.asarray(cv2.subtract(cv2.add(pixels, self.above[piece]), self.below[piece]))
