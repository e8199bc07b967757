"""A SQLite file that is moved away, comes back or is replaced while connections to it are kept."""

from __future__ import annotations

import shutil
from contextlib import closing

import pytest
from sqlalchemy.exc import OperationalError

from spotdiff.database.connection import make_engine, parse_url, writing


@pytest.fixture
def engine(tmp_path):
    folder = tmp_path / "a store, 100 %#?"
    folder.mkdir()
    engine = make_engine(parse_url(str(folder / "names.db"), what="a store"), extra="watch")
    with writing(engine).begin() as connection:
        connection.exec_driver_sql("CREATE TABLE names (name TEXT)")
    yield engine
    engine.dispose()


@pytest.fixture
def folder(engine, tmp_path):
    return next(tmp_path.iterdir())


def put(engine, name):
    with writing(engine).begin() as connection:
        connection.exec_driver_sql("INSERT INTO names VALUES (?)", (name,))


def names(engine):
    with engine.connect() as connection:
        return sorted(connection.exec_driver_sql("SELECT name FROM names").scalars())


def test_no_second_file_is_made_where_the_first_was_moved_away(engine, folder, tmp_path):
    put(engine, "before")
    away = folder.rename(tmp_path / "away")
    folder.mkdir()
    put(engine, "on the connection that is kept")
    with engine.connect(), pytest.raises(OperationalError, match="unable to open"):
        engine.connect()
    assert list(folder.iterdir()) == []
    folder.rmdir()
    away.rename(folder)
    put(engine, "after")
    assert names(engine) == ["after", "before", "on the connection that is kept"]


def test_a_file_that_another_was_put_over_is_written_no_more(engine, folder):
    put(engine, "old")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(folder / "names.db", folder / "backup.db")
    put(engine, "lost with the file that is replaced")
    for ending in ("-wal", "-shm"):
        (folder / f"names.db{ending}").unlink()
    (folder / "backup.db").replace(folder / "names.db")
    with closing(engine.raw_connection()) as connection:
        assert connection.execute("SELECT count(*) FROM names").fetchone() == (1,)
    put(engine, "new")
    assert names(engine) == ["new", "old"]
