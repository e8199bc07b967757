"""Learning and measuring: runs on the corrections of a place, and whose weights its pictures are compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from spotdiff import plugins
from spotdiff.methods import get_method
from spotdiff.server.api.authentication import person
from spotdiff.server.api.whole_file import WholeFile
from spotdiff.server.problems import Problem
from spotdiff.server.store.runs import On

if TYPE_CHECKING:
    from spotdiff.server.service import Service
    from spotdiff.server.store.runs import Kind

_MOST = 8  # methods of a measurement


class NewTraining(BaseModel):
    """What `POST /places/NAME/trainings` takes; without steps it takes as many as the recipe says."""

    model_config = ConfigDict(extra="forbid")
    steps: int | None = Field(default=None, ge=1, le=1_000_000)
    who: str = Field(default="", max_length=200)


class ChosenWeights(BaseModel):
    """What `PUT /places/NAME/weights` takes: a training that is done, or null for the weights that ship."""

    model_config = ConfigDict(extra="forbid")
    training: str | None


class NewMeasurement(BaseModel):
    """What `POST /places/NAME/measurements` takes: methods by name, and trainings that are done."""

    model_config = ConfigDict(extra="forbid")
    methods: Annotated[list[str], Field(max_length=_MOST)] = ["spot", "classic"]
    trainings: Annotated[list[str], Field(max_length=_MOST)] = []
    who: str = Field(default="", max_length=200)


def learn_routes(service: Service) -> APIRouter:
    """What a place has learned, learns, and is measured by."""
    api = APIRouter(prefix="/api/v1/places/{place}")

    @api.get("/trainings")
    def trainings(place: str) -> dict[str, Any]:
        return {"used": service.places.training(place), **_runs(service, On(place=place), "training")}

    @api.post("/trainings", status_code=201)
    def train(place: str, request: Request, new: NewTraining | None = None) -> dict[str, Any]:
        service.places.training(place)
        asked = new or NewTraining()
        settings = {"steps": asked.steps or 0}
        return service.runner.begin("training", On(place=place), settings, who=person(request, asked.who))

    @api.put("/weights")
    def choose(place: str, chosen: ChosenWeights) -> dict[str, Any]:
        if chosen.training is not None:
            service.runner.check_usable(chosen.training, place)
        service.places.use_training(place, chosen.training)
        return {"used": chosen.training}

    @api.get("/measurements")
    def measurements(place: str) -> dict[str, Any]:
        service.places.training(place)
        return _runs(service, On(place=place), "measurement")

    @api.post("/measurements", status_code=201)
    def measure(place: str, request: Request, new: NewMeasurement | None = None) -> dict[str, Any]:
        service.places.training(place)
        return _measure(service, On(place=place), request, new or NewMeasurement())

    return api


def set_routes(service: Service) -> APIRouter:
    """Labelled sets that the server was started with, and what is measured on them."""
    api = APIRouter(prefix="/api/v1/sets")

    @api.get("")
    def sets() -> list[dict[str, Any]]:
        return [{"name": name, "pairs": pairs} for name, pairs in service.sets.all().items()]

    @api.get("/{labelled}/measurements")
    def measurements(labelled: str) -> dict[str, Any]:
        return _runs(service, On(labelled_set=labelled), "measurement")

    @api.post("/{labelled}/measurements", status_code=201)
    def measure(labelled: str, request: Request, new: NewMeasurement | None = None) -> dict[str, Any]:
        return _measure(service, On(labelled_set=labelled), request, new or NewMeasurement())

    return api


def training_routes(service: Service) -> APIRouter:
    """What stands below `/trainings`."""
    return _run_routes(service, "training", "samples", "image/png")


def measurement_routes(service: Service) -> APIRouter:
    """What stands below `/measurements`."""
    return _run_routes(service, "measurement", "charts", "image/svg+xml")


def _run_routes(service: Service, kind: Kind, what: str, media_type: str) -> APIRouter:
    api = APIRouter(prefix=f"/api/v1/{kind}s/{{name}}")

    @api.get("")
    def shown(name: str) -> dict[str, Any]:
        return service.runner.shown(name, kind)

    @api.post("/stop")
    def stop(name: str) -> dict[str, Any]:
        return service.runner.halt(name, kind)

    @api.post("/continue")
    def go_on(name: str) -> dict[str, Any]:
        return service.runner.go_on(name, kind)

    @api.get(f"/{what}/{{asked}}", response_class=WholeFile)
    def file(name: str, asked: str) -> WholeFile:
        return WholeFile(service.runner.file(name, kind, what, asked), media_type=media_type)

    return api


def _runs(service: Service, on: On, kind: Kind) -> dict[str, Any]:
    return {"pairs": service.runner.pairs(on), f"{kind}s": service.runner.listed(kind, on)}


def _measure(service: Service, on: On, request: Request, asked: NewMeasurement) -> dict[str, Any]:
    _check_measurement(service, on, asked)
    settings = {"methods": asked.methods, "trainings": asked.trainings}
    return service.runner.begin("measurement", on, settings, who=person(request, asked.who))


def _check_measurement(service: Service, on: On, asked: NewMeasurement) -> None:
    every = [*asked.methods, *asked.trainings]
    if not 2 <= len(set(every)) == len(every):
        raise Problem(422, "a measurement takes two methods or more, each once; trainings count as such")
    for method in asked.methods:
        plugins.load("methods", method)
        get_method(method, {})
    for training in asked.trainings:
        service.runner.check_usable(training, on.place)
