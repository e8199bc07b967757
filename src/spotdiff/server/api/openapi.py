"""What the OpenAPI document says of bodies that are streamed, and of errors."""

from __future__ import annotations

from typing import Any

from spotdiff.server.problems import MEDIA_TYPE

_PICTURE = {"type": "string", "format": "binary", "description": "A picture file."}
_OPTIONS = {
    "type": "string",
    "description": "JSON object: names of spotdiff.Options, and `preset`.",
    "examples": ['{"preset": "survey", "sensitivity": 0.3}'],
}
_BATCH = {"type": "string", "maxLength": 200, "description": "Name of a set, such as a run of CI, for review."}
_PREFER = {
    "name": "Prefer",
    "in": "header",
    "schema": {"type": "string"},
    "description": "`respond-async` answers 202 with the job's address at once.",
}
_ANSWERS = {
    "200": {"description": "The record spotdiff/comparison/1, with its id."},
    "202": {"description": "The job, which is not done yet; Location is its address."},
}


def _body(*pictures: str, responses: dict[str, Any]) -> dict[str, Any]:
    properties = {**dict.fromkeys(pictures, _PICTURE), "options": _OPTIONS, "batch": _BATCH}
    schema = {"type": "object", "required": list(pictures), "properties": properties}
    content = {"multipart/form-data": {"schema": schema}}
    return {
        "requestBody": {"required": True, "content": content},
        "parameters": [_PREFER],
        "responses": responses,
    }


COMPARE_BODY = _body("before", "after", responses=_ANSWERS)
PICTURE_BODY = _body(
    "picture", responses={**_ANSWERS, "201": {"description": "The place, whose first picture this was."}}
)

PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "One line that says what to do."},
        "job": {"type": "string", "description": "Address of the job, where there is one."},
    },
}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "An error (RFC 9457).",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
}
