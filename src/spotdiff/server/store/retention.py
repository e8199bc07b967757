"""Deleting what is old: comparisons, jobs and pictures of which nothing that is kept speaks.

A row goes before its files, so that no row names what is gone. A picture goes within a transaction that writes, as
does the row that an upload makes before it puts its file in place: one of both is first, and neither loses the other's.
"""

from __future__ import annotations

import logging
import os
import shutil
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, delete, exists, func, or_, select, text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from spotdiff.database.connection import writing
from spotdiff.file_lock import try_lock
from spotdiff.server.api.uploads import picture_path
from spotdiff.server.backup import DELETING
from spotdiff.server.store.account_tables import job_owners, uploads
from spotdiff.server.store.answer_files import answer_folder
from spotdiff.server.store.jobs import ENDED
from spotdiff.server.store.schema import approvals, comparisons, jobs, metadata, now, place_pictures, places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection, Engine, RowMapping

    from spotdiff.server.settings import Settings

_DAY = 86_400_000_000  # in the tables' microseconds
_PAUSE = 3600.0  # seconds between two looks
_FAR = 7 * _DAY  # from the last job, so that a clock is not believed at once
_A_DAY = 86_400.0  # seconds
_AT_ONCE = 100  # rows that are looked at in one transaction
_OWN = (jobs, comparisons, place_pictures, job_owners)  # what goes with a comparison
_log = logging.getLogger("spotdiff.server")


@dataclass
class Deleted:
    """How many were deleted."""

    jobs: int = 0
    pictures: int = 0


def delete_older(engine: Engine, settings: Settings, *, ending: Callable[[], bool] = lambda: False) -> Deleted:
    """Delete what is older than the settings keep, but for baselines and what anything else refers to.

    Args:
        engine: Of the server's database.
        settings: How old, and the folder.
        ending: Whether to stop before all is done.

    Raises:
        SQLAlchemyError: the database does not answer.
        OSError: a file cannot be deleted.
    """
    gone = Deleted()
    before = now() - int(settings.keep * _DAY)
    last = 0
    while not ending() and (rows := _old(engine, before, last)):
        last = rows[-1]["number"]
        for row in rows:
            if _forget(engine, row):
                shutil.rmtree(answer_folder(settings.data, row["id"]), ignore_errors=True)
                gone.jobs += 1
    for digest in () if ending() else _unused(engine, before):
        gone.pictures += _delete_picture(engine, settings, digest, before)
    return gone


def _old(engine: Engine, before: int, last: int) -> Sequence[RowMapping]:
    """The next jobs that have ended, are old and are not referred to."""
    wanted = (jobs.c.number > last) & (jobs.c.created < before) & jobs.c.state.in_(ENDED)
    query = select(jobs.c.number, jobs.c.id).where(wanted, ~_referred()).order_by(jobs.c.number).limit(_AT_ONCE)
    with engine.begin() as connection:
        return connection.execute(query).mappings().all()


def _referred() -> ColumnElement[bool]:
    """Is a job's picture a baseline, was it approved, or does a row of another table name its comparison?"""
    pictures = [(places.c.baseline, jobs.c.number), (approvals.c.picture, jobs.c.number)]
    return or_(*(exists().where(column == named) for column, named in (*pictures, *_references())))


def _references() -> Iterator[tuple[Column[Any], Column[Any]]]:
    """The columns by which tables other than a comparison's own name it, each with what it names."""
    for table in metadata.tables.values():
        for column in table.columns if table not in _OWN else ():
            targets = [key.column for key in column.foreign_keys if key.column.table in _OWN]
            if targets:
                yield column, jobs.c.number if targets[0].name == "number" else jobs.c.id
            elif column.name == "comparison":
                yield column, jobs.c.id


def _forget(engine: Engine, row: RowMapping) -> bool:
    """Delete the rows of a job, unless something has come to refer to it."""
    try:
        with writing(engine).begin() as connection:
            mine = (jobs.c.id == row["id"]) & ~_referred()
            if connection.execute(select(jobs.c.id).where(mine)).first() is None:
                return False
            for column in (place_pictures.c.number, comparisons.c.number, jobs.c.number):
                connection.execute(delete(column.table).where(column == row["number"]))
            connection.execute(delete(job_owners).where(job_owners.c.job == row["id"]))
    except IntegrityError:
        return False
    return True


def _unused(engine: Engine, before: int) -> list[str]:
    """Pictures that nobody has sent lately, and that no row names."""
    query = select(uploads.c.sha256).distinct().where(_is_unused(uploads.c.sha256, before))
    with engine.begin() as connection:
        return list(connection.execute(query).scalars())


def _is_unused(digest: ColumnElement[str], before: int) -> ColumnElement[bool]:
    lately = uploads.alias()
    named = [
        exists().where((lately.c.sha256 == digest) & (lately.c.received >= before)),
        exists().where(or_(jobs.c.before == digest, jobs.c.after == digest)),
        exists().where(place_pictures.c.sha256 == digest),
    ]
    return ~or_(*named)


def _delete_picture(engine: Engine, settings: Settings, digest: str, before: int) -> int:
    with writing(engine).begin() as connection:
        _alone(connection)
        mine = uploads.c.sha256 == digest
        if (
            connection.execute(select(uploads.c.number).where(mine, _is_unused(uploads.c.sha256, before))).first()
            is None
        ):
            return 0
        picture_path(settings.data, digest).unlink(missing_ok=True)
        connection.execute(delete(uploads).where(mine))
    return 1


def _alone(connection: Connection) -> None:
    """Let no upload be written down meanwhile; in SQLite a transaction that writes is alone by itself."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE uploads IN SHARE ROW EXCLUSIVE MODE"))


class Retention:
    """Looks every hour for what is old; made and stopped by the server."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        """Prepare."""
        self._engine, self._settings = engine, settings
        self._ending = threading.Event()
        self._begun = time.monotonic()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Start to look, where anything is to be deleted."""
        if self._settings.keep:
            self._thread.start()

    def stop(self) -> None:
        """Stop."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                self._look()
            except (SQLAlchemyError, OSError) as error:
                _log.error("old comparisons could not be deleted: %s", error)
            self._ending.wait(_PAUSE)

    def _clock_is_believed(self) -> bool:
        """A clock that was set wrongly would make everything old; it is mended soon after a start, if ever."""
        with self._engine.begin() as connection:
            last = connection.execute(select(func.max(jobs.c.created))).scalar() or 0
        return now() - last < _FAR or time.monotonic() - self._begun > _A_DAY

    def _look(self) -> None:
        if not self._clock_is_believed():
            _log.warning("the clock is far from when anything last came: nothing is deleted for a day")
            return
        held = try_lock(self._settings.data / DELETING)
        if held is None:  # a backup is written
            return
        try:
            gone = delete_older(self._engine, self._settings, ending=self._ending.is_set)
        finally:
            os.close(held)
        if gone.jobs or gone.pictures:
            message = "deleted what is older than %g days: %d jobs with their comparisons, %d pictures"
            _log.warning(message, self._settings.keep, gone.jobs, gone.pictures)
