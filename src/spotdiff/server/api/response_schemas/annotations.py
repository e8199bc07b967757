"""Annotations: what a person says of a comparison, and the labelled pairs that they come to."""

from __future__ import annotations

from spotdiff.server.api.response_schemas.documentation import (
    AT,
    COUNT,
    JOB_ID,
    TIME,
    WHO,
    Documentation,
    an_object,
    by_name,
    list_of,
    one_of,
    or_none,
    ref,
    with_example,
)

_OF_ONE = "/api/v1/comparisons/{name}/annotations"
_ARCHIVE = ("application/zip",)
_KINDS = ("none", "added", "removed", "replaced", "changed", "moved", "ignore")
_CORNERS = [[30, 20], [50, 20], [50, 40], [30, 40]]
_SHAPE = {"kind": "added", "side": "after", "form": "polygon", "points": _CORNERS, "width": 1}
_SAID = {"regions": {"1": "none"}, "shapes": [_SHAPE]}
_ANNOTATIONS = an_object(
    "What a person says of a comparison.",
    regions=by_name(one_of(*_KINDS), "By their numbers, from 1 on: another kind, or none where nothing changed."),
    shapes=list_of(ref("Shape"), "What was missed."),
    revision={**COUNT, "description": "0 while nothing is said."},
    who=WHO,
    at=or_none(TIME),
)

ANNOTATIONS = Documentation(
    answers={
        ("get", _OF_ONE): ("What a person says of a comparison", {"200": "Annotations"}),
        ("put", _OF_ONE): ("Say what is wrong with a comparison", {"200": "Annotations"}),
        ("post", f"{_OF_ONE}/import"): ("Bring in labels drawn with another tool", {"200": "Annotations"}),
    },
    files={
        f"{_OF_ONE}.zip": ("A corrected comparison as a labelled pair", _ARCHIVE),
        "/api/v1/annotations.zip": ("All corrected comparisons as labelled pairs", _ARCHIVE),
    },
    schemas={"Annotations": with_example(_ANNOTATIONS, {**_SAID, "revision": 1, "who": "Ann", "at": AT})},
    sent={"Correction": {**_SAID, "revision": 0, "who": "Ann"}, "Shape": _SHAPE},
    parameters={"name": JOB_ID, "format": "labelme", "place": "hall", "batch": "run-7"},
)
