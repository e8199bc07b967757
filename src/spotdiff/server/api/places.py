"""Places: each new picture is held against the baseline, and approved ones become it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from spotdiff.server.api.authentication import person
from spotdiff.server.api.openapi import PICTURE_BODY
from spotdiff.server.api.request_options import check_options, over_place, read_options
from spotdiff.server.api.uploads import receive
from spotdiff.server.api.whole_file import WholeFile
from spotdiff.server.problems import Problem
from spotdiff.server.store.answer_files import KEPT, answer_folder, media_type

if TYPE_CHECKING:
    from spotdiff.server.service import Service


_PICTURE_FILES = {".png": "after.png", "/thumb.jpg": "thumb.after.jpg"}


class NewPlace(BaseModel):
    """What `POST /places` takes."""

    model_config = ConfigDict(extra="forbid")
    name: str


class Approval(BaseModel):
    """What `POST /places/NAME/approve` takes."""

    model_config = ConfigDict(extra="forbid")
    comparison: str | None = None
    who: str = Field(default="", max_length=200)


class PlaceChange(BaseModel):
    """What `PATCH /places/NAME` takes: options that are set, or where they are null no longer; who is told of it."""

    model_config = ConfigDict(extra="forbid")
    options: dict[str, Any] = {}
    webhooks: Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=100)] | None = None


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

    @api.patch("/{name}")
    def change(name: str, asked: PlaceChange) -> dict[str, Any]:
        _check_webhooks(service, asked.webhooks or ())
        return service.places.change(name, asked.options, check=check_options, webhooks=asked.webhooks)

    for ending, what in _PICTURE_FILES.items():
        api.add_api_route(f"/{{name}}/pictures/{{number}}{ending}", _sender(service, what), response_class=WholeFile)

    @api.post("/{name}/pictures", openapi_extra=PICTURE_BODY)
    async def picture(name: str, request: Request) -> Response:
        async with service.room(request):
            stored = await run_in_threadpool(service.places.options, name)
            form = await receive(request, service, pictures=("picture",))
            asked = await run_in_threadpool(read_options, form.texts.get("options"))
            options = await run_in_threadpool(over_place, stored, asked)
            baseline = await run_in_threadpool(service.places.baseline, name)
            new = form.picture("picture")
            job = await service.add(request, baseline, new, options, place=name, batch=form.batch)
        return await service.answer(request, job)

    @api.post("/{name}/approve")
    def approve(name: str, request: Request, approval: Approval | None = None) -> dict[str, Any]:
        asked = approval or Approval()
        return service.places.approve(name, comparison=asked.comparison, who=person(request, asked.who))

    return api


def webhook_routes(service: Service) -> APIRouter:
    """`/webhooks`, among which places choose."""
    api = APIRouter(prefix="/api/v1")

    @api.get("/webhooks")
    def webhooks() -> list[dict[str, str]]:
        return [{"name": name} for name in service.settings.webhook_names]

    return api


def _check_webhooks(service: Service, names: Sequence[str]) -> None:
    for name in names:
        if name not in service.settings.webhook_names:
            raise Problem(422, f"there is no webhook {name}; GET /api/v1/webhooks lists them")


def _sender(service: Service, what: str) -> Callable[..., WholeFile]:
    """What answers with a file of a picture of a place."""

    def send(name: str, number: Annotated[int, Path(ge=0, lt=2**63)]) -> WholeFile:
        path = answer_folder(service.settings.data, service.places.picture_job(name, number)) / what
        return WholeFile(path, media_type=media_type(path), headers=KEPT)

    return send
