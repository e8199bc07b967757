"""One page that shows the answer: both pictures in four views, every region, and what was done.

The page is one file that loads nothing: pictures, style and script are inside it, and its policy forbids the rest.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from spotdiff.align import is_flush
from spotdiff.align.rows import spread
from spotdiff.report.coordinates import SIDES, places, where_text
from spotdiff.report.data_uri import data_uri, file_uri, heat_colours, heat_file, jpeg, picture_file
from spotdiff.report.markup import (
    Html,
    bar,
    element,
    fill,
    image,
    join,
    json_island,
    page_file,
    page_top,
    whole_page,
    write_page_file,
)
from spotdiff.report.record import TIMED, plain, to_record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from spotdiff.report.coordinates import Side
    from spotdiff.report.record import Record
    from spotdiff.types import Comparison, Picture, Region

_LISTED = 200  # regions without a script
VERDICTS = {"same": "Same", "changed": "Changed", "unsure": "Unsure"}


def page(comparison: Comparison, *, pictures: Mapping[str, bytes] | None = None) -> str:
    """The report as one self-contained HTML page; `pictures` are `page_pictures` where they are made already."""
    shown = page_pictures(comparison) if pictures is None else pictures
    sources = {name: file_uri(data) for name, data in shown.items()}
    record = to_record(comparison)
    return whole_page(
        style="report.css",
        script="viewer.js report.js",
        title=page_title(comparison),
        head=_head(comparison, record),
        main=_main(comparison, record, sources, {}, {}),
    )


def page_title(comparison: Comparison) -> str:
    """What a window with the report is called."""
    return f"{VERDICTS[comparison.verdict]}: {_name(comparison)}"


def page_body(
    comparison: Comparison,
    sources: Mapping[str, str],
    *,
    full: Mapping[str, str] | None = None,
    tiles: Mapping[str, str] | None = None,
) -> Html:
    """What a page shows of a comparison, and the data of its script.

    Args:
        comparison: The answer.
        sources: The address of each of `page_pictures`.
        full: Addresses of the pictures with all their pixels, for when somebody looks closely.
        tiles: The same in tiles, for those that are too large to be sent whole.
    """
    record = to_record(comparison)
    main = _main(comparison, record, sources, full or {}, tiles or {})
    return join(page_top(_head(comparison, record)), main)


def _main(
    comparison: Comparison,
    record: Record,
    sources: Mapping[str, str],
    full: Mapping[str, str],
    tiles: Mapping[str, str],
) -> Html:
    return fill(
        "report.html",
        panes=join(*(_pane(comparison, side, sources, full, tiles) for side in SIDES)),
        **{name: Html(page_file(f"{name}.html")) for name in ("views", "zoom", "divider")},
        legend=_legend(),
        heading=_heading(comparison),
        regions=_regions(comparison),
        details=_details(comparison, record),
        data=json_island(page_data(comparison, record)),
    )


def page_pictures(comparison: Comparison) -> dict[str, bytes]:
    """The files of the pictures that a page shows: `before`, `after`, where a picture was compared as something else
    that as `aligned-before` or `aligned-after`, and where there is evidence its map as `heat`.
    """  # noqa: D205 (one list)
    shown = {name: picture_file(picture) for name, picture in shown_pictures(comparison).items()}
    if comparison.evidence is not None:
        shown["heat"] = heat_file(comparison.evidence.change)
    return shown


def shown_pictures(comparison: Comparison) -> dict[str, Picture]:
    """The pictures of `page_pictures` with all their pixels, without the heat map."""
    shown: dict[str, Picture] = {side: getattr(comparison.pair, side) for side in SIDES}
    for side in SIDES:
        given, seen = shown[side], _as_compared(comparison, side)
        if given.pixels is not seen.pixels and not np.array_equal(given.pixels, seen.pixels):
            shown[f"aligned-{side}"] = seen
    return shown


def write_page(comparison: Comparison, path: str | Path) -> None:
    """Write the report to an HTML file, whose folder is made when missing."""
    write_page_file(page(comparison), path)


def _name(comparison: Comparison) -> str:
    before, after = (PurePath(picture.path).name for picture in (comparison.pair.before, comparison.pair.after))
    return comparison.name or (f"{before} and {after}" if before and after else "two pictures")


def _head(comparison: Comparison, record: Record) -> Html:
    possible = len(comparison.regions) - len(comparison.likely)
    facts = {
        "regions": str(len(comparison.likely)),
        **({"possible": str(possible)} if possible else {}),
        "changed": _percent(comparison.changed_fraction),
        "score": f"{comparison.score:.2f}",
        "took": f"{record['seconds']['total']:.2f} s",
    }
    verdict = comparison.verdict
    return join(
        element("p", _name(comparison), class_="name"),
        element("h1", VERDICTS[verdict], class_=f"badge verdict-{verdict}"),
        element("p", comparison.text or comparison.reason, class_="text"),
        element("p", comparison.reason, class_="muted") if comparison.text else None,
        element("dl", *(element("div", element("dt", k), element("dd", v)) for k, v in facts.items()), class_="facts"),
    )


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if 0 < share < 0.1 else f"{100 * share:.0f} %"


def _pane(
    comparison: Comparison, side: Side, sources: Mapping[str, str], full: Mapping[str, str], tiles: Mapping[str, str]
) -> Html:
    """A picture as it was given, and where it was compared as something else, that too."""
    gaps = comparison.alignment.rows is not None
    laid = f"aligned-{side}"
    aligned = sources.get(laid)
    whole = None if side in tiles else full.get(side)
    more = {"data_full": whole, "data_tiles": tiles.get(side), "data_size": side}
    images = [image(sources[side], alt=f"The picture {side}", class_="own", **more)]
    if aligned is not None:
        how = "with gaps where only the other has rows" if gaps else "as seen from where the other was taken"
        more = {"data_tiles": tiles.get(laid), "data_size": side}
        images.insert(0, image(aligned, alt=f"The picture {side}, {how}", class_="aligned", **more))
    if side == "after" and "heat" in sources:
        images.append(
            image(sources["heat"], alt="How sure each place is to have changed", class_="heat", data_size="common")
        )
    canvas = element("div", *images, class_="canvas" + " two" * (aligned is not None) + " gaps" * gaps)
    return element("figure", canvas, element("figcaption", side.capitalize()), class_="pane", id=f"pane-{side}")


def _as_compared(comparison: Comparison, side: Side) -> Picture:
    """A picture as it lies in the common frame: without what filled it up, and with clear gaps."""
    given: Picture = getattr(comparison.pair, side)
    laid: Picture = getattr(comparison.aligned, side)
    width, height = given.size
    if comparison.alignment.rows is not None:
        alpha = np.full((height, width), 255, np.uint8) if given.alpha is None else given.alpha
        own_rows = comparison.alignment.rows[SIDES.index(side)]
        return replace(laid, alpha=spread(alpha, own_rows, laid.size[0], fill=0))
    if not is_flush(comparison.pair, comparison.alignment):
        return laid
    alpha_laid = None if laid.alpha is None else laid.alpha[:height, :width]
    return replace(laid, pixels=laid.pixels[:height, :width], alpha=alpha_laid)


def _size_as_compared(comparison: Comparison, side: Side) -> tuple[int, int]:
    """(width, height) of a picture as it lies in the common frame, in pixels in which regions are told."""
    given: Picture = getattr(comparison.pair, side)
    size = _as_compared(comparison, side).size
    if comparison.windows is None:
        return size
    return given.full_size if size == given.size else comparison.pair.before.full_size


def _details_of(comparison: Comparison) -> dict[int, dict[str, Any]]:
    """Parts of large pictures at full size, for the list of regions."""
    if comparison.windows is None:
        return {}
    return {
        number: {
            side: {"box": list(detail.box), "source": data_uri(jpeg(detail.pixels), "image/jpeg")}
            for side, detail in both.items()
        }
        for number, both in comparison.windows.details.items()
    }


def _legend() -> Html:
    from spotdiff.image.png import encode_indexed

    colours = heat_colours()
    bar = encode_indexed(np.arange(len(colours), dtype=np.uint8)[None], colours)
    return join("unchanged", image(data_uri(bar, "image/png")), "changed")


def _heading(comparison: Comparison) -> str:
    count = len(comparison.likely)
    return "One region" if count == 1 else f"{count:,} regions" if count else "Regions"


def _regions(comparison: Comparison) -> Html:
    """The surest likely regions, for readers without scripts; the script makes the list of all."""
    if not comparison.regions:
        unasked = "Not compared." if comparison.evidence is None else "Nothing is likely to have changed."
        text = "Nothing changed." if comparison.verdict == "same" else unasked
        return element("p", text, class_="nothing panel")
    numbered = [(number, region) for number, region in enumerate(comparison.regions, start=1) if region.likely]
    return element("ol", *(_region(number, region) for number, region in numbered[:_LISTED]))


def _region(number: int, region: Region) -> Html:
    return element(
        "li", f"#{number} {region.kind} {region.score:.2f}, {where_text(region)}. ", element("span", region.text)
    )


def page_data(comparison: Comparison, record: Record) -> dict[str, Any]:
    """What the script of a page is told of a comparison."""
    sizes = {side: _size_as_compared(comparison, side) for side in SIDES}
    common = [max(size[axis] for size in sizes.values()) for axis in (0, 1)]
    return {
        "record": record,
        "common": common,
        "placed": {**sizes, "common": common},
        "places": [places(comparison, region) for region in comparison.regions],
        "where": [where_text(region) for region in comparison.regions],
        "heat": comparison.evidence is not None,
        "details": _details_of(comparison),
    }


_ALIGNMENTS = {
    "off": "Not looked for: the pictures were compared pixel by pixel as they are.",
    "none": "The camera did not move.",
    "shift": "The camera moved sideways; the picture after was shifted onto the one before.",
    "similarity": "The picture after was shifted, turned and scaled onto the one before.",
    "affine": "The picture after was shifted, turned, scaled and sheared onto the one before.",
    "homography": "The picture after was brought onto the one before in perspective.",
    "flow": "The picture after was brought onto the one before in perspective, then place by place.",
    "page": "Equal rows of the two pages were laid on each other; what only one of them has leaves a gap in the other.",
}
_LIGHTS = {
    "off": "Not looked for: brightness and colour count as they are.",
    "none": "The light is the same in both pictures.",
    "gain": "One factor a colour channel was taken out.",
    "gamma": "A change of brightness curve was taken out.",
    "histogram": "The picture after was given the brightness distribution of the one before.",
    "local": "A smooth change of light across the picture was taken out.",
}


def _details(comparison: Comparison, record: Record) -> Html:
    """The cards: alignment, light, method, pictures, time."""
    evidence = comparison.evidence
    notes = {} if evidence is None else {str(name): plain(value) for name, value in evidence.notes.items()}
    return join(
        _card("Alignment", _ALIGNMENTS.get(comparison.alignment.model, ""), _alignment(record)),
        _card("Light", _LIGHTS.get(comparison.light.model, ""), _light(record)),
        _card("Method", _method(comparison), {**record["method"]["parameters"], **notes}),
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
    for name, neutral, label in (
        ("gain", 1, "factors R, G, B"),
        ("gamma", 1, "exponents R, G, B"),
        ("field", 1, "local"),
    ):
        if any(value != neutral for value in light[name]):
            shown[label] = ", ".join(f"{value:.3g}" for value in light[name])
    return {**shown, "note": light["note"]}


def _method(comparison: Comparison) -> Html:
    directed = comparison.evidence is not None and comparison.evidence.directed
    how = (
        "It tells what is gone from what is new." if directed else "It tells how much changed, not in which direction."
    )
    weights = f" Weights {comparison.weights[:16]}." if comparison.weights else ""
    return join(element("b", comparison.method), ". ", how if comparison.evidence is not None else "", weights)


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


def _card(title: str, text: str, *facts: Mapping[str, object]) -> Html:
    lists = [element("dl", *_rows(some)) for some in facts if some]
    return element(
        "section",
        element("h3", title),
        element("p", text, class_="said") if text else None,
        *lists,
        class_="card panel",
    )


def _rows(facts: Mapping[str, object]) -> list[Html]:
    return [part for name, value in facts.items() if value != "" for part in (element("dt", name), _fact(value))]


def _fact(value: object) -> Html:
    if isinstance(value, str):
        return element("dd", value)
    return element("dd", json.dumps(value), class_="code")
