"""Places, their pictures and options."""

from __future__ import annotations

from spotdiff.server.api.response_schemas.documentation import (
    AT,
    COUNT,
    JOB_ID,
    TEXT,
    TIME,
    VERDICT,
    WHO,
    Documentation,
    an_object,
    list_of,
    one_of,
    or_none,
    ref,
    with_example,
)

_ALL = "/api/v1/places"
_ONE = f"{_ALL}/{{name}}"
_PICTURE_AT = f"{_ONE}/pictures/{{number}}"
_OPTIONS = {"sensitivity": 0.6, "ignore": [[0, 0, 200, 90]]}
_PICTURE = an_object(
    "A picture of a place, and what came of comparing it; the first one was compared with nothing.",
    number=COUNT,
    name={**TEXT, "description": "Of the file, as its client called it."},
    sha256=TEXT,
    comparison=or_none({**TEXT, "description": "Id of the one that showed it."}),
    verdict=or_none(VERDICT),
    regions=or_none({**COUNT, "description": "How many likely ones."}),
    text=or_none(TEXT),
    decision=or_none(one_of("approved", "rejected")),
    received=TIME,
)
_PICTURE_EXAMPLE = {
    "number": 7,
    "name": "monday.jpg",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "comparison": JOB_ID,
    "verdict": "changed",
    "regions": 1,
    "text": "Something red was added at the centre.",
    "decision": "approved",
    "received": AT,
}
_PLACE = an_object(
    "A scene that is compared again and again.",
    name=TEXT,
    created=TIME,
    options={"type": "object", "description": "Under which its pictures are compared: names of spotdiff.Options."},
    webhooks=list_of(TEXT, "Names of those that are told of it."),
    baseline=or_none(ref("PlacePicture")),
    pictures=list_of(ref("PlacePicture"), "The latest first."),
    approvals=list_of(
        an_object("Who made a picture the baseline.", picture=or_none(COUNT), who=WHO, at=TIME), "The latest first."
    ),
)
_SUMMARY = an_object(
    "A place in a list.",
    name=TEXT,
    created=TIME,
    baseline=or_none({**COUNT, "description": "Number of the picture that was approved last."}),
    latest=or_none(ref("PlacePicture")),
)

PLACES = Documentation(
    answers={
        ("get", _ALL): ("All places", {"200": "[PlaceSummary]"}),
        ("post", _ALL): ("Make a place", {"201": "Place"}),
        ("get", _ONE): ("A place", {"200": "Place"}),
        ("patch", _ONE): ("Set options of a place, of which null takes one back, and who is told", {"200": "Place"}),
        ("get", "/api/v1/webhooks"): ("Webhooks that places may have told of them", {"200": "[Webhook]"}),
        ("post", f"{_ONE}/pictures"): (
            "Send a picture of a place",
            {"200": "Comparison", "201": "Place", "202": "Job"},
        ),
        ("post", f"{_ONE}/approve"): ("Make a picture the baseline", {"200": "Place"}),
    },
    files={
        f"{_PICTURE_AT}.png": ("A picture of a place", ("image/png",)),
        f"{_PICTURE_AT}/thumb.jpg": ("A picture of a place, 320 pixels long", ("image/jpeg",)),
    },
    schemas={
        "PlacePicture": with_example(_PICTURE, _PICTURE_EXAMPLE),
        "Webhook": with_example(
            an_object("A webhook that the server was started with.", name=TEXT), {"name": "guards"}
        ),
        "PlaceSummary": with_example(
            _SUMMARY, {"name": "hall", "created": AT, "baseline": 7, "latest": _PICTURE_EXAMPLE}
        ),
        "Place": with_example(
            _PLACE,
            {
                "name": "hall",
                "created": AT,
                "options": _OPTIONS,
                "webhooks": ["guards"],
                "baseline": _PICTURE_EXAMPLE,
                "pictures": [_PICTURE_EXAMPLE],
                "approvals": [{"picture": 7, "who": "Ann", "at": AT}],
            },
        ),
    },
    sent={
        "NewPlace": {"name": "hall"},
        "Approval": {"comparison": JOB_ID, "who": "Ann"},
        "PlaceChange": {"options": _OPTIONS, "webhooks": ["guards"]},
    },
    parameters={"name": "hall", "number": 7, "Prefer": "respond-async"},
)
