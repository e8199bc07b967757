"""What befalls the camera itself: it shakes, loses its focus, packs harder; frames freeze, break, are lost."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from spotdiff.data.synth.clips.lighting import Effect
    from spotdiff.data.synth.clips.script import Disturbance, Script
    from spotdiff.types import Bytes

GAPS = ("dropout", "reconnect")  # in these, frames are lost
_GREY = 128


def shake(one: Disturbance, script: Script) -> Callable[[int], tuple[float, float]]:
    """How far a frame is moved, in pixels: jitter from frame to frame, or slow swaying."""
    rng, reach = np.random.default_rng(one.seed), one.facts["reach"]
    if one.facts["slow"]:
        angle, phase = rng.uniform(0, 2 * math.pi, 2)
        way = reach * math.cos(angle), reach * math.sin(angle)

        def sway(frame: int) -> tuple[float, float]:
            second = frame / script.fps
            share = one.strength(second) * math.sin(2 * math.pi * one.facts["hertz"] * second + phase)
            return way[0] * share, way[1] * share

        return sway
    offsets = np.clip(rng.normal(0, reach / 2, (script.frames, 2)), -reach, reach)

    def jitter(frame: int) -> tuple[float, float]:
        x, y = offsets[frame] * one.strength(frame / script.fps)
        return float(x), float(y)

    return jitter


def focus(one: Disturbance, script: Script) -> Effect:
    """A focus that wanders off and back."""

    def apply(pixels: Bytes, frame: int) -> Bytes:
        phase = (frame / script.fps - one.start) / one.facts["period"]
        sigma = one.facts["blur"] * one.strength(frame / script.fps) * math.sin(math.pi * phase) ** 2
        return np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma)) if sigma > 0.25 else pixels

    return apply


def packed(pixels: Bytes, quality: int) -> Bytes:
    """The picture through a JPEG file and back."""
    coded = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.cvtColor(cv2.imdecode(coded, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB))


def quality_at(script: Script, second: float) -> int:
    """Quality of the JPEG picture that a frame is at that second, or 0 where it is none."""
    quality = script.jpeg
    for one in script.disturbances:
        packs = one.kind == "compression" and one.strength(second) > 0
        if packs or (one.kind == "reconnect" and second >= one.end):
            quality = one.facts["quality"]
    return quality


def lost(script: Script, second: float) -> bool:
    """Whether the frame of that second never arrives."""
    return any(one.kind in GAPS and one.start <= second < one.end for one in script.disturbances)


def fault_at(script: Script, second: float) -> str:
    """What is wrong with a frame just before or after a gap: frozen, grey or nothing."""
    for one in script.disturbances:
        if one.kind in GAPS and one.start - one.facts["lead"] <= second < one.start:
            return str(one.facts["fault"])
        if one.kind in GAPS and one.end <= second < one.end + one.facts["trail"]:
            return "grey"
    return ""


def slabbed(pixels: Bytes, frame: int) -> Bytes:
    """The picture, grey from some row of blocks on, as when its file broke off."""
    height = pixels.shape[0]
    rows = max(height // 16, 2)
    first = 16 * ((frame * 7919) % rows) * 2 // 3
    broken = pixels.copy()
    broken[first:] = _GREY
    return broken
