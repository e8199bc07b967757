"""What the OpenAPI document says of answers: a schema and an example for every address, a file a subject."""

from __future__ import annotations

from spotdiff.server.api.response_schemas.document import describe_answers as describe_answers
