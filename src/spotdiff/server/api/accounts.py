"""Who the caller is, and the accounts that an administrator looks after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from spotdiff.server.api.authentication import caller_of
from spotdiff.server.problems import Problem
from spotdiff.server.store.accounts import SCOPES

if TYPE_CHECKING:
    from spotdiff.server.service import Service


class NewToken(BaseModel):
    """What `POST /accounts` takes."""

    model_config = ConfigDict(extra="forbid")
    name: str
    scope: Literal["read", "write", "admin"]
    days: int | None = Field(default=None, ge=1, le=36500)


def account_routes(service: Service) -> APIRouter:
    """`/me`, and what stands below `/accounts`."""
    api = APIRouter(prefix="/api/v1")

    @api.get("/me")
    def me(request: Request) -> dict[str, Any]:
        caller = caller_of(request)
        usage, settings = service.usage, service.settings
        return {
            "name": caller.name,
            "scopes": [scope for scope in SCOPES if caller.may(scope)],
            "by": caller.by,
            "kept_mb": usage.kept(caller.name) / 1e6,
            "quota_mb": (settings.quota_mb or None) if caller.name else None,
            "jobs_waiting": usage.waiting(caller.name),
            "quota_jobs": settings.quota_jobs if caller.name else None,
        }

    @api.get("/accounts")
    def every() -> list[dict[str, Any]]:
        return service.accounts.listed()

    @api.post("/accounts", status_code=201)
    def add(new: NewToken, request: Request) -> dict[str, Any]:
        if not caller_of(request).name:  # whoever made the first account here would lock all others out
            raise Problem(409, "the first account is made where the server runs: spotdiff serve password NAME")
        token = service.accounts.add_token(new.name, scope=new.scope, days=new.days)
        return {"name": new.name, "scope": new.scope, "token": token}

    @api.delete("/accounts/{name}")
    def revoke(name: str, request: Request) -> dict[str, Any]:
        if name == caller_of(request).name:
            raise Problem(409, "an account cannot revoke itself; ask another administrator")
        if not service.accounts.revoke(name):
            raise Problem(404, f"there is no account {name[:100]}")
        return {"name": name, "revoked": True}

    return api
