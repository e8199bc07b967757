"""What was done to reach the answer and how sure each step is, as cards of a page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from spotdiff.report.markup import Html, bar, element, join
from spotdiff.report.record import TIMED, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spotdiff.report.record import Record
    from spotdiff.types import Comparison

_ALIGNMENTS = {
    "off": "Not looked for: the pictures were compared pixel by pixel as they are.",
    "none": "The camera did not move.",
    "shift": "The camera moved sideways; the picture after was shifted onto the one before.",
    "similarity": "The picture after was shifted, turned and scaled onto the one before.",
    "affine": "The picture after was shifted, turned, scaled and sheared onto the one before.",
    "homography": "The picture after was brought onto the one before in perspective.",
    "flow": "The picture after was brought onto the one before in perspective, then place by place.",
}
_LIGHTS = {
    "off": "Not looked for: brightness and colour count as they are.",
    "none": "The light is the same in both pictures.",
    "gain": "One factor a colour channel was taken out.",
    "gamma": "A change of brightness curve was taken out.",
    "histogram": "The picture after was given the brightness distribution of the one before.",
    "local": "A smooth change of light across the picture was taken out.",
}


def details(comparison: Comparison, record: Record) -> Html:
    """The cards: alignment, light, method, pictures, time."""
    return join(
        _card("Alignment", _ALIGNMENTS.get(comparison.alignment.model, ""), _alignment(record)),
        _card("Light", _LIGHTS.get(comparison.light.model, ""), _light(record)),
        _card("Method", _method(comparison), {**record["method"]["parameters"], **_notes(comparison)}),
        _card("Pictures", "", *(_picture(side, record[side]) for side in ("before", "after"))),
        _times(record["seconds"]),
    )


def _alignment(record: Record) -> dict[str, object]:
    alignment = record["alignment"]
    error = alignment["error_px"]
    return {
        "model": alignment["model"],
        "error left": "not measured" if error is None else f"{error:.2f} px",
        "overlap": f"{100 * alignment['overlap']:.0f} %",
        "note": alignment["note"],
    }


def _light(record: Record) -> dict[str, object]:
    light = record["light"]
    shown: dict[str, object] = {"model": light["model"]}
    for name, neutral, said in (
        ("gain", 1, "factors R, G, B"),
        ("gamma", 1, "exponents R, G, B"),
        ("field", 1, "local"),
    ):
        if any(value != neutral for value in light[name]):
            shown[said] = ", ".join(f"{value:.3g}" for value in light[name])
    return {**shown, "note": light["note"]}


def _method(comparison: Comparison) -> Html:
    directed = comparison.evidence is not None and comparison.evidence.directed
    how = (
        "It tells what is gone from what is new." if directed else "It tells how much changed, not in which direction."
    )
    weights = f" Weights {comparison.weights[:16]}." if comparison.weights else ""
    return join(element("b", comparison.method), ". ", how if comparison.evidence is not None else "", weights)


def _notes(comparison: Comparison) -> dict[str, object]:
    return {} if comparison.evidence is None else {str(k): plain(v) for k, v in comparison.evidence.notes.items()}


def _picture(side: str, picture: Record) -> dict[str, object]:
    width, height = picture["size"]
    notes = {f"note {i}" if i > 1 else "note": note for i, note in enumerate(picture["notes"], start=1)}
    return {side: picture["path"] or "from memory", "size": f"{width} \u00d7 {height} px", **notes}


def _times(seconds: Mapping[str, float]) -> Html:
    rows = []
    for step in TIMED:
        share = seconds[step] / max(seconds["total"], 1e-9)
        rows += [element("dt", step), element("dd", bar(share)), element("dd", f"{seconds[step]:.3f} s")]
    return element("section", element("h3", "Time"), element("dl", *rows, class_="times"), class_="card panel")


def _card(title: str, said: str, *facts: Mapping[str, object]) -> Html:
    lists = [element("dl", *_rows(some)) for some in facts if some]
    return element(
        "section",
        element("h3", title),
        element("p", said, class_="said") if said else None,
        *lists,
        class_="card panel",
    )


def _rows(facts: Mapping[str, object]) -> list[Html]:
    return [part for name, value in facts.items() if value != "" for part in (element("dt", name), _fact(value))]


def _fact(value: object) -> Html:
    if isinstance(value, str):
        return element("dd", value)
    return element("dd", json.dumps(value), class_="code")
