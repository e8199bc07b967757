"""Those who pass by: their trajectories, what is seen of them and of what they carry on a frame, and what they hide."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.data.synth.canvas import Position, Shadow, overlap_slices
from spotdiff.data.synth.clips.plan import Actor, CarriedObject, ClipPlan, PlacedObject, Waypoint
from spotdiff.data.synth.cutouts import Cutout
from spotdiff.data.synth.shadows import contact_shadow

if TYPE_CHECKING:
    from spotdiff.data.synth.clips.assets import AssetSampler
    from spotdiff.types import Bytes

_HELD = 0.2  # share of the carriers who stand behind what they carry; the others stand before it
_LONGEST_STAND = 6.0  # seconds
_BODY, _SLIM = 0.8, 0.38  # share of a person's width that hides what is behind; width of a person, in heights
_TALLEST = 1.25  # of a person before a thing, in depths of the thing's foot
Sprite = tuple[Cutout, Position, Shadow | None]  # a thing, its left and top, its shadow
_EASE = 0.4  # seconds in which a thing is lifted or put down


def passing_actor(assets: AssetSampler, start: float) -> Actor:
    """Somebody who walks across in 1 to 3 s, from a second on; some stand still for a while."""
    rng, recipe = assets.rng, assets.recipe
    cutout = assets.walker()
    width, height = recipe.size
    near = min(cutout.size[1] / height, 1.0)
    level = height * (0.66 + 0.36 * near + rng.uniform(-0.08, 0.08))
    sides = [-cutout.size[0] / 2, width + cutout.size[0] / 2][:: int(rng.choice((-1, 1)))]
    span = float(rng.uniform(1.0, 3.0))
    way: list[Waypoint] = [(start, sides[0], level)]
    if rng.random() < recipe.loiter:
        share, stand = rng.uniform(0.3, 0.7), rng.uniform(2.0, _LONGEST_STAND)
        middle = sides[0] + share * (sides[1] - sides[0])
        way += [(start + share * span, middle, level), (start + share * span + stand, middle, level)]
        span += stand
    way.append((start + span, sides[1], level + height * rng.uniform(-0.04, 0.04)))
    return _walking_actor(rng, cutout, way)


def carrying_actor(
    assets: AssetSampler, objects: tuple[PlacedObject, ...], frames: tuple[int, ...], kind: str
) -> Actor:
    """Somebody who leaves, takes or moves a thing: walks in, stands there for 1 to 3 s (1 to 1.6 twice), walks off.

    Args:
        assets: Chooses who.
        objects: Where the thing stands: one, or before and after for a moved one.
        frames: On which frame it is lifted or put down, for each.
        kind: left, taken or moved.
    """
    rng, fps = assets.rng, assets.recipe.fps
    cutout, behind = _carrier(assets, objects)
    places = [_feet(rng, cutout, placed, behind=behind) for placed in objects]
    width = assets.recipe.width
    pace = width / rng.uniform(1.6, 3.0)
    stops: list[Waypoint] = []
    for (x, y), frame in zip(places, frames, strict=True):
        stand = rng.uniform(1.0, 3.0) if len(frames) == 1 else 0.8
        arrives = frame / fps - stand * rng.uniform(0.4, 0.6)
        stops += [(arrives, x, y), (arrives + stand, x, y)]
    way = [
        _edge_waypoint(rng, cutout, stops[0], width, pace, -1),
        *stops,
        _edge_waypoint(rng, cutout, stops[-1], width, pace, 1),
    ]
    carried = _carried_object(rng, cutout, objects, frames, kind) if behind else None
    return _walking_actor(rng, cutout, way, carried)


def _carrier(assets: AssetSampler, objects: tuple[PlacedObject, ...]) -> tuple[Cutout, bool]:
    """Somebody whose head is in the picture, and whether that one stands behind the thing: always of a large one."""
    boxes = [placed.box for placed in objects]
    wide, tall = max(box[2] - box[0] for box in boxes), max(box[3] - box[1] for box in boxes)
    highest = min(box[3] for box in boxes)
    height = min(assets.recipe.height * assets.rng.uniform(0.5, 0.9), highest)
    least = max(1.25 * tall, wide / (_BODY * _SLIM))
    if assets.rng.random() < _HELD or least > _TALLEST * highest:
        return assets.person(max(height, 1.2 * tall)), True
    person = assets.person(max(height, 1.25 * tall), wide=wide / _BODY)
    return person.scaled(min(_TALLEST * highest / person.size[1], 1.0)), False


def _feet(rng: np.random.Generator, cutout: Cutout, placed: PlacedObject, *, behind: bool) -> tuple[float, float]:
    """Where a person stands, so that the body is before a thing, or beside and behind it."""
    left, _, right, bottom = placed.box
    if behind:
        aside = float(rng.choice((-1, 1))) * 0.25 * cutout.size[0]
        return (left + right) / 2 + aside, bottom - 0.03 * cutout.size[1]
    return (left + right) / 2, bottom + 0.12 * cutout.size[1]


def _edge_waypoint(
    rng: np.random.Generator, cutout: Cutout, stop: Waypoint, width: int, pace: float, direction: int
) -> Waypoint:
    """Where and when somebody comes from (-1) or has gone to (1) outside of the picture."""
    second, x, y = stop
    edge = -cutout.size[0] / 2 if rng.random() < 1 - x / width else width + cutout.size[0] / 2
    return second + direction * max(abs(edge - x) / pace, 0.3), edge, y + rng.uniform(-0.03, 0.03) * cutout.size[1]


def _carried_object(
    rng: np.random.Generator, cutout: Cutout, objects: tuple[PlacedObject, ...], frames: tuple[int, ...], kind: str
) -> CarriedObject:
    first, last = (frames[0], objects[0].at), (frames[-1], objects[-1].at)
    picked, put = None if kind == "left" else first, None if kind == "taken" else last
    return CarriedObject(objects[0].cutout, picked, put, lift=cutout.size[1] * rng.uniform(0.1, 0.25))


def _walking_actor(
    rng: np.random.Generator, cutout: Cutout, way: list[Waypoint], carried: CarriedObject | None = None
) -> Actor:
    bob = cutout.size[1] * rng.uniform(0.01, 0.03)
    return Actor(cutout, contact_shadow(cutout, rng), tuple(way), float(bob), float(rng.uniform(2.5, 4.0)), carried)


def actor_sprites(plan: ClipPlan, frame: int) -> list[Sprite]:
    """What is seen of passers-by on a frame and what they carry, the farthest first."""
    second = frame / plan.fps
    here = [actor for actor in plan.actors if actor.start <= second < actor.end]
    seen: list[Sprite] = []
    for actor in sorted(here, key=lambda actor: actor.feet(second)[1]):
        somebody = actor.cutout, actor.at(second), actor.shadow
        if actor.carried is None:
            seen.append(somebody)
        elif (place := _resting_place(actor.carried, frame)) is not None:
            seen.append(_occluded_by(somebody, actor.carried.cutout, place))
        else:
            seen += [somebody, (actor.carried.cutout, _carried_position(actor, actor.carried, frame, plan.fps), None)]
    return seen


def _resting_place(carried: CarriedObject, frame: int) -> Position | None:
    """Where the thing stands on its own, before it is lifted and after it is put down; else None."""
    if carried.picked_up and frame < carried.picked_up[0]:
        return carried.picked_up[1]
    return carried.put_down[1] if carried.put_down and frame >= carried.put_down[0] else None


def _occluded_by(sprite: Sprite, cutout: Cutout, place: Position) -> Sprite:
    """What is seen of somebody, and of the shadow, who stands behind a thing."""
    hidden, at, shadow = sprite
    alpha, pixels = _faded_out(hidden.alpha, at, cutout, place), _faded_out(hidden.pixels, at, cutout, place)
    if shadow is not None:
        foot = at[0] + shadow.offset[0], at[1] + shadow.offset[1]
        shadow = replace(shadow, dark=_faded_out(shadow.dark, foot, cutout, place))
    return replace(hidden, pixels=pixels, alpha=alpha), at, shadow


def _faded_out(plane: Bytes, at: Position, cutout: Cutout, place: Position) -> Bytes:
    """A plane that lies at `at`, faded out where the thing at `place` is opaque."""
    window, piece = overlap_slices(plane.shape, (place[0] - at[0], place[1] - at[1]), cutout.size)
    if window is None:
        return plane
    faded, rest = plane.copy(), cv2.bitwise_not(cutout.alpha[piece])
    faded[window] = cv2.multiply(faded[window], rest if plane.ndim == 2 else cv2.merge([rest] * 3), scale=1 / 255)
    return faded


def _carried_position(actor: Actor, carried: CarriedObject, frame: int, fps: int) -> Position:
    """Where a carried thing is: lifted from where it stood, lowered to where it will stand."""
    fixed = [stop for stop in (carried.picked_up, carried.put_down) if stop is not None]
    offsets = [_offset_from(actor, stop, fps) for stop in fixed]
    share, lift = 0.0, carried.lift
    if len(fixed) == 2:
        share = (frame - fixed[0][0]) / max(fixed[1][0] - fixed[0][0], 1)
    for stop in fixed:
        lift *= min((abs(frame - stop[0]) + (stop is carried.picked_up)) / (fps * _EASE), 1.0)
    left, top = actor.at(frame / fps)
    across = offsets[0][0] + share * (offsets[-1][0] - offsets[0][0])
    down = offsets[0][1] + share * (offsets[-1][1] - offsets[0][1])
    return round(left + across), round(top + down - lift)


def _offset_from(actor: Actor, fixed: tuple[int, Position], fps: int) -> Position:
    left, top = actor.at(fixed[0] / fps)
    return fixed[1][0] - left, fixed[1][1] - top


def occlusion(plan: ClipPlan, placed: PlacedObject, frame: int) -> float:
    """Share of a thing's place that passers-by hide on a frame."""
    area, (left, top) = placed.cutout.area > 0, placed.at
    cover = np.zeros(area.shape, bool)
    for cutout, at, _ in actor_sprites(plan, frame):
        window, piece = overlap_slices(area.shape, (at[0] - left, at[1] - top), cutout.size)
        if window is not None:
            cover[window] |= cutout.alpha[piece] > 127
    return float((cover & area).sum()) / max(float(area.sum()), 1.0)
