"""How jobs stand, what becomes of them as it happens, and their end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from fastapi import APIRouter, Response
from starlette.concurrency import run_in_threadpool

from spotdiff.server.api.job_events import EventStreams

if TYPE_CHECKING:
    from spotdiff.server.service import Service

State = Literal["queued", "running", "done", "failed", "cancelled"]


def job_routes(service: Service) -> APIRouter:
    """What stands below `/jobs`."""
    api = APIRouter(prefix="/api/v1/jobs")
    streams = EventStreams(service)

    @api.get("")
    def latest(state: State | None = None, limit: int = 20) -> list[dict[str, Any]]:
        return service.shown_jobs(state, min(max(limit, 1), 1000))

    @api.get("/{name}")
    def job(name: str) -> dict[str, Any]:
        return service.shown_job(name)

    @api.delete("/{name}")
    def cancel(name: str) -> dict[str, Any]:
        assert service.workers is not None
        service.jobs.cancel(name)
        service.workers.drop(name)
        return service.shown_job(name)

    @api.post("/{name}/retry", status_code=202)
    def retry(name: str) -> dict[str, Any]:
        assert service.workers is not None
        service.jobs.retry(name)
        service.workers.wake()
        return service.shown_job(name)

    @api.get("/{name}/events")
    async def events(name: str) -> Response:
        await run_in_threadpool(service.jobs.row, name)
        return streams.open(name)

    return api
