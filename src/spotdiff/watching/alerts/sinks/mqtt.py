"""An MQTT broker: events, the state of every camera, and Home Assistant's discovery."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256

import spotdiff
from spotdiff.errors import OptionError
from spotdiff.params import Param, check, param
from spotdiff.watching.alerts.message import Message, body_of
from spotdiff.watching.alerts.sink import SinkDown
from spotdiff.watching.alerts.sinks.mqtt_connection import Broker, Connection, Publication, client_of
from spotdiff.watching.event import Event

PORT, TLS_PORT = 1883, 8883
_NOT_IN_A_TOPIC = re.compile(r"[^0-9A-Za-z_-]")
_LONGEST_TEXT = 250  # characters; Home Assistant takes states of 255


@dataclass(frozen=True, slots=True)
class Mqtt:
    """Publishes to a broker, with one connection that is kept and comes back by itself.

    `spotdiff/CAMERA/event` has the event as JSON with its key; `spotdiff/CAMERA/state` what is open there (retained);
    `spotdiff/CAMERA/picture` the last still (retained); `spotdiff/status` online or offline (retained, the last will).

    Attributes:
        name: Names the sink.
        host: The broker.
        port: Its port; 0 is 1883, or 8883 with TLS.
        user: Who we are to the broker, or "".
        password: For the user.
        client_id: Our name to the broker; "" for one by chance.
        tls: Encrypt the connection.
        ca: File of the authorities that are trusted; "" for the system's own.
        cert: File of a certificate of our own, or "".
        cert_key: File of its key, or "".
        topic: What all topics begin with.
        discovery: Where Home Assistant looks; "" does not tell it.
        timeout: Seconds to wait for the broker.

    Raises:
        OptionError: a value cannot be used.
        MissingExtra: paho-mqtt is not installed.
    """

    name: str = "mqtt"
    host: str = param("localhost", "the broker")
    port: int = param(0, "port of the broker; 0 is 1883, or 8883 with TLS", low=0, high=65535)
    user: str = param("", "user name")
    password: str = field(default="", repr=False, metadata={"param": Param("password of the user")})
    client_id: str = param("", "our name to the broker; empty for one by chance")
    tls: bool = param(False, "encrypt the connection")
    ca: str = param("", "file of the authorities that are trusted; empty for the system's own")
    cert: str = param("", "file of a certificate of our own")
    cert_key: str = param("", "file of the key of that certificate")
    topic: str = param("spotdiff", "what all topics begin with")
    discovery: str = param("homeassistant", "where Home Assistant looks; empty does not tell it")
    timeout: float = param(10.0, "time that the broker may take", low=0.1, high=600.0, unit="s")
    _states: CameraStates = field(init=False, repr=False, compare=False)
    _connection: Connection = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check(self)
        if not self.host:
            raise OptionError("host is the name or address of the broker")
        for name, topic in (("topic", self.topic), ("discovery", self.discovery)):
            if set(topic) & set("+#\0") or topic.strip("/") != topic:
                raise OptionError(f"{name} takes levels with / between them and no + or #, not {topic!r}")
        if not self.topic:
            raise OptionError("topic is what all topics begin with, such as spotdiff")
        broker = Broker(
            host=self.host,
            port=self.port or (TLS_PORT if self.tls else PORT),
            user=self.user,
            password=self.password,
            client_id=self.client_id,
            tls=self.tls,
            ca=self.ca,
            cert=self.cert,
            cert_key=self.cert_key,
        )
        client_of(broker)  # finds what cannot be used
        topics = Topics(self.topic, self.discovery)
        states = CameraStates(topics)
        object.__setattr__(self, "_states", states)
        object.__setattr__(self, "_connection", Connection(broker, topics.status, states.all))

    def open(self) -> None:
        """Begin to connect; everything that is known is published whenever a connection has come about."""
        self._connection.open()

    def introduce(self, camera: str, zones: Iterable[str] = (), open_events: Iterable[Event] = ()) -> None:
        """Tell of a camera before anything happens there, and of what is open there from before a restart.

        Args:
            camera: Its name.
            zones: The names of its zones.
            open_events: Its events that are not closed, oldest first.
        """
        self._connection.publish_if_connected(self._states.introduce(camera, zones, open_events))

    def send(self, message: Message, key: str) -> None:
        """Publish event, state and picture, and wait until the broker has them.

        Raises:
            SinkDown: the broker cannot be reached or does not confirm in time.
        """
        self._connection.publish(key, lambda: self._publications(message, key), self.timeout)

    def close(self) -> None:
        """Say offline and leave the broker."""
        self._connection.close()

    def _publications(self, message: Message, key: str) -> list[Publication]:
        topics = Topics(self.topic, self.discovery)
        publications = []
        if message.picture is not None and message.picture.is_file():
            try:
                picture = message.picture.read_bytes()
            except OSError as error:
                raise SinkDown(f"cannot read {message.picture}: {error.strerror}") from None
            publications.append(Publication(topics.of(message.camera, "picture"), picture, retain=True))
        body = json.dumps(body_of(message, key)).encode("ascii")
        publications.append(Publication(topics.of(message.camera, "event"), body))
        return publications + self._states.update(message)


@dataclass(frozen=True, slots=True)
class _OpenEvent:
    kind: str
    zone: str
    acknowledged: bool


@dataclass(slots=True)
class _CameraState:
    """One camera: its zones, its open events by id, and the text and time of the last event."""

    zones: list[str] = field(default_factory=list)
    events: dict[str, _OpenEvent] = field(default_factory=dict)
    last: str = ""
    at: str = ""

    def add_zone(self, zone: str) -> bool:
        """Remember a zone; whether it is new."""
        if not zone or zone in self.zones:
            return False
        self.zones.append(zone)
        return True

    def payload(self) -> bytes:
        open_events = self.events.values()
        values = {
            "open": len(open_events),
            "acknowledged": sum(event.acknowledged for event in open_events),
            "kinds": dict(Counter(event.kind for event in open_events)),
            "zones": {zone: sum(event.zone == zone for event in open_events) for zone in self.zones},
            "events": list(self.events),
            "last": self.last,
            "at": self.at,
        }
        return json.dumps(values).encode("ascii")


class CameraStates:
    """All cameras that have been introduced or that a message has told of; may be used from several threads."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics
        self._states: dict[str, _CameraState] = {}
        self._lock = threading.Lock()

    def introduce(self, camera: str, zones: Iterable[str], open_events: Iterable[Event]) -> list[Publication]:
        """Remember a camera with what is open there; what is to be published of it."""
        with self._lock:
            state = self._states.setdefault(camera, _CameraState())
            for zone in zones:
                state.add_zone(zone)
            for event in open_events:
                state.add_zone(event.zone)
                state.events[event.id] = _OpenEvent(event.kind, event.zone, event.state == "acknowledged")
                state.last, state.at = event.text, event.confirmed.isoformat()
            return self._all_of(camera, state)

    def update(self, message: Message) -> list[Publication]:
        """Take in a message; what is to be published besides it. The same again changes nothing."""
        with self._lock:
            known = message.camera in self._states
            state = self._states.setdefault(message.camera, _CameraState())
            new = state.add_zone(message.zone) or not known
            if message.change == "closed":
                state.events.pop(message.event, None)
            else:
                acknowledged = message.change == "acknowledged"
                state.events[message.event] = _OpenEvent(message.kind, message.zone, acknowledged)
            state.last, state.at = message.text, message.at.isoformat()
            publications = self._all_of(message.camera, state)
            return publications if new else publications[-1:]

    def all(self) -> list[Publication]:
        """What a broker that has forgotten everything must be told."""
        with self._lock:
            return [
                publication for camera, state in self._states.items() for publication in self._all_of(camera, state)
            ]

    def _all_of(self, camera: str, state: _CameraState) -> list[Publication]:
        publication = Publication(self._topics.of(camera, "state"), state.payload(), retain=True)
        return [*self._topics.discovery_of(camera, state.zones), publication]


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one watch.

    Attributes:
        prefix: What all topics begin with, such as spotdiff.
        discovery: Where Home Assistant looks for what there is, such as homeassistant; "" tells it nothing.
    """

    prefix: str
    discovery: str

    @property
    def status(self) -> str:
        """Says online or offline."""
        return f"{self.prefix}/status"

    def of(self, camera: str, what: str) -> str:
        """The topic of a camera for its `event`, `state` or `picture`."""
        return f"{self.prefix}/{slug(camera)}/{what}"

    def discovery_of(self, camera: str, zones: list[str]) -> list[Publication]:
        """What tells Home Assistant of a camera: a sensor for the whole and each zone, the last event, the picture."""
        if not self.discovery:
            return []
        publications = [
            self._entity(camera, "binary_sensor", "open", "Differences", self._counted(camera, "value_json.open"))
        ]
        for zone in zones:
            count = f"value_json.zones.get({json.dumps(zone, ensure_ascii=False)}, 0)"
            fields = self._counted(camera, count)
            publications.append(self._entity(camera, "binary_sensor", f"zone_{slug(zone)}", zone, fields))
        last = {
            "state_topic": self.of(camera, "state"),
            "value_template": f"{{{{ value_json.last[:{_LONGEST_TEXT}] }}}}",
            "json_attributes_topic": self.of(camera, "event"),
        }
        picture = {"image_topic": self.of(camera, "picture"), "content_type": "image/jpeg"}
        publications.append(self._entity(camera, "sensor", "last_event", "Last event", last))
        publications.append(self._entity(camera, "image", "picture", "Picture", picture))
        return publications

    def _counted(self, camera: str, count: str) -> dict[str, str]:
        """The fields of a sensor that is on while a count in the camera's state is above 0."""
        return {
            "state_topic": self.of(camera, "state"),
            "value_template": f"{{{{ 'ON' if {count} > 0 else 'OFF' }}}}",
            "device_class": "problem",
        }

    def _entity(self, camera: str, component: str, thing: str, name: str, fields: dict[str, str]) -> Publication:
        device = f"{slug(self.prefix)}_{slug(camera)}"
        config = {
            "name": name,
            "unique_id": f"{device}_{thing}",
            "availability_topic": self.status,
            "device": {
                "identifiers": [device],
                "name": camera,
                "manufacturer": "spotdiff",
                "model": "watched place",
                "sw_version": spotdiff.__version__,
            },
            "origin": {"name": "spotdiff", "sw_version": spotdiff.__version__},
            **fields,
        }
        return Publication(
            f"{self.discovery}/{component}/{device}/{thing}/config", json.dumps(config).encode("ascii"), retain=True
        )


def slug(name: str) -> str:
    """A name as one level of a topic; names that differ stay different.

    Examples:
        >>> slug("hall"), slug("hall/door 1")
        ('hall', 'hall_door_1_951812')
    """
    plain = _NOT_IN_A_TOPIC.sub("_", name)
    return plain if plain == name and name else f"{plain}_{sha256(name.encode()).hexdigest()[:6]}"
