"""What the addresses work with: the queue, what is kept, and how a request gets its answer."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from spotdiff.server.api.authentication import caller_of
from spotdiff.server.api.whole_file import WholeFile
from spotdiff.server.problems import Problem, disk_full
from spotdiff.server.store.jobs import ENDED, Jobs, Stored, job_url, shown_job

if TYPE_CHECKING:
    from spotdiff.server.settings import Settings
    from spotdiff.server.store.accounts import Accounts
    from spotdiff.server.store.comparisons import Comparisons
    from spotdiff.server.store.places import Places
    from spotdiff.server.store.usage import Usage
    from spotdiff.server.workers.pool import Workers
    from spotdiff.server.workers.waiting import Waiting

_MB = 1_000_000


@dataclass
class Service:
    """What the addresses work with.

    Attributes:
        settings: What the server was started with.
        jobs, places, comparisons: What it keeps.
        accounts, usage: Who may use it, and what they have sent.
        waiting: Requests that wait; there once the loop runs.
        workers: The processes; there once the loop runs.
    """

    settings: Settings
    jobs: Jobs
    places: Places
    comparisons: Comparisons
    accounts: Accounts
    usage: Usage
    waiting: Waiting | None = None
    workers: Workers | None = None
    coming: Counter[str] = field(default_factory=Counter)  # jobs whose pictures arrive, by account
    _admission: asyncio.Lock = field(default_factory=asyncio.Lock)

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
        self, request: Request, before: Stored | None, after: Stored, options: dict[str, Any], *, place: str | None
    ) -> str:
        """Queue a job and return its id."""
        assert self.workers is not None
        owner = caller_of(request).name
        name = await run_in_threadpool(self.jobs.add, before, after, options, place=place, owner=owner)
        self.workers.wake()
        return name

    async def answer(self, request: Request, name: str) -> Response:
        """What came of a job, or its address where the client asks for no more."""
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
        return WholeFile(path, media_type="application/json")


def prefers_async(request: Request) -> bool:
    """Whether the client does not want to wait (RFC 7240)."""
    wishes = ",".join(request.headers.getlist("prefer")).split(",")
    return "respond-async" in (wish.strip().lower() for wish in wishes)
