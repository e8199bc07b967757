"""Sinks that show cameras hear of them, and of what is open there, before anything happens."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace

from sqlalchemy import create_engine

from spotdiff.watching.alerts.router import AlertRouter, Routes
from spotdiff.watching.events.schema import metadata
from spotdiff.watching.rules import Camera, Rules, Zone


@dataclass(frozen=True)
class Shows:
    name: str = "home"
    told: list = field(default_factory=list)

    def send(self, message, key):
        raise AssertionError("nothing has happened")

    def introduce(self, camera, zones=(), open_events=()):
        self.told.append((camera, list(zones), list(open_events)))


def test_cameras_are_introduced_at_the_start(tmp_path):
    rules = Rules(
        {"hall": Camera("hall", "a"), "yard": Camera("yard", "b")},
        zones={"gate": Zone("gate", cameras=("yard",)), "all": Zone("all")},
    )
    engine = create_engine(f"sqlite:///{tmp_path}/events.db")
    metadata.create_all(engine)
    store = SimpleNamespace(engine=engine, events=lambda camera, state: [camera] if camera == "hall" else [])
    sink = Shows()
    router = AlertRouter(rules, Routes({"home": sink}, {}))
    router.open(store)
    router.close(wait=0)
    engine.dispose()
    assert sink.told == [("hall", ["all"], ["hall"]), ("yard", ["gate", "all"], [])]
