"""Frames of a clip, as its script says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.data.synth.clips.lens import fault_at, focus, lost, packed, quality_at, shake, slabbed
from spotdiff.data.synth.clips.lighting import Effect, NoiseBank, cloud, headlights, infrared, lamp, tones_at
from spotdiff.data.synth.clips.script import ROOM, Disturbance, Script
from spotdiff.data.synth.clips.traffic import moving, put
from spotdiff.data.synth.clips.weather import insects, leaves, rain

if TYPE_CHECKING:
    from spotdiff.types import Bytes

_EFFECTS: dict[str, Callable[[Disturbance, Script], Effect]] = {  # in the order in which they act
    "cloud": cloud,
    "lamp": lamp,
    "headlights": headlights,
    "ir": infrared,
    "rain": rain,
    "insects": insects,
    "focus": focus,
}


class Film:
    """Everything that is made once for a clip; after that, any frame can be had.

    Attributes:
        script: What happens.
    """

    def __init__(self, script: Script) -> None:
        self.script = script
        self._scenes: dict[tuple[int, ...], Bytes] = {}
        self._effects = [
            (one, make(one, script))
            for kind, make in _EFFECTS.items()
            for one in script.disturbances
            if one.kind == kind
        ]
        self._shakes = [shake(one, script) for one in script.disturbances if one.kind == "shake"]
        self._leaves = [leaves(one, script) for one in script.disturbances if one.kind == "leaves"]
        self._noise = self._noise_bank()

    def _noise_bank(self) -> NoiseBank | None:
        script = self.script
        if not script.noise:
            return None
        return NoiseBank(np.random.default_rng((script.seed, 1)), script.size, script.noise, script.frames)

    def scene(self, frame: int) -> Bytes:
        """(H + 2 ROOM, W + 2 ROOM, 3) uint8: what stands there on a frame, and nobody."""
        standings = self.script.standings
        here = tuple(number for number, one in enumerate(standings) if one.start <= frame < one.end)
        if here not in self._scenes:
            canvas = self.script.scene.copy()
            for number in sorted(here, key=lambda each: standings[each].box[3]):
                one = standings[number]
                put(canvas, one.thing, (one.at[0] + ROOM, one.at[1] + ROOM), one.shade)
            self._scenes[here] = canvas
        return self._scenes[here]

    def picture(self, frame: int) -> Bytes:
        """(H, W, 3) uint8: what the camera gives, were no frame lost, frozen or broken."""
        canvas = self.scene(frame).copy()
        for thing, at, shade in moving(self.script, frame):
            put(canvas, thing, (at[0] + ROOM, at[1] + ROOM), shade)
        for draw in self._leaves:
            draw(canvas, frame)
        pixels = self.lit(self._view(canvas, frame), frame)
        if self._noise is not None:
            pixels = self._noise(pixels, frame)
        quality = quality_at(self.script, frame / self.script.fps)
        return packed(pixels, quality) if quality else pixels

    def lit(self, pixels: Bytes, frame: int) -> Bytes:
        """A view under the light of a frame, and through what is before the lens."""
        second = frame / self.script.fps
        tones = tones_at(self.script.disturbances, second)
        if tones is not None:
            pixels = np.asarray(cv2.LUT(pixels, tones))
        for one, apply in self._effects:
            if one.strength(second) > 0:
                pixels = apply(pixels, frame)
        return pixels

    def still(self, stands: int, light: int) -> Bytes:
        """(H, W, 3) uint8: what stands there on one frame under the light of another; nobody, and no noise."""
        return self.lit(self._view(self.scene(stands), light), light)

    def _view(self, canvas: Bytes, frame: int) -> Bytes:
        shifts = [move(frame) for move in self._shakes]
        x, y = (sum(shift[axis] for shift in shifts) for axis in (0, 1))
        width, height = self.script.size
        if not (x or y):
            return canvas[ROOM : ROOM + height, ROOM : ROOM + width].copy()
        matrix = np.array([[1, 0, x - ROOM], [0, 1, y - ROOM]], np.float64)
        return np.asarray(cv2.warpAffine(canvas, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE))


def frames_of(script: Script) -> Iterator[tuple[float, Bytes]]:
    """The frames that arrive, each with its second; those that are lost are left out.

    Pictures are (H, W, 3) uint8, RGB, and the reader's own.
    """
    film, last = Film(script), np.zeros((0,), np.uint8)
    for frame in range(script.frames):
        second = frame / script.fps
        if lost(script, second):
            continue
        fault = fault_at(script, second)
        if fault != "frozen" or not last.size:
            last = film.picture(frame)
        yield second, slabbed(last, frame) if fault == "grey" else last.copy()
