"""The plan of a clip: place, things, events, passers-by and disturbances, all from a seed and a number."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from spotdiff.data.synth.clips.casting import Casting
from spotdiff.data.synth.clips.lens import fault_at, lost
from spotdiff.data.synth.clips.recipe import ClipRecipe
from spotdiff.data.synth.clips.render import Film
from spotdiff.data.synth.clips.schedule import Slot, slots_of
from spotdiff.data.synth.clips.script import Deed, Passer, Script, Standing
from spotdiff.data.synth.clips.sight import stands_out
from spotdiff.data.synth.clips.traffic import hidden
from spotdiff.data.synth.clips.troubles import drawn_trouble, kinds_of
from spotdiff.data.synth.clips.walking import carrier, crossing
from spotdiff.data.synth.clips.weather import foliage_box
from spotdiff.data.synth.materials import Materials
from spotdiff.data.synth.shades import foot
from spotdiff.errors import DataError

_ATTEMPTS = 40
_HIDDEN = 0.05  # share of a thing's place that may be hidden where it counts as seen
_SEEN = 0.6  # of the recipe's contrast that is left of an event under the light of its moment
_SHORTEST_WAY = 1.2  # seconds that somebody needs from one place to another


def plan_clip(recipe: ClipRecipe, materials: Materials, seed: int, index: int) -> Script:
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
        >>> script = plan_clip(recipe, Materials(), seed=1, index=0)
        >>> len(script.deeds), 45 <= script.seconds <= 75
        (1, True)
    """
    scenario = recipe.scenario_of(index)
    turn = sum(recipe.scenario_of(before) == scenario for before in range(index))
    for attempt in range(_ATTEMPTS):
        casting = Casting(recipe, materials, np.random.default_rng((seed, index, attempt)))
        script = _planned(casting, scenario, turn)
        if script is not None:
            return script
    raise DataError(f"clip {index}: no thing stands out from its place; take other materials, or less contrast")


def _planned(casting: Casting, scenario: str, turn: int) -> Script | None:
    """A clip, or None where a thing found no place or an event would not be seen."""
    recipe, rng = casting.recipe, casting.rng
    frames = round(rng.uniform(recipe.shortest, recipe.longest) * recipe.fps)
    scene = casting.place()
    slots = slots_of(rng, recipe, frames) if scenario == "event" else []
    kinds = kinds_of(rng, scenario, turn, recipe.disturbances)
    busy = _busy(slots, recipe.fps)
    troubles = [drawn_trouble(rng, kind, scene, frames / recipe.fps, busy) for kind in kinds]
    disturbances = tuple(one for one in troubles if one is not None)
    if scenario not in ("event", "passers") and not disturbances:
        return None
    draft = Script(scenario, recipe.size, recipe.fps, frames, scene, disturbances=disturbances, crf=recipe.crf)
    acted = _acted(casting, draft, slots)
    if acted is None:
        return None
    others = _others(casting, draft)
    quality = int(rng.integers(30, 70)) if rng.random() < recipe.mjpeg else 0
    noise = round(float(rng.uniform(0.4, 3.2)) * recipe.noise, 2)
    script = replace(acted, passers=(*acted.passers, *others), noise=noise, jpeg=quality)
    names = tuple(dict.fromkeys(casting.names))
    return _witnessed(replace(script, seed=int(rng.integers(1 << 31)), materials=names), recipe)


def _busy(slots: list[Slot], fps: int) -> list[tuple[float, float]]:
    """Seconds in which something is left, taken or moved."""
    spans = [(slot.start / fps, slot.frame / fps) for slot in slots]
    return spans + [(slot.until / fps, slot.until / fps) for slot in slots if slot.until is not None]


def _acted(casting: Casting, draft: Script, slots: list[Slot]) -> Script | None:
    """The draft with its things, its events and those who bring them about."""
    taken = [foliage_box(one, draft.size) for one in draft.disturbances if one.kind == "leaves"]
    standings: list[Standing] = []
    deeds: list[Deed] = []
    passers: list[Passer] = []
    for slot in slots:
        found = casting.standing(draft.scene, taken, 2 if slot.kind == "moved" else 1)
        if found is None:
            return None
        thing, places = found
        shade = foot(thing, casting.rng)
        times = _times(slot, draft.frames)
        here = [Standing(thing, at, shade, *span) for at, span in zip(places, times, strict=True)]
        before = len(standings) if slot.kind == "moved" else None
        standings += here
        deeds.append(Deed(slot.kind, len(standings) - 1, before, slot.frame, until=slot.until))
        passers += _carriers(casting, slot, tuple(here))
    return replace(draft, standings=tuple(standings), deeds=tuple(deeds), passers=tuple(passers))


def _times(slot: Slot, frames: int) -> list[tuple[int, int]]:
    """From and to which frame a thing stands at each of its places."""
    if slot.kind == "left":
        return [(slot.frame, slot.until or frames)]
    if slot.kind == "taken":
        return [(0, slot.frame)]
    return [(0, slot.start), (slot.frame, frames)]


def _carriers(casting: Casting, slot: Slot, standings: tuple[Standing, ...]) -> list[Passer]:
    rng, share, fps = casting.rng, casting.recipe.carried, casting.recipe.fps
    carriers = []
    frames = (slot.start, slot.frame) if slot.kind == "moved" else (slot.frame,)
    if rng.random() < share and (len(frames) == 1 or frames[1] - frames[0] >= _SHORTEST_WAY * fps):
        carriers.append(carrier(casting, standings, frames, slot.kind))
    if slot.until is not None and rng.random() < share:
        carriers.append(carrier(casting, standings, (slot.until,), "taken"))
    return carriers


def _others(casting: Casting, draft: Script) -> list[Passer]:
    """Those who only pass by: many in clips of that class, none in other quiet ones."""
    rate = casting.recipe.passers * {"event": 1.0, "passers": 2.0}.get(draft.scenario, 0.0)
    count = int(casting.rng.poisson(rate * draft.seconds / 60))
    if draft.scenario == "passers":
        count = max(count, 3)
    starts = casting.rng.uniform(0.0, max(draft.seconds - 1.0, 0.1), count)
    return [crossing(casting, float(start)) for start in np.sort(starts)]


def _witnessed(script: Script, recipe: ClipRecipe) -> Script | None:
    """The script with the frame from which each event is seen; None where one is not, as it stays dark or hidden."""
    film = Film(script)
    deeds = []
    for deed in script.deeds:
        standing = script.standings[deed.standing]
        last = deed.until or script.frames
        seen = (frame for frame in range(deed.frame, last) if _uncovered(script, standing, frame))
        visible = next(seen, None)
        if visible is None:
            return None
        left, top, right, bottom = standing.box
        before, after = (film.still(frame, visible)[top:bottom, left:right] for frame in (deed.frame - 1, deed.frame))
        area = standing.thing.area[top - standing.at[1] : bottom - standing.at[1], left - standing.at[0] :]
        if not stands_out(before, after, area[:, : right - left] > 0, least=_SEEN * recipe.contrast):
            return None
        deeds.append(replace(deed, visible=visible))
    return replace(script, deeds=tuple(deeds))


def _uncovered(script: Script, standing: Standing, frame: int) -> bool:
    second = frame / script.fps
    if lost(script, second) or fault_at(script, second):
        return False
    return hidden(script, standing, frame) <= _HIDDEN
