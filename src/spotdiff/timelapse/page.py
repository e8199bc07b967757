"""The page of a series: how far every area is, the plots over time, and the pictures behind every step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.image.resize import shrink_within
from spotdiff.report.colours import KIND_COLOURS
from spotdiff.report.data_uri import data_uri, thumbnail
from spotdiff.report.markup import Html, bar, element, fill, image, join, whole_page
from spotdiff.report.plots import AREA_COLOURS, Point, shares_svg, swatch
from spotdiff.timelapse.table import verdict_in
from spotdiff.types import Picture

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.language.places import Areas
    from spotdiff.timelapse.step import Change, Step

_SIDE = 440  # pixels of a small picture's longer side
_DIMMED, _TINTED = 0.45, 0.75  # how bright what did not change stays; how much colour lies on what did
MOST_SHOWN = 200  # steps with pictures: beyond, a page of one file is too heavy to open
_SINCE = {"first": "since the first picture", "last": "since the picture before"}


def progress_page(steps: Iterable[Step], *, title: str = "Progress") -> str:
    """A series as one self-contained HTML page that loads nothing.

    Of very long series only the steps that changed most have their pictures in it.
    """
    steps = list(steps)
    numbers = range(1, len(steps) + 1)
    shown = _shown(steps)
    parts = (_step(number, step, pictures=number in shown) for number, step in zip(numbers, steps, strict=True))
    return whole_page(
        style="progress.css",
        title=title,
        head=join(element("h1", title), "\n", _facts(steps)),
        main=fill(
            "progress.html",
            now=_now(steps),
            plots=join(*(_plot(steps, side) for side in _SINCE)),
            steps=join(*parts),
        ),
    )


def percent(share: float | None) -> str:
    """A share in per cent; a dash where nobody can say.

    Examples:
        >>> percent(0.354), percent(0.0042), percent(0.0), percent(None)
        ('35 %', '0.42 %', '0 %', '\u2013')
    """
    if share is None:
        return "\u2013"
    return f"{100 * share:.2g} %" if 0 < share < 0.1 else f"{100 * share:.0f} %"


def day(step: Step) -> str:
    """When a step's picture was taken, to the minute, without the time where it is midnight sharp."""
    clock = step.taken
    if (clock.hour, clock.minute, clock.second) == (0, 0, 0):
        return f"{clock:%Y-%m-%d}"
    return f"{clock:%Y-%m-%d %H:%M}"


def latest(steps: Sequence[Step], area: str) -> Step:
    """The last step that has a share of this area since the first picture."""
    return next(step for step in reversed(steps) if step.since_first[area] is not None)


def _shown(steps: Sequence[Step]) -> set[int]:
    """Numbers, from 1 on, of the steps whose pictures the page holds."""
    if len(steps) <= MOST_SHOWN:
        return set(range(1, len(steps) + 1))
    most = [max((share or 0.0 for share in step.since_last.values()), default=0.0) for step in steps]
    order = sorted(range(len(steps)), key=lambda index: (0 < index < len(steps) - 1, -most[index]))
    return {index + 1 for index in order[:MOST_SHOWN]}


def _facts(steps: Sequence[Step]) -> Html:
    bad = sum(bool(step.error) for step in steps)
    unsure = sum(step.first is not None and step.first.verdict == "unsure" for step in steps)
    facts = {
        "pictures": str(len(steps)),
        "from": day(steps[0]),
        "to": day(steps[-1]),
        "unsure": str(unsure) if unsure else "",
        "not readable": str(bad) if bad else "",
        "dated by": ", ".join(dict.fromkeys(step.dated_by for step in steps)),
    }
    shown = [element("div", element("dt", name), element("dd", value)) for name, value in facts.items() if value]
    return element("dl", *shown, class_="facts")


def _now(steps: Sequence[Step]) -> Html:
    rows = []
    for number, area in enumerate(steps[0].areas):
        step = latest(steps, area)
        share = step.since_first[area] or 0.0
        rows.append(
            element(
                "tr",
                element("th", swatch(number), area, scope="row"),
                element("td", percent(share), class_="number"),
                element("td", bar(share), class_="wide"),
                element("td", percent(step.since_last[area]), class_="number"),
                element("td", day(step), class_="muted"),
            )
        )
    heads = ("Area", "Since the first", "", "Since the one before", "As of")
    top = element("tr", *(element("th", head, scope="col") if head else element("td") for head in heads))
    return element("table", element("thead", top), element("tbody", *rows), class_="panel now")


def _plot(steps: Sequence[Step], side: str) -> Html:
    title = f"Changed share of each area {_SINCE[side]}"
    moments = [step.moment for step in steps]
    in_time = moments == sorted(moments) and moments[0] < moments[-1]
    places = moments if in_time else [float(index) for index in range(len(steps))]
    shown = [(number, step) for number, step in enumerate(steps, start=1) if side == "first" or not step.starts]
    lines = {
        area: [_point(step, number, places[number - 1], area, side) for number, step in shown]
        for area in steps[0].areas
    }
    note = "" if in_time else " The pictures stand in the order given: their dates do not rise with it."
    plot = shares_svg(lines, in_time=in_time, title=title)
    caption = element("figcaption", element("b", title), "; a cross where nobody can say.", note)
    return element("figure", caption, plot, class_="panel plot")


def _point(step: Step, number: int, at: float, area: str, side: str) -> Point:
    change, shares = (step.first, step.since_first) if side == "first" else (step.last, step.since_last)
    share = shares[area]
    words = f"{percent(share)} {_SINCE[side]}" if share is not None else step.why_not(area, change)
    return Point(at, share, f"{area}, {day(step)}: {words}", f"#step-{number}")


def _step(number: int, step: Step, *, pictures: bool) -> Html:
    heading = element("h3", element("span", day(step)), " ", element("span", step.picture.name, class_="muted"))
    body = element("p", step.error, class_="verdict-trouble") if step.error else _table(step)
    shown = element("div", *_pictures(step), class_="pictures") if pictures else None
    return element("section", heading, shown, *_doubts(step), body, id=f"step-{number}", class_="step panel")


def _doubts(step: Step) -> list[Html]:
    """Why a whole comparison gives no number."""
    sides = dict(zip(_SINCE.values(), (step.first, step.last), strict=True))
    unsure = {since: change for since, change in sides.items() if change is not None and change.verdict == "unsure"}
    return [element("p", f"Unsure {since}: {change.reason}.", class_="muted") for since, change in unsure.items()]


def _pictures(step: Step) -> list[Html]:
    named = {"The picture": step.shown}
    if step.first is not None:
        named["Changed since the first picture"] = step.first.shown
    if step.first is not None and step.last is not None and step.last.against != step.first.against:
        named[f"Changed since {step.last.against}"] = step.last.shown
    return [
        element("figure", image(data_uri(data, "image/jpeg"), alt=words, loading="lazy"), element("figcaption", words))
        for words, data in named.items()
        if data
    ]


def _table(step: Step) -> Html | None:
    if step.starts:
        return element("p", "The first picture: every other is compared with it.", class_="muted")
    heads = ("Area", "Since the first", "Since the one before", "What changed since the one before")
    top = element("tr", *(element("th", head, scope="col") for head in heads))
    rows = [_row(step, number, area) for number, area in enumerate(step.areas)]
    return element("table", element("thead", top), element("tbody", *rows))


def _row(step: Step, number: int, area: str) -> Html:
    return element(
        "tr",
        element("th", swatch(number), area, scope="row"),
        _share(step, area, step.first, step.since_first[area]),
        _share(step, area, step.last, step.since_last[area]),
        element("td", "" if step.last is None else step.last.parts[area].text, class_="said"),
    )


def _share(step: Step, area: str, change: Change | None, share: float | None) -> Html:
    if share is None:
        reason = step.why_not(area, change) if change is not None and change.verdict != "unsure" else None
        why = None if reason is None else element("span", f" {reason}", class_="muted")
        return element("td", element("span", "unsure", class_="badge verdict-unsure"), why)
    verdict = verdict_in(step, area, change)
    return element("td", element("span", percent(share), class_=f"badge verdict-{verdict}"), class_="number")


def small_picture(picture: Picture, areas: Areas, labels: NDArray[np.int32] | None = None) -> bytes:
    """A small JPEG file of a picture with the areas outlined in their colours.

    Args:
        picture: In whose pixels the areas and the labels are.
        areas: Corners by name.
        labels: (H, W) int32; where it is not 0 is coloured and the rest dimmed. None leaves the picture as it is.
    """
    pixels = shrink_within(picture.pixels, _SIDE)
    if labels is not None:
        height, width = picture.pixels.shape[:2]
        pixels = _painted(pixels, (labels[:height, :width] > 0).astype(np.float32))
    canvas = np.ascontiguousarray(pixels).copy()
    scale = np.array(canvas.shape[1::-1]) / picture.size
    for number, corners in enumerate(areas.values()):
        red, green, blue = bytes.fromhex(AREA_COLOURS[number % len(AREA_COLOURS)][1:])
        ring = np.rint(np.clip(np.array(corners) * scale - 0.5, -9999, 9999)).astype(np.int32)
        cv2.polylines(canvas, [ring], isClosed=True, color=(0, 0, 0), thickness=4, lineType=cv2.LINE_AA)
        cv2.polylines(canvas, [ring], isClosed=True, color=(red, green, blue), thickness=2, lineType=cv2.LINE_AA)
    return thumbnail(Picture(canvas), max_side=_SIDE)


def _painted(pixels: NDArray[np.uint8], changed: NDArray[np.float32]) -> NDArray[np.uint8]:
    size = pixels.shape[1], pixels.shape[0]
    share = cv2.resize(changed, size, interpolation=cv2.INTER_AREA)[..., None] * _TINTED
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)[..., None]
    below = grey * (_DIMMED + (1 - _DIMMED) * share)
    return np.asarray(below * (1 - share) + np.array(KIND_COLOURS["changed"]) * share, np.uint8)
