"""Nothing is deleted but what a row says is due, by a clock that is believed; and not at once."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import timedelta

import pytest

from spotdiff.watching.events import Retention, clean_up, open_store, unknown_files, verify
from watching.events.store_toys import START, evidence_files, make_event, make_frames, make_pictures
from watching.events.test_store_evidence import told

KEPT_30_DAYS = Retention(keep_days=30)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class SetClock:
    """A clock that a test sets."""

    def __init__(self):
        self.now = START

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return SetClock()


@pytest.fixture
def store(opened, clock):
    return opened(clock=clock)


def keep(store, clock, *, days, cameras=("hall",)):
    """A closed event a day, of so many days."""
    for _ in range(days):
        for camera in cameras:
            event = store.add(make_event(camera=camera, first_seen=clock.now, confirmed=clock.now), make_pictures())
            store.change(event.id, state="closed")
        store.enforce(KEPT_30_DAYS)
        clock.now += DAY


def run_on(store, clock, span, *, step=HOUR, retention=KEPT_30_DAYS):
    """Keep house for so long; how many events went."""
    gone, end = 0, clock.now + span
    while clock.now < end:
        clock.now += step
        gone += store.enforce(retention).events
    return gone


def binned(store):
    """What lies in the bin, by the path it had."""
    return sorted("/".join(path.parts[-5:]) for path in store.folder.glob(".bin/*/*/*/*/*/*") if path.is_file())


@pytest.mark.parametrize("kept_since", [0, 4])
def test_an_older_database_deletes_nothing_of_what_was_made_since(opened, tmp_path, kept_since):
    store = opened()
    for number in range(kept_since):
        store.add(make_event(number), make_pictures())
    store.close()
    shutil.copy(tmp_path / "events.db", tmp_path / "yesterday.db")
    store = opened()
    for number in range(kept_since, kept_since + 3):
        store.attach_clip(store.add(make_event(number), make_pictures()).id, make_frames(3))
    store.close()
    files = evidence_files(tmp_path / "events-evidence")
    shutil.move(tmp_path / "yesterday.db", tmp_path / "events.db")
    store = opened()
    cleaned = clean_up(store)
    assert evidence_files(store.folder) == files
    assert len(cleaned.unknown) == 18
    assert list(cleaned.unknown) == unknown_files(store)
    assert "evidence unknown" in told(store)[-1]
    assert store.add(make_event(), make_pictures()).id == f"hall-{kept_since + 4}"
    store.enforce(Retention(keep_days=0.001, keep_bytes=1))
    assert files - evidence_files(store.folder) <= {path for path in files if path not in cleaned.unknown}
    assert verify(store) == []


def test_without_its_numbers_an_older_database_writes_over_nothing(opened, tmp_path):
    store = opened()
    store.add(make_event(), make_pictures())
    files = {path: path.read_bytes() for path in store.folder.glob("2026/**/*.*")}
    store.close()
    (tmp_path / "events.db").unlink()
    (tmp_path / "events-evidence/.store.json").unlink()
    store = opened()
    assert store.add(make_event(), make_pictures(seed=1)).id == "hall-2"
    assert {path: path.read_bytes() for path in files} == files


def test_files_of_others_in_the_folder_stay(opened, tmp_path):
    folder = tmp_path / "photos"
    names = ["2024/05/01/trip/before.jpg", "2024/05/01/trip/clip.mp4", "2024/05/01/trip/x.txt", "2024/05/01/a.jpg"]
    names += [".bin/20200101T000000Z/2024/05/01/trip/mine.jpg", ".bin/old/2024/05/01/trip/after.jpg"]
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"mine")
    (folder / "2024/06/01/empty").mkdir(parents=True)
    store = opened(folder=folder)
    clean_up(store)
    store.change(store.add(make_event(), make_pictures()).id, state="closed")
    store.enforce(Retention(keep_days=0.001, keep_bytes=1, reserve_bytes=1 << 60))
    clean_up(store)
    assert [(folder / name).read_bytes() for name in names] == [b"mine"] * len(names)
    assert (folder / "2024/06/01/empty").is_dir()
    assert store.events() == []


def test_stores_that_share_a_folder_leave_each_other_alone(opened, tmp_path):
    """A copy of a database has the name of the first, and so its folder."""
    opened().close()
    shutil.copy(tmp_path / "events.db", tmp_path / "copy.db")
    first = opened()
    second = open_store(str(tmp_path / "copy.db"), folder=first.folder, reserve_mb=0)
    with second:
        mine = [first.add(make_event(), make_pictures()), first.add(make_event(), make_pictures())]
        other = second.add(make_event(), make_pictures())
        clean_up(second)
        clean_up(first)
        assert {event.id for event in (*mine, other)} == {"hall-1", "hall-2", "hall-3"}
        assert verify(first) == verify(second) == []


@pytest.mark.parametrize("days", [8, 40, 4000])
def test_a_clock_that_is_ahead_at_the_start_deletes_nothing(opened, store, clock, days):
    keep(store, clock, days=30)
    store.close()
    clock.now += days * DAY
    store = opened(clock=clock)
    clean_up(store)
    assert run_on(store, clock, timedelta(hours=20)) == 0
    assert len(store.events()) == 30
    assert "nothing is thrown away for its age" in told(store)[-1]
    clock.now -= days * DAY  # somebody sets it right
    assert run_on(store, clock, timedelta(hours=20)) == 0
    assert len(store.events()) == 30


def test_a_clock_that_leaps_twice_deletes_nothing(store, clock):
    keep(store, clock, days=5)
    for days in (40, 41, 80):
        clock.now += days * DAY
        assert store.enforce(KEPT_30_DAYS).events == 0
    assert len(store.events()) == 5


def test_a_watch_that_was_off_for_long_throws_away_after_a_day(store, clock):
    keep(store, clock, days=5)
    clock.now += 60 * DAY
    assert run_on(store, clock, timedelta(hours=23)) == 0
    assert run_on(store, clock, timedelta(hours=2)) == 5
    assert any("believed again" in line for line in told(store))


def test_what_was_written_while_the_clock_was_of_long_ago_is_not_old(store, clock):
    """A machine without a battery begins in 1970, and learns the time later."""
    keep(store, clock, days=3)
    now = clock.now
    clock.now = make_event().first_seen.replace(year=1970)
    run_on(store, clock, DAY)
    keep(store, clock, days=1)
    clock.now = now
    assert run_on(store, clock, 2 * DAY) == 0
    assert len(store.events()) == 4


def test_what_is_thrown_away_lies_in_the_bin_for_a_week(store, clock):
    keep(store, clock, days=1)
    files, (event,) = evidence_files(store.folder), store.events()
    assert run_on(store, clock, 30 * DAY, step=DAY) == 1
    assert evidence_files(store.folder) == set()
    assert binned(store) == sorted([*files, "2026/03/01/hall-1/event.json"])
    (record,) = (json.loads(path.read_text()) for path in store.folder.rglob("event.json"))
    assert (record["id"], record["text"], record["score"]) == (event.id, event.text, event.score)
    run_on(store, clock, 6 * DAY, step=DAY)
    assert binned(store) != []
    clock.now += 100 * DAY
    run_on(store, clock, DAY / 2)
    assert binned(store) != [], "the clock is not believed"
    run_on(store, clock, DAY)
    assert list(store.folder.glob(".bin/*")) == []


def test_the_limit_of_bytes_holds_with_the_bin_and_by_any_clock(store, clock):
    keep(store, clock, days=6)
    clock.now += 40 * DAY
    for part in (0.9, 0.5, 0.2):
        size = sum(path.stat().st_size for path in store.folder.rglob("*.*") if path.is_file())
        store.enforce(Retention(keep_days=30, keep_bytes=round(part * size)))
        shown = [path for path in store.folder.rglob("*.*") if path.is_file() and "/20" in str(path)]
        assert sum(path.stat().st_size for path in shown) <= round(part * size)
        assert verify(store) == []
    assert 0 < len(store.events()) < 6


def test_a_clip_that_is_replaced_goes_to_the_bin(store):
    event = store.add(make_event(), make_pictures())
    store.attach_clip(event.id, make_frames(6))
    assert binned(store) == ["2026/03/01/hall-1/clip.mp4"]
    assert store.evidence(event.id)["clip"].path.name == "clip-2.mp4"


def test_what_could_not_be_moved_yet_is_moved_by_the_next_clean_up(store, monkeypatch):
    event = store.add(make_event(), replace(make_pictures(), frames=()))
    store.attach_clip(event.id, make_frames(3))

    def cut_off(paths):
        raise KeyboardInterrupt

    monkeypatch.setattr(store.files, "remove", cut_off)
    with pytest.raises(KeyboardInterrupt):
        store.attach_clip(event.id, make_frames(6))
    monkeypatch.undo()
    cleaned = clean_up(store)
    assert (cleaned.files, cleaned.unknown) == (1, ())
    assert binned(store) == ["2026/03/01/hall-1/clip.mp4"]
