"""What the OpenAPI document says of answers: a schema and an example for every address."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotdiff.report.record import load_schema
from spotdiff.server.store.accounts import SCOPES
from spotdiff.server.store.jobs import STATES
from spotdiff.types import STEPS

if TYPE_CHECKING:
    from fastapi import FastAPI

Schema = dict[str, Any]

_JOB_ID = "3b696862aa6643459c76c2dc51a09d8c"
_AT = "2026-03-04T09:30:00+00:00"
_TEXT, _COUNT, _TIME = {"type": "string"}, {"type": "integer", "minimum": 0}, {"type": "string", "format": "date-time"}
_ADDRESS = {"type": "string", "description": "An address of this server."}


def _or_none(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _object(description: str, **properties: Schema) -> Schema:
    """An object that has all of these, and may have more."""
    return {"type": "object", "description": description, "required": [*properties], "properties": properties}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


_VERDICT = {"type": "string", "enum": ["same", "changed", "unsure"]}
_SHARE = {"type": "number", "minimum": 0, "maximum": 1}
_SCOPE = {"type": "string", "enum": [*SCOPES]}
_SCHEMAS: dict[str, Schema] = {
    "Job": _object(
        "A comparison that is to be made, is being made, or has ended.",
        id=_TEXT,
        state={"type": "string", "enum": [*STATES]},
        step=_or_none({"type": "string", "enum": [*STEPS, "write"], "description": "While it runs."}),
        tries=_COUNT,
        place=_or_none(_TEXT),
        problem=_or_none(_ref("Problem")),
        created=_TIME,
        started=_or_none(_TIME),
        finished=_or_none(_TIME),
        url=_ADDRESS,
        comparison=_or_none(_ADDRESS),
    ),
    "ComparisonSummary": _object(
        "A comparison in a list.",
        id=_TEXT,
        verdict=_VERDICT,
        score=_SHARE,
        regions={**_COUNT, "description": "How many likely ones."},
        before_name=_TEXT,
        after_name=_TEXT,
        place=_or_none(_TEXT),
        created=_TIME,
        url=_ADDRESS,
    ),
    "PlaceName": _object("A place in a list.", name=_TEXT, created=_TIME),
    "PlacePicture": _object(
        "A picture of a place.",
        number=_COUNT,
        name={**_TEXT, "description": "Of the file, as its client called it."},
        sha256=_TEXT,
        comparison=_or_none({**_TEXT, "description": "Id of the one that showed it."}),
        received=_TIME,
    ),
    "Place": _object(
        "A scene that is compared again and again.",
        name=_TEXT,
        created=_TIME,
        baseline=_or_none(_ref("PlacePicture")),
        pictures={"type": "array", "items": _ref("PlacePicture"), "description": "The latest first."},
        approvals={
            "type": "array",
            "items": _object("Who made a picture the baseline.", picture=_COUNT, who=_TEXT, at=_TIME),
            "description": "The latest first.",
        },
    ),
    "Caller": _object(
        "Who makes a request, and what they keep.",
        name={**_TEXT, "description": "Empty where no account is needed."},
        scopes={"type": "array", "items": _SCOPE},
        by={"type": "string", "enum": ["", "token", "session"]},
        kept_mb={"type": "number"},
        quota_mb=_or_none({"type": "number"}),
        jobs_waiting=_COUNT,
        quota_jobs=_or_none(_COUNT),
    ),
    "Account": _object(
        "Who may use the server.",
        name=_TEXT,
        kind={"type": "string", "enum": ["password", "token"]},
        scope=_SCOPE,
        created=_TIME,
        expires=_or_none(_TIME),
    ),
    "Token": _object("A token, which is shown once.", name=_TEXT, scope=_SCOPE, token=_TEXT),
    "Revoked": _object("An account that is no more.", name=_TEXT, revoked={"const": True}),
    "Health": _object("That the server is there.", status={"const": "ok"}, version=_TEXT),
}
_PICTURE = {
    "number": 7,
    "name": "monday.jpg",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "comparison": _JOB_ID,
    "received": _AT,
}
_JOB = {
    "id": _JOB_ID,
    "state": "running",
    "step": "score",
    "tries": 1,
    "place": None,
    "problem": None,
    "created": _AT,
    "started": _AT,
    "finished": None,
    "url": f"/api/v1/jobs/{_JOB_ID}",
    "comparison": None,
}
_EXAMPLES: dict[str, Any] = {
    "Job": _JOB,
    "ComparisonSummary": {
        "id": _JOB_ID,
        "verdict": "changed",
        "score": 0.97,
        "regions": 2,
        "before_name": "hall_before.jpg",
        "after_name": "hall_after.jpg",
        "place": None,
        "created": _AT,
        "url": f"/api/v1/comparisons/{_JOB_ID}",
    },
    "PlaceName": {"name": "hall", "created": _AT},
    "PlacePicture": _PICTURE,
    "Place": {
        "name": "hall",
        "created": _AT,
        "baseline": _PICTURE,
        "pictures": [_PICTURE],
        "approvals": [{"picture": 7, "who": "Ann", "at": _AT}],
    },
    "Caller": {
        "name": "nightly",
        "scopes": ["read", "write"],
        "by": "token",
        "kept_mb": 12.5,
        "quota_mb": None,
        "jobs_waiting": 0,
        "quota_jobs": 32,
    },
    "Account": {"name": "nightly", "kind": "token", "scope": "write", "created": _AT, "expires": None},
    "Token": {"name": "nightly", "scope": "write", "token": "spotdiff_..."},
    "Revoked": {"name": "nightly", "revoked": True},
    "NewToken": {"name": "nightly", "scope": "write", "days": 90},
    "Health": {"status": "ok", "version": "0.1.0"},
    "Problem": {"type": "about:blank", "title": "Not Found", "status": 404, "detail": "there is no job none"},
    "NewPlace": {"name": "hall"},
    "Approval": {"comparison": _JOB_ID, "who": "Ann"},
}
_PARAMETERS = {"name": _JOB_ID, "sensitivity": 0.3, "limit": 20, "state": "failed", "Prefer": "respond-async"}

_API = "/api/v1"
_ONE, _PLACE, _JOB_AT = f"{_API}/comparisons/{{name}}", f"{_API}/places/{{name}}", f"{_API}/jobs/{{name}}"
_SAID: dict[tuple[str, str], tuple[str, dict[str, str]]] = {  # what it does, and what each status has as JSON
    ("post", f"{_API}/compare"): ("Compare two pictures", {"200": "Comparison", "202": "Job"}),
    ("get", f"{_API}/comparisons"): ("The latest comparisons", {"200": "[ComparisonSummary]"}),
    ("get", _ONE): ("The record of a comparison, decided anew where criteria are given", {"200": "Comparison"}),
    ("get", f"{_API}/places"): ("All places", {"200": "[PlaceName]"}),
    ("post", f"{_API}/places"): ("Make a place", {"201": "Place"}),
    ("get", _PLACE): ("A place", {"200": "Place"}),
    ("post", f"{_PLACE}/pictures"): (
        "Send a picture of a place",
        {"200": "Comparison", "201": "Place", "202": "Job"},
    ),
    ("post", f"{_PLACE}/approve"): ("Make a picture the baseline", {"200": "Place"}),
    ("get", f"{_API}/jobs"): ("The latest jobs", {"200": "[Job]"}),
    ("get", _JOB_AT): ("How a job stands", {"200": "Job"}),
    ("delete", _JOB_AT): ("Cancel a job", {"200": "Job"}),
    ("post", f"{_JOB_AT}/retry"): ("Queue a job again that failed or was cancelled", {"202": "Job"}),
    ("get", f"{_API}/me"): ("Who one is", {"200": "Caller"}),
    ("get", f"{_API}/accounts"): ("Who may use the server", {"200": "[Account]"}),
    ("post", f"{_API}/accounts"): ("Make a token", {"201": "Token"}),
    ("delete", f"{_API}/accounts/{{name}}"): ("Revoke an account", {"200": "Revoked"}),
    ("get", "/healthz"): ("Whether the server is there", {"200": "Health"}),
}
_FILES: dict[str, tuple[str, str]] = {  # what else `GET` gives: what it is, and as what
    f"{_ONE}.html": ("The report of a comparison", "text/html"),
    f"{_ONE}.png": ("The overlay of a comparison", "image/png"),
    **{f"{_ONE}/{side}.png": (f"The picture {side}", "image/png") for side in ("before", "after")},
    **{
        f"{_ONE}/mask/{side}.png": (f"How sure every pixel of {side} is to have changed", "image/png")
        for side in ("before", "after")
    },
    f"{_JOB_AT}/events": ("Server-sent events `job`: the job at each change, until it has ended", "text/event-stream"),
}


def describe_answers(app: FastAPI, problem: Schema) -> None:
    """Have the OpenAPI document of an application say what comes back, with examples.

    Args:
        app: Whose addresses are all there.
        problem: Schema of an error.
    """
    made: Callable[[], Schema] = app.openapi

    def described() -> Schema:
        if app.openapi_schema is None:
            document = made()
            _add_schemas(document, problem)
            for path, operations in document["paths"].items():
                for method, operation in operations.items():
                    _describe(path, method, operation)
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]


def _add_schemas(document: Schema, problem: Schema) -> None:
    schemas = document["components"]["schemas"]
    schemas |= {**_SCHEMAS, "Problem": problem, **_comparison_schemas()}
    for name, example in {**_EXAMPLES, "Comparison": _comparison_example()}.items():
        if name in schemas:
            schemas[name] = {**schemas[name], "examples": [example]}


def _comparison_schemas() -> dict[str, Schema]:
    """The record's schema and its parts, as components that refer to each other."""
    text = json.dumps(load_schema()).replace("#/$defs/", "#/components/schemas/Comparison.")
    schema = json.loads(text)
    parts = {f"Comparison.{name}": part for name, part in schema.pop("$defs").items()}
    return {"Comparison": {name: value for name, value in schema.items() if not name.startswith("$")}, **parts}


def _comparison_example() -> object:
    return json.loads((Path(__file__).parent / "examples" / "comparison.json").read_text(encoding="ascii"))


def _describe(path: str, method: str, operation: Schema) -> None:
    for parameter in operation.get("parameters", ()):
        if parameter["name"] in _PARAMETERS:
            of_place = path.startswith(_PLACE) and parameter["name"] == "name"
            parameter["example"] = "hall" if of_place else _PARAMETERS[parameter["name"]]
    if method == "get" and path in _FILES:
        operation["summary"], kind = _FILES[path]
        schema = {"type": "string"} if kind.startswith("text/") else {"type": "string", "format": "binary"}
        operation["responses"]["200"] = {"description": operation["summary"], "content": {kind: {"schema": schema}}}
    elif (method, path) in _SAID:
        operation["summary"], answers = _SAID[method, path]
        for status, name in answers.items():
            operation["responses"][status] = _answer(name, operation["responses"].get(status, {}))
        if "200" not in answers:
            operation["responses"].pop("200", None)


def _answer(name: str, known: Schema) -> Schema:
    one = _ref(name.strip("[]"))
    schema = {"type": "array", "items": one} if name.startswith("[") else one
    described = known.get("description", "")
    description = name if described in ("", "Successful Response") else described
    return {**known, "description": description, "content": {"application/json": {"schema": schema}}}
