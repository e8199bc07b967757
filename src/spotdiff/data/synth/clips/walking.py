"""Ways of those who pass by: straight across, or to a place where they leave or take something."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spotdiff.data.synth.clips.casting import Casting
from spotdiff.data.synth.clips.script import Held, Passer, Point, Standing
from spotdiff.data.synth.shades import foot

if TYPE_CHECKING:
    from spotdiff.data.synth.things import Thing

_HELD = 0.2  # share of the carriers who stand behind what they carry; the others stand before it
_LONGEST_STAND = 6.0  # seconds
_BODY, _SLIM = 0.8, 0.38  # share of a person's width that hides what is behind; width of a person, in heights
_TALLEST = 1.25  # of a person before a thing, in depths of the thing's foot


def crossing(casting: Casting, start: float) -> Passer:
    """Somebody who walks across in 1 to 3 s, from a second on; some stand still for a while."""
    rng, recipe = casting.rng, casting.recipe
    thing = casting.walker()
    width, height = recipe.size
    near = min(thing.size[1] / height, 1.0)
    level = height * (0.66 + 0.36 * near + rng.uniform(-0.08, 0.08))
    sides = [-thing.size[0] / 2, width + thing.size[0] / 2][:: int(rng.choice((-1, 1)))]
    span = float(rng.uniform(1.0, 3.0))
    way: list[Point] = [(start, sides[0], level)]
    if rng.random() < recipe.loiter:
        share, stand = rng.uniform(0.3, 0.7), rng.uniform(2.0, _LONGEST_STAND)
        middle = sides[0] + share * (sides[1] - sides[0])
        way += [(start + share * span, middle, level), (start + share * span + stand, middle, level)]
        span += stand
    way.append((start + span, sides[1], level + height * rng.uniform(-0.04, 0.04)))
    return _passer(rng, thing, way)


def carrier(casting: Casting, standings: tuple[Standing, ...], frames: tuple[int, ...], kind: str) -> Passer:
    """Somebody who leaves, takes or moves a thing: walks in, stands there for 1 to 3 s (1 to 1.6 twice), walks off.

    Args:
        casting: Chooses who.
        standings: Where the thing stands: one, or before and after for a moved one.
        frames: On which frame it is lifted or put down, for each.
        kind: left, taken or moved.
    """
    rng, fps = casting.rng, casting.recipe.fps
    thing, behind = _carrier(casting, standings)
    places = [_feet(rng, thing, one, behind=behind) for one in standings]
    width = casting.recipe.width
    pace = width / rng.uniform(1.6, 3.0)
    stops: list[Point] = []
    for (x, y), frame in zip(places, frames, strict=True):
        stand = rng.uniform(1.0, 3.0) if len(frames) == 1 else 0.8
        arrives = frame / fps - stand * rng.uniform(0.4, 0.6)
        stops += [(arrives, x, y), (arrives + stand, x, y)]
    way = [_from_edge(rng, thing, stops[0], width, pace, -1), *stops, _from_edge(rng, thing, stops[-1], width, pace, 1)]
    held = _held(rng, thing, standings, frames, kind) if behind else None
    return _passer(rng, thing, way, held)


def _carrier(casting: Casting, standings: tuple[Standing, ...]) -> tuple[Thing, bool]:
    """Somebody whose head is in the picture, and whether that one stands behind the thing: always of a large one."""
    boxes = [one.box for one in standings]
    wide, tall = max(box[2] - box[0] for box in boxes), max(box[3] - box[1] for box in boxes)
    highest = min(box[3] for box in boxes)
    height = min(casting.recipe.height * casting.rng.uniform(0.5, 0.9), highest)
    least = max(1.25 * tall, wide / (_BODY * _SLIM))
    if casting.rng.random() < _HELD or least > _TALLEST * highest:
        return casting.person(max(height, 1.2 * tall)), True
    person = casting.person(max(height, 1.25 * tall), wide=wide / _BODY)
    return person.scaled(min(_TALLEST * highest / person.size[1], 1.0)), False


def _feet(rng: np.random.Generator, thing: Thing, standing: Standing, *, behind: bool) -> tuple[float, float]:
    """Where a person stands, so that the body is before a thing, or beside and behind it."""
    left, _, right, bottom = standing.box
    if behind:
        aside = float(rng.choice((-1, 1))) * 0.25 * thing.size[0]
        return (left + right) / 2 + aside, bottom - 0.03 * thing.size[1]
    return (left + right) / 2, bottom + 0.12 * thing.size[1]


def _from_edge(rng: np.random.Generator, thing: Thing, stop: Point, width: int, pace: float, direction: int) -> Point:
    """Where and when somebody comes from (-1) or has gone to (1) outside of the picture."""
    second, x, y = stop
    edge = -thing.size[0] / 2 if rng.random() < 1 - x / width else width + thing.size[0] / 2
    return second + direction * max(abs(edge - x) / pace, 0.3), edge, y + rng.uniform(-0.03, 0.03) * thing.size[1]


def _held(
    rng: np.random.Generator, thing: Thing, standings: tuple[Standing, ...], frames: tuple[int, ...], kind: str
) -> Held:
    first, last = (frames[0], standings[0].at), (frames[-1], standings[-1].at)
    picked, put = None if kind == "left" else first, None if kind == "taken" else last
    return Held(standings[0].thing, picked, put, lift=thing.size[1] * rng.uniform(0.1, 0.25))


def _passer(rng: np.random.Generator, thing: Thing, way: list[Point], held: Held | None = None) -> Passer:
    bob = thing.size[1] * rng.uniform(0.01, 0.03)
    return Passer(thing, foot(thing, rng), tuple(way), float(bob), float(rng.uniform(2.5, 4.0)), held)
