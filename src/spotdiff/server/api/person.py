"""Who asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotdiff.server.api.authentication import caller_of, client_address

if TYPE_CHECKING:
    from fastapi import Request


def person(request: Request, given: str = "") -> str:
    """The name under which something is written down: the account's; without one the one given, else the address."""
    return caller_of(request).name or given or client_address(request.scope)
