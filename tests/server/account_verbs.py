"""The verbs by which accounts are made, as a person at the server's machine runs them."""

from __future__ import annotations

import subprocess
import sys
from urllib.parse import urlencode

PASSWORD = "correct horse battery"


def verb(data, *arguments, given=""):
    command = [sys.executable, "-m", "spotdiff", "serve", *arguments, "--data", str(data)]
    return subprocess.run(command, input=given, capture_output=True, text=True, check=False)


def refused(data, *arguments, given=""):
    """What a verb says that cannot be done: one line."""
    ran = verb(data, *arguments, given=given)
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
