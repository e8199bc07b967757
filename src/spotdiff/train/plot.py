"""The journal as a picture: loss and figures over the steps."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping, Sequence
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
_NOT_SHOWN = ("step", "lr")
_TICKS = 5
Point = tuple[float, float]


def write_plot(rows: Sequence[Mapping[str, float]], path: Path) -> None:
    """Write a PNG with two panels: the loss, on a logarithmic scale, and the figures from 0 to 1.

    Args:
        rows: Of the journal; each has `step` and `loss`.
        path: Of the PNG.

    Raises:
        OSError: it cannot be written.
    """
    canvas = Image.new("RGB", (_WIDTH, 2 * _HEIGHT), _PAPER)
    names = [n for n in dict.fromkeys(n for row in rows for n in row) if n not in (*_NOT_SHOWN, "loss")]
    losses = _points(rows, "loss")
    logs = {"loss": [(step, math.log10(max(value, 1e-6))) for step, value in losses]}
    levels = [value for _, value in logs["loss"]] or [0.0]
    low, high = math.floor(min(levels)), math.ceil(max(levels))
    last = max((row["step"] for row in rows), default=1) or 1
    _panel(canvas, 0, logs, last=last, span=(low, max(high, low + 1)), named=lambda level: f"{10**level:.3g}")
    figures = {name: _points(rows, name) for name in names}
    _panel(canvas, _HEIGHT, figures, last=last, span=(0.0, 1.0), named=lambda level: f"{level:.1f}")
    buffer = io.BytesIO()
    canvas.save(buffer, "PNG")
    write_whole(path, buffer.getvalue())


def _points(rows: Sequence[Mapping[str, float]], name: str) -> list[Point]:
    known = [(row["step"], row[name]) for row in rows if name in row]
    return [(step, value) for step, value in known if value == value]


def _panel(
    canvas: Image.Image,
    top: int,
    lines: Mapping[str, Sequence[Point]],
    *,
    last: float,
    span: tuple[float, float],
    named: Callable[[float], str],
) -> None:
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(size=12)
    left, right, bottom = _MARGIN, _WIDTH - _KEY, top + _HEIGHT - 40
    height = bottom - top - 20

    def place(point: Point) -> Point:
        share = (point[1] - span[0]) / (span[1] - span[0])
        return left + (right - left) * point[0] / last, bottom - height * min(max(share, 0), 1)

    for number in range(_TICKS + 1):
        level = span[0] + (span[1] - span[0]) * number / _TICKS
        y, x = place((0, level))[1], place((last * number / _TICKS, 0))[0]
        draw.line((left, y, right, y), fill=_FAINT)
        draw.text((left - 8, y), named(level), fill=_INK, font=font, anchor="rm")
        draw.text((x, bottom + 6), f"{last * number / _TICKS:g}", fill=_INK, font=font, anchor="mt")
    for number, (name, points) in enumerate(lines.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        draw.line([place(point) for point in points], fill=colour, width=2)
        y = top + 20 + 17 * number
        draw.line((right + 12, y, right + 32, y), fill=colour, width=3)
        final = f" {points[-1][1]:.3f}" if points and name != "loss" else ""
        draw.text((right + 38, y), name + final, fill=_INK, font=font, anchor="lm")
