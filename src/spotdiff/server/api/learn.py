"""Learning: trainings of a place, and whose weights its pictures are compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from spotdiff.server.api.person import person

if TYPE_CHECKING:
    from spotdiff.server.service import Service


class NewTraining(BaseModel):
    """What `POST /places/NAME/trainings` takes; without steps it takes as many as the recipe says."""

    model_config = ConfigDict(extra="forbid")
    steps: int | None = Field(default=None, ge=1, le=1_000_000)
    who: str = Field(default="", max_length=200)


class ChosenWeights(BaseModel):
    """What `PUT /places/NAME/weights` takes: a training that is done, or null for the weights that ship."""

    model_config = ConfigDict(extra="forbid")
    training: str | None


def learn_routes(service: Service) -> APIRouter:
    """What a place has learned, and learns."""
    api = APIRouter(prefix="/api/v1/places/{place}")

    @api.get("/trainings")
    def trainings(place: str) -> dict[str, Any]:
        chosen = service.places.training(place)
        corrected = len(service.annotations.annotated(place=place))
        return {"pairs": corrected, "used": chosen, "trainings": service.trainer.of_place(place)}

    @api.post("/trainings", status_code=201)
    def begin(place: str, request: Request, new: NewTraining | None = None) -> dict[str, Any]:
        service.places.training(place)
        asked = new or NewTraining()
        return service.trainer.begin(place, steps=asked.steps or 0, who=person(request, asked.who))

    @api.put("/weights")
    def choose(place: str, chosen: ChosenWeights) -> dict[str, Any]:
        if chosen.training is not None:
            service.trainer.check_usable(chosen.training, place)
        service.places.use_training(place, chosen.training)
        return {"used": chosen.training}

    return api


def training_routes(service: Service) -> APIRouter:
    """What stands below `/trainings`."""
    api = APIRouter(prefix="/api/v1/trainings/{name}")

    @api.get("")
    def training(name: str) -> dict[str, Any]:
        return service.trainer.shown(name)

    @api.post("/stop")
    def stop(name: str) -> dict[str, Any]:
        return service.trainer.stop_training(name)

    @api.post("/continue")
    def go_on(name: str) -> dict[str, Any]:
        return service.trainer.go_on(name)

    @api.get("/samples/{sample}", response_class=FileResponse)
    def sample(name: str, sample: str) -> FileResponse:
        return FileResponse(service.trainer.sample(name, sample), media_type="image/png")

    return api
