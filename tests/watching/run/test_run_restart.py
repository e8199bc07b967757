"""A watch that is started again goes on where it was."""

import os
import sys
from contextlib import closing

import pytest

import spotdiff
from spotdiff.errors import DataError
from spotdiff.watching.events import open_store
from spotdiff.watching.run import Watch
from watching.events.store_toys import down
from watching.run.run_toys import (
    NOON,
    Heard,
    drop,
    growing,
    lived,
    make_film,
    make_rules,
    place,
    replayed,
    spans,
)

LATER = NOON.replace(minute=5)


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """Of a thing that comes, of the same thing there, and of the place without it."""
    folder = tmp_path_factory.mktemp("films")
    parts = {"comes": (22, 8), "there": (15, 0), "gone": (15, 1e9)}
    return {name: make_film(folder / f"{name}.mp4", long, spans(first=first)) for name, (long, first) in parts.items()}


@pytest.fixture
def begun(films, tmp_path):
    """A store with an open event."""
    rules = make_rules(tmp_path, {"hall": films["comes"]})
    assert replayed(rules).told == [("hall-1", "left", "opened")]
    return rules


def go_on(films, tmp_path, name):
    return replayed(make_rules(tmp_path, {"hall": films[name]}), start=LATER)


def test_what_is_still_there_is_not_told_again(begun, films, tmp_path):
    assert go_on(films, tmp_path, "there").told == []
    with open_store(begun.store, reserve_mb=0) as store:
        assert [(event.id, event.state) for event in store.events()] == [("hall-1", "open")]


def test_what_is_gone_is_closed(begun, films, tmp_path):
    heard = go_on(films, tmp_path, "gone")
    assert [(event.id, change, event.outcome) for event, change in heard.all] == [("hall-1", "closed", "reverted")]


def test_a_database_that_is_down_at_the_first_frame_is_waited_for(begun, films, tmp_path):
    heard, rules = Heard(), make_rules(tmp_path, {"hall": films["there"]})
    with Watch(rules, replay=True, start=LATER, listener=heard) as watch, closing(watch.steps()) as steps:
        with down(watch.store):
            while watch.monitors[0].frames < 5:
                next(steps)
        for _ in steps:
            pass
        assert [event.id for event in watch.monitors[0].recorder.open_events] == ["hall-1"]
    assert heard.told == []


def test_what_was_called_normal_meanwhile_is_learned(begun, films, tmp_path):
    with open_store(begun.store, reserve_mb=0) as store:
        store.change("hall-1", state="closed", outcome="normal")
    assert go_on(films, tmp_path, "there").told == []
    assert [kind for _, kind, _ in go_on(films, tmp_path, "gone").told] != []


@pytest.mark.parametrize("harm", ["cut", "junk"])
def test_a_memory_that_is_broken_is_done_without(begun, films, tmp_path, harm):
    path = tmp_path / "events-evidence/memory/hall.npz"
    path.write_bytes(path.read_bytes()[:3000] if harm == "cut" else os.urandom(3000))
    heard = go_on(films, tmp_path, "there")
    assert [(event.id, change, event.outcome) for event, change in heard.all] == [("hall-1", "closed", "gone")]
    assert heard.all[0][0].closed == LATER


def test_a_camera_that_is_still_gone_is_not_told_again(tmp_path):
    """The camera gives no frame between two runs, nor in the second."""
    for seconds in range(6):
        drop(tmp_path / "pictures", place(), seconds)
    rules = make_rules(tmp_path, {"hall": growing(tmp_path / "pictures", patience=600.0)})
    first, second = Heard(), Heard()

    def silent(watch):
        monitor = watch.monitors[0]
        if monitor.frames >= 6:
            for change in monitor.analyser.check_silence(100.0, NOON):
                monitor.recorder.record(change, NOON, 100.0)
        return first.all

    lived(rules, first, until=silent)
    assert first.told == [("hall-1", "offline", "opened")]
    with Watch(rules, listener=second) as watch:
        assert [event.id for event in watch.monitors[0].recorder.open_events] == ["hall-1"]
        assert list(watch.monitors[0].analyser.check_silence(100.0, NOON)) == []
        drop(tmp_path / "pictures", place(), 200)
        with closing(watch.steps()) as steps:
            next(step for step in steps if second.all)
    assert second.told == [("hall-1", "offline", "closed")]


def test_a_folder_that_grows_is_not_told_from_its_beginning(tmp_path):
    draw = spans(first=8, last=19)
    for seconds in range(30):
        drop(tmp_path / "pictures", draw(seconds), seconds)
    rules = make_rules(tmp_path, {"hall": growing(tmp_path / "pictures")})
    first, second = Heard(), Heard()
    lived(rules, first, until=lambda watch: watch.monitors[0].frames == 30)
    assert [change for _, _, change in first.told] == ["opened", "closed"]
    lived(rules, second, until=lambda watch: watch.monitors[0].frames == 30)
    assert second.told == []


def test_a_camera_has_one_watch(films, tmp_path):
    rules = make_rules(tmp_path, {"hall": films["there"]})
    with Watch(rules, replay=True), pytest.raises(DataError, match="hall is watched already, by another process"):
        Watch(rules, replay=True)
    with (
        Watch(rules, replay=True) as watch,
        Watch(make_rules(tmp_path, {"yard": films["there"]}), replay=True) as other,
    ):
        assert [one.monitors[0].camera.name for one in (watch, other)] == ["hall", "yard"]


def test_nothing_is_held_by_an_iterator_closed_before_its_first_event(films, tmp_path):
    for _ in range(2):
        spotdiff.watch(str(films["there"]), store=str(tmp_path / "events.db"), replay=True, reserve_mb=0).close()


def test_nothing_is_held_after_a_start_that_failed(films, tmp_path):
    wrong = make_rules(tmp_path, {"hall": films["there"], "yard": tmp_path / "none.mp4"})
    with pytest.raises(Exception, match=r"none\.mp4: no such file"):
        Watch(wrong, replay=True)
    with Watch(make_rules(tmp_path, {"hall": films["there"]}), replay=True) as watch:
        assert watch.monitors[0].frames == 0
    assert sys.exc_info() == (None, None, None)
