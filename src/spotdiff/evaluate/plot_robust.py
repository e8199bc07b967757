"""How right methods stay as a disturbance grows: one small plot a disturbance, in one SVG picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotdiff.evaluate.perturbations import STRENGTHS
from spotdiff.evaluate.plot import LETTER, STYLE, colour_of, dash_of
from spotdiff.report.markup import Html, element

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from spotdiff.evaluate.robustness import RobustnessPoint

    Place = tuple[float, float]

_WIDE, _HIGH, _GAP = 190, 220, 40  # of a plot, and between two
_LEFT, _TOP = 46, 74
_ROW = 22  # of the legend
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def robustness_svg(lines: Mapping[str, Sequence[RobustnessPoint]], *, title: str) -> str:
    """An SVG file: F1 over the strength of each disturbance, one line a name; strengths stand at equal steps."""
    longest = max((len(name) for name in lines), default=0)
    width = _LEFT + len(STRENGTHS) * (_WIDE + _GAP) + max(LETTER * longest + 40, 120)
    height = max(_TOP + _HIGH + 60, _TOP + _ROW * len(lines) + 20)
    parts = [
        element("style", STYLE),
        element("title", title),
        element("rect", width=width, height=height, fill="var(--ground)"),
        element("text", title, x=_LEFT, y=28, class_="head"),
    ]
    for number, name in enumerate(STRENGTHS):
        left = _LEFT + number * (_WIDE + _GAP)
        parts += _frame(name, left)
        for index, points in enumerate(lines.values()):
            parts += _line(_places(points, name, left), index)
    parts += _legend(list(lines), _LEFT + len(STRENGTHS) * (_WIDE + _GAP))
    box = f"0 0 {width} {height}"
    return element(
        "svg",
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=box,
        width=width,
        height=height,
        class_="pr",
        role="img",
    )


def _steps(name: str) -> list[float]:
    """The strengths of a disturbance, none of it among them, in order."""
    return sorted({0.0, *STRENGTHS[name][1]})


def _x(name: str, strength: float, left: float) -> float:
    steps = _steps(name)
    return left + _WIDE * steps.index(strength) / (len(steps) - 1)


def _y(share: float) -> float:
    return _TOP + _HIGH * (1 - share)


def _frame(name: str, left: float) -> list[Html]:
    parts = [_text(f"{name}, {STRENGTHS[name][0]}", left + _WIDE / 2, _TOP - 14, "middle")]
    for tick in _TICKS:
        parts.append(_segment("grid" if tick else "axis", (left, _y(tick)), (left + _WIDE, _y(tick))))
        parts.append(_text(f"{tick:g}", left - 6, _y(tick) + 4, "end"))
    for step in _steps(name):
        parts.append(_segment("grid", (_x(name, step, left), _y(0)), (_x(name, step, left), _y(1))))
        parts.append(_text(f"{step:g}", _x(name, step, left), _TOP + _HIGH + 18, "middle"))
    return [*parts, _text("F1", left - 6, _TOP - 14, "end")]


def _places(points: Sequence[RobustnessPoint], name: str, left: float) -> list[Place]:
    known = {p.strength: p.f1 for p in points if p.disturbance in (name, "none") and p.f1 == p.f1}
    return [(_x(name, strength, left), _y(known[strength])) for strength in sorted(known)]


def _line(places: Sequence[Place], index: int) -> list[Html]:
    if not places:
        return []
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    shown = element("path", class_="curve", d=path, stroke=colour_of(index), stroke_dasharray=dash_of(index))
    dots = [element("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r="3.5", fill=colour_of(index)) for x, y in places]
    return [shown, *dots]


def _legend(names: Sequence[str], left: float) -> list[Html]:
    parts = []
    for index, name in enumerate(names):
        y = _TOP + 10 + _ROW * index
        swatch = _segment("curve", (left, y), (left + 24, y))
        parts.append(element("g", swatch, stroke=colour_of(index), stroke_dasharray=dash_of(index)))
        parts.append(element("text", name, x=f"{left + 32:g}", y=y + 4))
    return parts


def _segment(kind: str, start: Place, end: Place) -> Html:
    (x1, y1), (x2, y2) = start, end
    return element("line", class_=kind, x1=f"{x1:.1f}", y1=f"{y1:.1f}", x2=f"{x2:.1f}", y2=f"{y2:.1f}")


def _text(words: str, x: float, y: float, anchor: str) -> Html:
    return element("text", words, class_="soft", x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=anchor)
