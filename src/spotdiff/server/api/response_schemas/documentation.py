"""What the document says of some addresses, as a value, and the schemas that many of them share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Schema = dict[str, Any]

AT = "2026-03-04T09:30:00+00:00"
JOB_ID = "3b696862aa6643459c76c2dc51a09d8c"
TEXT: Schema = {"type": "string"}
TRUTH: Schema = {"type": "boolean"}
NUMBER: Schema = {"type": "number"}
COUNT: Schema = {"type": "integer", "minimum": 0}
SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
TIME: Schema = {"type": "string", "format": "date-time"}
ADDRESS: Schema = {"type": "string", "description": "An address of this server."}
VERDICT: Schema = {"type": "string", "enum": ["same", "changed", "unsure"]}
SIZE: Schema = {"type": "array", "items": COUNT, "minItems": 2, "maxItems": 2, "description": "Width and height."}
BOX: Schema = {
    "type": "array",
    "items": NUMBER,
    "minItems": 4,
    "maxItems": 4,
    "description": "Left, top, right and bottom in pixels, half-open.",
}
POINT: Schema = {"type": "array", "items": NUMBER, "minItems": 2, "maxItems": 2}
WHO: Schema = {
    "type": "string",
    "description": "That of the account; without one the name that was given, or the address.",
}


@dataclass(frozen=True, slots=True)
class Documentation:
    """What the document says of some addresses.

    Attributes:
        answers: By method and address what it does, and the name of the schema of each status; `[Name]` for a list.
        files: By address what else `GET` gives: what it is, and its media types.
        schemas: Of what comes back, by name.
        sent: Examples of what is sent, by the names of its schemas.
        parameters: Examples of parameters, by name.
    """

    answers: Mapping[tuple[str, str], tuple[str, Mapping[str, str]]]
    files: Mapping[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    schemas: Mapping[str, Schema] = field(default_factory=dict)
    sent: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)


def or_none(schema: Schema) -> Schema:
    """What may also be null."""
    return {"anyOf": [schema, {"type": "null"}]}


def one_of(*words: str, description: str = "") -> Schema:
    """One of some words."""
    return {"type": "string", "enum": [*words]} | ({"description": description} if description else {})


def list_of(schema: Schema, description: str = "") -> Schema:
    """Any number of something."""
    return {"type": "array", "items": schema} | ({"description": description} if description else {})


def by_name(schema: Schema, description: str) -> Schema:
    """An object whose names are not known before."""
    return {"type": "object", "additionalProperties": schema, "description": description}


def ref(name: str) -> Schema:
    """The schema of that name."""
    return {"$ref": f"#/components/schemas/{name}"}


def an_object(description: str, /, **properties: Schema) -> Schema:
    """An object that has all of these, and may have more."""
    return {"type": "object", "description": description, "required": [*properties], "properties": properties}


def extended(schema: Schema, description: str, /, **properties: Schema) -> Schema:
    """An object that has what another has, and these."""
    return an_object(description, **schema["properties"], **properties)


def with_example(schema: Schema, example: object) -> Schema:
    """A schema that shows what it means."""
    return {**schema, "examples": [example]}
