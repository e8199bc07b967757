"""The journal as a picture: loss and figures over the steps."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from spotdiff.files import write_whole

_WIDTH, _HEIGHT, _MARGIN, _KEY = 900, 330, 60, 220
_INK, _FAINT, _PAPER = "#222222", "#dddddd", "#ffffff"
_COLOURS = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#e69f00",
    "#56b4e9",
    "#8c510a",
    "#666666",
)  # Okabe and Ito 2008
_LOSSES = ("loss", "validation loss")
_MARKS = ("score", "added F1", "removed F1", "changed F1", "unchanged F1", "any F1", "false alarms")
_WORDS = ("fact F1", "kind F1", "place F1", "colour F1", "object F1", "false statements")
_TICKS = 5
Point = tuple[float, float]


def write_plot(rows: Sequence[Mapping[str, float]], path: Path) -> None:
    """Write a PNG with two panels: the losses, and the figures from 0 to 1; a line marks the weights that are kept.

    Args:
        rows: Of the journal; each has `step`, `loss` and `score`.
        path: Of the PNG.

    Raises:
        OSError: it cannot be written.
    """
    canvas = Image.new("RGB", (_WIDTH, 2 * _HEIGHT), _PAPER)
    last = max((row["step"] for row in rows), default=1) or 1
    kept = max((row for row in rows if row["step"]), key=lambda row: row.get("score", -math.inf), default=None)
    mark = None if kept is None else kept["step"]
    losses = {name: points for name in _LOSSES if (points := _points(rows, name))}
    highest = max((value for points in losses.values() for step, value in points if step), default=1.0)
    _panel(canvas, 0, losses, last=last, top_value=_TICKS * _rounded_up(highest / _TICKS), mark=mark)
    told = _WORDS if any("fact F1" in row for row in rows) else _MARKS
    figures = {name: points for name in told if (points := _points(rows, name))}
    _panel(canvas, _HEIGHT, figures, last=last, top_value=1.0, mark=mark)
    buffer = io.BytesIO()
    canvas.save(buffer, "PNG")
    write_whole(path, buffer.getvalue())


def _points(rows: Sequence[Mapping[str, float]], name: str) -> list[Point]:
    known = [(row["step"], row[name]) for row in rows if name in row]
    return [(step, value) for step, value in known if value == value]


def _rounded_up(value: float) -> float:
    """The next 1, 2 or 5 times a power of ten."""
    unit = 10.0 ** math.floor(math.log10(max(value, 1e-9)))
    return next(factor * unit for factor in (1, 2, 5, 10) if factor * unit >= value)


def _panel(
    canvas: Image.Image,
    top: int,
    lines: Mapping[str, Sequence[Point]],
    *,
    last: float,
    top_value: float,
    mark: float | None,
) -> None:
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(size=12)
    left, right, bottom = _MARGIN, _WIDTH - _KEY, top + _HEIGHT - 40
    height = bottom - top - 20

    def place(point: Point) -> Point:
        return left + (right - left) * point[0] / last, bottom - height * min(max(point[1] / top_value, 0), 1)

    for number in range(_TICKS + 1):
        level, step = top_value * number / _TICKS, last * number / _TICKS
        x, y = place((step, level))
        draw.line((left, y, right, y), fill=_FAINT)
        draw.text((left - 8, y), f"{level:g}", fill=_INK, font=font, anchor="rm")
        draw.text((x, bottom + 6), f"{step:g}", fill=_INK, font=font, anchor="mt")
    if mark is not None:
        x = place((mark, 0.0))[0]
        draw.line((x, top + 20, x, bottom), fill=_INK)
        draw.text((x, top + 16), "kept", fill=_INK, font=font, anchor="mb")
    for number, (name, points) in enumerate(lines.items()):
        colour, y = _COLOURS[number % len(_COLOURS)], top + 20 + 17 * number
        draw.line([place(point) for point in points], fill=colour, width=2)
        draw.line((right + 12, y, right + 32, y), fill=colour, width=3)
        final = f" {points[-1][1]:.3f}" if points else ""
        draw.text((right + 38, y), name + final, fill=_INK, font=font, anchor="lm")
