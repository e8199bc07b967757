"""Who makes a request, and whether they may: every address asks for a scope unless it is named here as public."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from urllib.parse import quote

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse, Response

from spotdiff.server.api.limits import RateLimit, address_key
from spotdiff.server.problems import Problem, of_database, problem_response, wants_page
from spotdiff.server.store.accounts import Accounts, Caller

if TYPE_CHECKING:
    from fastapi import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from spotdiff.server.settings import Settings

PUBLIC = ("/healthz", "/login", "/logout")
PUBLIC_BELOW = "/static/"
ADMIN = ("/api/v1/accounts",)
LOCAL = Caller("", "admin", "")  # the person at a machine that nobody else reaches
_READING = ("GET", "HEAD", "OPTIONS")


def scope_of(method: str, path: str) -> str | None:
    """The scope that a request needs; None where nobody need be known.

    Examples:
        >>> scope_of("GET", "/healthz"), scope_of("GET", "/api/v1/places"), scope_of("POST", "/api/v1/places")
        (None, 'read', 'write')
    """
    if path in PUBLIC or path.startswith(PUBLIC_BELOW):
        return None
    if any(path == each or path.startswith(f"{each}/") for each in ADMIN):
        return "admin"
    return "read" if method in _READING else "write"


def caller_of(request: Request) -> Caller:
    """Who makes a request that was let through."""
    caller: Caller = request.state.caller
    return caller


def person(request: Request, given: str = "") -> str:
    """The name under which something is written down: the account's; without one the one given, else the address."""
    return caller_of(request).name or given or client_address(request.scope)


def client_address(scope: Scope) -> str:
    """The address that a request comes from; "" where it has none."""
    return str(scope["client"][0]) if scope.get("client") else ""


def session_cookie(port: int) -> str:
    """The cookie of a session, another one for each server of a machine: to browsers all its ports are one."""
    return f"spotdiff_{port}"


class Authentication:
    """ASGI middleware: finds out who the caller is, and refuses what their scope does not include."""

    def __init__(self, app: ASGIApp, *, accounts: Accounts, settings: Settings, port: int) -> None:
        """Round an application.

        Args:
            app: The application.
            accounts: Who is known.
            settings: Whether other machines reach the server, and how often a caller may ask.
            port: At which it listens.
        """
        self._app, self._accounts, self._settings = app, accounts, settings
        self._cookie = session_cookie(port)
        self._rates = RateLimit(per_minute=settings.rate, burst=settings.rate) if settings.rate else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refused = await self._refusal(scope)
        await (self._app if refused is None else refused)(scope, receive, send)

    async def _refusal(self, scope: Scope) -> Response | None:
        needed = scope_of(scope["method"], scope["path"])
        if needed is None:
            return None
        headers = Headers(scope=scope)
        try:
            caller = await run_in_threadpool(self._caller, headers)
        except SQLAlchemyError as error:
            return problem_response(of_database(error), scope)
        scope.setdefault("state", {})["caller"] = caller
        problem = self._too_often(scope, caller)
        if problem is None and caller is None and wants_page(scope["method"], headers):
            query = scope["query_string"].decode("latin-1")
            asked = scope["path"] + (f"?{query}" if query else "")
            return RedirectResponse(f"/login?next={quote(asked, safe='')}", 303)
        problem = problem or _refused(caller, needed, scope["method"], headers)
        return None if problem is None else problem_response(problem, scope)

    def _caller(self, headers: Headers) -> Caller | None:
        kind, _, token = headers.get("authorization", "").partition(" ")
        caller = None
        if kind.lower() == "bearer":
            caller = self._accounts.by_token(token.strip())
        elif not kind and (secret := session_secret(headers, self._cookie)):
            caller = self._accounts.by_session(secret)
        if caller is None and not self._settings.open and not self._accounts.any():
            return LOCAL
        return caller

    def _too_often(self, scope: Scope, caller: Caller | None) -> Problem | None:
        if self._rates is None or caller == LOCAL:
            return None
        key = address_key(client_address(scope)) if caller is None else f"account {caller.name}"
        seconds = self._rates.take(key)
        return too_many("requests", seconds) if seconds else None


def too_many(what: str, seconds: float) -> Problem:
    """The problem 429 of a caller who asks too often."""
    wait = math.ceil(seconds)
    return Problem(429, f"too many {what}; try again in {wait} s", headers={"Retry-After": str(wait)})


def session_secret(headers: Headers, name: str) -> str:
    """What the cookie of a session holds; "" where there is none."""
    return cookie_parser(headers.get("cookie", "")).get(name, "")


def _refused(caller: Caller | None, needed: str, method: str, headers: Headers) -> Problem | None:
    if caller is None:
        detail = "log in at /login, or send a token as Authorization: Bearer TOKEN"
        if headers.get("authorization"):
            detail = "the token is not known, or has ended or been revoked"
        return Problem(401, detail, headers={"WWW-Authenticate": 'Bearer realm="spotdiff"'})
    if not caller.may(needed):
        return Problem(403, f"this needs the scope {needed}; {caller.name} has {caller.scope}")
    if caller.by == "session" and method not in _READING and "origin" not in headers:
        return Problem(403, "a request with a session's cookie says its Origin; programs use a token")
    return None
