"""Places: each new picture is held against the baseline, and approved ones become it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from spotdiff.server.api.authentication import acting_as
from spotdiff.server.api.openapi import PICTURE_BODY
from spotdiff.server.api.request_options import read_options
from spotdiff.server.api.uploads import receive

if TYPE_CHECKING:
    from spotdiff.server.service import Service


class NewPlace(BaseModel):
    """What `POST /places` takes."""

    model_config = ConfigDict(extra="forbid")
    name: str


class Approval(BaseModel):
    """What `POST /places/NAME/approve` takes."""

    model_config = ConfigDict(extra="forbid")
    comparison: str | None = None
    who: str = Field(default="", max_length=200)


def place_routes(service: Service) -> APIRouter:
    """What stands below `/places`."""
    api = APIRouter(prefix="/api/v1/places")

    @api.post("", status_code=201)
    def add(new: NewPlace) -> dict[str, Any]:
        return service.places.add(new.name)

    @api.get("")
    def every() -> list[dict[str, Any]]:
        return service.places.all()

    @api.get("/{name}")
    def place(name: str) -> dict[str, Any]:
        return service.places.shown(name)

    @api.post("/{name}/pictures", openapi_extra=PICTURE_BODY)
    async def picture(name: str, request: Request) -> Response:
        async with service.room(request):
            await run_in_threadpool(service.places.baseline, name)
            form = await receive(request, service, pictures=("picture",))
            options = await run_in_threadpool(read_options, form.texts.get("options"))
            baseline = await run_in_threadpool(service.places.baseline, name)
            job = await service.add(request, baseline, form.picture("picture"), options, place=name)
        return await service.answer(request, job)

    @api.post("/{name}/approve")
    def approve(name: str, request: Request, approval: Approval | None = None) -> dict[str, Any]:
        asked = approval or Approval()
        return service.places.approve(name, comparison=asked.comparison, who=acting_as(request, asked.who))

    return api
