"""Learning and measuring: runs on what people corrected, and whose weights a place is compared with."""

from __future__ import annotations

from spotdiff.server.api.response_schemas.documentation import (
    ADDRESS,
    AT,
    COUNT,
    NUMBER,
    TEXT,
    TIME,
    TRUTH,
    WHO,
    Documentation,
    Schema,
    an_object,
    by_name,
    extended,
    list_of,
    one_of,
    or_none,
    ref,
    with_example,
)
from spotdiff.server.store.runs import STATES

_ID, _OTHER = "6f1c0c1b7ad14c0e8ee1c8f0a4b1a2d3", "0d5a4f0b2c9e4d7f9a6b8c7d6e5f4a3b"
_PLACE = "/api/v1/places/{place}"
_TRAINING, _MEASUREMENT = "/api/v1/trainings/{name}", "/api/v1/measurements/{name}"
_FIGURE = or_none(NUMBER)
_ROW = by_name({"type": ["number", "string", "null"]}, "Figures by their names; null for one that does not exist.")
_PAIRS: Schema = {**COUNT, "description": "Corrected comparisons of the place, or pairs of the set."}
_SET = "/api/v1/sets/{labelled}/measurements"


def _run(description: str, settings: Schema) -> Schema:
    return an_object(
        description,
        id=TEXT,
        place=or_none({**TEXT, "description": "Whose corrections it is on."}),
        labelled_set=or_none({**TEXT, "description": "The labelled set that it is on instead."}),
        state=one_of(*STATES),
        settings=settings,
        pairs={**COUNT, "description": "Corrected comparisons, or pairs of the set, when it was begun."},
        who=WHO,
        problem=or_none({**TEXT, "description": "Why it failed."}),
        created=TIME,
        finished=or_none(TIME),
        url=ADDRESS,
    )


_TRAINING_SUMMARY = _run(
    "A training in a list.", an_object("What was asked.", steps={**COUNT, "description": "0 for those of the recipe."})
)
_MEASUREMENT_SUMMARY = _run(
    "A measurement in a list.", an_object("What was asked.", methods=list_of(TEXT), trainings=list_of(TEXT, "Ids."))
)
_PROGRESS = an_object("How far it is.", step=COUNT, steps=COUNT, seconds_left=_FIGURE)
_RESULT = an_object(
    "What it came to, on pairs that were held out.",
    better=or_none({**TRUTH, "description": "Whether what it leaves is better than what it began with."}),
    text=TEXT,
    pairs={**COUNT, "description": "Held out."},
    **dict.fromkeys(("before", "after", "last"), _ROW),
)
_TRAINING_SHOWN = extended(
    _TRAINING_SUMMARY,
    "A training, how far it has come and what it came to.",
    progress=or_none(_PROGRESS),
    journal=list_of(_ROW, "What was measured, a row a measuring."),
    result=or_none(_RESULT),
    samples=list_of(ADDRESS, "The last predictions on pairs that were held out."),
)
_MEASUREMENT_SHOWN = extended(
    _MEASUREMENT_SUMMARY,
    "A measurement, and what it came to.",
    table=list_of(_ROW, "A row a method."),
    charts=list_of(ADDRESS, "Precision against recall, one for each map."),
)
_BEGUN = {
    "id": _ID,
    "place": "hall",
    "labelled_set": None,
    "state": "done",
    "settings": {"steps": 400},
    "pairs": 24,
    "who": "Ann",
    "problem": None,
    "created": AT,
    "finished": AT,
    "url": f"/api/v1/trainings/{_ID}",
}
_MEASURED = {
    **_BEGUN,
    "id": _OTHER,
    "settings": {"methods": ["spot", "classic"], "trainings": []},
    "url": f"/api/v1/measurements/{_OTHER}",
}
_FIGURES = {"step": 0, "score": 0.61}, {"step": 400, "score": 0.74}
_SHOWN = {
    **_BEGUN,
    "progress": {"step": 400, "steps": 400, "seconds_left": 0.0},
    "journal": [*_FIGURES],
    "result": {
        "better": True,
        "text": "Better than before on 6 held-out pairs: score 0.61 before, 0.74 after.",
        "pairs": 6,
        "before": _FIGURES[0],
        "after": _FIGURES[1],
        "last": _FIGURES[1],
    },
    "samples": [f"/api/v1/trainings/{_ID}/samples/0000400.png"],
}
_TABLE = [{"method": "spot", "any F1": 0.81}, {"method": "classic", "any F1": 0.72}]
_MEASUREMENT_EXAMPLE = {
    **_MEASURED,
    "table": _TABLE,
    "charts": [f"/api/v1/measurements/{_OTHER}/charts/precision_recall_any.svg"],
}
_USED = or_none({**TEXT, "description": "Id of the training whose weights are used; null for those that ship."})

LEARNING = Documentation(
    answers={
        ("get", f"{_PLACE}/trainings"): ("What a place has learned", {"200": "Trainings"}),
        ("post", f"{_PLACE}/trainings"): ("Train on what was corrected", {"201": "Training"}),
        ("put", f"{_PLACE}/weights"): ("Choose the weights for a place", {"200": "UsedWeights"}),
        ("get", f"{_PLACE}/measurements"): ("What was measured on a place", {"200": "Measurements"}),
        ("post", f"{_PLACE}/measurements"): ("Measure methods on what was corrected", {"201": "Measurement"}),
        ("get", "/api/v1/sets"): ("Labelled sets that the server was started with", {"200": "[LabelledSet]"}),
        ("get", _SET): ("What was measured on a labelled set", {"200": "Measurements"}),
        ("post", _SET): ("Measure methods on a labelled set", {"201": "Measurement"}),
        ("get", _TRAINING): ("How a training stands, and what it came to", {"200": "Training"}),
        ("post", f"{_TRAINING}/stop"): ("Stop a training", {"200": "Training"}),
        ("post", f"{_TRAINING}/continue"): ("Go on with a training", {"200": "Training"}),
        ("get", _MEASUREMENT): ("How a measurement stands, and what it came to", {"200": "Measurement"}),
        ("post", f"{_MEASUREMENT}/stop"): ("Stop a measurement", {"200": "Measurement"}),
        ("post", f"{_MEASUREMENT}/continue"): ("Go on with a measurement", {"200": "Measurement"}),
    },
    files={
        f"{_TRAINING}/samples/{{asked}}": ("Predictions on pairs that were held out", ("image/png",)),
        f"{_MEASUREMENT}/charts/{{asked}}": ("Precision against recall of the methods", ("image/svg+xml",)),
    },
    schemas={
        "TrainingSummary": with_example(_TRAINING_SUMMARY, _BEGUN),
        "Training": with_example(_TRAINING_SHOWN, _SHOWN),
        "Trainings": with_example(
            an_object("What a place has learned.", used=_USED, pairs=_PAIRS, trainings=list_of(ref("TrainingSummary"))),
            {"used": _ID, "pairs": 24, "trainings": [_BEGUN]},
        ),
        "MeasurementSummary": with_example(_MEASUREMENT_SUMMARY, _MEASURED),
        "Measurement": with_example(_MEASUREMENT_SHOWN, _MEASUREMENT_EXAMPLE),
        "Measurements": with_example(
            an_object("What was measured.", pairs=_PAIRS, measurements=list_of(ref("MeasurementSummary"))),
            {"pairs": 24, "measurements": [_MEASURED]},
        ),
        "LabelledSet": with_example(
            an_object("Pairs whose truth is known.", name=TEXT, pairs=COUNT), {"name": "yard", "pairs": 40}
        ),
        "UsedWeights": with_example(an_object("What a place is compared with.", used=_USED), {"used": _ID}),
    },
    sent={
        "NewTraining": {"steps": 400, "who": "Ann"},
        "ChosenWeights": {"training": _ID},
        "NewMeasurement": {"methods": ["spot", "classic"], "trainings": [_ID], "who": "Ann"},
    },
    parameters={"place": "hall", "labelled": "yard", "name": _ID, "asked": "0000400.png"},
)
