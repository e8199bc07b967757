"""Comparing, and what a comparison is asked for."""

from __future__ import annotations

import json
from pathlib import Path

from spotdiff.report.record import load_schema
from spotdiff.server.api.response_schemas.documentation import (
    ADDRESS,
    AT,
    BOX,
    COUNT,
    JOB_ID,
    SHARE,
    SIZE,
    TEXT,
    TIME,
    TRUTH,
    VERDICT,
    Documentation,
    Schema,
    an_object,
    by_name,
    list_of,
    one_of,
    or_none,
    ref,
    with_example,
)

_ALL = "/api/v1/comparisons"
_ONE = f"{_ALL}/{{name}}"
_SIDES = ("before", "after")
_RECORD = json.loads((Path(__file__).parent / "comparison.json").read_text(encoding="ascii"))
_SUMMARY = an_object(
    "A comparison in a list.",
    id=TEXT,
    verdict=VERDICT,
    score=SHARE,
    regions={**COUNT, "description": "How many likely ones."},
    text={**TEXT, "description": "What changed, in words."},
    before_name=TEXT,
    after_name=TEXT,
    place=or_none(TEXT),
    batch={**TEXT, "description": "Name of the set that it belongs to; empty for none."},
    decision=or_none(one_of("approved", "rejected")),
    created=TIME,
    url=ADDRESS,
)
SUMMARY_EXAMPLE = {
    "id": JOB_ID,
    "verdict": "changed",
    "score": 0.97,
    "regions": 1,
    "text": "Something red was added at the centre.",
    "before_name": "hall_before.jpg",
    "after_name": "hall_after.jpg",
    "place": None,
    "batch": "run-7",
    "decision": None,
    "created": AT,
    "url": f"{_ALL}/{JOB_ID}",
}
_VIEW = an_object(
    "What a viewer needs to show a comparison.",
    record=ref("Comparison"),
    common={**SIZE, "description": "Width and height of the common frame."},
    placed=an_object(
        "How large each picture is as it was compared, and the frame of both.", before=SIZE, after=SIZE, common=SIZE
    ),
    places=list_of(list_of(BOX, "Of one region: two for a moved one."), "Where regions stand in the common frame."),
    where=list_of(TEXT, "The same in words."),
    heat={**TRUTH, "description": "Whether there is a heat map."},
    details=by_name(
        by_name(an_object("Its box, and the part as a data URI.", box=BOX, source=TEXT), "Of one region, by side."),
        "Parts at full size of pictures too large to be held, by the number of the region.",
    ),
    pictures=by_name(ADDRESS, "Of what is shown, by name."),
    full=by_name(ADDRESS, "Of the pictures, where what is shown is smaller."),
    tiles=by_name(ADDRESS, "Of what describes their tiles, by name, where pictures are too large to be sent whole."),
)
_VIEW_EXAMPLE = {
    "record": _RECORD,
    "common": [64, 64],
    "placed": {"before": [64, 64], "after": [64, 64], "common": [64, 64]},
    "places": [[[30, 20, 50, 40]]],
    "where": ["20x20 at 30,20"],
    "heat": True,
    "details": {},
    "pictures": {name: f"{_ALL}/{JOB_ID}/view/{name}" for name in (*_SIDES, "heat")},
    "full": {},
    "tiles": {},
}
_SHOWN = {
    **{f"/view/{side}": f"The picture {side}, as a viewer shows it" for side in _SIDES},
    **{f"/view/aligned-{side}": f"The picture {side} in the common frame, where it was moved" for side in _SIDES},
    "/view/heat": "The heat map of a comparison, where it has one",
}


def _record_schemas() -> dict[str, Schema]:
    """The record's schema and its parts, as components that refer to each other."""
    text = json.dumps(load_schema()).replace("#/$defs/", "#/components/schemas/Comparison.")
    schema = json.loads(text)
    parts = {f"Comparison.{name}": part for name, part in schema.pop("$defs").items()}
    plain = {name: value for name, value in schema.items() if not name.startswith("$")}
    return {"Comparison": with_example(plain, _RECORD), **parts}


COMPARISONS = Documentation(
    answers={
        ("post", "/api/v1/compare"): ("Compare two pictures", {"200": "Comparison", "202": "Job"}),
        ("get", _ALL): ("The latest comparisons", {"200": "[ComparisonSummary]"}),
        ("get", _ONE): ("The record of a comparison, decided anew where criteria are given", {"200": "Comparison"}),
        ("get", f"{_ONE}/view.json"): ("What a viewer shows of a comparison", {"200": "ComparisonView"}),
    },
    files={
        f"{_ONE}.html": ("The report of a comparison", ("text/html",)),
        f"{_ONE}.png": ("The overlay of a comparison", ("image/png",)),
        **{f"{_ONE}/{side}.png": (f"The picture {side}", ("image/png",)) for side in _SIDES},
        **{
            f"{_ONE}/mask/{side}.png": (f"How sure every pixel of {side} is to have changed", ("image/png",))
            for side in _SIDES
        },
        **{f"{_ONE}/thumb/{side}.jpg": (f"The picture {side}, 320 pixels long", ("image/jpeg",)) for side in _SIDES},
        f"{_ONE}/tiles/{{picture}}.dzi": ("What DeepZoom says of the tiles of a large picture", ("application/xml",)),
        f"{_ONE}/tiles/{{picture}}_files/{{level}}/{{asked}}": (
            "A tile of a large picture: COL_ROW and the ending of its format",
            ("image/jpeg", "image/png"),
        ),
        **{f"{_ONE}{ending}": (what, ("image/png", "image/jpeg")) for ending, what in _SHOWN.items()},
    },
    schemas={
        **_record_schemas(),
        "ComparisonSummary": with_example(_SUMMARY, SUMMARY_EXAMPLE),
        "ComparisonView": with_example(_VIEW, _VIEW_EXAMPLE),
    },
    parameters={
        "name": JOB_ID,
        "sensitivity": 0.3,
        "limit": 20,
        "Prefer": "respond-async",
        "picture": "after",
        "level": 12,
        "asked": "3_2.jpg",
    },
)
