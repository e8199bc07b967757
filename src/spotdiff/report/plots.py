"""Plots by matplotlib: precision and recall, figures over a strength, shares over time, the curves of a training.

SVG plots follow the light or dark page that they stand in, keep words as text, hold no date and no style that a page's
policy would refuse, and are the same bytes each time. matplotlib is imported when a plot is drawn, not before.
"""

from __future__ import annotations

import math
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from importlib.util import find_spec
from io import BytesIO
from itertools import groupby
from typing import TYPE_CHECKING, Any, Protocol
from xml.etree import ElementTree

import numpy as np

from spotdiff.atomic_write import write_whole
from spotdiff.clock import from_microseconds
from spotdiff.errors import MissingExtra
from spotdiff.report.colours import KIND_COLOURS, css
from spotdiff.report.markup import Html, element

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from spotdiff.report.markup import Value

# The kinds' colours are told apart by every kind of sight; blue is the sixth of that set.
COLOURS = ("#0072b2", *(css(KIND_COLOURS[kind]) for kind in ("removed", "added", "replaced", "moved", "changed")))
AREA_COLOURS = COLOURS[:-1]  # orange marks change in the pictures that the areas are drawn on
DASHES = (None, "7 4", "2 3")  # as SVG writes them; a new one each time the colours have been used up

_INCH = 72  # points; every size here is in points, which are the SVG's own units
_WIDTH = 2.0  # of a line
_LETTER, _SMALL, _HEAD = 7, 12, 15  # a letter's usual width; sizes of axes' words and of a title
_FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif'
_INK, _MUTED, _LINE, _GROUND = "#1b1c1e", "#5c6067", "#e4e4df", "#ffffff"
_NAMES = {"ink": _INK, "muted": _MUTED, "line": _LINE, "ground": _GROUND, "blue": COLOURS[0]}
_THEMED = {colour: f"var(--{name}, {colour})" for name, colour in _NAMES.items()}  # a page may say otherwise
_STYLE = Html("""
@media (prefers-color-scheme: dark) {
  .pr { --ground: #1c1e21; --ink: #ececea; --muted: #a3a7ad; --line: #34373c; --blue: #6f9bff; }
}
""")
_PRESENTATION = frozenset(
    ("fill", "stroke", "stroke-width", "stroke-dasharray", "font-size", "font-weight", "text-anchor")
)


def require_plots() -> None:
    """Find out before long work whether its plots can be drawn.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    if find_spec("matplotlib") is None:
        raise MissingExtra("matplotlib", extra="plots")


def colour_of(index: int, colours: Sequence[str] = COLOURS) -> str:
    """The stroke of a plot's line by its number, as SVG in a page writes it."""
    colour = colours[index % len(colours)]
    return _THEMED.get(colour, colour)


def dash_of(index: int, colours: Sequence[str] = COLOURS) -> str | None:
    """The dashes of a plot's line by its number; None for none."""
    return DASHES[index // len(colours) % len(DASHES)]


class PrecisionRecall(Protocol):
    """Precision and recall over falling thresholds, (N,) each, and both where the answers as given stand."""

    @property
    def precision(self) -> np.ndarray[Any, Any]:
        """0 to 1."""

    @property
    def recall(self) -> np.ndarray[Any, Any]:
        """0 to 1."""

    @property
    def answer(self) -> tuple[float, float]:
        """Precision and recall; NaN for what is not known."""


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One curve of a precision-recall plot.

    Attributes:
        name: What the legend says.
        note: A second, softer line of it.
        curve: Precision and recall.
    """

    name: str
    note: str
    curve: PrecisionRecall


def precision_recall_svg(lines: Sequence[Line], *, title: str) -> str:
    """An SVG file: one curve a line, drawn as steps, and a dot where the answers as given stand.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    side, left, top, row = 400, 58, 48, 40
    longest = max((len(words) for line in lines for words in (line.name, line.note)), default=0)
    width = left + side + 80 + max(_LETTER * longest, 150)
    height = top + max(side + 54, row * len(lines) + 36)
    key, marks = left + side + 28, []
    with _drawing():
        figure = _figure(width, height)
        _text(figure, left, 24, title, color=_INK, fontsize=_HEAD, fontweight="bold")
        axes = _axes(figure, (left, top, side, side))
        axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="recall", ylabel="precision")
        axes.set_xticks(np.linspace(0, 1, 6))
        axes.set_yticks(np.linspace(0, 1, 6))
        for index, line in enumerate(lines):
            # the precision at a threshold holds for the recall gained there
            axes.step(line.curve.recall, line.curve.precision, where="pre", **_stroke(index))
            _legend_line(figure, index, key, top + 10 + row * index, line.name)
            _text(figure, key + 32, top + 30 + row * index, line.note, color=_MUTED, fontsize=_SMALL)
            precision, recall = line.curve.answer
            if not math.isnan(precision + recall):
                marks.append(_dot(*_place(axes, recall, precision), colour_of(index), r=5.5))
        _text(figure, key + 32, top + 14 + row * len(lines), "the answers as given", color=_MUTED, fontsize=_SMALL)
        legend_dot = _dot(key + 12, top + 10 + row * len(lines), _THEMED[_MUTED], r=5.5)
        return _svg(figure, element("style", _STYLE), *marks, element("g", legend_dot), title=title, class_="pr")


def in_page(plot: str) -> Html:
    """A plot without the style of its own, which a page's policy would refuse: there the page says the colours."""
    return Html(plot.replace(element("style", _STYLE), ""))


@dataclass(frozen=True, slots=True)
class Panel:
    """One of several small plots side by side: figures from 0 to 1 at named steps.

    Attributes:
        title: What stands above it.
        steps: What stands under each step; steps are equally far apart.
        lines: (step, figure) of every line, in the lines' order.
    """

    title: str
    steps: Sequence[str]
    lines: Sequence[Sequence[tuple[int, float]]]


def panels_svg(panels: Sequence[Panel], names: Sequence[str], *, title: str, unit: str) -> str:
    """An SVG file: the panels in a row, one line a name in each.

    Args:
        panels: From left to right.
        names: Of the lines.
        title: What stands above all.
        unit: What the figures are.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    wide, high, gap, left, top, row = 190, 220, 40, 46, 74, 22
    key = left + len(panels) * (wide + gap)
    width = key + max(_LETTER * max((len(name) for name in names), default=0) + 40, 120)
    height = max(top + high + 60, top + row * len(names) + 20)
    levels, marks = [0.0, 0.25, 0.5, 0.75, 1.0], []
    with _drawing():
        figure = _figure(width, height)
        _text(figure, left, 28, title, color=_INK, fontsize=_HEAD, fontweight="bold")
        for number, panel in enumerate(panels):
            start = left + number * (wide + gap)
            axes = _axes(figure, (start, top, wide, high))
            axes.set(xlim=(0, len(panel.steps) - 1), ylim=(0, 1))
            axes.set_xticks(range(len(panel.steps)), panel.steps)
            axes.set_yticks(levels, [f"{level:g}" for level in levels])
            _text(figure, start + wide / 2, top - 14, panel.title, color=_MUTED, fontsize=_SMALL, ha="center")
            _text(figure, start - 6, top - 14, unit, color=_MUTED, fontsize=_SMALL, ha="right")
            for index, points in enumerate(panel.lines):
                if points:
                    axes.plot(*zip(*points, strict=True), **_stroke(index))
                    marks += [_dot(*_place(axes, *point), colour_of(index), r=3.5) for point in points]
        for index, name in enumerate(names):
            _legend_line(figure, index, key, top + 10 + row * index, name)
        return _svg(figure, element("style", _STYLE), *marks, title=title, class_="pr")


@dataclass(frozen=True, slots=True)
class Point:
    """One area in one picture.

    Attributes:
        at: Where on the axis of time.
        share: 0 to 1; None leaves a gap.
        title: What is shown to who points at it.
        href: Where in the page it leads.
    """

    at: float
    share: float | None
    title: str
    href: str


def shares_svg(lines: Mapping[str, Sequence[Point]], *, in_time: bool, title: str) -> Html:
    """A plot for a page: a line an area, broken where there is no share; such a place is a cross on the axis below.

    Args:
        lines: Points in order by area.
        in_time: Points lie by seconds since 1970; otherwise by the pictures' numbers, counted from 0.
        title: What the plot shows, for who cannot see it.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    width, height, left, right, top, bottom = 1000, 320, 62, 46, 14, 40
    points = [point for line in lines.values() for point in line]
    start, end = min(point.at for point in points), max(point.at for point in points)
    highest = max((point.share for point in points if point.share is not None), default=0.0)
    limit = next((limit for limit in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5) if highest <= limit), 1.0)
    levels = [limit * number / 5 for number in range(6)]
    marks: list[Html] = []
    with _drawing():
        figure = _figure(width, height)
        axes = _axes(figure, (left, top, width - left - right, height - top - bottom), upright=False)
        axes.set(xlim=(start, end) if start < end else (start - 1, start + 1), ylim=(0, limit))
        axes.set_yticks(levels, [f"{100 * level:.3g} %" for level in levels])
        axes.set_xticks(*(_time_ticks(start, end) if in_time else _number_ticks(round(end))))
        for index, line in enumerate(lines.values()):
            for known, run in groupby(line, key=lambda point: point.share is not None):
                row = list(run)
                if known and len(row) > 1:
                    axes.plot(
                        [p.at for p in row], [p.share or 0.0 for p in row], **_stroke(index, AREA_COLOURS, name="line")
                    )
                marks += [_mark(p, *_place(axes, p.at, p.share or 0.0), colour_of(index, AREA_COLOURS)) for p in row]
        return _svg(figure, *marks, title=title, class_="shares", role="group")  # its points are links


def _time_ticks(start: float, end: float) -> tuple[list[float], list[str]]:
    """Round times between two, in seconds since 1970, and their words."""
    from matplotlib import dates as untyped_dates

    dates: Any = untyped_dates
    first, last = (from_microseconds(round(1e6 * seconds)) for seconds in (start, end))
    locator = dates.AutoDateLocator(minticks=3, maxticks=8, tz=UTC)
    words, low, high = dates.AutoDateFormatter(locator, tz=UTC), dates.date2num(first), dates.date2num(last)
    days = [day for day in locator.tick_values(first, last) if low <= day <= high]
    return [start + 86400 * (day - low) for day in days], [words(day) for day in days]


def _number_ticks(last: int) -> tuple[list[int], list[str]]:
    """Some of the pictures from 0 to `last`, and their numbers, counted from 1."""
    numbers = list(range(0, last + 1, last // 8 + 1))
    return numbers, [str(number + 1) for number in numbers]


def _mark(point: Point, x: float, y: float, colour: str) -> Html:
    """A point that leads into the page: a dot where there is a share, a cross where there is none."""
    reach = element("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r=10, class_="reach")
    if point.share is None:
        arms = " ".join(f"M{x - 4:.1f} {y - 4 * up:.1f}l8 {8 * up}" for up in (1, -1))
        mark = element("path", d=arms, class_="unknown")
    else:
        mark = _dot(x, y, colour, r=4, class_="dot")
    return element("a", element("title", point.title), reach, mark, href=point.href)


def swatch(index: int) -> Html:
    """A piece of an area's line, for a legend in a page."""
    stroke, dash = colour_of(index, AREA_COLOURS), dash_of(index, AREA_COLOURS)
    line = element("line", x1=0, y1=5, x2=28, y2=5, class_="line", stroke=stroke, stroke_dasharray=dash)
    return element("svg", line, class_="swatch", viewBox="0 0 28 10", aria_hidden="true")


_FLOW = ("found", "right", "verdicts right")  # of a training that is measured by the whole flow


def write_training_curves(rows: Sequence[Mapping[str, float]], path: Path) -> None:
    """Write a PNG with two panels: the losses, and the figures from 0 to 1; a line marks the weights that are kept.

    Args:
        rows: Of the journal; each has `step`, `loss` and `score`, and `kept` where weights of that step were kept.
        path: Of the PNG.

    Raises:
        MissingExtra: matplotlib is not installed.
        OSError: it cannot be written.
    """
    losses = ("loss", "validation loss")
    maps = ("score", "added F1", "removed F1", "changed F1", "unchanged F1", "any F1", *_FLOW, "false alarms")
    facts = ("fact F1", "kind F1", "place F1", "colour F1", "object F1", "false statements")
    measured = [row for row in rows if row["step"]]
    kept = [row["step"] for row in rows if row.get("kept")]
    last = max((row["step"] for row in rows), default=1) or 1
    highest = max((row[name] for row in measured for name in losses if row.get(name, math.inf) < math.inf), default=0)
    panels = ((20, losses, 1.05 * highest or 1.0), (350, facts if any("fact F1" in row for row in rows) else maps, 1.0))
    with _drawing():
        figure = _figure(900, 660)
        for top, names, limit in panels:
            axes = _axes(figure, (60, top, 620, 270))
            axes.set(xlim=(0, last), ylim=(0, limit))
            for index, name in enumerate(name for name in names if any(name in row for row in rows)):
                points = [(row["step"], row[name]) for row in rows if not math.isnan(row.get(name, math.nan))]
                words = f"{name} {points[-1][1]:.3f}" if points else name
                # a loss before the first step may be so high that it is cut off
                axes.plot(*np.reshape(points, (-1, 2)).T, label=words, **{**_stroke(index), "clip_on": True})
            for step in kept[-1:]:
                axes.axvline(step, color=_INK, linewidth=1)
                axes.text(step, 1.01, "kept", transform=axes.get_xaxis_transform(), ha="center", fontsize=_SMALL)
            axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False, fontsize=_SMALL, borderaxespad=0)
        data = _saved(figure, "png", {"Software": None})
    write_whole(path, data)


@contextmanager
def _drawing() -> Iterator[None]:
    """Draw alike on every machine, whatever its settings of matplotlib are; those are as they were afterwards.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    require_plots()
    import matplotlib

    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of letters that its own font lacks: the page's fonts have them
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(
            {"svg.fonttype": "none", "svg.hashsalt": "spotdiff", "path.simplify": False, "text.parse_math": False}
        )
        yield


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width / _INCH, height / _INCH), dpi=_INCH, facecolor=_GROUND)


def _axes(figure: Figure, box: tuple[float, float, float, float], *, upright: bool = True) -> Axes:
    """Axes with a grid at (left, top, width, height) from the figure's top left; with upright lines or without."""
    width, height = figure.get_size_inches() * _INCH
    left, top, wide, high = box
    axes = figure.add_axes((left / width, 1 - (top + high) / height, wide / width, high / height), facecolor="none")
    axes.grid(visible=True, axis="both" if upright else "y", color=_LINE, linewidth=1, clip_on=False)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set(visible=side == "bottom" or (upright and side == "left"), color=_MUTED)
    axes.tick_params(length=0, pad=8, labelcolor=_MUTED, labelsize=_SMALL)
    for axis in (axes.xaxis, axes.yaxis):
        axis.label.set(color=_MUTED, fontsize=_SMALL)
    return axes


def _stroke(index: int, colours: Sequence[str] = COLOURS, *, name: str | None = "curve") -> dict[str, Any]:
    dash = dash_of(index, colours)
    style: Any = "-" if dash is None else (0, [float(length) / _WIDTH for length in dash.split()])
    colour = colours[index % len(colours)]
    return {"color": colour, "linestyle": style, "linewidth": _WIDTH, "gid": name, "clip_on": False}


def _text(figure: Figure, x: float, y: float, words: str, **how: Any) -> None:  # noqa: ANN401 (matplotlib's own)
    """Words on a line that begins at a place from the figure's top left."""
    width, height = figure.get_size_inches() * _INCH
    words = "".join(letter if letter.isprintable() else "?" for letter in words)  # XML has no others
    figure.text(x / width, 1 - y / height, words, **{"va": "baseline", **how})


def _legend_line(figure: Figure, index: int, x: float, y: float, name: str) -> None:
    from matplotlib.lines import Line2D

    width, height = figure.get_size_inches() * _INCH
    ends = [x / width, (x + 24) / width], [1 - y / height] * 2
    figure.add_artist(Line2D(*ends, **_stroke(index, name=None)))
    _text(figure, x + 32, y + 4, name, color=_INK, fontsize=13)


def _place(axes: Axes, x: float, y: float) -> tuple[float, float]:
    """Where a point of the axes lies, from the figure's top left."""
    right, up = axes.transData.transform((x, y))
    return float(right), float(axes.figure.bbox.height - up)


def _dot(x: float, y: float, colour: str, *, r: float, class_: str = "answer") -> Html:
    return element(
        "circle", class_=class_, cx=f"{x:.1f}", cy=f"{y:.1f}", r=f"{r:g}", fill=colour, stroke=_THEMED[_GROUND]
    )


def _saved(figure: Figure, form: str, metadata: dict[str, None]) -> bytes:
    buffer = BytesIO()
    figure.savefig(buffer, format=form, metadata=metadata)
    return buffer.getvalue()


def _svg(figure: Figure, *more: Html, title: str, class_: str, role: str = "img") -> Html:
    """A figure as an SVG element: its lines bare, all else in one group below them, `more` above.

    What matplotlib writes is rebuilt, since a page allows no styles but its own, and no name twice.
    """
    root = ElementTree.fromstring(_saved(figure, "svg", {"Date": None, "Creator": None}))
    frame: list[Html] = []
    lines: list[Html] = []
    for node, classes in _shapes(root, ""):
        (lines if classes else frame).append(_rebuilt(node, classes))
    width, height = figure.get_size_inches() * _INCH
    size = {"width": f"{width:g}", "height": f"{height:g}"}
    return element(
        "svg",
        element("title", title),
        element("g", *frame),
        *lines,
        *more,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {size['width']} {size['height']}",
        class_=class_,
        role=role,
        font_family=_FONT,
        **size,
    )


def _shapes(node: ElementTree.Element, name: str) -> Iterator[tuple[ElementTree.Element, str]]:
    """Every path and text of a tree, each with the name that its line was given; "" for all that was given none."""
    if node.get("id") in ("curve", "line"):
        name = str(node.get("id"))
    if node.tag.endswith(("}path", "}text")):
        yield node, name
    elif not node.tag.endswith(("}defs", "}metadata")):
        for child in node:
            yield from _shapes(child, name)


def _rebuilt(node: ElementTree.Element, name: str) -> Html:
    """A path or text whose style is attributes, with colours that a page may set."""
    styles = dict(part.split(":", 1) for part in node.get("style", "").split(";") if ":" in part)
    styles = {key.strip(): value.strip() for key, value in styles.items()}
    kind = node.tag.rpartition("}")[2]
    attributes: dict[str, Value] = {
        key.replace("-", "_"): _THEMED.get(value, value.replace("px", "").replace(",", " "))
        for key, value in styles.items()
        if key in _PRESENTATION
    }
    if kind == "path":
        attributes["d"] = " ".join(node.get("d", "").split())
    else:
        attributes |= {"x": node.get("x"), "y": node.get("y")}
        turn = node.get("transform", "")
        attributes["transform"] = turn if turn.startswith("rotate(-90") else None
    return element(kind, node.text if kind == "text" else None, class_=name or None, **attributes)
