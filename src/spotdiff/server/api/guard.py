"""What no request passes: only this server's own name and pages are served, and every response says what may run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders

from spotdiff.server.problems import Problem, problem_response
from spotdiff.server.settings import LOOPBACK

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


class Guard:
    """ASGI middleware: refuses foreign names (DNS rebinding) and foreign pages, and adds headers.

    A response that has a header of these already keeps its own.
    """

    def __init__(self, app: ASGIApp, *, port: int) -> None:
        """Round an application that is served at a port of this machine."""
        names = [f"[{name}]" if ":" in name else name for name in LOOPBACK]
        self._app = app
        self._hosts = {f"{name}:{port}" for name in names} | (set(names) if port == 80 else set())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        problem = self._problem(Headers(scope=scope))
        await (self._app if problem is None else problem_response(problem))(scope, receive, guarded)

    def _problem(self, headers: Headers) -> Problem | None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return Problem(421, f"this server is called {', '.join(sorted(self._hosts))}")
        origins = headers.getlist("origin")
        if any(origin.lower() != f"http://{hosts[0].lower()}" for origin in origins):
            return Problem(403, "a page of another origin may not use this server")
        return None
