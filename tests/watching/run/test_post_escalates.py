"""Who else is told: of what the sink was told that names them, of this watch's own cameras."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError

from spotdiff.watching.alerts import Escalation, SystemClock
from spotdiff.watching.event import Event
from spotdiff.watching.housekeeping import Housekeeping
from spotdiff.watching.post import Addresses, Post
from spotdiff.watching.rules import Camera, Rules, Zone
from spotdiff.watching.store.tables import metadata


@dataclass(frozen=True)
class Quiet:
    name: str
    keys: list = field(default_factory=list)

    def send(self, message, key):
        self.keys.append(key)


def event_in(zone, number, *, camera="hall"):
    then = SystemClock().wall() - timedelta(hours=1)
    return Event(f"{camera}-{number}", camera, "left", "open", zone, (0, 0, 9, 9), then, then, 0.9, "Left.")


@pytest.fixture
def store(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path}/events.db")
    metadata.create_all(engine)
    there = [event_in("gate", 1), event_in("desk", 2), event_in("gate", 3, camera="elsewhere")]
    shelves = SimpleNamespace(place=lambda event: event.id)
    made = SimpleNamespace(engine=engine, folder=tmp_path, shelves=shelves)
    made.events = lambda camera, state: [event for event in there if event.camera in camera]
    yield made
    engine.dispose()


@pytest.fixture
def post():
    rules = Rules(
        {"hall": Camera("hall", "a")},
        zones={"gate": Zone("gate", tell=("guard",)), "desk": Zone("desk", tell=("office",))},
    )
    sinks = {name: Quiet(name) for name in ("guard", "office", "boss")}
    return Post(rules, Addresses(sinks, {"guard": Escalation(600.0, ("boss",))}))


def test_only_what_the_sink_was_told_is_escalated(store, post):
    post.open(store)
    post.escalate()
    post.close(wait=10)
    assert {name: sink.keys for name, sink in post._addresses.sinks.items()} == {
        "guard": [],
        "office": [],
        "boss": ["hall-1/escalated/boss/text"],
    }


def test_an_outbox_that_cannot_be_written_is_told_and_tried_again(store, post, monkeypatch):
    gone = OperationalError("INSERT", {}, Exception("database is locked"))
    post.open(store)
    store.flush = store.kept = lambda *_: None
    housekeeping = Housekeeping(store, post, replace(post._rules, reserve_mb=0), SystemClock())
    with monkeypatch.context() as patch:
        patch.setattr(post._outbox, "put", lambda *_: (_ for _ in ()).throw(gone))
        assert housekeeping.run_due()
    assert housekeeping.database_down == "database is locked"
    post.escalate()
    post.close(wait=10)
    assert post._addresses.sinks["boss"].keys == ["hall-1/escalated/boss/text"]


def test_the_end_does_not_ask_a_database_that_is_down(store, post, monkeypatch):
    gone = OperationalError("SELECT", {}, Exception("the server closed the connection"))
    post.open(store)
    with monkeypatch.context() as patch:
        patch.setattr(post._outbox, "idle", lambda *_: (_ for _ in ()).throw(gone))
        post.close(wait=10)
    with pytest.raises(ValueError, match="only between start and close"):
        post.courier.flush(0)


def test_the_outbox_does_not_grow_for_ever(store, post):
    post.open(store)
    post.escalate()
    assert post.courier.flush(10)
    counts, there = post.counts, ("boss", "sent")
    post.tidy()
    assert (counts[there], post.counts[there]) == (1, 1)
    post._outbox.clock = SimpleNamespace(wall=lambda: SystemClock().wall() + timedelta(days=31))
    post.tidy()
    assert post.counts == {}
    post.close(wait=0)
