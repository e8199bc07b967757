"""Precision against recall as an SVG picture that follows the reader's light or dark page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from spotdiff.report.colours import KIND_COLOURS, css
from spotdiff.report.markup import Html, element, join

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from spotdiff.evaluate.aggregate import Curve
    from spotdiff.report.markup import Value

# The kinds' colours are told apart by every kind of sight; blue is the sixth of that set.
COLOURS = ("var(--blue)", *(css(KIND_COLOURS[kind]) for kind in ("removed", "added", "replaced", "changed", "moved")))
DASHES = (None, "7 4", "2 3")  # a new one each time the colours have been used up
SIDE, LEFT, TOP = 400, 58, 48  # of the plot, in the SVG's own units
LETTER, ROW = 7, 40  # of the legend: a letter's usual width, a row's height
_TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
STYLE = Html("""
.pr { --ground: #ffffff; --ink: #1b1c1e; --muted: #5c6067; --line: #e4e4df; --blue: #0072b2; }
@media (prefers-color-scheme: dark) {
  .pr { --ground: #1c1e21; --ink: #ececea; --muted: #a3a7ad; --line: #34373c; --blue: #6f9bff; }
}
.pr text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: var(--ink); }
.pr .soft { fill: var(--muted); font-size: 12px; font-variant-numeric: tabular-nums; }
.pr .head { font-size: 15px; font-weight: 600; }
.pr .grid { stroke: var(--line); }
.pr .axis { stroke: var(--muted); }
.pr .curve { fill: none; stroke-width: 2; stroke-linejoin: round; }
.pr .answer { stroke: var(--ground); stroke-width: 2; }
""")


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One curve of the plot.

    Attributes:
        name: What the legend says.
        note: A second, softer line of it.
        curve: Precision and recall.
    """

    name: str
    note: str
    curve: Curve


def precision_recall_svg(lines: Sequence[Line], *, title: str) -> str:
    """An SVG file: one curve a line, drawn as steps, and a dot where the answers as given stand."""
    longest = max((len(words) for line in lines for words in (line.name, line.note)), default=0)
    width = LEFT + SIDE + 80 + max(LETTER * longest, 150)
    height = TOP + max(SIDE + 54, ROW * len(lines) + 36)
    parts = [
        element("style", STYLE),
        element("title", title),
        element("rect", width=width, height=height, fill="var(--ground)"),
        element("text", title, x=LEFT, y=24, class_="head"),
        *_axes(),
    ]
    for index, line in enumerate(lines):
        parts += _drawn(line.curve, colour_of(index), dash_of(index))
    parts += _legend(lines)
    return element(
        "svg",
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        class_="pr",
        role="img",
    )


def colour_of(index: int) -> str:
    """The stroke of a plot's line by its number."""
    return COLOURS[index % len(COLOURS)]


def dash_of(index: int) -> str | None:
    """The dashes of a plot's line by its number; None for none."""
    return DASHES[index // len(COLOURS) % len(DASHES)]


def _x(recall: float) -> str:
    return f"{LEFT + SIDE * recall:.1f}"


def _y(precision: float) -> str:
    return f"{TOP + SIDE * (1 - precision):.1f}"


def _axes() -> list[Html]:
    """Grid, rim, ticks and the names of both axes."""
    parts = []
    for tick in _TICKS:
        kind = "grid" if tick else "axis"
        parts.append(_segment(kind, _x(tick), _y(0), _x(tick), _y(1)))
        parts.append(_segment(kind, _x(0), _y(tick), _x(1), _y(tick)))
        parts.append(_text(f"{tick:.1f}", _x(tick), TOP + SIDE + 18, anchor="middle"))
        parts.append(_text(f"{tick:.1f}", LEFT - 8, float(_y(tick)) + 4, anchor="end"))
    middle = TOP + SIDE / 2
    parts.append(_text("recall", _x(0.5), TOP + SIDE + 40, anchor="middle"))
    parts.append(_text("precision", 18, middle, anchor="middle", transform=f"rotate(-90 18 {middle:g})"))
    return parts


def _segment(kind: str, x1: str, y1: str, x2: str, y2: str) -> Html:
    return element("line", class_=kind, x1=x1, y1=y1, x2=x2, y2=y2)


def _text(words: str, x: float | str, y: float, *, anchor: str, transform: str | None = None) -> Html:
    place: dict[str, Value] = {"x": str(x), "y": f"{y:g}", "text_anchor": anchor, "transform": transform}
    return element("text", words, class_="soft", **place)


def _drawn(curve: Curve, colour: str, dash: str | None) -> list[Html]:
    precision, recall = curve.answer
    known = precision == precision and recall == recall  # NaN equals nothing
    path = _steps(zip(curve.recall.tolist(), curve.precision.tolist(), strict=True))
    shown = element("path", class_="curve", d=path, stroke=colour, stroke_dasharray=dash)
    dot = element("circle", class_="answer", cx=_x(recall), cy=_y(precision), r="5.5", fill=colour) if known else None
    return [shown] if dot is None else [shown, dot]


def _steps(points: Iterable[tuple[float, float]]) -> str:
    """A path of steps: the precision at a threshold holds for the recall gained there.

    Examples:
        >>> _steps([(0.0, 1.0), (0.5, 1.0), (1.0, 0.5)])
        'M58.0 48.0H258.0V248.0H458.0'
    """
    path, last_x, last_y = "", "", ""
    for recall, precision in points:
        x, y = _x(recall), _y(precision)
        if not path:
            path = f"M{x} {y}"
        else:
            path += (f"V{y}" if y != last_y else "") + (f"H{x}" if x != last_x else "")
        last_x, last_y = x, y
    return path


def _legend(lines: Sequence[Line]) -> list[Html]:
    left = LEFT + SIDE + 28
    parts: list[Html] = []
    for index, line in enumerate(lines):
        y = TOP + 10 + ROW * index
        swatch = _segment("curve", str(left), str(y), str(left + 24), str(y))
        parts.append(element("g", swatch, stroke=colour_of(index), stroke_dasharray=dash_of(index)))
        parts.append(element("text", line.name, x=left + 32, y=y + 4))
        parts.append(element("text", line.note, x=left + 32, y=y + 20, class_="soft"))
    parts.append(
        element("circle", class_="answer", cx=left + 12, cy=TOP + 10 + ROW * len(lines), r="5.5", fill="var(--muted)")
    )
    parts.append(_text("the answers as given", left + 32, TOP + 14 + ROW * len(lines), anchor="start"))
    return [element("g", join(*parts))]
