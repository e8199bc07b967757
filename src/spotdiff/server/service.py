"""What the addresses work with: the queue, what is kept, and how a request gets its answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi import Request, Response
from fastapi.responses import FileResponse, JSONResponse
from starlette.concurrency import run_in_threadpool

from spotdiff.server.problems import Problem
from spotdiff.server.store.jobs import ENDED, Jobs, Stored, job_url, shown_job

if TYPE_CHECKING:
    from spotdiff.server.learn.trainer import Trainer
    from spotdiff.server.settings import Settings
    from spotdiff.server.store.annotations import Annotations
    from spotdiff.server.store.comparisons import Comparisons
    from spotdiff.server.store.places import Places
    from spotdiff.server.store.review import Review
    from spotdiff.server.watch.watched import Watched
    from spotdiff.server.workers.pool import Workers
    from spotdiff.server.workers.waiting import Waiting


@dataclass
class Service:
    """What the addresses work with.

    Attributes:
        settings: What the server was started with.
        jobs, places, comparisons, review, annotations: What it keeps.
        waiting: Requests that wait; there once the loop runs.
        workers: The processes; there once the loop runs.
        trainer: Runs trainings.
        watched: The watch over cameras; None where there is none.
    """

    settings: Settings
    jobs: Jobs
    places: Places
    comparisons: Comparisons
    review: Review
    annotations: Annotations
    trainer: Trainer
    waiting: Waiting | None = None
    workers: Workers | None = None
    watched: Watched | None = None

    @property
    def watching(self) -> Watched:
        """The watch over cameras.

        Raises:
            Problem: 404, there is none.
        """
        if self.watched is None:
            raise Problem(404, "this server watches nothing; start it with --watch RULES.toml")
        return self.watched

    async def accept(
        self,
        request: Request,
        before: Stored | None,
        after: Stored,
        options: dict[str, Any],
        *,
        place: str | None,
        batch: str = "",
    ) -> Response:
        """Queue a job and answer with what came of it, or with its address where the client asks for no more."""
        assert self.workers is not None
        name = await run_in_threadpool(self.jobs.add, before, after, options, place=place, batch=batch)
        self.workers.wake()
        if prefers_async(request):
            return await self._accepted(name)
        return await self._answered(name)

    async def _accepted(self, name: str) -> Response:
        row = await run_in_threadpool(self.jobs.row, name)
        return JSONResponse(shown_job(row), 202, headers={"Location": job_url(name)})

    async def _answered(self, name: str) -> Response:
        assert self.waiting is not None
        await self.waiting.wait(name, lambda: self.jobs.row(name)["state"] in ENDED, seconds=self.settings.wait)
        row = await run_in_threadpool(self.jobs.row, name)
        if row["state"] == "failed":
            raise Problem(row["problem"]["status"], row["problem"]["detail"], job=job_url(name))
        if row["state"] == "cancelled":
            raise Problem(409, "the job was cancelled", job=job_url(name))
        if row["state"] != "done":
            if self.waiting.stopped:
                headers = {"Retry-After": "10"}
                raise Problem(
                    503, "the server ends; the job is kept for its next start", headers=headers, job=job_url(name)
                )
            return await self._accepted(name)
        if row["before"] is None:
            return JSONResponse(await run_in_threadpool(self.places.shown, row["place"]), 201)
        path = await run_in_threadpool(self.comparisons.file, name, "")
        return FileResponse(path, media_type="application/json")


def prefers_async(request: Request) -> bool:
    """Whether the client does not want to wait (RFC 7240)."""
    wishes = ",".join(request.headers.getlist("prefer")).split(",")
    return "respond-async" in (wish.strip().lower() for wish in wishes)
