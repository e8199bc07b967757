"""Events go in, are changed and come out again."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from spotdiff.errors import DataError
from spotdiff.watching.events.schema import instant, journal, micros, outbox
from watching.events.store_toys import make_event, make_pictures


@given(st.datetimes(datetime(1900, 1, 1), datetime(2500, 1, 1), timezones=st.timezones() | st.just(UTC)))
def test_an_instant_keeps_its_microseconds(when):
    assert instant(micros(when)) == when.astimezone(UTC)
    assert instant(micros(when)).tzinfo is UTC


@given(st.integers(-(10**15), 10**17))
def test_a_number_is_one_instant(value):
    assert micros(instant(value)) == value


def test_what_goes_in_comes_out(store):
    seen = datetime(2026, 3, 1, 12, 0, 0, 123457, tzinfo=timezone(timedelta(hours=2)))
    full = make_event(
        kind="moved",
        state="closed",
        zone="Tür",
        box=None,
        box_before=(1, 2, 3, 4),
        first_seen=seen,
        confirmed=seen + timedelta(microseconds=1),
        closed=seen + timedelta(days=1),
        outcome="gone",
        seconds=1e6 / 3,
        confirmed_seconds=0.1,
        boot="b",
        text="ein\nKarton 📦",
    )
    added = store.add(full)
    assert added == replace(full, id="hall-1")
    assert store.event("hall-1") == added
    assert store.events() == [added]
    plain = store.add(make_event())
    assert store.event(plain.id) == plain


def test_ids_count_up_per_camera_and_after_a_restart(opened):
    first = opened()
    assert [first.add(make_event()).id for _ in range(2)] == ["hall-1", "hall-2"]
    assert first.add(make_event(camera="yard")).id == "yard-1"
    assert first.next_id("hall") == "hall-3"
    first.close()
    second = opened()
    assert second.add(make_event()).id == "hall-4"
    assert second.add(replace(make_event(), id=second.next_id("hall"))).id == "hall-5"


def test_ids_stay_unique_without_the_mirror_and_without_the_rows(opened):
    first = opened()
    first.add(make_event())
    first.add(make_event())
    with first.writer.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM events")
    first.close()
    (first.folder / ".store.json").unlink()
    assert opened().add(make_event()).id == "hall-3"


def test_two_writers_never_give_the_same_id(opened):
    stores, ids = (opened(), opened()), []

    def work(store):
        ids.extend(store.add(make_event()).id for _ in range(20))

    threads = [threading.Thread(target=work, args=(store,)) for store in (*stores, *stores)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(ids)) == len(ids) == 80
    assert {event.id for event in stores[0].events()} == set(ids)


def test_a_writer_waits_for_the_other_one(opened):
    one, other = opened(), opened()
    thread = threading.Thread(target=lambda: other.add(make_event()))
    with one.writer.lock:
        thread.start()
        thread.join(0.2)
        assert thread.is_alive()
        assert one.add(make_event()).id == "hall-1"
    thread.join()
    assert [event.id for event in one.events()] == ["hall-1", "hall-2"]


def test_an_id_is_taken_once_and_its_evidence_stays(store):
    kept = store.add(make_event(), make_pictures())
    digest = store.evidence(kept.id)["after"].path.read_bytes()
    with pytest.raises(DataError, match="hall-1"):
        store.add(kept, make_pictures(seed=1))
    assert store.evidence(kept.id)["after"].path.read_bytes() == digest
    bare = store.add(make_event())
    with pytest.raises(DataError, match="UNIQUE"):
        store.add(bare)
    with pytest.raises(DataError, match="next_id"):
        store.add(make_event(id="../../hall-9"))


def test_events_are_found_by_what_where_and_when(store):
    ids = [store.add(make_event(minute, camera=camera)).id for minute, camera in ((2, "hall"), (1, "yard"), (2, "a"))]
    taken = store.add(make_event(5, kind="taken", zone="door"))
    for _ in range(10):
        store.add(make_event(9, camera="many"))
    assert [event.id for event in store.events(until=make_event(5).first_seen)] == ["yard-1", "a-1", "hall-1"]
    assert ids == ["hall-1", "yard-1", "a-1"]
    assert store.events(since=taken.first_seen, until=make_event(6).first_seen) == [taken]
    assert (
        store.events(kind="taken") == store.events(zone="door") == store.events(camera="hall", zone="door") == [taken]
    )
    assert [event.id for event in store.events(camera="many", limit=2)] == ["many-9", "many-10"]
    assert len(store.events(camera=["hall", "yard"])) == 3
    assert store.events(state="closed") == []
    with pytest.raises(DataError, match="time zone"):
        store.events(since=datetime(2026, 1, 1))


def test_an_event_is_changed_acknowledged_closed_and_opened_again(opened):
    store = opened(clock=lambda: make_event(30).first_seen)
    id_ = store.add(make_event()).id
    assert store.acknowledge(id_, by="Ann", note="mine").state == "acknowledged"
    assert store.remarks(id_) == ("Ann", "mine")
    shaped = store.change(id_, text="a box", score=0.9, box=(1, 1, 2, 2), kind="changed")
    assert (shaped.text, shaped.score, shaped.box, shaped.state) == ("a box", 0.9, (1, 1, 2, 2), "acknowledged")
    closed = store.change(id_, state="closed", outcome="reverted")
    assert (closed.closed, closed.outcome) == (make_event(30).first_seen, "reverted")
    assert store.acknowledge(id_, by="Bob").state == "closed"
    assert store.remarks(id_) == ("Bob", "mine")
    again = store.change(id_, state="open")
    assert (again.closed, again.outcome) == (None, "")
    assert store.event(id_) == again
    assert store.change(id_) == again


@pytest.mark.parametrize("call", ["change", "acknowledge", "event", "remarks"])
def test_an_unknown_event_is_told_with_the_nearest_one(store, call):
    store.add(make_event())
    with pytest.raises(DataError, match=r"^there is no event 'hal-1'; did you mean hall-1\?$"):
        getattr(store, call)("hal-1")


@pytest.mark.parametrize(
    "fields",
    [
        {"camera": "../x"},
        {"camera": ""},
        {"camera": ".x"},
        {"camera": "ü" * 80},
        {"kind": "lost"},
        {"state": "done"},
        {"zone": "z" * 201},
        {"zone": "a\0b"},
        {"score": float("nan")},
        {"first_seen": datetime(2026, 1, 1)},
    ],
)
def test_what_cannot_be_kept_is_refused_before_anything_is_written(store, fields):
    with pytest.raises(DataError):
        store.add(make_event(**fields), make_pictures())
    assert store.events() == []
    assert not list(store.folder.glob("2026*"))
    assert store.waiting == 0


def test_a_change_that_cannot_be_kept_changes_nothing(store):
    event = store.add(make_event(text="nul \0 and \ud800"))
    with pytest.raises(DataError):
        store.change(event.id, score=float("inf"))
    assert store.event(event.id).text == "nul \ufffd and ?"
    assert store.event(event.id).score == event.score


def test_facts_and_the_journal_are_kept(opened):
    store = opened(clock=lambda: make_event().first_seen)
    assert store.fact("report") is None
    store.set_fact("report", {"day": [1, None]})
    store.set_fact("report", [2])
    store.journal("start", "version 1", camera="hall")
    store.close()
    store = opened()
    assert store.fact("report") == [2]
    with store.reading() as connection:
        row = connection.execute(select(journal)).one()
    assert (instant(row.at), row.camera, row.what, row.said) == (make_event().first_seen, "hall", "start", "version 1")


@pytest.mark.parametrize(("name", "value"), [("x", {1}), ("x", float("nan")), ("n" * 301, 1), ("a\0", 1)])
def test_a_fact_that_no_database_takes_is_refused(store, name, value):
    with pytest.raises(DataError):
        store.set_fact(name, value)
    assert store.waiting == 0


def test_deliveries_are_written_with_the_change_and_only_once(opened):
    def deliveries(before, after):
        key = f"{after.id}/{'new' if before is None else after.state}"
        row = {"key": key, "event": after.id, "sink": "mail", "message": {"text": after.text}, "state": "waiting"}
        return [{**row, "created": 1, "due": 1}]

    store = opened(deliveries=deliveries)
    id_ = store.add(make_event()).id
    store.acknowledge(id_)
    store.change(id_, text="other")
    with store.reading() as connection:
        assert list(connection.execute(select(outbox.c.key).order_by(outbox.c.id)).scalars()) == [
            "hall-1/new",
            "hall-1/acknowledged",
        ]
