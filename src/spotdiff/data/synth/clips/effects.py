"""What disturbances do to frames: light, weather before the lens, and faults of the camera and its line."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.data.synth.canvas import paste
from spotdiff.data.synth.clips.plan import MARGIN
from spotdiff.data.synth.cutouts import Cutout, cutout_of
from spotdiff.data.synth.noise import grain, smooth

if TYPE_CHECKING:
    from spotdiff.data.synth.clips.plan import ClipPlan, Disturbance
    from spotdiff.types import Box, Bytes, Map

Effect = Callable[["Bytes", int], "Bytes"]  # of a picture, and the number of its frame
_CELL = 8  # pixels, of the grid on which clouds are reckoned
_UNIT = 64  # stands for a gain of 1 where gains are bytes
TONES = ("step", "ramp", "flicker", "rain")
_SHEETS, _SLACK = 3, 64  # pictures of rain, and pixels by which each is larger than a frame
GAPS = ("dropout", "reconnect")  # in these, frames are lost
_GREY = 128


def tones_at(disturbances: Sequence[Disturbance], second: float) -> Bytes | None:
    """(1, 256, 3) uint8, the table of all that changes the light everywhere; None where nothing does."""
    acting = [(disturbance, disturbance.strength(second)) for disturbance in disturbances if disturbance.kind in TONES]
    acting = [(disturbance, strength) for disturbance, strength in acting if strength > 0]
    if not acting:
        return None
    level = np.linspace(0, 1, 256)[:, None].repeat(3, axis=1)
    for disturbance, strength in acting:
        gain = np.asarray(disturbance.facts.get("gain", (1.0, 1.0, 1.0))) ** strength
        if disturbance.kind == "flicker":
            gain = gain * (
                1
                + disturbance.facts["depth"]
                * math.sin(2 * math.pi * disturbance.facts["hertz"] * (second - disturbance.start))
            )
        level = np.clip(level * gain, 0, 1) ** (disturbance.facts.get("gamma", 1.0) ** strength)
        level = level + strength * disturbance.facts.get("haze", 0.0) * (0.6 - level)
    return np.rint(255 * level).astype(np.uint8)[None]


def cloud(disturbance: Disturbance, plan: ClipPlan) -> Effect:
    """A soft shadow that moves across."""
    rng, (width, height) = np.random.default_rng(disturbance.seed), plan.size
    wide, tall = width // _CELL + 2, height // _CELL + 2
    shape = _cloud(rng, wide, tall)
    dark = np.rint(255 * (1 - (1 - disturbance.facts["gain"]) * shape)).astype(np.uint8)
    backwards = rng.random() < 0.5

    def apply(pixels: Bytes, frame: int) -> Bytes:
        share = (frame / plan.fps - disturbance.start) / (disturbance.end - disturbance.start)
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


def lamp(disturbance: Disturbance, plan: ClipPlan) -> Effect:
    """A lamp that goes on, and lights what is near it."""
    width, height = plan.size
    x, y = disturbance.facts["at"]
    across = (np.arange(width, dtype=np.float32) - x * width) / (disturbance.facts["reach"] * width)
    down = (np.arange(height, dtype=np.float32)[:, None] - y * height) / (disturbance.facts["reach"] * width)
    near = np.exp(-(across**2 + down**2))[..., None]
    gain = 1 + near * (np.asarray(disturbance.facts["gain"], np.float32) - 1)
    lit = np.clip(np.rint(_UNIT * gain), 0, 255).astype(np.uint8)
    unlit = np.full_like(lit, _UNIT)

    def apply(pixels: Bytes, frame: int) -> Bytes:
        strength = disturbance.strength(frame / plan.fps)
        field = lit if strength == 1 else cv2.addWeighted(lit, strength, unlit, 1 - strength, 0)
        return np.asarray(cv2.multiply(pixels, field, scale=1 / _UNIT))

    return apply


def headlights(disturbance: Disturbance, plan: ClipPlan) -> Effect:
    """A pair of bright lights that sweeps across, with their glow."""
    width, height = plan.size
    rng, radius = np.random.default_rng(disturbance.seed), disturbance.facts["reach"] * width
    glow = _pair_of_lights(radius, np.array(disturbance.facts["colour"], np.float32))
    start, end = (-1.5 * radius, width + 1.5 * radius)[:: int(rng.choice((-1, 1)))]
    rows = height * rng.uniform(0.3, 0.9, 2)

    def apply(pixels: Bytes, frame: int) -> Bytes:
        share = (frame / plan.fps - disturbance.start) / (disturbance.end - disturbance.start)
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


def infrared(disturbance: Disturbance, plan: ClipPlan) -> Effect:
    """A camera that goes to infrared and back: grey, with tones of its own, dark corners and more noise."""
    rng, (width, height) = np.random.default_rng(disturbance.seed), plan.size
    weights = np.array([disturbance.facts["weights"]], np.float32)
    level = np.linspace(0, 1, 256) ** disturbance.facts["gamma"] * disturbance.facts["gain"]
    tones = np.clip(np.rint(255 * (level + 0.04)), 0, 255).astype(np.uint8)
    across = np.linspace(-1, 1, width, dtype=np.float32)
    far = across**2 + (np.linspace(-1, 1, height, dtype=np.float32)[:, None] * height / width) ** 2
    corners = np.clip(255 * (1 - disturbance.facts["vignette"] * far), 0, 255).astype(np.uint8)
    noise = NoiseBank(rng, (width, height), disturbance.facts["noise"], plan.frames, channels=1)
    first = round(disturbance.start * plan.fps)
    flash = disturbance.facts["flash"]

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


def rain(disturbance: Disturbance, plan: ClipPlan) -> Effect:
    """Bright streaks, others on every frame."""
    rng, (width, height) = np.random.default_rng(disturbance.seed), plan.size
    sheets = [_streaks(rng, width + _SLACK, height + _SLACK, disturbance) for _ in range(_SHEETS)]
    turns = rng.integers(0, (_SHEETS, _SLACK, _SLACK), (plan.frames, 3)).tolist()

    def apply(pixels: Bytes, frame: int) -> Bytes:
        number, top, left = turns[frame]
        return np.asarray(cv2.add(pixels, sheets[number][top : top + height, left : left + width]))

    return apply


def _streaks(rng: np.random.Generator, width: int, height: int, disturbance: Disturbance) -> Bytes:
    drops, long = np.zeros((height, width), np.uint8), disturbance.facts["long"] * height
    count = round(disturbance.facts["drops"] * width * height / (640 * 360))
    for x, y in rng.uniform(0, (width, height), (count, 2)):
        length = long * rng.uniform(0.4, 1.2)
        end = int(x + disturbance.facts["lean"] * length), int(y + length)
        cv2.line(drops, (int(x), int(y)), end, int(rng.integers(25, 110)), 1 + int(rng.random() < 0.1), cv2.LINE_AA)
    return np.asarray(cv2.merge([cv2.GaussianBlur(drops, (0, 0), 0.6)] * 3))


def insects(disturbance: Disturbance, plan: ClipPlan) -> Effect:
    """Large blurred blobs that dart past the lens."""
    rng, (width, height) = np.random.default_rng(disturbance.seed), plan.size
    flights = []
    for start in rng.uniform(disturbance.start, disturbance.end - 0.2, disturbance.facts["count"]):
        span, angle = rng.uniform(0.2, 1.0), rng.uniform(0, 2 * math.pi)
        middle = rng.uniform(0.1, 0.9, 2) * (width, height)
        way = np.array((math.cos(angle), math.sin(angle))) * width * rng.uniform(0.3, 0.9)
        sprite = _blob(rng, width * rng.uniform(0.015, 0.07), angle)
        flights.append(
            (start, min(start + span, disturbance.end), middle - way / 2, way, rng.uniform(-0.2, 0.2), sprite)
        )

    def apply(pixels: Bytes, frame: int) -> Bytes:
        second = frame / plan.fps
        for start, end, origin, way, bend, sprite in flights:
            if start <= second < end:
                share = (second - start) / (end - start)
                curve = bend * math.sin(math.pi * share) * np.array((-way[1], way[0]))
                x, y = origin + share * way + curve
                paste(pixels, sprite, (round(x - sprite.size[0] / 2), round(y - sprite.size[1] / 2)))
        return pixels

    return apply


def _blob(rng: np.random.Generator, radius: float, angle: float) -> Cutout:
    """A blob drawn out along its flight, light as in the lamps of a camera or dark."""
    half = int(3 * radius) + 2
    across = np.arange(-half, half + 1, dtype=np.float32)
    down = across[:, None]
    along, aside = across * math.cos(angle) + down * math.sin(angle), down * math.cos(angle) - across * math.sin(angle)
    share = np.exp(-((along / (1.5 * radius)) ** 2) - (aside / (0.7 * radius)) ** 2)
    alpha = np.clip(255 * rng.uniform(0.5, 1.0) * np.clip(1.3 * share - 0.1, 0, 1), 0, 255).astype(np.uint8)
    level = rng.uniform(190, 250) if rng.random() < 0.65 else rng.uniform(15, 60)
    colour = np.clip(level + rng.normal(0, 6, 3), 0, 255).astype(np.uint8)
    return cutout_of(np.dstack([np.broadcast_to(colour, (*alpha.shape, 3)), alpha]), "insect")


def foliage_box(disturbance: Disturbance, size: tuple[int, int]) -> Box:
    """Where leaves may be seen, in a picture of (width, height)."""
    width, height = size
    wide, tall = round(disturbance.facts["wide"] * width), round(disturbance.facts["tall"] * height)
    left = 0 if disturbance.facts["side"] == "left" else width - wide
    top = 0 if disturbance.facts["top"] else height - tall
    return left, top, left + wide, top + tall


def leaves(disturbance: Disturbance, plan: ClipPlan) -> Callable[[Bytes, int], None]:
    """Twigs that sway at the edge, drawn into a canvas (with room around the picture) of a frame."""
    rng = np.random.default_rng(disturbance.seed)
    left, top, right, bottom = foliage_box(disturbance, plan.size)
    anchored_left, anchored_top = disturbance.facts["side"] == "left", disturbance.facts["top"]
    wide, tall = right - left + MARGIN, bottom - top + MARGIN
    at = left + (0 if anchored_left else MARGIN), top + (0 if anchored_top else MARGIN)
    layers = [_twig(rng, wide, tall, flips=(not anchored_left, not anchored_top)) for _ in range(2)]
    pace = disturbance.facts["hertz"] * np.array((1.0, 1.37))
    reach = disturbance.facts["reach"] / tall

    def apply(canvas: Bytes, frame: int) -> None:
        second = frame / plan.fps
        gust = disturbance.strength(second) * (0.6 + 0.4 * math.sin(0.7 * second + disturbance.seed))
        for number, layer in enumerate(layers):
            lean = gust * reach * math.sin(2 * math.pi * pace[number] * second + number)
            foot = 0 if anchored_top else tall
            paste(canvas, _leaning(layer, lean, foot), at)

    return apply


def _leaning(layer: Bytes, lean: float, foot: int) -> Cutout:
    matrix = np.array([[1, lean, -lean * foot], [0.3 * lean, 1, 0]])
    swayed = np.asarray(cv2.warpAffine(layer, matrix, layer.shape[1::-1], flags=cv2.INTER_LINEAR))
    *colours, alpha = cv2.split(swayed)
    return Cutout(cv2.merge(colours), alpha, alpha, "leaves")


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


def shake(disturbance: Disturbance, plan: ClipPlan) -> Callable[[int], tuple[float, float]]:
    """How far a frame is moved, in pixels: jitter from frame to frame, or slow swaying."""
    rng, reach = np.random.default_rng(disturbance.seed), disturbance.facts["reach"]
    if disturbance.facts["slow"]:
        angle, phase = rng.uniform(0, 2 * math.pi, 2)
        way = reach * math.cos(angle), reach * math.sin(angle)

        def sway(frame: int) -> tuple[float, float]:
            second = frame / plan.fps
            share = disturbance.strength(second) * math.sin(2 * math.pi * disturbance.facts["hertz"] * second + phase)
            return way[0] * share, way[1] * share

        return sway
    offsets = np.clip(rng.normal(0, reach / 2, (plan.frames, 2)), -reach, reach)

    def jitter(frame: int) -> tuple[float, float]:
        x, y = offsets[frame] * disturbance.strength(frame / plan.fps)
        return float(x), float(y)

    return jitter


def focus(disturbance: Disturbance, plan: ClipPlan) -> Effect:
    """A focus that wanders off and back."""

    def apply(pixels: Bytes, frame: int) -> Bytes:
        phase = (frame / plan.fps - disturbance.start) / disturbance.facts["period"]
        sigma = disturbance.facts["blur"] * disturbance.strength(frame / plan.fps) * math.sin(math.pi * phase) ** 2
        return np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma)) if sigma > 0.25 else pixels

    return apply


def recompressed(pixels: Bytes, quality: int) -> Bytes:
    """The picture through a JPEG file and back."""
    coded = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.cvtColor(cv2.imdecode(coded, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB))


def jpeg_quality_at(plan: ClipPlan, second: float) -> int:
    """Quality of the JPEG picture that a frame is at that second, or 0 where it is none."""
    quality = plan.jpeg
    for disturbance in plan.disturbances:
        packs = disturbance.kind == "compression" and disturbance.strength(second) > 0
        if packs or (disturbance.kind == "reconnect" and second >= disturbance.end):
            quality = disturbance.facts["quality"]
    return quality


def is_lost(plan: ClipPlan, second: float) -> bool:
    """Whether the frame of that second never arrives."""
    return any(
        disturbance.kind in GAPS and disturbance.start <= second < disturbance.end for disturbance in plan.disturbances
    )


def fault_at(plan: ClipPlan, second: float) -> str:
    """What is wrong with a frame just before or after a gap: frozen, grey or nothing."""
    for disturbance in plan.disturbances:
        if disturbance.kind in GAPS and disturbance.start - disturbance.facts["lead"] <= second < disturbance.start:
            return str(disturbance.facts["fault"])
        if disturbance.kind in GAPS and disturbance.end <= second < disturbance.end + disturbance.facts["trail"]:
            return "grey"
    return ""


def cut_off(pixels: Bytes, frame: int) -> Bytes:
    """The picture, grey from some row of blocks on, as when its file broke off."""
    height = pixels.shape[0]
    rows = max(height // 16, 2)
    first = 16 * ((frame * 7919) % rows) * 2 // 3
    broken = pixels.copy()
    broken[first:] = _GREY
    return broken
