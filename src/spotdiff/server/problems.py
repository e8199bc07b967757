"""Every error as `application/problem+json` (RFC 9457): a status and one line that says what to do."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import DataError, DBAPIError, OperationalError, SQLAlchemyError
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException

from spotdiff.database.failures import is_disk_full, reason
from spotdiff.errors import MissingExtra, SpotdiffError

if TYPE_CHECKING:
    from fastapi import FastAPI, Request
    from starlette.types import Scope

_log = logging.getLogger("spotdiff.server")
MEDIA_TYPE = "application/problem+json"
_NO_PAGES = ("/api/", "/static/")
_HINTS = {404: "there is nothing at this address", 405: "this address does not take that method"}


class Problem(Exception):
    """An error that a client is told."""

    def __init__(
        self, status: int, detail: str, *, headers: Mapping[str, str] | None = None, **members: object
    ) -> None:
        """An error.

        Args:
            status: Of HTTP.
            detail: One line that says what to do.
            headers: Of the response.
            members: What else the object says, such as the job's address.
        """
        super().__init__(detail)
        self.status, self.headers = status, dict(headers or {})
        self.content = problem_content(status, detail, **members)


def problem_content(status: int, detail: str, **members: object) -> dict[str, Any]:
    """The object that tells of an error.

    Examples:
        >>> problem_content(404, "there is no such place")["title"]
        'Not Found'
    """
    title = HTTPStatus(status).phrase
    return {"type": "about:blank", "title": title, "status": status, "detail": " ".join(detail.split()), **members}


def wants_page(method: str, headers: Headers) -> bool:
    """Does a person in a browser ask for a page?"""
    return method == "GET" and "text/html" in headers.get("accept", "")


def problem_response(problem: Problem, scope: Scope) -> Response:
    """The response to a request that tells of an error: a page where a person in a browser asked for one."""
    show: Callable[[Problem], Response] | None = getattr(scope["app"].state, "problem_page", None)
    is_page = not scope["path"].startswith(_NO_PAGES) and wants_page(scope["method"], Headers(scope=scope))
    if show is not None and is_page:
        return show(problem)
    return JSONResponse(problem.content, problem.status, headers=problem.headers, media_type=MEDIA_TYPE)


def of_error(error: SpotdiffError) -> Problem:
    """What a mistake in the input is over HTTP; a package that is missing is the server's own."""
    return Problem(500 if isinstance(error, MissingExtra) else 422, str(error))


def disk_full() -> Problem:
    """The problem 507: nothing of the request is kept, and what was kept before still is."""
    return Problem(507, "no room is left on the server's disk; nothing of this was kept, send it again once there is")


def of_database(error: SQLAlchemyError) -> Problem:
    """What a failure of the database is over HTTP.

    Raises:
        SQLAlchemyError: the same, where the fault is our own.
    """
    if is_disk_full(error):
        return disk_full()
    if isinstance(error, DataError):
        return Problem(422, "a value that the database cannot hold; leave out what does not print")
    if isinstance(error, OperationalError) or (isinstance(error, DBAPIError) and error.connection_invalidated):
        _log.error("the database does not answer: %s", reason(error))
        return Problem(503, "the database does not answer; try again later", headers={"Retry-After": "10"})
    raise error


def tell_problems(app: FastAPI) -> None:
    """Make an application tell each of its errors as a problem."""
    _tell_of_requests(app)
    _tell_of_storing(app)

    @app.exception_handler(Exception)
    async def of_a_fault(request: Request, _error: Exception) -> Response:
        return problem_response(Problem(500, "the server failed; its log says how"), request.scope)


def _tell_of_storing(app: FastAPI) -> None:
    @app.exception_handler(SQLAlchemyError)
    async def of_storing(request: Request, error: SQLAlchemyError) -> Response:
        return problem_response(of_database(error), request.scope)

    @app.exception_handler(OSError)
    async def of_the_disk(request: Request, error: OSError) -> Response:
        if not is_disk_full(error):
            raise error
        return problem_response(disk_full(), request.scope)

    @app.exception_handler(UnicodeEncodeError)
    @app.exception_handler(OverflowError)
    async def of_values(request: Request, error: Exception) -> Response:
        _log.warning("a value was refused: %s", type(error).__name__)
        return problem_response(Problem(422, "a text that is no Unicode, or a number that is too large"), request.scope)


def _tell_of_requests(app: FastAPI) -> None:
    @app.exception_handler(Problem)
    async def of_ours(request: Request, error: Problem) -> Response:
        return problem_response(error, request.scope)

    @app.exception_handler(SpotdiffError)
    async def of_input(request: Request, error: SpotdiffError) -> Response:
        return problem_response(of_error(error), request.scope)

    @app.exception_handler(HTTPException)
    async def of_http(request: Request, error: HTTPException) -> Response:
        detail = _HINTS.get(error.status_code, error.detail)
        return problem_response(Problem(error.status_code, detail, headers=error.headers), request.scope)

    @app.exception_handler(RequestValidationError)
    async def of_body(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        malformed = first["type"] == "json_invalid"
        where = ".".join(str(part) for part in first["loc"][1:])
        detail = "the body is not JSON" if malformed else f"{where or 'the body'}: {first['msg']}"
        return problem_response(Problem(400 if malformed else 422, detail), request.scope)
