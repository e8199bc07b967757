"""Who is seen on a frame, and what of the place they hide."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.data.synth.clips.script import Held, Passer, Script, Standing
from spotdiff.data.synth.stage import At, Shade, laid_over, windows
from spotdiff.data.synth.things import Thing

if TYPE_CHECKING:
    from spotdiff.types import Bytes

Sprite = tuple[Thing, At, Shade | None]  # a thing, its left and top, its shadow
_EASE = 0.4  # seconds in which a thing is lifted or put down


def put(canvas: Bytes, thing: Thing, at: At, shade: Shade | None = None) -> None:
    """Put a thing into a picture, over its shadow; what lies outside is cut off."""
    if shade is not None:
        _darken(canvas, shade, at)
    window, piece = windows(canvas.shape, at, thing.size)
    if window is not None:
        canvas[window] = laid_over(canvas[window], thing.pixels[piece], thing.alpha[piece])


def _darken(canvas: Bytes, shade: Shade, at: At) -> None:
    place = at[0] + shade.offset[0], at[1] + shade.offset[1]
    window, piece = windows(canvas.shape, place, (shade.dark.shape[1], shade.dark.shape[0]))
    if window is not None:
        light = cv2.merge([cv2.bitwise_not(shade.dark[piece])] * 3)
        canvas[window] = cv2.multiply(canvas[window], light, scale=1 / 255)


def moving(script: Script, frame: int) -> list[Sprite]:
    """What is seen of passers-by on a frame and what they carry, the farthest first."""
    second = frame / script.fps
    here = [passer for passer in script.passers if passer.start <= second < passer.end]
    seen: list[Sprite] = []
    for passer in sorted(here, key=lambda one: one.feet(second)[1]):
        somebody = passer.thing, passer.at(second), passer.shade
        if passer.held is None:
            seen.append(somebody)
        elif (place := _stands_at(passer.held, frame)) is not None:
            seen.append(_behind(somebody, passer.held.thing, place))
        else:
            seen += [somebody, (passer.held.thing, _carried_at(passer, passer.held, frame, script.fps), None)]
    return seen


def _stands_at(held: Held, frame: int) -> At | None:
    """Where the thing stands on its own, before it is lifted and after it is put down; else None."""
    if held.picked and frame < held.picked[0]:
        return held.picked[1]
    return held.put[1] if held.put and frame >= held.put[0] else None


def _behind(sprite: Sprite, thing: Thing, place: At) -> Sprite:
    """What is seen of somebody, and of the shadow, who stands behind a thing."""
    one, at, shade = sprite
    alpha, pixels = _kept(one.alpha, at, thing, place), _kept(one.pixels, at, thing, place)
    if shade is not None:
        foot = at[0] + shade.offset[0], at[1] + shade.offset[1]
        shade = replace(shade, dark=_kept(shade.dark, foot, thing, place))
    return replace(one, pixels=pixels, alpha=alpha), at, shade


def _kept(plane: Bytes, at: At, thing: Thing, place: At) -> Bytes:
    """A plane that lies at `at`, faded out where the thing at `place` is opaque."""
    window, piece = windows(plane.shape, (place[0] - at[0], place[1] - at[1]), thing.size)
    if window is None:
        return plane
    kept, rest = plane.copy(), cv2.bitwise_not(thing.alpha[piece])
    kept[window] = cv2.multiply(kept[window], rest if plane.ndim == 2 else cv2.merge([rest] * 3), scale=1 / 255)
    return kept


def _carried_at(passer: Passer, held: Held, frame: int, fps: int) -> At:
    """Where a carried thing is: lifted from where it stood, lowered to where it will stand."""
    fixed = [one for one in (held.picked, held.put) if one is not None]
    offsets = [_from(passer, one, fps) for one in fixed]
    share, lift = 0.0, held.lift
    if len(fixed) == 2:
        share = (frame - fixed[0][0]) / max(fixed[1][0] - fixed[0][0], 1)
    for one in fixed:
        lift *= min((abs(frame - one[0]) + (one is held.picked)) / (fps * _EASE), 1.0)
    left, top = passer.at(frame / fps)
    across = offsets[0][0] + share * (offsets[-1][0] - offsets[0][0])
    down = offsets[0][1] + share * (offsets[-1][1] - offsets[0][1])
    return round(left + across), round(top + down - lift)


def _from(passer: Passer, fixed: tuple[int, At], fps: int) -> At:
    left, top = passer.at(fixed[0] / fps)
    return fixed[1][0] - left, fixed[1][1] - top


def hidden(script: Script, standing: Standing, frame: int) -> float:
    """Share of a thing's place that passers-by hide on a frame."""
    area, (left, top) = standing.thing.area > 0, standing.at
    cover = np.zeros(area.shape, bool)
    for thing, at, _ in moving(script, frame):
        window, piece = windows(area.shape, (at[0] - left, at[1] - top), thing.size)
        if window is not None:
            cover[window] |= thing.alpha[piece] > 127
    return float((cover & area).sum()) / max(float(area.sum()), 1.0)
