"""A disk that is full keeps what it has, and still takes a row and a thumbnail."""

from __future__ import annotations

import errno
import os
import sqlite3

import pytest
from sqlalchemy import select

from spotdiff.errors import OptionError
from spotdiff.watching.events import Retention, StoreDown, open_store, verify
from spotdiff.watching.events.durable_files import Reserve, free_bytes
from spotdiff.watching.events.schema import journal
from watching.events.store_toys import evidence_files, make_event, make_frames, make_pictures

MB = 1 << 20
WITNESS = make_pictures(640, 480, frames=0)  # about 1 MB of files


def told(store) -> list[str]:
    with store.reading() as connection:
        return list(connection.execute(select(journal.c.what).order_by(journal.c.id)).scalars())


def fill(disk, *, leave: int) -> None:
    """Take up room until so many bytes are left."""
    with (disk / "filler").open("ab") as file:
        os.posix_fallocate(file.fileno(), file.tell(), free_bytes(disk) - leave)


def intact(disk) -> bool:
    """Does the database say of itself that it is sound? Looked at as it lies on the disk."""
    connection = sqlite3.connect(disk / "events.db")
    try:
        return connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    finally:
        connection.close()


def test_rows_and_thumbnails_fit_into_the_reserve(small_disk):
    disk = small_disk(24)
    with open_store(str(disk / "events.db"), reserve_mb=6) as store:
        roomy = store.add(make_event(), WITNESS)
        fill(disk, leave=300_000)
        tight = [store.add(make_event(number), WITNESS) for number in range(1, 31)]
        assert set(store.evidence(roomy.id)) == {"before", "after", "boxes", "mask", "thumbnail"}
        assert all(set(store.evidence(event.id)) == {"thumbnail"} for event in tight)
        assert all(store.evidence(event.id)["thumbnail"].bytes <= 50_000 for event in tight)
        assert store.acknowledge(roomy.id).state == "acknowledged"
        assert not store.attach_clip(roomy.id, make_frames(3))
        assert store.waiting == 0
        assert store.reserve.lacking
        assert told(store)[:3] == ["disk full", "evidence lost", "evidence lost"]
        assert verify(store) == []
        (disk / "filler").unlink()
        assert len(store.evidence(store.add(make_event(50), WITNESS).id)) == 5
        assert not store.reserve.lacking
        assert told(store)[-1] == "disk"
    assert intact(disk)


def test_a_disk_without_any_room_keeps_what_was_promised(small_disk):
    disk = small_disk(8)
    with open_store(str(disk / "events.db"), reserve_mb=1) as store:
        fill(disk, leave=300_000)
        promised = []
        with pytest.raises(StoreDown, match=r"disk is full.*No space left"):
            promised.extend(store.add(make_event(number, text="x" * 2000), WITNESS) for number in range(500))
        assert len(promised) > 5
        event = promised.pop()
        texts = []
        with pytest.raises(StoreDown):
            texts.extend(store.change(event.id, text="y" * 20_000 + str(number)).text for number in range(500))
        (disk / "filler").unlink()
        assert store.events()[:-1] == promised
        assert store.event(event.id).text == [event.text, *texts][-1]
        assert store.waiting == 0
        assert verify(store) == []
        rows = {
            str(file.path.relative_to(store.folder))
            for one in store.events()
            for file in store.evidence(one.id).values()
        }
        assert evidence_files(store.folder) == rows
        assert set(store.evidence(store.add(make_event(), WITNESS).id)) > {"after"}
    assert intact(disk)


def test_a_row_that_does_not_fit_gets_the_room_of_the_reserve(small_disk):
    disk = small_disk(8)
    with open_store(str(disk / "events.db"), reserve_mb=2) as store:
        event = store.add(make_event())
        fill(disk, leave=0)
        for number in range(30):
            event = store.change(event.id, text="x" * 9000 + str(number))
        assert store.waiting == 0
        assert store.event(event.id) == event
        assert store.reserve.lacking


def test_a_full_disk_is_cleared_of_what_may_go(small_disk):
    disk = small_disk(24)
    retention = Retention(reserve_bytes=5 * MB)
    with open_store(str(disk / "events.db"), reserve_mb=4, retention=retention) as store:
        for number in range(8):
            store.change(store.add(make_event(number), WITNESS).id, state="closed")
        open_ = store.add(make_event(8), WITNESS)
        fill(disk, leave=300_000)
        new = store.add(make_event(9), WITNESS)
        assert {"before", "after"} <= set(store.evidence(new.id))
        assert {"before", "after"} <= set(store.evidence(open_.id))
        assert set(store.evidence("hall-1")) == {"thumbnail"}
        assert not store.reserve.lacking
        assert "thrown away" in told(store)
        assert verify(store) == []


def test_without_a_reserve_a_full_disk_keeps_thumbnails_while_they_fit(small_disk):
    disk = small_disk(8)
    with open_store(str(disk / "events.db"), reserve_mb=0) as store:
        fill(disk, leave=500_000)
        event = store.add(make_event(), WITNESS)
        assert set(store.evidence(event.id)) == {"thumbnail"}
        assert store.event(event.id) == event


def test_a_store_opens_on_a_full_disk(small_disk):
    disk = small_disk(12)
    with open_store(str(disk / "events.db"), reserve_mb=2) as store:
        event = store.add(make_event())
    fill(disk, leave=0)
    with open_store(str(disk / "events.db"), reserve_mb=2) as store:
        assert store.events() == [event]
        assert set(store.evidence(store.add(make_event(), WITNESS).id)) == {"thumbnail"}


def test_a_picture_that_came_out_shorter_is_not_believed(store, monkeypatch):
    whole = os.fstat

    def shorter(handle):
        return os.stat_result((*whole(handle)[:6], 1, *whole(handle)[7:10]))

    monkeypatch.setattr("spotdiff.watching.events.durable_files.os.fstat", shorter)
    event = store.add(make_event(), make_pictures())
    monkeypatch.undo()
    assert store.evidence(event.id) == {}
    assert told(store) == ["evidence lost"]


def test_evidence_that_cannot_be_put_in_its_place_does_not_lose_the_event(store, monkeypatch):
    def broken(*_args):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(store.files, "publish", broken)
    event = store.add(make_event(), make_pictures())
    assert (store.events(), store.evidence(event.id), told(store)) == ([event], {}, ["evidence lost"])


def test_a_reserve_takes_up_room_and_gives_it_back(tmp_path, monkeypatch):
    reserve = Reserve(tmp_path / ".reserve", MB)
    assert reserve.lacking
    assert reserve.take()
    assert (tmp_path / ".reserve").stat().st_blocks * 512 >= MB
    assert not reserve.lacking
    assert reserve.release()
    assert not reserve.release()
    monkeypatch.setattr("spotdiff.watching.events.durable_files.free_bytes", lambda _path: MB)
    assert not reserve.take()
    none = Reserve(tmp_path / ".none", 0)
    assert not none.lacking
    assert none.take()
    assert list(tmp_path.iterdir()) == []


def test_a_reserve_of_less_than_nothing_is_refused(tmp_path):
    with pytest.raises(OptionError, match="reserve_mb"):
        open_store(str(tmp_path / "events.db"), reserve_mb=-1)
