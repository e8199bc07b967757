"""What the addresses work with: the queue, what is kept, and how a request gets its answer."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from spotdiff.server.api.authentication import caller_of
from spotdiff.server.api.whole_file import WholeFile
from spotdiff.server.problems import Problem, disk_full
from spotdiff.server.store.jobs import ENDED, Jobs, Stored, job_url, shown_job

if TYPE_CHECKING:
    from sqlalchemy import RowMapping

    from spotdiff.server.learn.labelled_sets import LabelledSets
    from spotdiff.server.learn.runner import Runner
    from spotdiff.server.settings import Settings
    from spotdiff.server.store.accounts import Accounts
    from spotdiff.server.store.annotations import Annotations
    from spotdiff.server.store.comparisons import Comparisons
    from spotdiff.server.store.places import Places
    from spotdiff.server.store.review import Review
    from spotdiff.server.store.usage import Usage
    from spotdiff.server.watch.camera_watch import CameraWatch
    from spotdiff.server.workers.job_notifier import JobNotifier
    from spotdiff.server.workers.pool import Workers

_MB = 1_000_000


@dataclass
class Service:
    """What the addresses work with.

    Attributes:
        settings: What the server was started with.
        jobs, places, comparisons, review, annotations: What it keeps.
        accounts, usage: Who may use it, and what they have sent.
        sets: Labelled sets that it was started with.
        waiting: Requests that wait for the end of a job; there once the loop runs.
        changes: Requests that wait for anything new of a job; there once the loop runs.
        workers: The processes; there once the loop runs.
        runner: Does trainings and measurements.
        watched: The watch over cameras; None where there is none.
    """

    settings: Settings
    jobs: Jobs
    places: Places
    comparisons: Comparisons
    review: Review
    annotations: Annotations
    runner: Runner
    accounts: Accounts
    usage: Usage
    sets: LabelledSets
    waiting: JobNotifier | None = None
    changes: JobNotifier | None = None
    workers: Workers | None = None
    watched: CameraWatch | None = None
    coming: Counter[str] = field(default_factory=Counter)  # jobs whose pictures arrive, by account
    _admission: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def watching(self) -> CameraWatch:
        """The watch over cameras.

        Raises:
            Problem: 404, there is none.
        """
        if self.watched is None:
            raise Problem(404, "this server watches nothing; start it with --watch RULES.toml")
        return self.watched

    @asynccontextmanager
    async def room(self, request: Request) -> AsyncIterator[None]:
        """Room in the queue while the pictures of a job arrive, until it is added.

        Raises:
            Problem: 429, as many jobs wait or arrive as may; 507, the disk is nearly full.
        """
        account = caller_of(request).name
        async with self._admission:
            await run_in_threadpool(self._check_room, account, self.coming.copy())
            self.coming[account] += 1
        try:
            yield
        finally:
            self.coming[account] -= 1
            if not self.coming[account]:
                del self.coming[account]

    def _check_room(self, account: str, coming: Counter[str]) -> None:
        self.jobs.check_room(coming=coming.total())
        if account:
            self.usage.check(account, coming=coming[account])
        if shutil.disk_usage(self.settings.data).free < self.settings.spare_mb * _MB:
            raise disk_full()

    async def add(
        self,
        request: Request,
        before: Stored | None,
        after: Stored,
        options: dict[str, Any],
        *,
        place: str | None,
        batch: str = "",
    ) -> str:
        """Queue a job and return its id."""
        assert self.workers is not None
        owner = caller_of(request).name
        add = partial(self.jobs.add, before, after, options, place=place, batch=batch, owner=owner)
        name = await run_in_threadpool(add)
        request.state.job = name
        self.workers.wake()
        return name

    async def answer(self, request: Request, name: str) -> Response:
        """What came of a job, or its address where the client asks for no more."""
        if prefers_async(request):
            return await self._accepted(name)
        return await self._answered(name)

    def shown_job(self, name: str) -> dict[str, Any]:
        """A job as its client sees it.

        Raises:
            Problem: 404, there is no such job.
        """
        return self._shown(self.jobs.row(name))

    def shown_jobs(self, state: str | None, count: int) -> list[dict[str, Any]]:
        """The latest jobs as their clients see them, the last one first."""
        return [self._shown(row) for row in self.jobs.listed(state, count)]

    def _shown(self, row: RowMapping) -> dict[str, Any]:
        return shown_job(row, step=None if self.workers is None else self.workers.step(row["id"]))

    def wake(self) -> None:
        """Say that a job has come."""
        if self.workers is not None:
            self.workers.wake()

    def stop_waiting(self) -> None:
        """Let all requests go that wait, since the server ends."""
        for waiting in (self.waiting, self.changes):
            if waiting is not None:
                waiting.stop()

    async def _accepted(self, name: str) -> Response:
        return JSONResponse(await run_in_threadpool(self.shown_job, name), 202, headers={"Location": job_url(name)})

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
        return WholeFile(path, media_type="application/json")


def prefers_async(request: Request) -> bool:
    """Whether the client does not want to wait (RFC 7240)."""
    wishes = ",".join(request.headers.getlist("prefer")).split(",")
    return "respond-async" in (wish.strip().lower() for wish in wishes)
