"""The same store on a real server, which is stopped, started and refuses."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, select, text

from spotdiff.errors import DataError
from spotdiff.watching.events import Retention, StoreDown, check_store, clean_up, open_store, verify
from spotdiff.watching.events.schema import VERSION, journal, metadata
from watching.events.store_toys import make_event, make_frames, make_pictures


class Server:
    """A throwaway cluster of its own, run by a user that may run it."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs, self._folder = programs, folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        (folder / "password").write_text("secret", encoding="ascii")
        self._databases = 0
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
            shutil.chown(folder / "password", "postgres")
        access = ["--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={folder / 'password'}"]
        self._run("initdb", "-U", "postgres", "-N", "-E", "UTF8", "--no-locale", *access)
        self.start()

    def start(self) -> None:
        options = f"-p {self.port} -k {self._folder} -c listen_addresses=127.0.0.1 -c shared_buffers=8MB -c fsync=off"
        self._run("pg_ctl", "-w", "-l", str(self._folder / "log"), "-o", options, "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-w", "-m", "fast", "stop")

    def database(self) -> str:
        """The URL of a new empty database."""
        self._databases += 1
        engine = create_engine(self.url("postgres", driver="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE watch{self._databases}"))
        engine.dispose()
        return self.url(f"watch{self._databases}")

    def url(self, name: str, *, password: str = "secret", driver: str = "postgresql") -> str:
        return f"{driver}://postgres:{password}@127.0.0.1:{self.port}/{name}"

    def _run(self, program: str, *arguments: str) -> None:
        order = [str(self._programs / program), "-D", str(self._folder / "data"), *arguments]
        order = ["runuser", "-u", "postgres", "--", *order] if os.geteuid() == 0 else order
        done = subprocess.run(order, cwd=self._folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        assert done.returncode == 0, done.stderr.decode()


def throwaway_server():
    """A PostgreSQL server for as long as it is needed; skips the test where none is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("PostgreSQL is not installed")
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="spotdiff-pg-") as folder:
        cluster = Server(found[-1].parent, Path(folder))
        yield cluster
        cluster.stop()


@pytest.fixture(scope="module")
def server():
    yield from throwaway_server()


@pytest.fixture
def url(server):
    return server.database()


@pytest.fixture
def store(opened, url, tmp_path):
    return opened(url, folder=tmp_path / "evidence")


def test_the_tables_are_those_of_the_migrations(store):
    with store.reading() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION, "compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_a_check_makes_nothing(server, url, opened, tmp_path):
    check_store(url, folder=tmp_path / "evidence")
    with pytest.raises(DataError, match="no such folder"):
        open_store(url, folder=tmp_path / "evidence", create=False, reserve_mb=0)
    (tmp_path / "other").mkdir()
    with pytest.raises(DataError, match="no such store"):
        open_store(url, folder=tmp_path / "other", create=False, reserve_mb=0)
    engine = create_engine(server.url(url.rpartition("/")[2], driver="postgresql+psycopg"))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")).scalar() == 0
    engine.dispose()
    assert [path.name for path in tmp_path.rglob("*")] == ["other"]
    opened(url, folder=tmp_path / "evidence").add(make_event())
    check_store(url, folder=tmp_path / "evidence")
    (tmp_path / "evidence/.store.json").write_text('{"store": "x"}')
    with pytest.raises(DataError, match="another store"):
        check_store(url, folder=tmp_path / "evidence")


def test_events_go_in_are_changed_and_come_out(store):
    event = store.add(make_event(text="nul \0, Tür 📦", box_before=None), make_pictures())
    assert event.id == "hall-1"
    assert store.attach_clip(event.id, make_frames(3))
    closed = store.change(event.id, state="closed", outcome="gone", score=0.25)
    store.set_fact("report", {"day": None})
    assert store.events() == [closed]
    assert store.event("hall-1").text == "nul \ufffd, Tür 📦"
    assert store.fact("report") == {"day": None}
    assert verify(store) == []
    assert clean_up(store).files == 0
    with store.reading() as connection:
        assert connection.execute(text("SELECT box_before IS NULL FROM events")).scalar() is True
    assert store.enforce(Retention(keep_bytes=1)).events == 1
    with pytest.raises(DataError, match="there is no event"):
        store.event("hall-1")
    assert store.add(make_event()).id == "hall-2"
    with pytest.raises(DataError, match="duplicate key"):
        store.add(store.event("hall-2"))


def test_a_server_that_is_stopped_and_started_loses_nothing(server, opened, url, tmp_path):
    store = opened(url, folder=tmp_path / "evidence")
    first = store.add(make_event(), make_pictures())
    server.stop()
    try:
        second = store.add(make_event(1), make_pictures())
        store.acknowledge(first.id, by="Ann")
        store.change(second.id, text="a box")
        assert store.attach_clip(second.id, make_frames(9))
        store.journal("outage")
        assert store.waiting == 5
        with pytest.raises(StoreDown, match="no server answers there") as caught:
            store.events()
        assert "secret" not in str(caught.value)
        with pytest.raises(DataError, match="no server answers there"):
            open_store(url, folder=tmp_path / "evidence", reserve_mb=0)
    finally:
        server.start()
    assert store.flush() == 0
    third = store.add(make_event(2), make_pictures())
    assert [event.id for event in store.events()] == [first.id, second.id, third.id] == ["hall-1", "hall-2", "hall-3"]
    assert store.event(first.id).state == "acknowledged"
    assert store.event(second.id).text == "a box"
    assert verify(store) == []
    assert clean_up(store).missing == ()
    with store.reading() as connection:
        assert [row.what for row in connection.execute(select(journal))] == ["outage"]


def test_connections_that_were_cut_are_made_anew(server, store):
    store.add(make_event())
    server.stop()
    server.start()
    store.add(make_event(1))
    assert store.flush() == 0
    assert len(store.events()) == 2


def test_what_waits_at_a_server_is_taken_by_the_next_process(server, opened, url, tmp_path):
    store = opened(url, folder=tmp_path / "evidence")
    server.stop()
    try:
        event = store.add(make_event(), make_pictures())
        store.close()
    finally:
        server.start()
    again = opened(url, folder=tmp_path / "evidence")
    assert again.events() == [event]
    assert verify(again) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("secret", "pass%40word", "the user or the password is wrong"),
        (":secret", "", "it wants a password"),
        ("/watch", "/none", "does not exist"),
        ("@127.0.0.1", "@127.0.0.9", "no server answers there"),
        ("@127.0.0.1", "@nowhere.invalid", "there is no such host"),
    ],
)
def test_a_server_that_refuses_is_told_in_one_line_without_the_password(server, tmp_path, old, new, said):
    with pytest.raises(DataError) as caught:
        open_store(server.url("watch").replace(old, new), folder=tmp_path / "evidence", reserve_mb=0)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not [word for word in ("secret", "pass@word", "pass%40word") if word in str(caught.value)]


def test_a_database_of_others_or_newer_is_refused(server, opened, url, tmp_path):
    engine = create_engine(server.url(url.rpartition("/")[2], driver="postgresql+psycopg"))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE users (name text)"))
    with pytest.raises(DataError, match=r"other tables \(users\)"):
        open_store(url, folder=tmp_path / "evidence", reserve_mb=0)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE users"))
    opened(url, folder=tmp_path / "evidence").close()
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {VERSION} SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(DataError, match="newer spotdiff"):
        open_store(url, folder=tmp_path / "evidence", reserve_mb=0)
