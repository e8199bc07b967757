"""An MQTT broker: events, the state of every camera, and Home Assistant's discovery."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from spotdiff.errors import OptionError
from spotdiff.params import Param, check, param
from spotdiff.watching.alerts.message import Message, body_of
from spotdiff.watching.alerts.sink import SinkDown
from spotdiff.watching.alerts.sinks.mqtt_link import Account, Link, client_of
from spotdiff.watching.alerts.sinks.mqtt_places import Places
from spotdiff.watching.alerts.sinks.mqtt_topics import Post, Topics
from spotdiff.watching.event import Event

PORT, TLS_PORT = 1883, 8883


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
    _places: Places = field(init=False, repr=False, compare=False)
    _link: Link = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check(self)
        if not self.host:
            raise OptionError("host is the name or address of the broker")
        for name, topic in (("topic", self.topic), ("discovery", self.discovery)):
            if set(topic) & set("+#\0") or topic.strip("/") != topic:
                raise OptionError(f"{name} takes levels with / between them and no + or #, not {topic!r}")
        if not self.topic:
            raise OptionError("topic is what all topics begin with, such as spotdiff")
        account = self._account()
        client_of(account)
        topics = Topics(self.topic, self.discovery)
        places = Places(topics)
        object.__setattr__(self, "_places", places)
        object.__setattr__(self, "_link", Link(account, topics.status, places.everything))

    def open(self) -> None:
        """Begin to connect; everything that is known is published whenever a connection has come about."""
        self._link.open()

    def introduce(self, camera: str, zones: Iterable[str] = (), open_events: Iterable[Event] = ()) -> None:
        """Tell of a camera before anything happens there, and of what is open there from before a restart.

        Args:
            camera: Its name.
            zones: The names of its zones.
            open_events: Its events that are not closed, oldest first.
        """
        self._link.tell(self._places.introduce(camera, zones, open_events))

    def send(self, message: Message, key: str) -> None:
        """Publish event, state and picture, and wait until the broker has them.

        Raises:
            SinkDown: the broker cannot be reached or does not confirm in time.
        """
        self._link.publish(key, lambda: self._posts(message, key), self.timeout)

    def close(self) -> None:
        """Say offline and leave the broker."""
        self._link.close()

    def _posts(self, message: Message, key: str) -> list[Post]:
        topics = Topics(self.topic, self.discovery)
        posts = []
        if message.picture is not None and message.picture.is_file():
            try:
                picture = message.picture.read_bytes()
            except OSError as error:
                raise SinkDown(f"cannot read {message.picture}: {error.strerror}") from None
            posts.append(Post(topics.of(message.camera, "picture"), picture, retain=True))
        if message.part == "text":
            body = json.dumps(body_of(message, key)).encode("ascii")
            posts.append(Post(topics.of(message.camera, "event"), body))
            posts += self._places.hear(message)
        return posts

    def _account(self) -> Account:
        return Account(
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
