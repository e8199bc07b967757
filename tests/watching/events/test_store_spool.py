"""A database that goes away loses nothing, takes everything once, and in order."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from spotdiff.watching.events import StoreDown, clean_up, verify
from spotdiff.watching.events.schema import evidence, journal
from spotdiff.watching.events.write import Spool
from watching.events.store_toys import down, evidence_files, make_event, make_frames, make_pictures


def spooled(store) -> list[dict]:
    lines = (store.folder / ".spool.jsonl").read_text(encoding="ascii").splitlines()
    return [json.loads(line) for line in lines if line]


def test_everything_goes_on_while_the_database_is_down(store):
    old = store.add(make_event())
    with down(store):
        new = store.add(make_event(1), make_pictures())
        assert new.id == "hall-2"
        store.acknowledge(old.id, by="Ann")
        store.change(old.id, text="a box")
        assert store.change(new.id, score=0.5).score == 0.5
        assert store.attach_clip(new.id, make_frames(9))
        closed = store.change(new.id, state="closed", outcome="reverted")
        store.journal("start")
        store.set_fact("report", 7)
        assert store.waiting == 8
        assert [entry["n"] for entry in spooled(store)] == list(range(1, 9))
        assert store.flush() == 8
        for call in (store.events, lambda: store.event(old.id), lambda: store.fact("x"), lambda: clean_up(store)):
            with pytest.raises(StoreDown, match=r"closed the connection|changes wait"):
                call()
        with pytest.raises(StoreDown, match="not among the events that are open"):
            store.change(new.id, text="too late")
    assert [event.id for event in store.events()] == ["hall-1", "hall-2"]
    assert store.waiting == 0
    assert store.event(new.id) == closed
    assert (store.event(old.id).state, store.event(old.id).text) == ("acknowledged", "a box")
    assert store.remarks(old.id) == ("Ann", "")
    assert store.fact("report") == 7
    assert store.evidence(new.id)["clip"].path.name == "clip-2.mp4"
    assert verify(store) == []
    assert clean_up(store).files == 1
    assert "2026/03/01/hall-2/clip.mp4" not in evidence_files(store.folder)


def test_what_waits_is_taken_by_the_next_process(opened):
    first = opened()
    with down(first):
        waiting = first.add(make_event(), make_pictures())
    first.writer.engine.dispose()
    second = opened()
    assert second.events() == [waiting]
    assert second.add(make_event(1)).id == "hall-2"
    assert verify(second) == []
    assert first.flush() == 0
    assert first.events() == second.events()


def test_new_changes_wait_behind_old_ones(store, monkeypatch):
    with down(store):
        event = store.add(make_event())
    store.change(event.id, text="second")  # the database is not asked again so soon
    assert store.waiting == 2
    monkeypatch.setattr("spotdiff.watching.events.write.RETRY_S", 0.0)
    store.change(event.id, text="third")
    assert store.waiting == 0
    assert store.event(event.id).text == "third"


def test_a_spool_that_was_taken_and_not_cleared_is_not_taken_again(opened, monkeypatch):
    store = opened()
    with down(store):
        event = store.add(make_event())
        store.change(event.id, text="spooled")
        store.journal("start")
    monkeypatch.setattr(Spool, "clear", lambda self, last: setattr(self, "waiting", 0))
    assert store.flush() == 0
    store.change(event.id, text="newer")
    store.close()
    monkeypatch.undo()
    assert len(spooled(store)) == 3
    store = opened()
    assert store.event(event.id).text == "newer"
    with down(store):
        store.change(event.id, score=0.1)
    assert store.flush() == 0
    assert (store.event(event.id).text, store.event(event.id).score) == ("newer", 0.1)
    with store.reading() as connection:
        assert len(connection.execute(select(journal)).all()) == 1


def test_a_spool_that_was_lost_does_not_hide_what_comes_after(opened):
    store = opened()
    with down(store):
        store.add(make_event())
    assert store.flush() == 0
    (store.folder / ".spool.jsonl").unlink()
    store.close()
    store = opened()
    with down(store):
        late = store.add(make_event(1))
    assert store.flush() == 0
    assert store.event(late.id) == late


def test_a_commit_whose_answer_was_lost_is_done_once(store, monkeypatch):
    writer = store.writer
    whole = type(writer)._transact

    def cut_off(self, work):
        whole(self, work)
        raise OperationalError("COMMIT", {}, Exception("the server closed the connection unexpectedly"))

    monkeypatch.setattr(type(writer), "_transact", cut_off)
    event = store.add(make_event(), make_pictures())
    store.journal("start")
    assert store.attach_clip(event.id, make_frames(3))
    assert store.flush() == 3  # taken, and that answer is lost, too
    monkeypatch.undo()
    assert store.flush() == 0
    assert store.events() == [event]
    with store.reading() as connection:
        assert len(connection.execute(select(journal)).all()) == 1
        assert len(connection.execute(select(evidence)).all()) == 6
    assert verify(store) == []


def test_a_line_that_was_cut_off_spoils_no_other(opened):
    store = opened()
    with down(store):
        first = store.add(make_event())
        with (store.folder / ".spool.jsonl").open("a", encoding="ascii") as file:
            file.write('{"n": 2, "change": {"do": "add", "ev')
        second = store.add(make_event(1))
    store.close()
    assert opened().events() == [first, second]


def test_a_change_that_the_database_refuses_does_not_stop_the_others(store):
    with down(store):
        event = store.add(make_event(), make_pictures())
        store.attach_clip(event.id, make_frames(2))
    entries = spooled(store)
    entries[0]["change"]["event"]["kind"] = None
    (store.folder / ".spool.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in entries), encoding="ascii")
    store.writer.commit({"do": "keep", "name": "after", "value": 1})
    assert store.flush() == 0
    assert store.fact("after") == 1
    assert store.events() == []
    refused = [json.loads(line) for line in store.writer.rejected.read_text(encoding="ascii").splitlines()]
    assert [entry["change"]["do"] for entry in refused] == ["add", "file"]
    with store.reading() as connection:
        assert [row.what for row in connection.execute(select(journal))] == ["refused"] * 2


def test_without_database_and_spool_nothing_is_promised(store, monkeypatch):
    kept = store.add(make_event())

    def broken(_self, _change):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Spool, "append", broken)
    with down(store):
        with pytest.raises(StoreDown, match=r"closed the connection unexpectedly, and its spool: Input/output error$"):
            store.add(make_event(), make_pictures())
        with pytest.raises(StoreDown):
            store.change(kept.id, text="other")
    assert evidence_files(store.folder) == set()
    assert store.events() == [kept]
