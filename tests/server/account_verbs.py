"""The verbs of a server, as a person at its machine runs them, in this process: others import for a second each."""

from __future__ import annotations

import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from io import StringIO
from subprocess import CompletedProcess
from unittest.mock import patch
from urllib.parse import urlencode

from spotdiff.__main__ import run

PASSWORD = "correct horse battery"


def serve(*arguments, given="", cwd="."):
    """What `spotdiff serve` does with these arguments; nothing is served."""
    told, wrong, started = StringIO(), StringIO(), AssertionError("it begins to serve")
    with (
        chdir(cwd),
        redirect_stdout(told),
        redirect_stderr(wrong),
        patch.object(sys, "stdin", StringIO(given)),
        patch("spotdiff.server.run.uvicorn.Config", side_effect=started),
    ):
        code = run(["serve", *arguments])
    return CompletedProcess(arguments, code, told.getvalue(), wrong.getvalue())


def verb(data, *arguments, given=""):
    return serve(*arguments, "--data", str(data), given=given)


def refused(data, *arguments, given=""):
    """What a verb says that cannot be done: one line."""
    return one_line(verb(data, *arguments, given=given))


def refused_start(*arguments, cwd="."):
    """What a server says that cannot be started: one line."""
    return one_line(serve(*arguments, cwd=cwd))


def one_line(ran):
    """What was said to standard error by what could not be done."""
    assert ran.returncode == 2, ran.stderr
    assert len(ran.stderr.splitlines()) == 1, ran.stderr
    return ran.stderr


def give_password(data, name, scope="write"):
    ran = verb(data, "password", name, "--scope", scope, given=f"{PASSWORD}\n")
    assert ran.returncode == 0, ran.stderr


def give_token(data, name, scope, *more):
    ran = verb(data, "token", name, "--scope", scope, *more)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def bearing(token):
    return {"Authorization": f"Bearer {token}"}


def origin(server):
    return {"Origin": f"http://127.0.0.1:{server.port}"}


def log_in(server, name, password=PASSWORD, **more):
    headers = {"Content-Type": "application/x-www-form-urlencoded", **origin(server), **more.pop("headers", {})}
    return server.ask("POST", "/login", body=urlencode({"name": name, "password": password, **more}), headers=headers)


def session(server, name):
    """The headers of a browser in which somebody has logged in."""
    reply = log_in(server, name)
    assert reply.status == 303, reply.body
    return {"Cookie": reply.headers["set-cookie"].partition(";")[0], **origin(server)}
