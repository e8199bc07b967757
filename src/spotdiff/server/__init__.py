"""Comparisons over HTTP: one process that takes pictures, queues jobs for its workers and keeps the answers.

What a server keeps lies in one folder:

    server.db        places, comparisons, jobs (or a database elsewhere, by its URL)
    pictures/ab/     pictures as they came, each named by its SHA-256
    answers/ab/ID/   the files of an answer: record, page, overlay, masks, both pictures
    incoming/        what is on its way; emptied at every start
    .lock            held by the one server of the folder
"""

# ruff: noqa: E402  (what is missing is told before it is imported)
from __future__ import annotations

from importlib.util import find_spec

from spotdiff.errors import MissingExtra

for _package in (
    "fastapi",
    "uvicorn",
    "python_multipart",
    "jinja2",
    "argon2",
    "sqlalchemy",
    "alembic",
    "prometheus_client",
):
    if find_spec(_package) is None:
        raise MissingExtra(_package.replace("_", "-"), extra="serve")

from spotdiff.server.run import serve as serve
from spotdiff.server.settings import Settings as Settings
