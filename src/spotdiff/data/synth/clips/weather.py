"""What flies before the lens and moves in the wind: rain, insects, leaves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.data.synth.clips.script import ROOM
from spotdiff.data.synth.clips.traffic import put
from spotdiff.data.synth.things import Thing, thing_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from spotdiff.data.synth.clips.lighting import Effect
    from spotdiff.data.synth.clips.script import Disturbance, Script
    from spotdiff.types import Box, Bytes

_SHEETS, _SLACK = 3, 64  # pictures of rain, and pixels by which each is larger than a frame


def rain(one: Disturbance, script: Script) -> Effect:
    """Bright streaks, others on every frame."""
    rng, (width, height) = np.random.default_rng(one.seed), script.size
    sheets = [_streaks(rng, width + _SLACK, height + _SLACK, one) for _ in range(_SHEETS)]
    turns = rng.integers(0, (_SHEETS, _SLACK, _SLACK), (script.frames, 3)).tolist()

    def apply(pixels: Bytes, frame: int) -> Bytes:
        number, top, left = turns[frame]
        return np.asarray(cv2.add(pixels, sheets[number][top : top + height, left : left + width]))

    return apply


def _streaks(rng: np.random.Generator, width: int, height: int, one: Disturbance) -> Bytes:
    drops, long = np.zeros((height, width), np.uint8), one.facts["long"] * height
    count = round(one.facts["drops"] * width * height / (640 * 360))
    for x, y in rng.uniform(0, (width, height), (count, 2)):
        length = long * rng.uniform(0.4, 1.2)
        end = int(x + one.facts["lean"] * length), int(y + length)
        cv2.line(drops, (int(x), int(y)), end, int(rng.integers(25, 110)), 1 + int(rng.random() < 0.1), cv2.LINE_AA)
    return np.asarray(cv2.merge([cv2.GaussianBlur(drops, (0, 0), 0.6)] * 3))


def insects(one: Disturbance, script: Script) -> Effect:
    """Large blurred blobs that dart past the lens."""
    rng, (width, height) = np.random.default_rng(one.seed), script.size
    flights = []
    for start in rng.uniform(one.start, one.end - 0.2, one.facts["count"]):
        span, angle = rng.uniform(0.2, 1.0), rng.uniform(0, 2 * math.pi)
        middle = rng.uniform(0.1, 0.9, 2) * (width, height)
        way = np.array((math.cos(angle), math.sin(angle))) * width * rng.uniform(0.3, 0.9)
        sprite = _blob(rng, width * rng.uniform(0.015, 0.07), angle)
        flights.append((start, min(start + span, one.end), middle - way / 2, way, rng.uniform(-0.2, 0.2), sprite))

    def apply(pixels: Bytes, frame: int) -> Bytes:
        second = frame / script.fps
        for start, end, origin, way, bend, sprite in flights:
            if start <= second < end:
                share = (second - start) / (end - start)
                curve = bend * math.sin(math.pi * share) * np.array((-way[1], way[0]))
                x, y = origin + share * way + curve
                put(pixels, sprite, (round(x - sprite.size[0] / 2), round(y - sprite.size[1] / 2)))
        return pixels

    return apply


def _blob(rng: np.random.Generator, radius: float, angle: float) -> Thing:
    """A blob drawn out along its flight, light as in the lamps of a camera or dark."""
    half = int(3 * radius) + 2
    across = np.arange(-half, half + 1, dtype=np.float32)
    down = across[:, None]
    along, aside = across * math.cos(angle) + down * math.sin(angle), down * math.cos(angle) - across * math.sin(angle)
    share = np.exp(-((along / (1.5 * radius)) ** 2) - (aside / (0.7 * radius)) ** 2)
    alpha = np.clip(255 * rng.uniform(0.5, 1.0) * np.clip(1.3 * share - 0.1, 0, 1), 0, 255).astype(np.uint8)
    level = rng.uniform(190, 250) if rng.random() < 0.65 else rng.uniform(15, 60)
    colour = np.clip(level + rng.normal(0, 6, 3), 0, 255).astype(np.uint8)
    return thing_of(np.dstack([np.broadcast_to(colour, (*alpha.shape, 3)), alpha]), "insect")


def foliage_box(one: Disturbance, size: tuple[int, int]) -> Box:
    """Where leaves may be seen, in a picture of (width, height)."""
    width, height = size
    wide, tall = round(one.facts["wide"] * width), round(one.facts["tall"] * height)
    left = 0 if one.facts["side"] == "left" else width - wide
    top = 0 if one.facts["top"] else height - tall
    return left, top, left + wide, top + tall


def leaves(one: Disturbance, script: Script) -> Callable[[Bytes, int], None]:
    """Twigs that sway at the edge, drawn into a canvas (with room around the picture) of a frame."""
    rng = np.random.default_rng(one.seed)
    left, top, right, bottom = foliage_box(one, script.size)
    anchored_left, anchored_top = one.facts["side"] == "left", one.facts["top"]
    wide, tall = right - left + ROOM, bottom - top + ROOM
    at = left + (0 if anchored_left else ROOM), top + (0 if anchored_top else ROOM)
    layers = [_twig(rng, wide, tall, flips=(not anchored_left, not anchored_top)) for _ in range(2)]
    pace = one.facts["hertz"] * np.array((1.0, 1.37))
    reach = one.facts["reach"] / tall

    def apply(canvas: Bytes, frame: int) -> None:
        second = frame / script.fps
        gust = one.strength(second) * (0.6 + 0.4 * math.sin(0.7 * second + one.seed))
        for number, layer in enumerate(layers):
            lean = gust * reach * math.sin(2 * math.pi * pace[number] * second + number)
            foot = 0 if anchored_top else tall
            put(canvas, _leaning(layer, lean, foot), at)

    return apply


def _leaning(layer: Bytes, lean: float, foot: int) -> Thing:
    matrix = np.array([[1, lean, -lean * foot], [0.3 * lean, 1, 0]])
    swayed = np.asarray(cv2.warpAffine(layer, matrix, layer.shape[1::-1], flags=cv2.INTER_LINEAR))
    *colours, alpha = cv2.split(swayed)
    return Thing(cv2.merge(colours), alpha, alpha, "leaves")


def _twig(rng: np.random.Generator, wide: int, tall: int, *, flips: tuple[bool, bool]) -> Bytes:
    """(tall, wide, 4) uint8, multiplied by alpha: leaves, dense at the top left corner, flipped to another."""
    canvas = np.zeros((tall, wide, 4), np.uint8)
    hue, size = rng.uniform(30, 60), 0.05 * math.hypot(wide, tall)
    for _ in range(170):
        x, y = rng.beta(0.8, 2.2) * wide * 0.9, rng.beta(0.8, 2.2) * tall * 0.9
        if x / wide + y / tall > 0.85:
            continue
        hsv = np.array([[[hue + rng.normal(0, 6), rng.uniform(70, 190), rng.uniform(30, 190)]]]).astype(np.uint8)
        colour = (*cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0, 0].tolist(), 255)
        axes = max(int(size * rng.uniform(0.4, 1.0)), 2), max(int(size * rng.uniform(0.2, 0.4)), 1)
        cv2.ellipse(canvas, (int(x), int(y)), axes, rng.uniform(0, 180), 0, 360, colour, -1, cv2.LINE_AA)
    canvas = cv2.GaussianBlur(canvas, (0, 0), 0.7)
    for axis, wanted in ((1, flips[0]), (0, flips[1])):
        canvas = cv2.flip(canvas, axis) if wanted else canvas
    return np.asarray(canvas)
