"""Comparing two pictures, and the files of answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool

from spotdiff.batching.judge import Criteria, check_sensitivity, judged_record
from spotdiff.server.api.openapi import COMPARE_BODY
from spotdiff.server.api.request_options import make_options, read_options
from spotdiff.server.api.uploads import receive
from spotdiff.server.api.whole_file import WholeFile
from spotdiff.server.store.answer_files import FILES, KEPT, media_type
from spotdiff.server.store.tiles import described, tile

if TYPE_CHECKING:
    from spotdiff.server.service import Service
    from spotdiff.server.store.comparisons import Comparisons

REPORT_POLICY = "sandbox allow-scripts; frame-ancestors 'self'"  # the page's own policy names its script by its digest


def compare_routes(service: Service) -> APIRouter:
    """`POST /compare` and what stands below `/comparisons`."""
    api = APIRouter(prefix="/api/v1")

    @api.post("/compare", openapi_extra=COMPARE_BODY)
    async def compare(request: Request) -> Response:
        async with service.room(request):
            form = await receive(request, service, pictures=("before", "after"))
            options = await run_in_threadpool(read_options, form.texts.get("options"))
            before, after = form.picture("before"), form.picture("after")
            job = await service.add(request, before, after, options, place=None, batch=form.batch)
        return await service.answer(request, job)

    @api.get("/comparisons")
    def latest(limit: int = 20) -> list[dict[str, Any]]:
        return service.comparisons.latest(min(max(limit, 1), 1000))

    for asked in filter(None, FILES):
        api.add_api_route(
            f"/comparisons/{{name}}{asked}", _sender(service.comparisons, asked), response_class=WholeFile
        )

    @api.get("/comparisons/{name}/tiles/{picture}.dzi", response_class=Response)
    def tiles(name: str, picture: str) -> Response:
        text = described(service.comparisons.folder(name), picture)
        return Response(text, media_type="application/xml", headers=KEPT)

    @api.get("/comparisons/{name}/tiles/{picture}_files/{level}/{asked}", response_class=Response)
    def one_tile(name: str, picture: str, level: int, asked: str) -> Response:
        stored = tile(service.comparisons.folder(name), picture, level, asked)
        return Response(stored.data, media_type=stored.media_type, headers=KEPT)

    @api.get("/comparisons/{name}")
    def record(name: str, criteria: Annotated[AskedCriteria, Query()]) -> Response:
        if not criteria.model_fields_set:
            return _sender(service.comparisons, "")(name)
        return JSONResponse(_judged(service, name, Criteria(**criteria.model_dump())))

    return api


class AskedCriteria(BaseModel):
    """What `GET /comparisons/ID` takes to decide the record anew."""

    model_config = ConfigDict(extra="forbid")
    sensitivity: float | None = None
    min_score: float | None = None
    max_pixels: int | None = None
    max_fraction: float | None = None


def _judged(service: Service, name: str, criteria: Criteria) -> dict[str, Any]:
    record = service.comparisons.record(name)
    asked = make_options(service.jobs.row(name)["options"], megapixels=service.settings.megapixels)
    check_sensitivity(criteria, compared_at=asked.sensitivity)
    return judged_record(record, criteria, language=asked.language)


def _sender(comparisons: Comparisons, asked: str) -> Callable[[str], WholeFile]:
    """What answers with one of the files of a comparison."""

    def send(name: str) -> WholeFile:
        path = comparisons.file(name, asked)
        policy = {"Content-Security-Policy": REPORT_POLICY} if path.suffix == ".html" else {}
        return WholeFile(path, media_type=media_type(path), headers={**KEPT, **policy})

    return send
