"""The application: what a server is made of, and which parts of it answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Protocol

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

import spotdiff
from spotdiff.server.api.accounts import account_routes
from spotdiff.server.api.annotations import annotation_routes
from spotdiff.server.api.authentication import Authentication
from spotdiff.server.api.compare import compare_routes
from spotdiff.server.api.guard import Guard
from spotdiff.server.api.jobs import job_routes
from spotdiff.server.api.learn import learn_routes, measurement_routes, set_routes, training_routes
from spotdiff.server.api.limits import BodyLimit
from spotdiff.server.api.openapi import PROBLEM, PROBLEMS
from spotdiff.server.api.places import place_routes, webhook_routes
from spotdiff.server.api.request_log import RequestLog, metrics_routes
from spotdiff.server.api.response_schemas import describe_answers
from spotdiff.server.api.review import review_routes
from spotdiff.server.api.watch import event_routes, watch_routes
from spotdiff.server.learn.labelled_sets import LabelledSets
from spotdiff.server.learn.runner import Runner
from spotdiff.server.metrics import Metrics
from spotdiff.server.pages.login import add_login
from spotdiff.server.pages.routes import add_files, add_pages
from spotdiff.server.problems import tell_problems
from spotdiff.server.service import Service
from spotdiff.server.store.accounts import Accounts
from spotdiff.server.store.annotations import Annotations
from spotdiff.server.store.comparisons import Comparisons
from spotdiff.server.store.deliveries import Deliveries
from spotdiff.server.store.jobs import Jobs
from spotdiff.server.store.places import Places
from spotdiff.server.store.retention import Retention
from spotdiff.server.store.review import Review
from spotdiff.server.store.runs import Runs
from spotdiff.server.store.usage import Usage
from spotdiff.server.store.watched_files import WatchedFiles
from spotdiff.server.workers.job_notifier import JobNotifier
from spotdiff.server.workers.pool import Workers
from spotdiff.server.workers.watched_folders import WatchedFolders
from spotdiff.server.workers.webhook import Webhooks

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from spotdiff.server.settings import Settings


class Part(Protocol):
    """What works beside the requests."""

    def stop(self) -> None:
        """End it."""


def create_app(settings: Settings, engine: Engine, *, port: int) -> FastAPI:
    """The application of a server.

    Args:
        settings: What it was started with.
        engine: Of its database.
        port: At which it is reached.
    """
    deliveries = Deliveries(engine, [hook.name for hook in settings.webhooks])
    jobs = Jobs(engine, most=settings.queue, tell=deliveries.tell if settings.webhooks else None)
    places, comparisons = Places(engine), Comparisons(engine, settings.data)
    annotations = Annotations(engine)
    sets = LabelledSets(settings.sets)
    runner = Runner(Runs(engine), annotations, settings.data, sets=sets)
    accounts, usage = Accounts(engine), Usage(engine, settings)
    service = Service(settings, jobs, places, comparisons, Review(engine), annotations, runner, accounts, usage, sets)
    if settings.watch is not None:
        from spotdiff.server.watch.camera_watch import CameraWatch

        service.watched = CameraWatch(settings.watch, settings.data)

    folders = WatchedFolders(settings, jobs, places, WatchedFiles(engine), usage, queued=service.wake)
    metrics = Metrics(service, deliveries)
    retention = Retention(engine, settings)
    webhooks = Webhooks(settings.webhooks, deliveries)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        service.waiting, service.changes = JobNotifier(), JobNotifier()
        service.workers = Workers(
            jobs, settings, ended=service.waiting.wake, changed=service.changes.wake, took=metrics.count_job
        )
        await run_in_threadpool(jobs.give_all_back)
        service.workers.start()
        folders.start()
        await run_in_threadpool(webhooks.start)
        retention.start()
        parts: list[Part] = [folders, service.workers, webhooks, runner, retention]
        await run_in_threadpool(runner.start)
        if service.watched is not None:
            service.watched.start()
            parts.append(service.watched)
        yield
        for part in parts:
            await run_in_threadpool(part.stop)

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
    add_login(app, accounts, port=port)
    for routes in (
        compare_routes,
        place_routes,
        webhook_routes,
        review_routes,
        annotation_routes,
        job_routes,
        learn_routes,
        training_routes,
        measurement_routes,
        set_routes,
        watch_routes,
        event_routes,
        account_routes,
    ):
        app.include_router(routes(service))
    app.include_router(metrics_routes(metrics))
    describe_answers(app, PROBLEM)
    app.add_middleware(BodyLimit, seconds=settings.upload)  # the last one added is the first to be asked
    app.add_middleware(Authentication, accounts=accounts, settings=settings, port=port)
    app.add_middleware(Guard, settings=settings, port=port)
    app.add_middleware(RequestLog, metrics=metrics)
    return app
