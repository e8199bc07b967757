"""Corrections of comparisons: what a person says of each, and the labelled pairs that they come to."""

from __future__ import annotations

import asyncio
import tempfile
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from spotdiff.server.api.authentication import person
from spotdiff.server.api.review import Name
from spotdiff.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spotdiff.server.service import Service

_MOST_ARCHIVE = 50_000_000  # bytes
_BLOCK = 1 << 20
_IN_MEMORY = 8_000_000  # bytes of an archive before it goes to disk

Kind = Literal["added", "removed", "changed", "moved", "ignore"]
Pixel = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
Format = Literal["pairs", "labelme", "coco", "cvat", "via"]
Drawn = Literal["labelme", "coco", "cvat", "via"]


class Shape(BaseModel):
    """Something drawn on one picture, in its own pixels: a polygon, a box by its corners, or the path of a brush."""

    model_config = ConfigDict(extra="forbid")
    kind: Kind
    side: Literal["before", "after"]
    form: Literal["polygon", "box", "brush"] = "polygon"
    points: list[tuple[Pixel, Pixel]] = Field(min_length=1, max_length=10_000)
    width: float = Field(default=1, ge=1, le=1000)


class Correction(BaseModel):
    """What `PUT /comparisons/ID/annotations` takes.

    Attributes:
        regions: By their numbers, from 1 on: another kind, or `none` where nothing changed.
        shapes: What was missed.
        revision: The one that this takes the place of; 0 for the first.
    """

    model_config = ConfigDict(extra="forbid")
    regions: dict[str, Literal["none", "replaced"] | Kind] = Field(default={}, max_length=100_000)
    shapes: list[Shape] = Field(default=[], max_length=5000)
    revision: int = Field(ge=0, lt=2**31 - 1)
    who: Name = ""


def annotation_routes(service: Service) -> APIRouter:
    """What stands below `/comparisons/ID/annotations`, and `/annotations.zip`."""
    api = APIRouter(prefix="/api/v1")
    here = "/comparisons/{name}/annotations"

    @api.get(here)
    def annotations(name: str) -> dict[str, Any]:
        return service.annotations.of(name)

    @api.put(here)
    def put(name: str, correction: Correction, request: Request) -> dict[str, Any]:
        check_correction(correction, regions=_region_count(service, name))
        document = correction.model_dump(include={"regions", "shapes"})
        who = person(request, correction.who)
        return service.annotations.put(name, document, revision=correction.revision, who=who)

    @api.get(f"{here}.zip", response_class=StreamingResponse)
    def export(name: str, format: Format = "pairs", joined: bool = False) -> Response:  # noqa: A002, FBT001, FBT002
        service.comparisons.row(name)
        return _archive(service, [name], format, joined=joined)

    @api.post(f"{here}/import", openapi_extra=_ARCHIVE_BODY)
    async def bring_in(name: str, request: Request, format: Drawn = "labelme", joined: bool = False) -> dict[str, Any]:  # noqa: A002, FBT001, FBT002
        with tempfile.TemporaryFile() as archive:
            await _received(request, archive, seconds=service.settings.upload)
            return await run_in_threadpool(_bring_in, service, name, archive, format, person(request), joined=joined)

    @api.get("/annotations.zip", response_class=StreamingResponse)
    def export_all(
        format: Format = "pairs",  # noqa: A002
        joined: bool = False,  # noqa: FBT001, FBT002
        place: Name = "",
        batch: Name = "",
    ) -> Response:
        names = service.annotations.annotated(place=place, batch=batch)
        if not names:
            raise Problem(404, "nothing is annotated yet: correct a comparison first")
        return _archive(service, names, format, joined=joined)

    return api


_ARCHIVE_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
    }
}


def check_correction(correction: Correction, *, regions: int) -> None:
    """Refuse what speaks of no region, and what has no area.

    Raises:
        Problem: 422.
    """
    for number in correction.regions:
        if not number.isascii() or not number.isdecimal() or not 1 <= int(number) <= regions:
            raise Problem(422, f"there is no region {number[:20]}; the comparison has {regions}, numbered from 1 on")
    for shape in correction.shapes:
        if shape.form != "brush" and len(set(shape.points)) < 3:
            raise Problem(422, f"a {shape.form} has three corners or more, not {len(set(shape.points))}")


def _region_count(service: Service, name: str) -> int:
    return len(service.comparisons.record(name)["regions"])


def _archive(service: Service, names: list[str], form: str, *, joined: bool) -> Response:
    from spotdiff.server.store.labelled_pairs import write_archive

    if joined and form == "pairs":
        raise Problem(422, "pairs are two pictures; joined ones are for labelme, coco, cvat and via")
    pairs = [(name, service.comparisons.folder(name), service.annotations.of(name)) for name in names]
    target = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 (closed when it has been sent)
    try:
        left_out = write_archive(pairs, form, target, joined=joined)  # type: ignore[arg-type]
        if len(left_out) == len(pairs):
            raise Problem(422, left_out[0])
        target.seek(0)
    except BaseException:
        target.close()
        raise

    def blocks() -> Iterator[bytes]:
        with target:
            while block := target.read(_BLOCK):
                yield block

    headers = {"Content-Disposition": f'attachment; filename="spotdiff-{form}.zip"'}
    return StreamingResponse(blocks(), media_type="application/zip", headers=headers)


async def _received(request: Request, target: BinaryIO, *, seconds: float) -> None:
    request.state.body.most = _MOST_ARCHIVE + _BLOCK
    read = 0
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                read += len(chunk)
                if read > _MOST_ARCHIVE:
                    raise Problem(413, f"the archive has more than {_MOST_ARCHIVE / 1e6:g} MB; leave its pictures out")
                target.write(chunk)
    except TimeoutError:
        raise Problem(408, f"the archive did not arrive within {seconds:g} s") from None
    except ClientDisconnect:
        raise Problem(400, "the connection ended before all was sent") from None
    target.seek(0)


def _bring_in(service: Service, name: str, archive: BinaryIO, form: str, who: str, *, joined: bool) -> dict[str, Any]:
    """What an archive says takes the place of all that was said: its labels are of everything that changed."""
    from spotdiff.server.store.labelled_pairs import NO_CHANGE, read_archive

    annotations = service.annotations.of(name)
    shapes = read_archive(archive, form, name, service.comparisons.folder(name), joined=joined)
    regions = {str(number): NO_CHANGE for number in range(1, _region_count(service, name) + 1)}
    correction = Correction(regions=regions, shapes=shapes, revision=annotations["revision"])  # type: ignore[arg-type]
    document = correction.model_dump(include={"regions", "shapes"})
    return service.annotations.put(name, document, revision=annotations["revision"], who=who)
