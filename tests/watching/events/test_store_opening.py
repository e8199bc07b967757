"""What can be wrong with a store is told in one line when it is opened."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from spotdiff.database.failures import reason
from spotdiff.errors import DataError, OptionError
from spotdiff.watching.events import StoreDown, clean_up, open_store
from spotdiff.watching.events.address import parse_address
from spotdiff.watching.events.schema import VERSION, metadata
from watching.events.store_toys import make_event, make_pictures

READER = """
import sys
from spotdiff.watching.events import open_store
with open_store(sys.argv[1], reserve_mb=0) as store:
    print("open", flush=True)
    for line in sys.stdin:
        print(len(store.events()), flush=True)
"""


def refused(url, **options) -> str:
    with pytest.raises(DataError) as caught:
        open_store(str(url), **{"reserve_mb": 0, **options}).close()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def execute(path, *statements) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def test_the_tables_are_those_of_the_migrations(store):
    with store.reading() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION, "compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_sqlite_keeps_what_it_commits(store):
    with store.reading() as connection:
        pragmas = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        assert [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in pragmas] == ["wal", 2, 1, 5000]


def test_a_folder_lies_beside_the_file_or_where_it_is_told(opened, tmp_path):
    assert opened(f"sqlite:///{tmp_path}/a.sqlite").folder == tmp_path / "a-evidence"
    assert opened(str(tmp_path / "b.db"), folder=tmp_path / "c").folder == tmp_path / "c"


@pytest.mark.parametrize(
    "url",
    ["events", "mysql://u:secret@h/d", "sqlite://", "postgresql+asyncpg://h/d", "postgresql://u:secret@h/d", "://"],
)
def test_an_address_that_is_none_is_an_option_error(url):
    with pytest.raises(OptionError) as caught:
        open_store(url)
    assert "secret" not in str(caught.value)


def test_a_server_needs_a_folder():
    with pytest.raises(OptionError, match="needs a folder"):
        open_store("postgresql://u@h/d")


def test_a_file_that_is_no_database_stays_as_it_is(tmp_path):
    path = tmp_path / "events.db"
    path.write_bytes(b"dear diary")
    assert refused(path) == f"{path}: it is not a database"
    assert path.read_bytes() == b"dear diary"
    assert refused(tmp_path / "none" / "events.db").endswith("its folder does not exist")
    (tmp_path / "folder.db").mkdir()
    assert refused(tmp_path / "folder.db").endswith("a folder, not a database")
    assert "does not exist" in refused(tmp_path / "x.db", folder=tmp_path / "no" / "no")
    assert "cannot be written" in refused(tmp_path / "x.db", folder=path)


def test_an_empty_file_becomes_a_store(opened, tmp_path):
    (tmp_path / "events.db").touch()
    assert opened().events() == []


def test_a_damaged_database_is_refused(opened, tmp_path):
    store = opened()
    for _ in range(200):
        store.add(make_event(text="x" * 200))
    store.close()
    path = tmp_path / "events.db"
    data = bytearray(path.read_bytes())
    data[20480:40960] = bytes(index % 251 for index in range(20480))
    path.write_bytes(data)
    assert "damaged" in refused(path)
    path.write_bytes(bytes(data[:100]) + b"\xff" * 5000)
    assert str(path) in refused(path)


def test_a_database_of_others_is_refused_and_stays_as_it_is(tmp_path):
    path = tmp_path / "other.db"
    execute(path, "CREATE TABLE users (name TEXT)", "INSERT INTO users VALUES ('ann')")
    assert "other tables (users)" in refused(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("users",)]


def test_a_database_of_a_newer_spotdiff_is_refused(opened, tmp_path):
    opened().close()
    execute(tmp_path / "events.db", f"UPDATE {VERSION} SET version_num = '9999'")
    assert "newer spotdiff (tables 9999)" in refused(tmp_path / "events.db")


def test_a_store_that_is_only_to_be_read_is_not_made(opened, tmp_path):
    url = f"sqlite:///{tmp_path}/events.db"
    assert "no such store" in refused(url, create=False)
    (tmp_path / "events.db").touch()
    assert "no such store" in refused(url, create=False)
    assert [path.name for path in tmp_path.iterdir()] == ["events.db"]
    opened().close()
    (tmp_path / "events-evidence").rename(tmp_path / "moved")
    assert "there is no such folder" in refused(url, create=False, folder=tmp_path / "typo")
    opened(url, create=False, folder=tmp_path / "moved").close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["events.db", "moved"]


def test_an_older_database_is_brought_up(opened, tmp_path):
    """There is no older one yet: a database that has seen no step is the oldest."""
    execute(tmp_path / "events.db", f"CREATE TABLE {VERSION} (version_num VARCHAR(32) NOT NULL)")
    store = opened()
    assert store.add(make_event()).id == "hall-1"
    with store.reading() as connection:
        assert MigrationContext.configure(connection, opts={"version_table": VERSION}).get_current_revision() == "0002"


def test_a_folder_of_another_store_is_refused(opened, tmp_path):
    first = opened()
    first.add(make_event(), make_pictures())
    assert "another store" in refused(tmp_path / "other.db", folder=first.folder)
    assert clean_up(first).files == 0


def test_a_read_only_disk_is_told(small_disk):
    disk = small_disk(8)
    open_store(str(disk / "events.db"), reserve_mb=0).close()
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    assert refused(disk / "events.db").endswith("it is read-only")
    assert "read-only" in refused(disk / "new.db")


def test_another_process_lists_events_while_they_are_written(store, tmp_path):
    order = [sys.executable, "-c", READER, str(tmp_path / "events.db")]
    with subprocess.Popen(order, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout.readline() == "open\n"
        seen = []
        for number in range(30):
            store.add(make_event(number), make_pictures(frames=0) if number % 10 == 0 else None)
            reader.stdin.write("\n")
            reader.stdin.flush()
            seen.append(int(reader.stdout.readline()))
        reader.stdin.close()
        assert seen == list(range(1, 31))


def test_a_reader_that_holds_on_does_not_stop_the_writer(store):
    with store.reading() as connection:
        before = connection.exec_driver_sql("SELECT count(*) FROM events").scalar()
        for _ in range(5):
            store.add(make_event())
        assert connection.exec_driver_sql("SELECT count(*) FROM events").scalar() == before == 0
    assert store.waiting == 0


def test_a_transaction_of_others_may_read_first_and_write_then(store, tmp_path):
    with store.engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM outbox").scalar() == 0
        with (
            closing(sqlite3.connect(tmp_path / "events.db", timeout=0)) as other,
            pytest.raises(sqlite3.OperationalError),
        ):
            other.execute("DELETE FROM outbox")
        connection.exec_driver_sql("DELETE FROM outbox")


def test_what_a_server_says_is_shown_without_the_password():
    address = parse_address("postgresql://ann:se%40cret@db/watch", Path("/data"))
    said = reason(Exception("connection to ann:se@cret@db failed\nand more"), address.url)
    assert said == "connection to ann:***@db failed"


def test_a_store_that_is_gone_while_it_is_read_is_told(store):
    store.add(make_event())
    with store.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE evidence")
    with pytest.raises(StoreDown, match="no such table"):
        store.evidence("hall-1")
