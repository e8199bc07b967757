"""What no request passes: only this server's own names and pages are served, and every response says what may run."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders

from spotdiff.server.problems import Problem, problem_response
from spotdiff.server.settings import LOOPBACK

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from spotdiff.server.settings import Settings

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with none at all a form would not say its Origin
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
_PORTS = {"http": 80, "https": 443}


class Origins:
    """The origins under which a server is reached, by what a client calls its host."""

    def __init__(self, settings: Settings, port: int) -> None:
        """Those of a server that listens at a port."""
        self._port = port
        self._any_address = settings.host in ("0.0.0.0", "::")
        hosts = (*LOOPBACK, *(() if self._any_address else (settings.host,)))
        self._known: dict[str, str] = {}
        for name in (*(f"[{host}]" if ":" in host else host for host in hosts), *settings.names):
            self._known |= _named(name.lower(), port)

    def of(self, host: str) -> str | None:
        """The origin of a page that calls the server so; None for a name that is not its own.

        An address that is spelled out is no name that a stranger's DNS could bend.
        """
        host = host.lower()
        known = self._known.get(host)
        if known is None and self._any_address and _is_address(host, self._port):
            return f"http://{host}"
        return known

    def __str__(self) -> str:
        """The names, for a message."""
        return ", ".join(sorted(self._known))


def _named(name: str, port: int) -> dict[str, str]:
    """Hosts and origins of one name, such as hall.example, hall.example:80 or https://hall.example."""
    scheme, _, rest = name.rpartition("://")
    if not scheme and urlsplit(f"//{rest}").port is None:
        rest = f"{rest}:{port}"
    scheme = scheme or "http"
    usual = f":{_PORTS[scheme]}"
    bare = rest.removesuffix(usual)
    if bare == rest and urlsplit(f"//{rest}").port is not None:
        return {rest: f"{scheme}://{rest}"}
    return dict.fromkeys((bare, bare + usual), f"{scheme}://{bare}")


def _is_address(host: str, port: int) -> bool:
    parsed = urlsplit(f"//{host}")
    try:
        ip_address(parsed.hostname or "")
        return (parsed.port or 80) == port
    except ValueError:
        return False


class Guard:
    """ASGI middleware: refuses foreign names (DNS rebinding) and foreign pages, and adds headers.

    A response that has a header of these already keeps its own.
    """

    def __init__(self, app: ASGIApp, *, settings: Settings, port: int) -> None:
        """Round an application that is served at a port."""
        self._app, self._origins = app, Origins(settings, port)

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

        problem = self._problem(scope, Headers(scope=scope))
        await (self._app if problem is None else problem_response(problem, scope))(scope, receive, guarded)

    def _problem(self, scope: Scope, headers: Headers) -> Problem | None:
        hosts = headers.getlist("host")
        origin = self._origins.of(hosts[0]) if len(hosts) == 1 else None
        if origin is None:
            return Problem(421, f"this server is called {self._origins}; give it other names with --name")
        if any(each.lower() != origin for each in headers.getlist("origin")):
            return Problem(403, "a page of another origin may not use this server")
        scope.setdefault("state", {})["origin"] = origin
        return None
