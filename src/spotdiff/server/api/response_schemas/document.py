"""The document itself: what each subject says of its addresses, put where OpenAPI wants it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from spotdiff.server.api.response_schemas.accounts import ACCOUNTS
from spotdiff.server.api.response_schemas.annotations import ANNOTATIONS
from spotdiff.server.api.response_schemas.comparisons import COMPARISONS
from spotdiff.server.api.response_schemas.events import EVENTS
from spotdiff.server.api.response_schemas.health import HEALTH
from spotdiff.server.api.response_schemas.jobs import JOBS
from spotdiff.server.api.response_schemas.learning import LEARNING
from spotdiff.server.api.response_schemas.places import PLACES
from spotdiff.server.api.response_schemas.review import REVIEW
from spotdiff.server.api.response_schemas.watch import WATCH

if TYPE_CHECKING:
    from fastapi import FastAPI

    from spotdiff.server.api.response_schemas.documentation import Documentation, Schema

SUBJECTS = (COMPARISONS, JOBS, PLACES, REVIEW, ANNOTATIONS, LEARNING, WATCH, EVENTS, ACCOUNTS, HEALTH)


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
            document["components"]["schemas"]["Problem"] = problem
            for subject in SUBJECTS:
                _describe(document, subject)
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]


def _describe(document: Schema, subject: Documentation) -> None:
    schemas = document["components"]["schemas"]
    schemas |= subject.schemas
    for name, example in subject.sent.items():
        schemas[name] = {**schemas[name], "examples": [example]}
    for (method, path), (summary, answers) in subject.answers.items():
        operation = _described_operation(document["paths"][path][method], summary, subject)
        responses = operation["responses"]
        for status, name in answers.items():
            responses[status] = _answer(name, responses.get(status, {}))
        if "200" not in answers:
            responses.pop("200", None)
    for path, (summary, kinds) in subject.files.items():
        operation = _described_operation(document["paths"][path]["get"], summary, subject)
        content = {kind: {"schema": _file(kind)} for kind in kinds}
        operation["responses"]["200"] = {"description": summary, "content": content}


def _described_operation(operation: Schema, summary: str, subject: Documentation) -> Schema:
    """An operation with what it does, and examples of what it takes."""
    operation["summary"] = summary
    for parameter in operation.get("parameters", ()):
        if parameter["name"] in subject.parameters:
            parameter["example"] = subject.parameters[parameter["name"]]
    return operation


def _file(kind: str) -> Schema:
    return {"type": "string"} if kind.startswith("text/") else {"type": "string", "format": "binary"}


def _answer(name: str, known: Schema) -> Schema:
    one = {"$ref": f"#/components/schemas/{name.strip('[]')}"}
    schema = {"type": "array", "items": one} if name.startswith("[") else one
    described = known.get("description", "")
    description = name if described in ("", "Successful Response") else described
    return {**known, "description": description, "content": {"application/json": {"schema": schema}}}
