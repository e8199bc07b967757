"""Comparing two pictures, and the files of answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse
from starlette.concurrency import run_in_threadpool

from spotdiff.server.api.openapi import COMPARE_BODY
from spotdiff.server.api.request_options import read_options
from spotdiff.server.api.uploads import receive
from spotdiff.server.store.answer_files import FILES, KEPT, media_type

if TYPE_CHECKING:
    from spotdiff.server.service import Service
    from spotdiff.server.store.comparisons import Comparisons

REPORT_POLICY = "sandbox allow-scripts; frame-ancestors 'self'"  # the page's own policy names its script by its digest


def compare_routes(service: Service) -> APIRouter:
    """`POST /compare` and what stands below `/comparisons`."""
    api = APIRouter(prefix="/api/v1")

    @api.post("/compare", openapi_extra=COMPARE_BODY)
    async def compare(request: Request) -> Response:
        await run_in_threadpool(service.jobs.check_room)
        form = await receive(request, service.settings, pictures=("before", "after"))
        options = await run_in_threadpool(read_options, form.texts.get("options"))
        before, after = form.picture("before"), form.picture("after")
        return await service.accept(request, before, after, options, place=None, batch=form.batch)

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
        return FileResponse(path, media_type=media_type(path), headers={**KEPT, **policy})

    return send
