"""Files as they are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi.responses import FileResponse

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


class WholeFile(FileResponse):
    """A file that is sent whole; a wish for a part of it is not heard, as HTTP allows, and is never malformed."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        self.headers["Accept-Ranges"] = "none"
        headers = [(name, value) for name, value in scope["headers"] if name != b"range"]
        await super().__call__({**scope, "headers": headers}, receive, send)
