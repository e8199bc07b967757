"""When events happen: after the calm, apart from each other, early enough to stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from spotdiff.data.synth.clips.recipe import ClipRecipe

_KINDS, _SHARES = ("left", "taken", "moved"), (0.45, 0.32, 0.23)
_COUNTS = (0.55, 0.3, 0.15)  # shares of clips with one, two, three events
_LAST = 3.0  # seconds that a clip goes on after a left thing is taken again


@dataclass(frozen=True, slots=True)
class Slot:
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


def slots_of(rng: np.random.Generator, recipe: ClipRecipe, frames: int) -> list[Slot]:
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
        slots.append(Slot(kind, start, frame))
        second = frame / fps + recipe.apart
    return [_reverted(rng, recipe, slot, slots, frames) for slot in slots]


def _reverted(rng: np.random.Generator, recipe: ClipRecipe, slot: Slot, slots: list[Slot], frames: int) -> Slot:
    """The slot of a left thing with an end, where chance and time allow one."""
    if slot.kind != "left" or rng.random() >= recipe.reverted:
        return slot
    until = slot.frame + int(np.ceil((recipe.stays + rng.exponential(4.0)) * recipe.fps))
    apart = recipe.apart * recipe.fps
    crowded = any(other.start - apart < until < other.frame + apart for other in slots if other is not slot)
    if crowded or until > frames - _LAST * recipe.fps:
        return slot
    return Slot(slot.kind, slot.start, slot.frame, until)
