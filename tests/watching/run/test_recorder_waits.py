"""Where neither the database nor the spool can be written, what was seen waits and comes in order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from spotdiff.errors import DataError
from spotdiff.language.catalogue import get_catalogue
from spotdiff.watching.event import Amended, Closed, Event, EventPictures, Opened
from spotdiff.watching.event_recorder import EventRecorder
from spotdiff.watching.events import StoreDown

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
EVENT = Event("", "hall", "taken", "open", "", (0, 0, 9, 9), NOON, NOON, 0.9, "Taken.")


class Store:
    """Keeps events, and is down whenever `down` is True."""

    def __init__(self):
        self.down, self.events = False, {}

    def add(self, event, pictures):
        self._check()
        self.events["hall-1"] = replace(event, id="hall-1")
        return self.events["hall-1"]

    def change(self, name, **values):
        self._check()
        self.events[name] = replace(self.events[name], **{k: v for k, v in values.items() if v is not None})
        return self.events[name]

    def event(self, name):
        self._check()
        return self.events[name]

    def _check(self):
        if self.down:
            raise StoreDown("no room anywhere")


def test_what_cannot_be_kept_now_is_kept_later_and_in_order():
    store, heard = Store(), []
    analyser = SimpleNamespace(buffer=SimpleNamespace(between=lambda first, last: ()))
    recorder = EventRecorder(
        store, analyser, lambda event, change: heard.append((change, event.kind)), get_catalogue("en")
    )
    store.down = True
    recorder.record(Opened("scene-1", EVENT, EventPictures(None, None, None), (0, 1)), NOON, 10.0)
    recorder.record(Amended("scene-1", "moved", (5, 5, 9, 9), (0, 0, 4, 4), 0.8, "It moved."), NOON, 11.0)
    recorder.record(Closed("scene-1", "reverted", 12.0), NOON, 13.0)
    assert (heard, recorder.open_events) == ([("unkept", "taken")], ())
    assert recorder.unkept == "what was seen could not be kept: no room anywhere"
    recorder.cut_clips(13.5)
    store.down = False
    recorder.cut_clips(14.0)
    assert heard[1:] == [("opened", "taken"), ("amended", "moved"), ("closed", "moved")]
    assert recorder.unkept == ""
    kept = store.events["hall-1"]
    assert (kept.state, kept.outcome, kept.closed.second, recorder.open_events) == ("closed", "reverted", 59, ())


def test_an_end_that_could_not_be_written_leaves_the_event_open_until_it_is():
    store, heard = Store(), []
    analyser = SimpleNamespace(buffer=SimpleNamespace(between=lambda first, last: ()))
    recorder = EventRecorder(store, analyser, lambda event, change: heard.append(change), get_catalogue("en"))
    recorder.record(Opened("black", EVENT, EventPictures(None, None, None), (0, 1)), NOON, 10.0)
    store.down = True
    recorder.record(Closed("black", "recovered", 12.0), NOON, 12.0)
    assert len(recorder.open_events) == 1
    store.down = False
    recorder.write_pending()
    assert (heard, recorder.open_events) == (["opened", "closed"], ())


def test_a_clip_of_an_event_that_was_thrown_away_is_let_go():
    store, tried = Store(), []

    def attach(name, frames):
        tried.append(name)
        raise DataError(f"there is no event {name!r}")

    store.attach_clip = attach
    analyser = SimpleNamespace(buffer=SimpleNamespace(between=lambda first, last: ((0.0, b"a"), (1.0, b"b"))))
    recorder = EventRecorder(store, analyser, lambda event, change: None, get_catalogue("en"))
    recorder.record(Opened("black", EVENT, EventPictures(None, None, None), (0, 1)), NOON, 10.0)
    recorder.cut_clips(10.0)
    recorder.cut_clips(11.0)
    assert tried == ["hall-1"]


def said_by_a_person():
    """A recorder of an open event that a person has called normal since, and what the listener and analyser heard."""
    store, heard = Store(), []
    buffer = SimpleNamespace(between=lambda first, last: ())
    analyser = SimpleNamespace(buffer=buffer, accept=lambda key: heard.append(("accepted", key)))
    listener = lambda event, change: heard.append((change, event.outcome))  # noqa: E731
    recorder = EventRecorder(store, analyser, listener, get_catalogue("en"))
    recorder.record(Opened("scene-1", EVENT, EventPictures(None, None, None), (0, 1)), NOON, 10.0)
    store.events["hall-1"] = replace(store.events["hall-1"], state="closed", outcome="normal", closed=NOON)
    return recorder, store, heard


@pytest.mark.parametrize(
    "change",
    [Closed("scene-1", "reverted", 12.0), Amended("scene-1", "moved", (5, 5, 9, 9), (0, 0, 4, 4), 0.8, "It moved.")],
    ids=["closed", "amended"],
)
def test_what_a_person_said_is_not_overwritten(change):
    recorder, store, heard = said_by_a_person()
    recorder.record(change, NOON, 13.0)
    now = store.events["hall-1"]
    assert (now.state, now.outcome, now.kind) == ("closed", "normal", "taken")
    assert heard == [("opened", ""), ("accepted", "scene-1"), ("closed", "normal")]
    assert recorder.open_events == ()


def test_an_event_of_an_earlier_run_that_a_person_closed_is_left_alone():
    recorder, store, _ = said_by_a_person()
    event = store.events["hall-1"]
    recorder.abandon(replace(event, state="open", outcome="", closed=None), event.confirmed)
    assert store.events["hall-1"].outcome == "normal"
