"""The page at `/`: two pictures in, the report in a frame, the latest comparisons in a list."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from spotdiff.report.markup import page_file
from spotdiff.server.problems import Problem

if TYPE_CHECKING:
    from fastapi import FastAPI

    from spotdiff.server.store.comparisons import Comparisons

_FOLDER = Path(__file__).parent / "files"
_LISTED = 20
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_SHARED = ("base.css", "theme.js")  # of the report, so that both look alike
_OWN = ("start.css", "start.js", "login.css", "login.js", "icon.svg")
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def add_pages(app: FastAPI, comparisons: Comparisons) -> None:
    """Give an application its page, and the style and scripts of that."""
    templates = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined)

    @app.get("/", include_in_schema=False)
    def start() -> Response:
        text = templates.get_template("start.html").render(latest=comparisons.latest(_LISTED))
        return HTMLResponse(text, headers={"Content-Security-Policy": _POLICY})

    @app.get("/static/{name}", include_in_schema=False)
    def static(name: str) -> Response:
        if name not in (*_SHARED, *_OWN):
            raise Problem(404, "there is nothing at this address")
        text = page_file(name) if name in _SHARED else (_FOLDER / name).read_text(encoding="utf-8")
        return Response(text, media_type=_TYPES[Path(name).suffix])
