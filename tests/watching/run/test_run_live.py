"""A watch that runs hears what people say meanwhile, and outlives its database."""

from contextlib import closing

import numpy as np
import pytest
from sqlalchemy.exc import OperationalError

from spotdiff.watching.events import StoreDown, open_store, verify
from spotdiff.watching.run import Watch
from watching.events.store_toys import down
from watching.run.run_toys import NOON, Heard, drop, growing, make_film, make_rules, noisy, place, spans

OTHER = (40, 30, 90, 70)


class Live:
    """A watch over a folder into which pictures are put, a second of the place each."""

    def __init__(self, folder, heard):
        self.pictures, self.seconds, self.heard = folder / "pictures", 0, heard
        self.rules = make_rules(folder, {"hall": growing(self.pictures)})
        self.pictures.mkdir()

    def begin(self):
        self.watch = Watch(self.rules, listener=self.heard)
        self.steps = self.watch.steps()

    def show(self, seconds, *boxes):
        for _ in range(seconds):
            drop(self.pictures, place(*boxes), self.seconds)
            self.seconds += 1
        while self.watch.monitors[0].frames < self.seconds:
            next(self.steps)

    def until(self, condition):
        for _, step in zip(range(400), self.steps, strict=False):
            if condition():
                return
            del step
        raise AssertionError(f"it never came to be: {self.heard.told}")

    def people(self, **change):
        """What another process says of an event."""
        with open_store(self.rules.store, reserve_mb=0) as store:
            change.setdefault("name", "hall-1")
            store.change(change.pop("name"), **change)


@pytest.fixture
def live(tmp_path):
    made = Live(tmp_path, Heard())
    drop(made.pictures, place(), 0)
    made.seconds = 1
    made.begin()
    with made.watch, closing(made.steps):
        yield made


def test_people_are_heard_while_it_runs(live):
    live.show(10)
    live.show(11, OTHER)
    assert live.heard.told == [("hall-1", "left", "opened")]

    live.people(state="acknowledged", by="Ann")
    live.until(lambda: len(live.heard.all) == 2)
    assert live.heard.told[-1] == ("hall-1", "left", "acknowledged")
    assert [event.state for event in live.watch.monitors[0].recorder.open_events] == ["acknowledged"]

    live.people(state="closed", outcome="normal")
    live.until(lambda: len(live.heard.all) == 3)
    (event,) = live.heard.of("closed")
    assert (event.id, event.outcome) == ("hall-1", "normal")
    assert live.watch.monitors[0].recorder.open_events == ()

    live.show(15, OTHER)
    assert len(live.heard.all) == 3
    live.show(12)
    assert [(event.id, event.kind) for event in live.heard.of("opened")] == [("hall-1", "left"), ("hall-2", "taken")]
    assert live.watch.status().opened == {("hall", "left"): 1, ("hall", "taken"): 1}


def test_an_acknowledged_event_is_closed_like_any_other(live):
    live.show(10)
    live.show(11, OTHER)
    live.people(state="acknowledged", by="Ann")
    live.until(lambda: len(live.heard.all) == 2)
    live.show(12)
    assert [change for _, _, change in live.heard.told] == ["opened", "acknowledged", "closed"]
    with open_store(live.rules.store, reserve_mb=0) as store:
        assert store.event("hall-1").outcome == "reverted"
        assert store.remarks("hall-1") == ("Ann", "")


def test_pictures_of_another_size_begin_a_new_memory(live):
    live.show(10)
    live.show(11, OTHER)
    wide = np.ascontiguousarray(np.pad(place(OTHER), ((0, 0), (0, 40), (0, 0)), mode="reflect"))
    for number in range(12):
        drop(live.pictures, noisy(wide, number), live.seconds + number)
    live.until(lambda: live.watch.monitors[0].frames == live.seconds + 12)
    assert [(change, event.outcome) for event, change in live.heard.all] == [("opened", ""), ("closed", "gone")]


@pytest.fixture
def film(tmp_path):
    return make_film(tmp_path / "hall.mp4", 36, spans(first=10, last=22))


def test_a_database_that_goes_away_loses_nothing(film, tmp_path, monkeypatch):
    rules, heard, said = make_rules(tmp_path, {"hall": film}, after=24.0), Heard(), []  # the clip ends after the event
    with Watch(rules, replay=True, start=NOON, listener=heard) as watch, closing(watch.steps()) as steps:
        while watch.monitors[0].frames < 20:
            next(steps)
        watch.housekeeping._next = 0.0  # its next round is due
        with down(watch.store), monkeypatch.context() as patch:
            gone = OperationalError("SELECT 1", {}, Exception("the server closed the connection unexpectedly"))
            patch.setattr(watch.router._queue, "counts", lambda: (_ for _ in ()).throw(gone))
            for due in steps:
                state = watch.status()
                said.append((due, state.store_waiting, state.store_trouble))
            with pytest.raises(StoreDown):
                watch.store.events()
        assert [change for _, _, change in heard.told] == ["opened", "closed"]
        assert said[-1][1] >= 2
        assert "closed the connection" in said[-1][2]
        assert watch.housekeeping.database_down
        watch.housekeeping._next = 0.0
        assert watch.housekeeping.run_due()
        assert (watch.status().store_waiting, watch.status().store_trouble) == (0, "")
    with open_store(rules.store, reserve_mb=0) as store:
        assert store.events() == [heard.all[-1][0]]
        assert verify(store) == []
        assert "clip" in store.evidence("hall-1")


def test_a_stop_ends_it_between_two_frames(film, tmp_path):
    heard = Heard()
    with Watch(make_rules(tmp_path, {"hall": film}), replay=True, start=NOON, listener=heard) as watch:
        watch.run(until=lambda: watch.monitors[0].frames >= 100)
        assert watch.monitors[0].frames == 100
    assert heard.told == [("hall-1", "left", "opened")]
    with open_store(str(tmp_path / "events.db"), reserve_mb=0) as store:
        assert [event.state for event in store.events()] == ["open"]
        assert (store.folder / "memory/hall.npz").is_file()
