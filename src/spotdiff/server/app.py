"""The application: what a server is made of, and which parts of it answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

import spotdiff
from spotdiff.server.api.annotations import annotation_routes
from spotdiff.server.api.compare import compare_routes
from spotdiff.server.api.guard import Guard
from spotdiff.server.api.jobs import job_routes
from spotdiff.server.api.learn import learn_routes, measurement_routes, training_routes
from spotdiff.server.api.openapi import PROBLEMS
from spotdiff.server.api.places import place_routes
from spotdiff.server.api.review import review_routes
from spotdiff.server.api.watch import event_routes, watch_routes
from spotdiff.server.learn.runner import Runner
from spotdiff.server.pages.routes import add_files, add_pages
from spotdiff.server.problems import tell_problems
from spotdiff.server.service import Service
from spotdiff.server.store.annotations import Annotations
from spotdiff.server.store.comparisons import Comparisons
from spotdiff.server.store.jobs import Jobs
from spotdiff.server.store.places import Places
from spotdiff.server.store.review import Review
from spotdiff.server.store.runs import Runs
from spotdiff.server.workers.pool import Workers
from spotdiff.server.workers.waiting import Waiting

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from spotdiff.server.settings import Settings


def create_app(settings: Settings, engine: Engine, *, port: int) -> FastAPI:
    """The application of a server.

    Args:
        settings: What it was started with.
        engine: Of its database.
        port: At which it is reached.
    """
    jobs, places, comparisons = Jobs(engine, most=settings.queue), Places(engine), Comparisons(engine, settings.data)
    annotations = Annotations(engine)
    runner = Runner(Runs(engine), annotations, settings.data)
    service = Service(settings, jobs, places, comparisons, Review(engine), annotations, runner)
    if settings.watch is not None:
        from spotdiff.server.watch.watched import Watched

        service.watched = Watched(settings.watch, settings.data)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        service.waiting, service.changes = Waiting(), Waiting()
        service.workers = Workers(jobs, settings, ended=service.waiting.wake, changed=service.changes.wake)
        await run_in_threadpool(jobs.try_again)
        service.workers.start()
        await run_in_threadpool(runner.start)
        if service.watched is not None:
            service.watched.start()
        yield
        if service.watched is not None:
            await run_in_threadpool(service.watched.stop)
        await run_in_threadpool(runner.stop)
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

    @app.get("/healthz")
    async def health() -> dict[str, str]:
        return {"status": "ok", "version": spotdiff.__version__}

    add_pages(app, service)
    add_files(app)
    for routes in (
        compare_routes,
        place_routes,
        review_routes,
        annotation_routes,
        job_routes,
        learn_routes,
        training_routes,
        measurement_routes,
        watch_routes,
        event_routes,
    ):
        app.include_router(routes(service))
    app.add_middleware(Guard, port=port)
    return app
