"""Where neither the database nor the spool can be written, what was seen waits at the desk and comes in order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

from spotdiff.errors import DataError
from spotdiff.watching.desk import Desk
from spotdiff.watching.events import StoreDown
from spotdiff.watching.reports import Amended, Ended, Opened
from spotdiff.watching.values import Event, Witness

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
EVENT = Event("", "hall", "taken", "open", "", (0, 0, 9, 9), NOON, NOON, 0.9, "Taken.")


class Store:
    """Keeps events, and is down whenever `down` is True."""

    def __init__(self):
        self.down, self.events = False, {}

    def add(self, event, witness):
        self._check()
        self.events["hall-1"] = replace(event, id="hall-1")
        return self.events["hall-1"]

    def change(self, name, **values):
        self._check()
        self.events[name] = replace(self.events[name], **{k: v for k, v in values.items() if v is not None})
        return self.events[name]

    def _check(self):
        if self.down:
            raise StoreDown("no room anywhere")


def test_what_cannot_be_kept_now_is_kept_later_and_in_order():
    store, heard = Store(), []
    film = SimpleNamespace(film=SimpleNamespace(between=lambda first, last: ()))
    desk = Desk(store, film, lambda event, change: heard.append((change, event.kind)))
    store.down = True
    desk.take(Opened("scene-1", EVENT, Witness(None, None, None), (0, 1)), NOON, 10.0)
    desk.take(Amended("scene-1", "moved", (5, 5, 9, 9), (0, 0, 4, 4), 0.8, "It moved."), NOON, 11.0)
    desk.take(Ended("scene-1", "reverted", 12.0), NOON, 13.0)
    assert (heard, desk.open) == ([], ())
    store.down = False
    desk.cut(14.0)
    assert heard == [("opened", "taken"), ("amended", "moved"), ("closed", "moved")]
    kept = store.events["hall-1"]
    assert (kept.state, kept.outcome, kept.closed.second, desk.open) == ("closed", "reverted", 59, ())


def test_an_end_that_could_not_be_written_leaves_the_event_open_until_it_is():
    store, heard = Store(), []
    film = SimpleNamespace(film=SimpleNamespace(between=lambda first, last: ()))
    desk = Desk(store, film, lambda event, change: heard.append(change))
    desk.take(Opened("black", EVENT, Witness(None, None, None), (0, 1)), NOON, 10.0)
    store.down = True
    desk.take(Ended("black", "recovered", 12.0), NOON, 12.0)
    assert len(desk.open) == 1
    store.down = False
    desk.settle()
    assert (heard, desk.open) == (["opened", "closed"], ())


def test_a_clip_of_an_event_that_was_thrown_away_is_let_go():
    store, tried = Store(), []

    def attach(name, frames):
        tried.append(name)
        raise DataError(f"there is no event {name!r}")

    store.attach_clip = attach
    film = SimpleNamespace(film=SimpleNamespace(between=lambda first, last: ((0.0, b"a"), (1.0, b"b"))))
    desk = Desk(store, film, lambda event, change: None)
    desk.take(Opened("black", EVENT, Witness(None, None, None), (0, 1)), NOON, 10.0)
    desk.cut(10.0)
    desk.cut(11.0)
    assert tried == ["hall-1"]
