"""The page at `/login`, and the session that it begins and ends."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool

from spotdiff.server.api.authentication import client_address, session_cookie, session_secret, too_many
from spotdiff.server.api.limits import RateLimit, address_key
from spotdiff.server.problems import Problem
from spotdiff.server.store.accounts import SESSION_DAYS, Accounts

if TYPE_CHECKING:
    from fastapi import FastAPI

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_MOST_WAITING = 20  # log-ins that wait for the one that is looked at


class _Attempts:
    """Log-ins one at a time, for each takes 64 MB, and not too many that fail."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._by_address = RateLimit(per_minute=10, burst=10)
        self._by_name = RateLimit(per_minute=1, burst=50)
        self._one, self._waiting = asyncio.Semaphore(1), 0

    async def log_in(self, address: str, name: str, password: str) -> str | None:
        """What the cookie of a new session holds; None where name or password are wrong.

        Raises:
            Problem: 429, too many have failed, or wait.
        """
        key = address_key(address)
        seconds = self._by_address.take(key)
        if not seconds and (seconds := self._by_name.take(name[:100])):
            self._by_address.give_back(key)
        if seconds or self._waiting >= _MOST_WAITING:
            raise too_many("attempts to log in", seconds or 5)
        self._waiting += 1
        try:
            async with self._one:
                secret = await run_in_threadpool(self._accounts.log_in, name, password)
        finally:
            self._waiting -= 1
        if secret is not None:
            self._by_address.give_back(key)
            self._by_name.give_back(name[:100])
        return secret


def add_login(app: FastAPI, accounts: Accounts, *, port: int) -> None:
    """Give an application the page where people log in."""
    folder = Path(__file__).parent / "files"
    page = Environment(loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined).get_template(
        "login.html"
    )
    attempts, cookie = _Attempts(accounts), session_cookie(port)

    def shown(asked: str, *, wrong: str = "", status: int = 200) -> Response:
        text = page.render(next=_local(asked), wrong=wrong)
        return HTMLResponse(text, status, headers={"Content-Security-Policy": _POLICY})

    @app.get("/login", include_in_schema=False)
    def login(request: Request) -> Response:
        return shown(request.query_params.get("next", "/"))

    @app.post("/login", include_in_schema=False)
    async def logged_in(request: Request) -> Response:
        _check_origin(request)
        fields = _fields(await request.body())
        asked = fields.get("next", "/")
        try:
            secret = await attempts.log_in(
                client_address(request.scope), fields.get("name", ""), fields.get("password", "")
            )
        except Problem as problem:
            answer = shown(asked, wrong=problem.content["detail"], status=problem.status)
            answer.headers.update(problem.headers)
            return answer
        if secret is None:
            return shown(asked, wrong="The name or the password is wrong.", status=401)
        answer = RedirectResponse(_local(asked), 303)
        answer.set_cookie(
            cookie,
            secret,
            max_age=SESSION_DAYS * 86_400,
            httponly=True,
            samesite="strict",
            secure=request.state.origin.startswith("https:"),
        )
        return answer

    @app.post("/logout", include_in_schema=False)
    async def logged_out(request: Request) -> Response:
        _check_origin(request)
        secret = session_secret(request.headers, cookie)
        if secret:
            await run_in_threadpool(accounts.log_out, secret)
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(cookie, httponly=True, samesite="strict")
        return answer


def _check_origin(request: Request) -> None:
    """Refuse what no page of ours has sent; the guard has compared the origin that is said."""
    if "origin" not in request.headers:
        raise Problem(403, "this is for the page at /login; programs send a token as Authorization: Bearer TOKEN")


def _fields(body: bytes) -> dict[str, str]:
    try:
        parsed = parse_qs(body.decode("ascii"), keep_blank_values=True, max_num_fields=10)
    except ValueError:
        raise Problem(400, "the body is no form") from None
    return {name: values[-1] for name, values in parsed.items()}


def _local(asked: str) -> str:
    r"""An address of this server to go on to, and nothing else.

    Examples:
        >>> _local("/places?x=1"), _local("//evil.example"), _local("/\\evil.example"), _local("javascript:alert(1)")
        ('/places?x=1', '/', '/', '/')
    """
    plain = asked.startswith("/") and not asked.startswith("//") and "\\" not in asked and asked.isprintable()
    return asked if plain else "/"
