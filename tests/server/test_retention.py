"""What is old is deleted where that is asked for, and nothing that anything still needs."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import time

import pytest
from sqlalchemy import Column, ForeignKey, Integer, String, Table

from spotdiff.file_lock import try_lock
from spotdiff.server import Settings
from spotdiff.server.api.uploads import picture_path
from spotdiff.server.store import retention
from spotdiff.server.store.jobs import Answer, Jobs, Stored
from spotdiff.server.store.open import open_database
from spotdiff.server.store.places import Places
from spotdiff.server.store.retention import delete_older
from spotdiff.server.store.schema import metadata, place_pictures
from spotdiff.server.store.usage import Usage

PIXEL = json.dumps({"method": "pixel", "align": "off", "light": "off"})


def made_old(data, *ids):
    """Let comparisons have been made, and all pictures sent, ten days ago."""
    with sqlite3.connect(data / "server.db") as rows:
        for table in ("jobs", "comparisons"):
            marks = ",".join("?" * len(ids))
            rows.execute(f"update {table} set created = created - 864000000000 where id in ({marks})", ids)
        rows.execute("update uploads set received = received - 864000000000")


def files(data):
    return {path for folder in ("pictures", "answers") for path in (data / folder).rglob("*") if path.is_file()}


def test_old_comparisons_go_and_what_is_needed_stays(own_server, pictures, texture):
    from server.conftest import png

    server = own_server()
    old = server.compare(*pictures).json["id"]
    shared, other = (png(texture(80, 60, seed=seed)) for seed in (91, 92))
    server.compare(shared, other)
    young = server.compare(shared, shared).json["id"]
    server.post("/api/v1/places", {"name": "yard"})
    first = png(texture(80, 60, seed=93))
    server.send("/api/v1/places/yard/pictures", picture=first)
    passed = server.send("/api/v1/places/yard/pictures", picture=other, options=PIXEL).json["id"]
    approved = server.send("/api/v1/places/yard/pictures", picture=pictures[1], options=PIXEL).json["id"]
    server.post("/api/v1/places/yard/approve", {"comparison": approved})
    server.end(signal.SIGTERM)
    with sqlite3.connect(server.data / "server.db") as rows:
        everything = [name for (name,) in rows.execute("select id from jobs")]
    made_old(server.data, *(name for name in everything if name != young))

    kept = own_server()  # nothing is deleted by itself
    assert kept.get(f"/api/v1/comparisons/{old}").status == 200
    kept.end(signal.SIGTERM)

    again = own_server("--keep", "7")
    limit = time.monotonic() + 60
    while "deleted" not in again.log.read_text():
        assert time.monotonic() < limit
        time.sleep(0.05)
    assert again.get(f"/api/v1/comparisons/{old}").status == 404
    assert again.get(f"/api/v1/jobs/{old}").status == 404
    assert again.get(f"/api/v1/comparisons/{passed}").status == 404
    for name in (young, approved):
        assert again.get(f"/api/v1/comparisons/{name}").status == 200
        assert again.get(f"/api/v1/comparisons/{name}.html").status == 200
    place = again.get("/api/v1/places/yard").json
    assert place["baseline"]["comparison"] == approved
    assert [picture["comparison"] for picture in place["pictures"]] == [approved]
    assert "3 pictures" not in again.log.read_text()
    assert not any(old in str(path) or passed in str(path) for path in files(again.data))
    left = {path.name for path in files(again.data) if "pictures" in path.parts}
    with sqlite3.connect(again.data / "server.db") as rows:
        named = {name for row in rows.execute("select before, after from jobs") for name in row if name}
        assert left == named
        assert (
            rows.execute("select count(*) from job_owners").fetchone()
            == rows.execute("select count(*) from jobs").fetchone()
        )
    assert again.send("/api/v1/places/yard/pictures", picture=pictures[1], options=PIXEL).json["verdict"] == "same"
    assert again.compare(*pictures).json["verdict"] == "changed"


class Store:
    """A store without a server, and a clock by which what is in it is old."""

    def __init__(self, data):
        self.data = data
        self.engine = open_database(str(data / "server.db"))
        self.settings = Settings(data=data, keep=7)
        self.jobs, self.usage = Jobs(self.engine, most=100), Usage(self.engine, self.settings)

    def sent(self, letter):
        digest = letter * 64
        self.usage.sent("", digest, 3)
        path = picture_path(self.data, digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"pix")
        return Stored(digest, letter)

    def compared(self, before, after):
        name = self.jobs.add(self.sent(before), self.sent(after), {}, place=None)
        self.jobs.finish(self.jobs.take(), Answer("same", 0.0, 0, ""))
        return name

    def there(self, letter):
        return picture_path(self.data, letter * 64).exists()

    def has(self, name):
        with self.engine.begin() as connection:
            return connection.exec_driver_sql(f"select count(*) from jobs where id = '{name}'").scalar() == 1


@pytest.fixture(name="store")
def store_fixture(tmp_path):
    one = Store(tmp_path)
    yield one
    one.engine.dispose()


def test_jobs_that_wait_or_run_are_no_leftovers(store):
    waiting = store.jobs.add(store.sent("a"), store.sent("b"), {}, place=None)
    made_old(store.data, waiting)
    assert delete_older(store.engine, store.settings).jobs == 0
    store.jobs.take()
    assert delete_older(store.engine, store.settings).jobs == 0
    assert store.there("a")
    store.jobs.fail(waiting, 422, "no")
    assert delete_older(store.engine, store.settings) == retention.Deleted(1, 2)
    assert not store.there("a")


def test_pictures_that_were_sent_and_never_used_go_when_they_are_old(store):
    store.sent("a")
    assert delete_older(store.engine, store.settings).pictures == 0
    made_old(store.data)
    assert delete_older(store.engine, store.settings).pictures == 1
    assert not store.there("a")


def test_a_picture_that_is_sent_again_meanwhile_is_not_lost(store, monkeypatch):
    store.sent("a")
    made_old(store.data)
    unused = retention._unused

    def found(engine, before):
        digests = unused(engine, before)
        store.sent("a")
        return digests

    monkeypatch.setattr(retention, "_unused", found)
    assert delete_older(store.engine, store.settings).pictures == 0
    assert store.there("a")


@pytest.mark.parametrize(
    "column",
    [
        Column("comparison", String(32)),
        Column("of", String(32), ForeignKey("comparisons.id")),
        Column("of", Integer, ForeignKey("comparisons.number")),
        Column("of", Integer, ForeignKey("place_pictures.number")),
        Column("of", String(32), ForeignKey("jobs.id")),
    ],
    ids=["by its name", "its id", "its number", "the picture", "the job"],
)
def test_what_rows_of_any_other_table_name_stays(store, column):
    notes = Table("notes", metadata, column)
    try:
        notes.create(store.engine)
        Places(store.engine).add("yard")
        held, loose = (store.compared("a", letter) for letter in "bc")
        with store.engine.execution_options(writes=True).begin() as connection:
            number = connection.exec_driver_sql(f"select number from jobs where id = '{held}'").scalar()
            row = {"number": number, "place": "yard", "sha256": "x", "name": "", "received": 0}
            connection.execute(place_pictures.insert().values(row))
            value = number if isinstance(column.type, Integer) else held
            connection.execute(notes.insert().values({column.name: value}))
        made_old(store.data, held, loose)
        assert delete_older(store.engine, store.settings).jobs == 1
        assert store.has(held)
        assert not store.has(loose)
        assert [store.there(letter) for letter in "abc"] == [True, True, False]
    finally:
        metadata.remove(notes)


def test_nothing_is_deleted_while_a_backup_is_written(store):
    old, _ = store.compared("a", "b"), store.compared("c", "d")
    made_old(store.data, old)
    looking = retention.Retention(store.engine, store.settings)
    held = try_lock(store.data / ".deleting")
    looking._look()
    assert store.has(old)
    os.close(held)
    looking._look()
    assert not store.has(old)


def test_a_clock_that_jumped_ahead_deletes_nothing_at_once(store, caplog):
    old = store.compared("a", "b")
    made_old(store.data, old)
    looking = retention.Retention(store.engine, store.settings)
    looking._look()
    assert store.has(old)
    assert "clock" in caplog.text
    looking._begun -= 90_000
    looking._look()
    assert not store.has(old)


def test_what_was_approved_once_stays(store):
    kept = Places(store.engine)
    kept.add("yard")
    names = []
    for letter in "abc":
        names.append(store.jobs.add(store.sent("z"), store.sent(letter), {}, place="yard"))
        store.jobs.finish(store.jobs.take(), Answer("same", 0.0, 0, ""))
    for name in names[:2]:
        kept.approve("yard", comparison=name, who="Ann")
    made_old(store.data, *names)
    assert delete_older(store.engine, store.settings) == retention.Deleted(1, 1)
    assert [store.has(name) for name in names] == [True, True, False]
    assert [store.there(letter) for letter in "abc"] == [True, True, False]
