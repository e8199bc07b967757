"""Who else is told: of what the sink was told that names them, of this watch's own cameras."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError

from spotdiff.watching.alerts import Escalation, SystemClock
from spotdiff.watching.alerts.router import AlertRouter, Routes
from spotdiff.watching.event import Event
from spotdiff.watching.events.schema import metadata
from spotdiff.watching.housekeeping import Housekeeping
from spotdiff.watching.rules import Camera, Rules, Zone


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
    made = SimpleNamespace(engine=engine, folder=tmp_path)
    made.events = lambda camera, state: [event for event in there if event.camera in camera]
    yield made
    engine.dispose()


@pytest.fixture
def router():
    rules = Rules(
        {"hall": Camera("hall", "a")},
        zones={"gate": Zone("gate", tell=("guard",)), "desk": Zone("desk", tell=("office",))},
    )
    sinks = {name: Quiet(name) for name in ("guard", "office", "boss")}
    return AlertRouter(rules, Routes(sinks, {"guard": Escalation(600.0, ("boss",))}))


def test_only_what_the_sink_was_told_is_escalated(store, router):
    router.open(store)
    router.escalate()
    router.close(wait=10)
    assert {name: sink.keys for name, sink in router._routes.sinks.items()} == {
        "guard": [],
        "office": [],
        "boss": ["hall-1/escalated/boss/text"],
    }


def test_a_queue_that_cannot_be_written_is_told_and_tried_again(store, router, monkeypatch):
    gone = OperationalError("INSERT", {}, Exception("database is locked"))
    router.open(store)
    store.flush = store.fact = lambda *_: None
    housekeeping = Housekeeping(store, router, replace(router._rules, reserve_mb=0), SystemClock())
    with monkeypatch.context() as patch:
        patch.setattr(router._queue, "put", lambda *_: (_ for _ in ()).throw(gone))
        assert housekeeping.run_due()
    assert housekeeping.database_down == "database is locked"
    router.escalate()
    router.close(wait=10)
    assert router._routes.sinks["boss"].keys == ["hall-1/escalated/boss/text"]


def test_the_end_does_not_ask_a_database_that_is_down(store, router, monkeypatch):
    gone = OperationalError("SELECT", {}, Exception("the server closed the connection"))
    router.open(store)
    with monkeypatch.context() as patch:
        patch.setattr(router._queue, "idle", lambda *_: (_ for _ in ()).throw(gone))
        router.close(wait=10)
    with pytest.raises(ValueError, match="only between start and close"):
        router.worker.flush(0)


def test_the_queue_does_not_grow_for_ever(store, router):
    router.open(store)
    router.escalate()
    assert router.worker.flush(10)
    counts, there = router.counts, ("boss", "sent")
    router.forget_sent()
    assert (counts[there], router.counts[there]) == (1, 1)
    router._queue.clock = SimpleNamespace(wall=lambda: SystemClock().wall() + timedelta(days=31))
    router.forget_sent()
    assert router.counts == {}
    router.close(wait=0)
