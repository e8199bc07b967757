"""Who asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import Request


def person(request: Request, given: str = "") -> str:
    """The name under which a decision is written down: the one given, else the client's address."""
    return given or (request.client.host if request.client else "")
