"""How much of each area has changed over time: one line an area, as SVG inside a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from spotdiff.report.colours import css
from spotdiff.report.markup import Html, element
from spotdiff.timelapse.small import COLOURS, colour_of

if TYPE_CHECKING:
    from spotdiff.timelapse.ticks import Tick

WIDTH, HEIGHT = 1000, 320  # of the picture, in the SVG's own units
LEFT, RIGHT, TOP, BOTTOM = 62, 46, 14, 40  # of the plot inside
_LIMITS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)  # where the share's axis may end
_MARKS = 5  # parts of that axis
DASHES = (None, "8 5", "2 4")  # a new one each time the colours have been used up


@dataclass(frozen=True, slots=True)
class Point:
    """One area in one picture.

    Attributes:
        at: Where on the axis of time.
        share: 0 to 1; None leaves a gap.
        title: What is said to who points at it.
        href: Where in the page it leads.
    """

    at: float
    share: float | None
    title: str
    href: str


def shares_svg(
    lines: Mapping[str, Sequence[Point]], ticks: Sequence[Tick], *, span: tuple[float, float], title: str
) -> Html:
    """The plot: a line an area, broken where there is no share; such a place is a cross on the axis below.

    Args:
        lines: Points in order by area.
        ticks: Marks of the axis of time.
        span: Where that axis starts and ends.
        title: What the plot shows, for who cannot see it.
    """
    scale = _Scale(*span, _limit(lines))
    parts = [element("title", title), *_share_axis(scale), *_time_axis(scale, ticks)]
    for number, points in enumerate(lines.values()):
        parts += _drawn(points, scale, number)
    return element("svg", *parts, class_="shares", viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img")


def swatch(number: int) -> Html:
    """A piece of an area's line, for a legend."""
    line = element("line", x1=0, y1=5, x2=28, y2=5, class_="line", **_stroke(number))
    return element("svg", line, class_="swatch", viewBox="0 0 28 10", aria_hidden="true")


@dataclass(frozen=True, slots=True)
class _Scale:
    start: float
    end: float
    limit: float

    def x(self, at: float) -> str:
        span = self.end - self.start
        share = (at - self.start) / span if span else 0.5
        return f"{LEFT + (WIDTH - LEFT - RIGHT) * share:.1f}"

    def y(self, share: float) -> str:
        return f"{HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share / self.limit:.1f}"


def _limit(lines: Mapping[str, Sequence[Point]]) -> float:
    highest = max((point.share for points in lines.values() for point in points if point.share is not None), default=0)
    return next(limit for limit in _LIMITS if highest <= limit or limit == _LIMITS[-1])


def _share_axis(scale: _Scale) -> Iterator[Html]:
    for mark in range(_MARKS + 1):
        share = scale.limit * mark / _MARKS
        y = scale.y(share)
        yield element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, class_="grid" if mark else "axis")
        yield element("text", f"{100 * share:.3g} %", x=LEFT - 8, y=f"{float(y) + 4:.1f}", text_anchor="end")


def _time_axis(scale: _Scale, ticks: Sequence[Tick]) -> Iterator[Html]:
    below = HEIGHT - BOTTOM
    for at, text in ticks:
        x = scale.x(at)
        yield element("line", x1=x, x2=x, y1=below, y2=below + 6, class_="axis")
        yield element("text", text, x=x, y=below + 22, text_anchor="middle")


def _drawn(points: Sequence[Point], scale: _Scale, number: int) -> Iterator[Html]:
    for known, run in groupby(points, key=lambda point: point.share is not None):
        row = list(run)
        if known and len(row) > 1:
            path = "M" + "L".join(f"{scale.x(point.at)} {scale.y(point.share or 0)}" for point in row)
            yield element("path", d=path, class_="line", **_stroke(number))
        for point in row:
            yield element("a", element("title", point.title), *_mark(point, scale, number), href=point.href)


def _mark(point: Point, scale: _Scale, number: int) -> Iterator[Html]:
    x, y = scale.x(point.at), scale.y(point.share or 0)
    yield element("circle", cx=x, cy=y, r=10, class_="reach")
    if point.share is None:
        middle = float(x), float(y)
        arms = " ".join(f"M{middle[0] - 4:.1f} {middle[1] - 4 * up:.1f}l8 {8 * up}" for up in (1, -1))
        yield element("path", d=arms, class_="unknown")
    else:
        yield element("circle", cx=x, cy=y, r=4, class_="dot", fill=css(colour_of(number)))


def _stroke(number: int) -> dict[str, str | None]:
    return {"stroke": css(colour_of(number)), "stroke_dasharray": DASHES[number // len(COLOURS) % len(DASHES)]}
