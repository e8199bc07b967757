"""The after picture dimmed, with what changed in colour: one picture to look at.

It is made as an indexed picture (24 greys, then shades of a colour per kind), so that a big one is written
in a fraction of the time of a colour picture.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.errors import OptionError
from spotdiff.image.draw import draw_arrow, draw_box, draw_tag
from spotdiff.image.png import encode_indexed
from spotdiff.report.colours import KIND_COLOURS, mix
from spotdiff.report.coordinates import places
from spotdiff.types import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from spotdiff.types import Box, Bytes, Comparison, Kind, Region

_GREYS = 24
_DARK, _BRIGHT = 14, 118  # the dimmed picture's range: dark enough that every kind's colour stands out
_SHADES = 8  # of a kind's colour, following the picture below
_RAMP = 4  # from a tag's ground to its letters
_STEPS = _SHADES + _RAMP
_STRIP = 128  # rows looked at together


def overlay(comparison: Comparison, *, possible: bool = False) -> Bytes:
    """(H, W, 3) uint8 in the common frame: after dimmed, changed pixels tinted, a box and tag per likely region.

    With `possible` those that are only possible are drawn too.
    """
    return palette()[overlay_indices(comparison, possible=possible)]


def write_overlay(comparison: Comparison, path: str | Path, *, possible: bool = False) -> None:
    """Write the overlay, see `overlay`, as an indexed PNG file.

    Raises:
        OptionError: the path does not end in .png.
    """
    path = Path(path)
    if path.suffix.lower() != ".png":
        raise OptionError(f"the overlay is a PNG file: end its name in .png, not {path.name!r}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_indexed(overlay_indices(comparison, possible=possible), palette()))


def palette() -> Bytes:
    """(N, 3) uint8: the dimmed greys, then for each kind its shades and the ramp of its tag."""
    greys = [(level,) * 3 for level in np.linspace(_DARK, _BRIGHT, _GREYS).round().astype(int).tolist()]
    colours: list[tuple[int, ...]] = [*greys]
    for kind in KINDS:
        colour = KIND_COLOURS[kind]
        dark, light = mix(colour, (0, 0, 0), 0.4), mix(colour, (255, 255, 255), 0.45)
        colours += [mix(dark, light, step / (_SHADES - 1)) for step in range(_SHADES)]
        colours += [mix(colour, (0, 0, 0), step / (_RAMP - 1)) for step in range(_RAMP)]
    return np.array(colours, np.uint8)


def overlay_indices(comparison: Comparison, *, possible: bool = False) -> Bytes:
    """(H, W) uint8: the overlay as rows of `palette`."""
    comparison = comparison.shown
    shown = comparison.regions if possible else comparison.likely
    grey = np.asarray(cv2.cvtColor(comparison.aligned.after.opaque, cv2.COLOR_RGB2GRAY), np.uint8)
    canvas = np.asarray(cv2.LUT(grey, (np.arange(256) * _GREYS // 256).astype(np.uint8)), np.uint8)
    _tint(canvas, grey, comparison, shown)
    for region in reversed(shown):  # the surest last, on top
        _draw(canvas, region, places(comparison, region))
    return canvas


def _tint(canvas: Bytes, grey: Bytes, comparison: Comparison, shown: Sequence[Region]) -> None:
    if comparison.labels is None:
        return
    starts = np.full(max((r.label for r in comparison.regions), default=0) + 2, _start("changed"), np.uint8)
    starts[[0, *(region.label for region in comparison.regions)]] = 0
    for region in shown:
        starts[region.label] = _start(region.kind)
    for window in _changed_windows(comparison.labels):
        labels = np.minimum(comparison.labels[window], len(starts) - 1)
        tinted = starts[labels] + grey[window] // (256 // _SHADES)
        np.copyto(canvas[window], tinted, where=starts[labels] > 0)


def _changed_windows(labels: NDArray[np.int32]) -> Iterator[tuple[slice, slice]]:
    """Parts of the picture that hold every label above 0; most of a picture has none, and is not looked at twice."""
    for top in range(0, len(labels), _STRIP):
        columns = np.flatnonzero(labels[top : top + _STRIP].any(axis=0))
        if len(columns):
            yield slice(top, top + _STRIP), slice(int(columns[0]), int(columns[-1]) + 1)


def _draw(canvas: Bytes, region: Region, boxes: tuple[Box, ...]) -> None:
    long_side = max(canvas.shape)
    width, height = max(1, round(long_side / 900)), max(13, round(long_side / 100))
    ramp = np.arange(_STEPS - _RAMP, _STEPS, dtype=np.uint8) + _start(region.kind)
    for box in boxes:
        draw_box(canvas, box, ink=int(ramp[0]), width=width)
    if len(boxes) == 2:
        draw_arrow(canvas, _middle(boxes[0]), _middle(boxes[1]), ink=int(ramp[0]), width=width)
    if boxes and min(canvas.shape) >= 6 * height:  # a tag would hide a picture smaller than that
        left, top, _, _ = boxes[-1]
        draw_tag(canvas, f"{region.kind} {region.score:.2f}", at=(left - width, top - width), ramp=ramp, height=height)


def _start(kind: Kind) -> int:
    return _GREYS + KINDS.index(kind) * _STEPS


def _middle(box: Box) -> tuple[int, int]:
    return (box[0] + box[2]) // 2, (box[1] + box[3]) // 2
