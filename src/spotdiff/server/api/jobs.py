"""How a job stands, and its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter

from spotdiff.server.store.jobs import shown_job

if TYPE_CHECKING:
    from spotdiff.server.service import Service


def job_routes(service: Service) -> APIRouter:
    """What stands below `/jobs`."""
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
