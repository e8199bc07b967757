"""Every error as `application/problem+json` (RFC 9457): a status and one line that says what to do."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from spotdiff.errors import MissingExtra, SpotdiffError

if TYPE_CHECKING:
    from fastapi import FastAPI, Request

MEDIA_TYPE = "application/problem+json"
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


def problem_response(problem: Problem) -> JSONResponse:
    """The response that tells of an error."""
    return JSONResponse(problem.content, problem.status, headers=problem.headers, media_type=MEDIA_TYPE)


def of_error(error: SpotdiffError) -> Problem:
    """What a mistake in the input is over HTTP; a package that is missing is the server's own."""
    return Problem(500 if isinstance(error, MissingExtra) else 422, str(error))


def tell_problems(app: FastAPI) -> None:
    """Make an application tell each of its errors as a problem."""

    @app.exception_handler(Problem)
    async def of_ours(_: Request, error: Problem) -> JSONResponse:
        return problem_response(error)

    @app.exception_handler(SpotdiffError)
    async def of_input(_: Request, error: SpotdiffError) -> JSONResponse:
        return problem_response(of_error(error))

    @app.exception_handler(HTTPException)
    async def of_http(_: Request, error: HTTPException) -> JSONResponse:
        detail = _HINTS.get(error.status_code, error.detail)
        return problem_response(Problem(error.status_code, detail, headers=error.headers))

    @app.exception_handler(RequestValidationError)
    async def of_body(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        malformed = first["type"] == "json_invalid"
        where = ".".join(str(part) for part in first["loc"][1:])
        detail = "the body is not JSON" if malformed else f"{where or 'the body'}: {first['msg']}"
        return problem_response(Problem(400 if malformed else 422, detail))

    @app.exception_handler(Exception)
    async def of_a_fault(_: Request, _error: Exception) -> JSONResponse:
        return problem_response(Problem(500, "the server failed; its log says how"))
