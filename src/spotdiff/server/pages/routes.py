"""The pages: comparing, the answer, places, review. Their scripts use the addresses that everybody has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from spotdiff import plugins
from spotdiff.options import Options
from spotdiff.presets import PRESETS
from spotdiff.report.markup import PAGE_FOLDER, page_file
from spotdiff.server.api.request_options import make_options
from spotdiff.server.problems import Problem
from spotdiff.server.store.answer_files import BODY

if TYPE_CHECKING:
    from fastapi import FastAPI

    from spotdiff.server.service import Service

_FOLDER = Path(__file__).parent / "files"
_LISTED = 20
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_SHARED = ("base.css", "report.css", "theme.js", "viewer.js", "report.js")  # of the report, so that all look alike
_OWN = frozenset(path.name for path in _FOLDER.iterdir() if path.suffix in (".css", ".js", ".svg"))
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def add_pages(app: FastAPI, service: Service) -> None:
    """Give an application its pages."""
    templates = Environment(loader=FileSystemLoader((_FOLDER, PAGE_FOLDER)), autoescape=True, undefined=StrictUndefined)
    templates.globals["watches"] = service.watched is not None
    templates.globals["has_sets"] = service.settings.sets is not None

    def page(template: str, *, status: int = 200, **parts: object) -> Response:
        text = templates.get_template(template).render(parts)
        return HTMLResponse(text, status, headers={"Content-Security-Policy": _POLICY})

    def problem_page(problem: Problem) -> Response:
        response = page("problem.html", status=problem.status, problem=problem.content)
        response.headers.update(problem.headers)
        return response

    app.state.problem_page = problem_page

    @app.get("/", include_in_schema=False)
    def start() -> Response:
        return page("start.html", latest=service.comparisons.latest(_LISTED), presets=PRESETS)

    @app.get("/comparisons/{name}", include_in_schema=False)
    def comparison(name: str) -> Response:
        row = service.comparisons.row(name)
        body = (service.comparisons.folder(name) / BODY).read_text(encoding="utf-8")
        options = service.jobs.row(name)["options"]
        compared_at = make_options(options, megapixels=service.settings.megapixels).sensitivity
        return page("comparison.html", comparison=row, body=Markup(body), compared_at=compared_at, options=options)

    @app.get("/places", include_in_schema=False)
    def places() -> Response:
        return page("places.html", places=service.places.all())

    @app.get("/places/{name}", include_in_schema=False)
    def place(name: str) -> Response:
        shown, methods = service.places.shown(name), plugins.names("methods")
        webhooks = service.settings.webhook_names
        return page("place.html", place=shown, presets=PRESETS, methods=methods, usual=Options(), webhooks=webhooks)

    @app.get("/review", include_in_schema=False)
    def review() -> Response:
        return page("review.html")

    _add_learn_pages(app, service, page)
    _add_watch_pages(app, service, page)


def _add_learn_pages(app: FastAPI, service: Service, page: Callable[..., Response]) -> None:
    @app.get("/places/{name}/learn", include_in_schema=False)
    def learn(name: str) -> Response:
        service.places.training(name)
        return page("learn.html", place=name)

    @app.get("/places/{name}/measure", include_in_schema=False)
    def measure(name: str) -> Response:
        service.places.training(name)
        return page("measure.html", place=name, set="", methods=plugins.names("methods"), learned=())

    @app.get("/sets", include_in_schema=False)
    def sets() -> Response:
        return page("sets.html", sets=service.sets.all())

    @app.get("/sets/{name}", include_in_schema=False)
    def measure_set(name: str) -> Response:
        service.sets.path(name)
        learned = service.runner.learned()
        return page("measure.html", place="", set=name, methods=plugins.names("methods"), learned=learned)


def _add_watch_pages(app: FastAPI, service: Service, page: Callable[..., Response]) -> None:
    @app.get("/watch", include_in_schema=False)
    def watch() -> Response:
        return page("watch.html", cameras=service.watching.cameras())

    @app.get("/watch/zones/{camera}", include_in_schema=False)
    def zones(camera: str) -> Response:
        watched = service.watching
        return page("zones.html", camera=camera, size=watched.size(camera), zones=watched.zones(), kinds=watched.kinds)

    @app.get("/watch/events/{name}", include_in_schema=False)
    def event(name: str) -> Response:
        return page("event.html", event=service.watching.event(name))


def add_files(app: FastAPI) -> None:
    """Give an application the styles and scripts of its pages."""

    @app.get("/static/{name}", include_in_schema=False)
    def static(name: str) -> Response:
        if name not in _SHARED and name not in _OWN:
            raise Problem(404, "there is nothing at this address")
        text = page_file(name) if name in _SHARED else (_FOLDER / name).read_text(encoding="utf-8")
        return Response(text, media_type=_TYPES[Path(name).suffix])
