"""The plan of a clip: place, objects, events on a timeline, actors and disturbances, all from a seed and a number."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from spotdiff.data.synth.clips.actors import carrying_actor, occlusion, passing_actor
from spotdiff.data.synth.clips.assets import AssetSampler, stands_out
from spotdiff.data.synth.clips.disturbances import choose_kinds, sample_disturbance
from spotdiff.data.synth.clips.effects import fault_at, foliage_box, is_lost
from spotdiff.data.synth.clips.plan import Actor, ClipEvent, ClipPlan, PlacedObject
from spotdiff.data.synth.clips.recipe import ClipRecipe
from spotdiff.data.synth.clips.render import ClipRenderer
from spotdiff.data.synth.materials import Materials
from spotdiff.data.synth.shadows import contact_shadow
from spotdiff.errors import DataError

_ATTEMPTS = 40
_HIDDEN = 0.05  # share of a thing's place that may be hidden where it counts as seen
_SEEN = 0.6  # of the recipe's contrast that is left of an event under the light of its moment
_SHORTEST_WAY = 1.2  # seconds that somebody needs from one place to another
_KINDS, _SHARES = ("left", "taken", "moved"), (0.45, 0.32, 0.23)
_COUNTS = (0.55, 0.3, 0.15)  # shares of clips with one, two, three events
_LAST = 3.0  # seconds that a clip goes on after a left thing is taken again


def plan_clip(recipe: ClipRecipe, materials: Materials, seed: int, index: int) -> ClipPlan:
    """What happens in a clip, and when; the same in every process.

    Args:
        recipe: What clips are like.
        materials: What they are made of; nothing for drawn scenes and things.
        seed: Another one gives other clips.
        index: Number of the clip, 0 and above.

    Raises:
        DataError: a photograph or cut-out turns out to be damaged, or nothing stands out anywhere.

    Examples:
        >>> recipe = ClipRecipe(width=96, height=64, scenario="event", most_events=1)
        >>> plan = plan_clip(recipe, Materials(), seed=1, index=0)
        >>> len(plan.events), 45 <= plan.seconds <= 75
        (1, True)
    """
    scenario = recipe.scenario_of(index)
    turn = sum(recipe.scenario_of(before) == scenario for before in range(index))
    for attempt in range(_ATTEMPTS):
        assets = AssetSampler(recipe, materials, np.random.default_rng((seed, index, attempt)))
        plan = _plan_attempt(assets, scenario, turn)
        if plan is not None:
            return plan
    raise DataError(f"clip {index}: no thing stands out from its place; take other materials, or less contrast")


def _plan_attempt(assets: AssetSampler, scenario: str, turn: int) -> ClipPlan | None:
    """A clip, or None where a thing found no place or an event would not be seen."""
    recipe, rng = assets.recipe, assets.rng
    frames = round(rng.uniform(recipe.shortest, recipe.longest) * recipe.fps)
    scene = assets.background()
    slots = schedule_events(rng, recipe, frames) if scenario == "event" else []
    kinds = choose_kinds(rng, scenario, turn, recipe.disturbances)
    busy = [(slot.start / recipe.fps, slot.frame / recipe.fps) for slot in slots]
    busy += [(slot.until / recipe.fps, slot.until / recipe.fps) for slot in slots if slot.until is not None]
    sampled = [sample_disturbance(rng, kind, scene, frames / recipe.fps, busy) for kind in kinds]
    disturbances = tuple(disturbance for disturbance in sampled if disturbance is not None)
    if scenario not in ("event", "passers") and not disturbances:
        return None
    draft = ClipPlan(scenario, recipe.size, recipe.fps, frames, scene, disturbances=disturbances, crf=recipe.crf)
    with_events = _with_events(assets, draft, slots)
    if with_events is None:
        return None
    passers_by = _passers_by(assets, draft)
    quality = int(rng.integers(30, 70)) if rng.random() < recipe.mjpeg else 0
    noise = round(float(rng.uniform(0.4, 3.2)) * recipe.noise, 2)
    plan = replace(with_events, actors=(*with_events.actors, *passers_by), noise=noise, jpeg=quality)
    names = tuple(dict.fromkeys(assets.names))
    return _with_visibility(replace(plan, seed=int(rng.integers(1 << 31)), materials=names), recipe)


def _with_events(assets: AssetSampler, draft: ClipPlan, slots: list[EventSlot]) -> ClipPlan | None:
    """The draft with its things, its events and those who bring them about."""
    taken = [foliage_box(disturbance, draft.size) for disturbance in draft.disturbances if disturbance.kind == "leaves"]
    objects: list[PlacedObject] = []
    events: list[ClipEvent] = []
    actors: list[Actor] = []
    for slot in slots:
        placed = assets.standing(draft.scene, taken, 2 if slot.kind == "moved" else 1)
        if placed is None:
            return None
        cutout, places = placed
        shadow = contact_shadow(cutout, assets.rng)
        times = _times(slot, draft.frames)
        here = [PlacedObject(cutout, at, shadow, *span) for at, span in zip(places, times, strict=True)]
        before = len(objects) if slot.kind == "moved" else None
        objects += here
        events.append(ClipEvent(slot.kind, len(objects) - 1, before, slot.frame, until=slot.until))
        actors += _carriers(assets, slot, tuple(here))
    return replace(draft, objects=tuple(objects), events=tuple(events), actors=tuple(actors))


def _times(slot: EventSlot, frames: int) -> list[tuple[int, int]]:
    """From and to which frame a thing stands at each of its places."""
    if slot.kind == "left":
        return [(slot.frame, slot.until or frames)]
    if slot.kind == "taken":
        return [(0, slot.frame)]
    return [(0, slot.start), (slot.frame, frames)]


def _carriers(assets: AssetSampler, slot: EventSlot, objects: tuple[PlacedObject, ...]) -> list[Actor]:
    rng, share, fps = assets.rng, assets.recipe.carried, assets.recipe.fps
    carriers = []
    frames = (slot.start, slot.frame) if slot.kind == "moved" else (slot.frame,)
    if rng.random() < share and (len(frames) == 1 or frames[1] - frames[0] >= _SHORTEST_WAY * fps):
        carriers.append(carrying_actor(assets, objects, frames, slot.kind))
    if slot.until is not None and rng.random() < share:
        carriers.append(carrying_actor(assets, objects, (slot.until,), "taken"))
    return carriers


def _passers_by(assets: AssetSampler, draft: ClipPlan) -> list[Actor]:
    """Those who only pass by: many in clips of that class, none in other quiet ones."""
    rate = assets.recipe.passers * {"event": 1.0, "passers": 2.0}.get(draft.scenario, 0.0)
    count = int(assets.rng.poisson(rate * draft.seconds / 60))
    if draft.scenario == "passers":
        count = max(count, 3)
    starts = assets.rng.uniform(0.0, max(draft.seconds - 1.0, 0.1), count)
    return [passing_actor(assets, float(start)) for start in np.sort(starts)]


def _with_visibility(plan: ClipPlan, recipe: ClipRecipe) -> ClipPlan | None:
    """The plan with the frame from which each event is seen; None where one is not, as it stays dark or hidden."""
    film = ClipRenderer(plan)
    events = []
    for event in plan.events:
        placed = plan.objects[event.placed]
        last = event.until or plan.frames
        seen = (frame for frame in range(event.frame, last) if _uncovered(plan, placed, frame))
        visible = next(seen, None)
        if visible is None:
            return None
        left, top, right, bottom = placed.box
        before, after = (film.still(frame, visible)[top:bottom, left:right] for frame in (event.frame - 1, event.frame))
        area = placed.cutout.area[top - placed.at[1] : bottom - placed.at[1], left - placed.at[0] :]
        if not stands_out(before, after, area[:, : right - left] > 0, least=_SEEN * recipe.contrast):
            return None
        events.append(replace(event, visible=visible))
    return replace(plan, events=tuple(events))


def _uncovered(plan: ClipPlan, placed: PlacedObject, frame: int) -> bool:
    second = frame / plan.fps
    if is_lost(plan, second) or fault_at(plan, second):
        return False
    return occlusion(plan, placed, frame) <= _HIDDEN


@dataclass(frozen=True, slots=True)
class EventSlot:
    """The time of an event, in frames.

    Attributes:
        kind: left, taken or moved.
        start: First frame on which anything is other than before.
        frame: First frame on which the event is so; later than `start` for a moved thing only.
        until: First frame on which it is so no more, or None.
    """

    kind: str
    start: int
    frame: int
    until: int | None = None


def schedule_events(rng: np.random.Generator, recipe: ClipRecipe, frames: int) -> list[EventSlot]:
    """The events of a clip of so many frames, in order: at least one."""
    fps = recipe.fps
    odds = np.array([_COUNTS[min(n, len(_COUNTS) - 1)] for n in range(recipe.most_events)])
    wanted = 1 + int(rng.choice(recipe.most_events, p=odds / odds.sum()))
    kinds = [str(rng.choice(_KINDS, p=_SHARES)) for _ in range(wanted)]
    spans = [rng.uniform(2.0, 4.5) if kind == "moved" else 0.0 for kind in kinds]
    room = frames / fps - 0.5 - recipe.stays - recipe.calm
    while len(kinds) > 1 and sum(spans) + recipe.apart * (len(kinds) - 1) > room:
        kinds.pop()
        spans.pop()
    spans[0] = min(spans[0], room)
    slack = room - sum(spans) - recipe.apart * (len(kinds) - 1)
    gaps = np.diff(np.sort(rng.uniform(0, max(slack, 0.0), len(kinds))), prepend=0.0)
    slots, second = [], recipe.calm
    for kind, span, gap in zip(kinds, spans, gaps, strict=True):
        second += gap
        start = int(np.ceil(second * fps))
        second += span
        frame = max(int(np.ceil(second * fps)), start + 1) if kind == "moved" else start
        slots.append(EventSlot(kind, start, frame))
        second = frame / fps + recipe.apart
    return [_reverted(rng, recipe, slot, slots, frames) for slot in slots]


def _reverted(
    rng: np.random.Generator, recipe: ClipRecipe, slot: EventSlot, slots: list[EventSlot], frames: int
) -> EventSlot:
    """The slot of a left thing with an end, where chance and time allow one."""
    if slot.kind != "left" or rng.random() >= recipe.reverted:
        return slot
    until = slot.frame + int(np.ceil((recipe.stays + rng.exponential(4.0)) * recipe.fps))
    apart = recipe.apart * recipe.fps
    crowded = any(other.start - apart < until < other.frame + apart for other in slots if other is not slot)
    if crowded or until > frames - _LAST * recipe.fps:
        return slot
    return EventSlot(slot.kind, slot.start, slot.frame, until)
