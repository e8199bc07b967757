"""Every request counted, and told in the log: method, route, status, seconds and job, and nothing that is secret."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from spotdiff.server.metrics import Metrics

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_OF_JOBS = ("/api/v1/jobs/", "/api/v1/comparisons/")
_LONGEST = 40  # letters of what stands where an id does
_GONE = 499  # the client went away before it was answered
_log = logging.getLogger("spotdiff.server")


class RequestLog:
    """ASGI middleware: looks on, and changes nothing."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        """Round an application, outside of all that may refuse a request."""
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, then count it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), _GONE

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            self._tell(scope, status, time.perf_counter() - started)

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route = getattr(scope.get("route"), "path", "none")
        self._metrics.count_request(method, route, status, seconds)
        fields = {"method": method, "route": route, "status": status, "seconds": round(seconds, 4)}
        job = _job_of(scope, route)
        _log.info("request", extra={"fields": fields | ({"job": job} if job else {})})


def _job_of(scope: Scope, route: str) -> str:
    """The id of the job that a request made or asked for, or ""."""
    made: dict[str, Any] = scope.get("state", {})
    if "job" in made:
        return str(made["job"])
    return str(scope["path_params"]["name"])[:_LONGEST] if route.startswith(_OF_JOBS) else ""


def metrics_routes(metrics: Metrics) -> APIRouter:
    """`/metrics`, in the text form of Prometheus."""
    api = APIRouter()

    @api.get("/metrics", include_in_schema=False)
    def tell() -> Response:
        return Response(generate_latest(metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return api
