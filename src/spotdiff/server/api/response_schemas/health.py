"""Whether the server is there, and how it tells of errors."""

from __future__ import annotations

from spotdiff.server.api.response_schemas.documentation import TEXT, Documentation, an_object, with_example

HEALTH = Documentation(
    answers={("get", "/healthz"): ("Whether the server is there", {"200": "Health"})},
    schemas={
        "Health": with_example(
            an_object("That the server is there.", status={"const": "ok"}, version=TEXT),
            {"status": "ok", "version": "0.1.0"},
        )
    },
    sent={"Problem": {"type": "about:blank", "title": "Not Found", "status": 404, "detail": "there is no job none"}},
)
