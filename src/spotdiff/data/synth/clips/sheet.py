"""A contact sheet of clips: before and after each event with its box, and what disturbs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.data.synth.clips.render import Film
from spotdiff.data.synth.clips.script import Script

if TYPE_CHECKING:
    from spotdiff.types import Box, Bytes

_WIDE, _GAP = 320, 4  # pixels
_EARLIER = 4.0  # seconds before an event that the place is shown
_INKS = {"left": (30, 190, 60), "taken": (230, 40, 40), "moved": (60, 120, 250)}


def clips_sheet(scripts: Sequence[Script]) -> Bytes:
    """One row for each event: some seconds before, at its time, and from when it is seen; (H, W, 3) uint8.

    Clips without an event have one row: at the start, in the middle of the first disturbance, and at the end.
    """
    return np.vstack([row for number, script in enumerate(scripts) for row in _rows(number, script)])


def _rows(number: int, script: Script) -> list[Bytes]:
    film, last = Film(script), script.frames - 1
    if not script.deeds:
        middle = [round((one.start + one.end) / 2 * script.fps) for one in script.disturbances[:1]]
        middle = middle or [round((one.start + one.end) / 2 * script.fps) for one in script.passers[:1]] or [0]
        return [_row(film, (0, min(middle[0], last), last), f"{number} {script.scenario}", [])]
    rows = []
    for deed in script.deeds:
        starts = deed.frame if deed.before is None else script.standings[deed.before].end
        frames = max(starts - round(_EARLIER * script.fps), 0), deed.frame, min(deed.visible + 1, last)
        numbers = [deed.standing, *([] if deed.before is None else [deed.before])]
        boxes = [(script.standings[each].box, deed.kind) for each in numbers]
        rows.append(_row(film, frames, f"{number} {deed.kind}", boxes))
    return rows


def _row(film: Film, frames: tuple[int, ...], text: str, boxes: list[tuple[Box, str]]) -> Bytes:
    tiles = []
    for frame in frames:
        tile = film.picture(frame)
        for (left, top, right, bottom), kind in boxes:
            cv2.rectangle(tile, (left - 2, top - 2), (right + 1, bottom + 1), _INKS[kind], 1)
        scale = _WIDE / tile.shape[1]
        tile = cv2.resize(tile, (_WIDE, round(tile.shape[0] * scale)), interpolation=cv2.INTER_AREA)
        for ink, thick in (((0, 0, 0), 3), ((255, 255, 255), 1)):
            said = f"{text} {frame / film.script.fps:.1f} s"
            cv2.putText(tile, said, (5, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.42, ink, thick, cv2.LINE_AA)
        tiles.append(cv2.copyMakeBorder(tile, 0, _GAP, 0, _GAP, cv2.BORDER_CONSTANT, value=(255,) * 3))
    return np.hstack(tiles)
