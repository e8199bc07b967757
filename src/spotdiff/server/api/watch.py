"""The watch: cameras and what they see, events and what people say of them, zones."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from spotdiff.clock import utc_unless_zoned
from spotdiff.server.api.authentication import person
from spotdiff.server.api.whole_file import WholeFile

if TYPE_CHECKING:
    from spotdiff.server.service import Service

_TYPES = {".jpg": "image/jpeg", ".png": "image/png", ".mp4": "video/mp4"}
Role = Literal["before", "after", "boxes", "mask", "thumbnail", "clip"]
Words = Annotated[list[str] | None, Query()]


class Remark(BaseModel):
    """What a person says of an event."""

    model_config = ConfigDict(extra="forbid")
    who: str = Field(default="", max_length=200)
    note: str = Field(default="", max_length=2000)


class NewZones(BaseModel):
    """What `PUT /watch/zones` takes: the fields of a zone as docs/watch.md has them, and its name."""

    model_config = ConfigDict(extra="forbid")
    zones: list[dict[str, Any]] = Field(max_length=200)


def watch_routes(service: Service) -> APIRouter:
    """What stands below `/watch`."""
    api = APIRouter(prefix="/api/v1/watch")

    @api.get("")
    def status() -> dict[str, Any]:
        return service.watching.status()

    @api.get("/cameras/{name}.jpg", response_class=WholeFile)
    def picture(name: str) -> WholeFile:
        return WholeFile(service.watching.picture(name), media_type="image/jpeg")

    @api.get("/zones")
    def zones() -> dict[str, Any]:
        return {"zones": service.watching.zones()}

    @api.put("/zones")
    def set_zones(new: NewZones) -> dict[str, Any]:
        return {"zones": service.watching.set_zones(new.zones)}

    return api


def event_routes(service: Service) -> APIRouter:
    """What stands below `/events`."""
    api = APIRouter(prefix="/api/v1/events")

    @api.get("")
    def events(
        *,
        camera: Words = None,
        state: Words = None,
        kind: Words = None,
        zone: Words = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> list[dict[str, Any]]:
        chosen = {"camera": camera, "state": state, "kind": kind, "zone": zone}
        times = {"since": utc_unless_zoned(since), "until": utc_unless_zoned(until)}
        return service.watching.events(limit=limit, **times, **chosen)

    @api.get("/{name}")
    def event(name: str) -> dict[str, Any]:
        return service.watching.event(name)

    @api.post("/{name}/acknowledge")
    def acknowledge(name: str, request: Request, remark: Remark | None = None) -> dict[str, Any]:
        return service.watching.acknowledge(name, **_remark_of(request, remark))

    @api.post("/{name}/normal")
    def normal(name: str, request: Request, remark: Remark | None = None) -> dict[str, Any]:
        return service.watching.make_normal(name, **_remark_of(request, remark))

    @api.get("/{name}/{role}", response_class=WholeFile)
    def file(name: str, role: Role) -> FileResponse:
        path = service.watching.file(name, role)
        sent = FileResponse if path.suffix == ".mp4" else WholeFile  # players ask for parts of films
        return sent(path, media_type=_TYPES.get(path.suffix, "application/octet-stream"))

    return api


def _remark_of(request: Request, remark: Remark | None) -> dict[str, str]:
    """Who says it, and the note."""
    given = remark or Remark()
    return {"who": person(request, given.who), "note": given.note}
