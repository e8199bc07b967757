"""What is thrown away first, what last, and what never."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from spotdiff.errors import OptionError
from spotdiff.watching.events import Retention, StoreDown, clean_up, verify
from spotdiff.watching.events.schema import journal
from watching.events.store_toys import down, evidence_files, make_event, make_pictures

NOW = make_event(60 * 24 * 10).first_seen  # ten days after the first event
STILLS = {"before", "after", "boxes", "mask"}
ALL = STILLS | {"thumbnail", "clip"}


@pytest.fixture
def filled(opened):
    """Three closed events, the oldest first, then one that is open and one that is acknowledged."""
    store = opened()
    ids = []
    for number in range(5):
        store._clock = lambda day=number: make_event(60 * 24 * day).first_seen
        ids.append(store.add(make_event(number), make_pictures(seed=number)).id)
    for number, id_ in enumerate(ids[:3]):
        store.change(id_, state="closed", closed=make_event(60 * 24 * number).first_seen)
    store.acknowledge(ids[4])
    store._clock = lambda: NOW
    return store


def roles(store) -> list[set[str]]:
    return [set(store.evidence(event.id)) for event in store.events()]


def size(store, *names) -> int:
    found = [file for event in store.events() for file in store.evidence(event.id).items()]
    return sum(file.bytes for role, file in found if not names or role in names)


def sound(store) -> bool:
    return verify(store) == [] and clean_up(store).files == 0


def test_nothing_goes_without_need(filled):
    before = evidence_files(filled.folder)
    assert filled.enforce(Retention()).bytes == 0
    assert filled.enforce(Retention(keep_days=30, keep_bytes=size(filled), reserve_bytes=1)).events == 0
    assert evidence_files(filled.folder) == before
    with filled.reading() as connection:
        assert connection.execute(select(journal)).all() == []


def test_the_oldest_film_goes_first(filled):
    freed = filled.enforce(Retention(keep_bytes=size(filled) - 1))
    assert (freed.clips, freed.stills, freed.events) == (1, 0, 0)
    assert roles(filled) == [ALL - {"clip"}, ALL, ALL, ALL, ALL]
    assert sound(filled)


def test_then_pictures_then_events_then_films_of_what_is_open(filled):
    total, films, stills = size(filled), size(filled, "clip"), size(filled, *STILLS)
    freed = filled.enforce(Retention(keep_bytes=total - films * 3 // 5 - 1))
    assert (freed.clips, freed.stills, freed.thumbnails) == (3, 4, 0)
    assert roles(filled) == [{"thumbnail"}, STILLS | {"thumbnail"}, STILLS | {"thumbnail"}, ALL, ALL]
    filled.enforce(Retention(keep_bytes=total - films * 3 // 5 - stills * 3 // 5 - 1))
    assert roles(filled) in (
        [{"thumbnail"}, {"thumbnail"}, ALL, ALL],
        [{"thumbnail"}, {"thumbnail"}, {"thumbnail"}, ALL, ALL],
    )
    filled.enforce(Retention(keep_bytes=1))
    assert roles(filled) == [ALL - {"clip"}, ALL - {"clip"}]
    assert [event.id for event in filled.events()] == ["hall-4", "hall-5"]
    assert sound(filled)
    assert len({path.rpartition("/")[0] for path in evidence_files(filled.folder)}) == 2
    assert filled.add(make_event()).id == "hall-6"


def test_closed_events_go_after_their_days(filled):
    freed = filled.enforce(Retention(keep_days=8.5))
    assert (freed.events, freed.clips, freed.thumbnails) == (2, 2, 2)
    assert [event.id for event in filled.events()] == ["hall-3", "hall-4", "hall-5"]
    assert roles(filled) == [ALL] * 3
    assert sound(filled)
    with filled.reading() as connection:
        (row,) = connection.execute(select(journal)).all()
    assert row.said.startswith("2 clips, 8 pictures, 2 thumbnails, 2 events: ")


def test_a_film_of_years_ago_that_was_replayed_today_is_kept(opened):
    store = opened(clock=lambda: NOW)
    event = store.add(make_event(0), make_pictures(seed=0))
    store.change(event.id, state="closed", closed=event.first_seen)
    store.enforce(Retention(keep_days=0.001))
    assert [one.id for one in store.events()] == [event.id]


def test_the_journal_grows_old_too(filled):
    filled._clock = lambda: make_event().first_seen
    filled.journal("old")
    filled._clock = lambda: NOW
    filled.journal("new")
    filled.enforce(Retention(keep_days=9.5))
    with filled.reading() as connection:
        assert [row.what for row in connection.execute(select(journal).order_by(journal.c.id))] == [
            "new",
            "thrown away",
        ]


def test_room_is_kept_on_the_disk(filled):
    filled.enforce(Retention(reserve_bytes=1 << 60))
    assert roles(filled) == [ALL - {"clip"}] * 2


def test_a_stop_between_rows_and_files_leaves_what_a_clean_up_clears(filled, monkeypatch):
    monkeypatch.setattr(filled.files, "remove", lambda paths: None)
    filled.enforce(Retention(keep_bytes=1))
    monkeypatch.undo()
    assert verify(filled) == []
    assert clean_up(filled).files > 15
    assert len(evidence_files(filled.folder)) == 10


def test_while_the_database_is_down_nothing_goes(filled):
    before = evidence_files(filled.folder)
    with down(filled), pytest.raises(StoreDown):
        filled.enforce(Retention(keep_bytes=1))
    assert evidence_files(filled.folder) == before


def test_values_that_cannot_be_are_refused():
    with pytest.raises(OptionError, match="keep_days"):
        Retention(keep_days=-1.0)
