"""Made clips in a folder; stopped and started again, it goes on.

DIR/NAME.mp4       the clip
DIR/NAME.json      what is true of it, see `spotdiff.data.synth.clips.ground_truth`; written last
DIR/clips.json     what the clips were made by, and a line for each
DIR/contact.png    some of the clips to look at
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.atomic_write import write_whole
from spotdiff.data.read_json import read_json
from spotdiff.data.synth.clips.ground_truth import truth_of
from spotdiff.data.synth.clips.plan import ClipPlan
from spotdiff.data.synth.clips.planner import plan_clip
from spotdiff.data.synth.clips.recipe import ClipRecipe
from spotdiff.data.synth.clips.render import ClipRenderer, encode_film, frames_of, require_av
from spotdiff.data.synth.materials import Materials
from spotdiff.data.synth.output import claim_folder, encode_json, encode_png, map_numbers, provenance
from spotdiff.errors import DataError

if TYPE_CHECKING:
    from spotdiff.types import Box, Bytes

SCHEMA = "spotdiff/clips/1"
_SHEET = 8  # clips on the contact sheet
_WIDE, _GAP = 320, 4  # pixels
_EARLIER = 4.0  # seconds before an event that the place is shown
_INKS = {"left": (30, 190, 60), "taken": (230, 40, 40), "moved": (60, 120, 250)}


@dataclass(frozen=True, slots=True)
class WrittenClip:
    """A clip in the folder.

    Attributes:
        name: Of the clip.
        scenario: event, or the class of a quiet clip.
        seconds: How long it is.
        events: Kinds of its events.
        fresh: Whether it was made now; False when it was there already.
    """

    name: str
    scenario: str
    seconds: float
    events: tuple[str, ...]
    fresh: bool


def write_clips(
    recipe: ClipRecipe, materials: Materials, out: str | Path, count: int, *, seed: int = 0, workers: int = 0
) -> Iterator[WrittenClip]:
    """Write the first `count` clips, those that are missing, and tell of each, in order.

    Args:
        recipe: What clips are like.
        materials: What they are made of; nothing for drawn scenes and things.
        out: The folder; made when missing.
        count: How many clips it holds in the end.
        seed: Another one gives other clips.
        workers: Processes that make them; 0 for this one.

    Raises:
        MissingExtra: PyAV is not installed.
        DataError: the folder holds something else, or clips of another recipe, seed or material; a photograph or
            cut-out turns out to be damaged; a worker dies.
        OSError: something cannot be written.
    """
    require_av()
    folder = Path(out)
    made_by = provenance(SCHEMA, recipe, materials, seed)
    claim_folder(folder / "clips.json", made_by, made_by | {"clips": []}, what="clips")
    lines = []
    for written in map_numbers(partial(_write_clip, recipe, materials, seed, folder), count, workers=workers):
        fields = {"name": written.name, "scenario": written.scenario, "seconds": written.seconds}
        lines.append(fields | {"events": len(written.events)})
        yield written
    plans = [plan_clip(recipe, materials, seed, index) for index in range(min(count, _SHEET))]
    write_whole(folder / "contact.png", encode_png(clips_sheet(plans)))
    write_whole(folder / "clips.json", encode_json(made_by | {"clips": lines}))


def _write_clip(recipe: ClipRecipe, materials: Materials, seed: int, folder: Path, index: int) -> WrittenClip:
    """Make a clip and write its files, the truth last: where that is, the clip is whole."""
    name = f"{index:05d}"
    film, truth = folder / f"{name}.mp4", folder / f"{name}.json"
    if truth.exists() and film.exists():
        return _read_truth(truth, name)
    plan = plan_clip(recipe, materials, seed, index)
    write_whole(film, encode_film(frames_of(plan), size=plan.size, fps=plan.fps, crf=plan.crf))
    write_whole(truth, encode_json(truth_of(plan, name)))
    kinds = tuple(event.kind for event in plan.events)
    return WrittenClip(name, plan.scenario, plan.seconds, kinds, fresh=True)


def _read_truth(path: Path, name: str) -> WrittenClip:
    try:
        truth = read_json(path)
        kinds = tuple(str(event["kind"]) for event in truth["events"])
        return WrittenClip(name, str(truth["scenario"]), float(truth["seconds"]), kinds, fresh=False)
    except (DataError, ValueError, TypeError, KeyError):
        raise DataError(f"{path} tells of no clip; remove it, and the clip is made anew") from None


def clips_sheet(plans: Sequence[ClipPlan]) -> Bytes:
    """One row for each event: some seconds before, at its time, and from when it is seen; (H, W, 3) uint8.

    Clips without an event have one row: at the start, in the middle of the first disturbance, and at the end.
    """
    return np.vstack([row for number, plan in enumerate(plans) for row in _rows(number, plan)])


def _rows(number: int, plan: ClipPlan) -> list[Bytes]:
    film, last = ClipRenderer(plan), plan.frames - 1
    if not plan.events:
        middle = [round((disturbance.start + disturbance.end) / 2 * plan.fps) for disturbance in plan.disturbances[:1]]
        middle = middle or [round((actor.start + actor.end) / 2 * plan.fps) for actor in plan.actors[:1]] or [0]
        return [_row(film, (0, min(middle[0], last), last), f"{number} {plan.scenario}", [])]
    rows = []
    for event in plan.events:
        starts = event.frame if event.previous is None else plan.objects[event.previous].end
        frames = max(starts - round(_EARLIER * plan.fps), 0), event.frame, min(event.visible + 1, last)
        numbers = [event.placed, *([] if event.previous is None else [event.previous])]
        boxes = [(plan.objects[each].box, event.kind) for each in numbers]
        rows.append(_row(film, frames, f"{number} {event.kind}", boxes))
    return rows


def _row(film: ClipRenderer, frames: tuple[int, ...], text: str, boxes: list[tuple[Box, str]]) -> Bytes:
    tiles = []
    for frame in frames:
        tile = film.picture(frame)
        for (left, top, right, bottom), kind in boxes:
            cv2.rectangle(tile, (left - 2, top - 2), (right + 1, bottom + 1), _INKS[kind], 1)
        scale = _WIDE / tile.shape[1]
        tile = cv2.resize(tile, (_WIDE, round(tile.shape[0] * scale)), interpolation=cv2.INTER_AREA)
        for ink, thick in (((0, 0, 0), 3), ((255, 255, 255), 1)):
            caption = f"{text} {frame / film.plan.fps:.1f} s"
            cv2.putText(tile, caption, (5, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.42, ink, thick, cv2.LINE_AA)
        tiles.append(cv2.copyMakeBorder(tile, 0, _GAP, 0, _GAP, cv2.BORDER_CONSTANT, value=(255,) * 3))
    return np.hstack(tiles)
