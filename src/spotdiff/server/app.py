"""The application: which address does what."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

import spotdiff
from spotdiff.server.answer_files import FILES, MEDIA_TYPES
from spotdiff.server.comparisons import Comparisons
from spotdiff.server.guard import Guard
from spotdiff.server.jobs import Jobs, shown_job
from spotdiff.server.openapi import COMPARE_BODY, PICTURE_BODY, PROBLEMS
from spotdiff.server.pages import add_pages
from spotdiff.server.places import Places
from spotdiff.server.problems import tell_problems
from spotdiff.server.request_options import read_options
from spotdiff.server.service import Service
from spotdiff.server.uploads import receive
from spotdiff.server.waiting import Waiting
from spotdiff.server.workers import Workers

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from spotdiff.server.settings import Settings

REPORT_POLICY = "sandbox allow-scripts; frame-ancestors 'self'"  # the page's own policy names its script by its digest
_KEPT = {"Cache-Control": "private, max-age=31536000, immutable"}  # an answer never changes


class NewPlace(BaseModel):
    """What `POST /places` takes."""

    model_config = ConfigDict(extra="forbid")
    name: str


class Approval(BaseModel):
    """What `POST /places/NAME/approve` takes."""

    model_config = ConfigDict(extra="forbid")
    comparison: str | None = None
    who: str = Field(default="", max_length=200)


def create_app(settings: Settings, engine: Engine, *, port: int) -> FastAPI:
    """The application of a server.

    Args:
        settings: What it was started with.
        engine: Of its database.
        port: At which it is reached.
    """
    jobs, places, comparisons = Jobs(engine, most=settings.queue), Places(engine), Comparisons(engine, settings.data)
    service = Service(settings, jobs, places, comparisons)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        service.waiting = Waiting()
        service.workers = Workers(jobs, settings, ended=service.waiting.ended)
        await run_in_threadpool(jobs.try_again)
        service.workers.start()
        yield
        await run_in_threadpool(service.workers.stop)

    app = FastAPI(
        title="spotdiff",
        version=spotdiff.__version__,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        responses=PROBLEMS,
    )
    app.state.service = service
    tell_problems(app)
    add_pages(app, comparisons)
    for routes in (_health(), _comparing(service), _placing(service), _jobs(service)):
        app.include_router(routes)
    app.add_middleware(Guard, port=port)
    return app


def _health() -> APIRouter:
    api = APIRouter()

    @api.get("/healthz")
    async def health() -> dict[str, str]:
        return {"status": "ok", "version": spotdiff.__version__}

    return api


def _comparing(service: Service) -> APIRouter:
    api = APIRouter(prefix="/api/v1")

    @api.post("/compare", openapi_extra=COMPARE_BODY)
    async def compare(request: Request) -> Response:
        await run_in_threadpool(service.jobs.check_room)
        form = await receive(request, service.settings, pictures=("before", "after"))
        options = await run_in_threadpool(read_options, form.texts.get("options"))
        return await service.accept(request, form.picture("before"), form.picture("after"), options, place=None)

    @api.get("/comparisons")
    def latest(limit: int = 20) -> list[dict[str, Any]]:
        return service.comparisons.latest(min(max(limit, 1), 1000))

    for asked in FILES:
        api.add_api_route(
            f"/comparisons/{{name}}{asked}", _sender(service.comparisons, asked), response_class=FileResponse
        )
    return api


def _sender(comparisons: Comparisons, asked: str) -> Callable[[str], FileResponse]:
    """What answers with one of the files of a comparison."""

    def send(name: str) -> FileResponse:
        path = comparisons.file(name, asked)
        policy = {"Content-Security-Policy": REPORT_POLICY} if path.suffix == ".html" else {}
        return FileResponse(path, media_type=MEDIA_TYPES[path.suffix], headers={**_KEPT, **policy})

    return send


def _placing(service: Service) -> APIRouter:
    api = APIRouter(prefix="/api/v1/places")

    @api.post("", status_code=201)
    def add(new: NewPlace) -> dict[str, Any]:
        return service.places.add(new.name)

    @api.get("")
    def every() -> list[dict[str, Any]]:
        return service.places.all()

    @api.get("/{name}")
    def place(name: str) -> dict[str, Any]:
        return service.places.shown(name)

    @api.post("/{name}/pictures", openapi_extra=PICTURE_BODY)
    async def picture(name: str, request: Request) -> Response:
        await run_in_threadpool(service.jobs.check_room)
        await run_in_threadpool(service.places.baseline, name)
        form = await receive(request, service.settings, pictures=("picture",))
        options = await run_in_threadpool(read_options, form.texts.get("options"))
        baseline = await run_in_threadpool(service.places.baseline, name)
        return await service.accept(request, baseline, form.picture("picture"), options, place=name)

    @api.post("/{name}/approve")
    def approve(name: str, request: Request, approval: Approval | None = None) -> dict[str, Any]:
        asked = approval or Approval()
        who = asked.who or (request.client.host if request.client else "")
        return service.places.approve(name, comparison=asked.comparison, who=who)

    return api


def _jobs(service: Service) -> APIRouter:
    api = APIRouter(prefix="/api/v1/jobs")

    @api.get("/{name}")
    def job(name: str) -> dict[str, Any]:
        return shown_job(service.jobs.row(name))

    @api.delete("/{name}")
    def cancel(name: str) -> dict[str, Any]:
        assert service.workers is not None
        service.jobs.cancel(name)
        service.workers.drop(name)
        return shown_job(service.jobs.row(name))

    return api
