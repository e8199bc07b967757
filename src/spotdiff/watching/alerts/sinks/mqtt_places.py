"""What is open at each camera, as the MQTT sink has heard of it."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from spotdiff.watching.alerts.message import Message
from spotdiff.watching.alerts.sinks.mqtt_topics import Post, Topics
from spotdiff.watching.event import Event


@dataclass(frozen=True, slots=True)
class _Standing:
    kind: str
    zone: str
    acknowledged: bool


@dataclass(slots=True)
class _Place:
    """A camera: its zones, what is open there by event id, and the text and time of the last event."""

    zones: list[str] = field(default_factory=list)
    standing: dict[str, _Standing] = field(default_factory=dict)
    last: str = ""
    at: str = ""

    def know(self, zone: str) -> bool:
        """Remember a zone; whether it is new."""
        if not zone or zone in self.zones:
            return False
        self.zones.append(zone)
        return True

    def state(self) -> bytes:
        standing = self.standing.values()
        said = {
            "open": len(standing),
            "acknowledged": sum(one.acknowledged for one in standing),
            "kinds": dict(Counter(one.kind for one in standing)),
            "zones": {zone: sum(one.zone == zone for one in standing) for zone in self.zones},
            "events": list(self.standing),
            "last": self.last,
            "at": self.at,
        }
        return json.dumps(said).encode("ascii")


class Places:
    """All cameras that have been introduced or that a message has told of; may be used from several threads."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics
        self._places: dict[str, _Place] = {}
        self._lock = threading.Lock()

    def introduce(self, camera: str, zones: Iterable[str], open_events: Iterable[Event]) -> list[Post]:
        """Remember a camera with what is open there; what is to be published of it."""
        with self._lock:
            place = self._places.setdefault(camera, _Place())
            for zone in zones:
                place.know(zone)
            for event in open_events:
                place.know(event.zone)
                place.standing[event.id] = _Standing(event.kind, event.zone, event.state == "acknowledged")
                place.last, place.at = event.text, event.confirmed.isoformat()
            return self._all_of(camera, place)

    def hear(self, message: Message) -> list[Post]:
        """Take in a message; what is to be published besides it. The same again changes nothing."""
        with self._lock:
            known = message.camera in self._places
            place = self._places.setdefault(message.camera, _Place())
            new = place.know(message.zone) or not known
            if message.change == "closed":
                place.standing.pop(message.event, None)
            else:
                acknowledged = message.change == "acknowledged"
                place.standing[message.event] = _Standing(message.kind, message.zone, acknowledged)
            place.last, place.at = message.text, message.at.isoformat()
            posts = self._all_of(message.camera, place)
            return posts if new else posts[-1:]

    def everything(self) -> list[Post]:
        """What a broker that has forgotten everything must be told."""
        with self._lock:
            return [post for camera, place in self._places.items() for post in self._all_of(camera, place)]

    def _all_of(self, camera: str, place: _Place) -> list[Post]:
        state = Post(self._topics.of(camera, "state"), place.state(), retain=True)
        return [*self._topics.found(camera, place.zones), state]
