"""Review: what waits for a decision, deciding, and who decided what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from spotdiff.server.api.authentication import person
from spotdiff.server.problems import Problem
from spotdiff.server.store.review import Filter

if TYPE_CHECKING:
    from spotdiff.server.service import Service

_MOST = 1000

Verdict = Literal["", "all", "changed", "unsure", "same"]
State = Literal["open", "approved", "rejected", "all"]


Name = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]


class Decision(BaseModel):
    """What `POST /review` takes: comparisons by their ids, or all open ones of a batch or place."""

    model_config = ConfigDict(extra="forbid")
    decision: Literal["approved", "rejected", "undone"]
    comparisons: list[Name] = Field(default=[], max_length=_MOST)
    batch: Name = ""
    place: Name = ""
    verdict: Verdict = ""
    who: Name = ""


def review_routes(service: Service) -> APIRouter:
    """What stands below `/review`."""
    api = APIRouter(prefix="/api/v1/review")

    @api.get("")
    def queue(
        place: Name = "", batch: Name = "", verdict: Verdict = "", decision: State = "open", limit: int = 100
    ) -> dict[str, Any]:
        return service.review.queue(Filter(place, batch, verdict, decision), limit=min(max(limit, 1), _MOST))

    @api.post("")
    def decide(asked: Decision, request: Request) -> dict[str, Any]:
        who, whole = person(request, asked.who), bool(asked.batch or asked.place)
        if whole == bool(asked.comparisons):
            raise Problem(422, "say which: comparisons by their ids, or a batch or place of which all are meant")
        if not whole:
            return {"decided": service.review.decide(asked.decision, names=asked.comparisons, who=who)}
        if asked.decision == "undone":
            raise Problem(422, "undo takes comparisons by their ids")
        meant = Filter(asked.place, asked.batch, asked.verdict)
        return {"decided": service.review.decide_all(asked.decision, meant, who=who)}

    @api.get("/decisions")
    def trail(limit: int = 100) -> list[dict[str, Any]]:
        return service.review.trail(limit=min(max(limit, 1), _MOST))

    return api
