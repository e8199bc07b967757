"""A connection to an MQTT broker that comes back by itself, and publishes only what the broker has confirmed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotdiff.errors import MissingExtra, OptionError, error_line
from spotdiff.watching.alerts.sink import SinkDown

if TYPE_CHECKING:
    from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessageInfo
    from paho.mqtt.properties import Properties
    from paho.mqtt.reasoncodes import ReasonCode

KEEPALIVE = 30  # seconds of silence after which the broker and we take each other for gone
_RECONNECT_S = 4  # seconds between two tries to connect, at most
_GOODBYE = 1.0  # seconds that leaving may take


@dataclass(frozen=True, slots=True)
class Publication:
    """One thing to publish.

    Attributes:
        topic: Where.
        payload: What.
        retain: Whether the broker keeps it for those who come later.
    """

    topic: str
    payload: bytes
    retain: bool = False


@dataclass(frozen=True, slots=True)
class Broker:
    """How to reach a broker.

    Attributes:
        host: Its name or address.
        port: Its port.
        user: Who we are, or "" for nobody.
        password: Never shown.
        client_id: Our name to the broker, or "" for one by chance.
        tls: Whether the connection is encrypted.
        ca: File of the authorities that are trusted, or "" for the system's own.
        cert: File of our certificate, or "".
        cert_key: File of its key, or "".
    """

    host: str
    port: int
    user: str
    password: str
    client_id: str
    tls: bool
    ca: str
    cert: str
    cert_key: str


class Connection:
    """Connects in the background from the first use on, and again whenever the connection is lost.

    Args:
        broker: How to reach the broker.
        status: Topic that says online, and offline when we have gone, whether we could say so or not.
        greeting: What to publish whenever a connection has come about.
    """

    def __init__(self, broker: Broker, status: str, greeting: Callable[[], Sequence[Publication]]) -> None:
        self._broker, self._status, self._greeting = broker, status, greeting
        self._up = threading.Event()
        self._lock = threading.Lock()
        self._publishing, self._greeted = threading.Lock(), threading.Lock()
        self._client: Client | None = None
        self._closed = False
        self._reason = "no answer"
        self._pending: tuple[str, list[MQTTMessageInfo]] = ("", [])
        self._confirmed = ""

    def open(self) -> None:
        """Begin to connect, unless that has been done; returns at once.

        Raises:
            SinkDown: the connection has been closed.
        """
        with self._lock:
            if self._closed:
                raise SinkDown(f"{self._where} has been left")
            if self._client is None:
                self._client = self._new_client()
                self._client.connect_async(self._broker.host, self._broker.port, keepalive=KEEPALIVE)
                self._client.loop_start()

    def publish(self, key: str, publications: Callable[[], Sequence[Publication]], timeout: float) -> None:
        """Publish, and wait until the broker has confirmed everything.

        What was published last with the same key is not sent again; only its confirmation is waited for.

        Args:
            key: Names what is published.
            publications: Says what it is, once there is a connection.
            timeout: Seconds to wait for connection and confirmation.

        Raises:
            SinkDown: there is no connection, or no confirmation in time.
        """
        self.open()
        end = time.monotonic() + timeout
        if not self._publishing.acquire(timeout=timeout):
            raise SinkDown(f"{self._where} is still busy with an earlier message")
        try:
            if key != self._confirmed:
                self._publish(key, publications, end)
        except (ValueError, RuntimeError, OSError) as error:
            self._pending = ("", [])
            raise SinkDown(f"{self._where}: {error}") from None
        finally:
            self._publishing.release()

    def _publish(self, key: str, publications: Callable[[], Sequence[Publication]], end: float) -> None:
        if not self._up.wait(max(end - time.monotonic(), 0.0)):
            raise SinkDown(f"{self._where} cannot be reached: {self._reason}")
        if self._pending[0] != key:
            self._pending = (key, [self._sent(publication) for publication in publications()])
        if not all(_confirmed_by(info, end) for info in self._pending[1]):
            raise SinkDown(f"{self._where} did not confirm in time")
        self._pending, self._confirmed = ("", []), key

    def publish_if_connected(self, publications: Sequence[Publication]) -> None:
        """Publish without waiting if there is a connection; if not, the greeting will tell it."""
        with self._greeted:
            if self._up.is_set() and self._client is not None:
                _publish_now(self._client, publications)

    def close(self) -> None:
        """Say offline and leave, within two seconds or so."""
        with self._lock:
            client, self._client, self._closed = self._client, None, True
        if client is None:
            return
        if self._up.is_set():
            _confirmed_by(client.publish(self._status, b"offline", qos=1, retain=True), time.monotonic() + _GOODBYE)
        client.disconnect()
        leaving = threading.Thread(target=client.loop_stop, name="leave mqtt", daemon=True)
        leaving.start()
        leaving.join(_GOODBYE)

    @property
    def _where(self) -> str:
        return f"MQTT broker {self._broker.host}:{self._broker.port}"

    def _sent(self, publication: Publication) -> MQTTMessageInfo:
        client = self._client
        if client is None:
            raise SinkDown(f"{self._where} has been left")
        from paho.mqtt.enums import MQTTErrorCode

        info = client.publish(publication.topic, publication.payload, qos=1, retain=publication.retain)
        if info.rc == MQTTErrorCode.MQTT_ERR_NO_CONN:
            info.rc = MQTTErrorCode.MQTT_ERR_SUCCESS  # paho keeps it and sends it once the connection is back
        return info

    def _new_client(self) -> Client:
        client = client_of(self._broker)
        client.will_set(self._status, b"offline", qos=1, retain=True)
        client.reconnect_delay_set(1, _RECONNECT_S)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_connect_fail = self._on_connect_fail
        return client

    def _on_connect(
        self, client: Client, _user: object, _flags: ConnectFlags, code: ReasonCode, _more: Properties | None
    ) -> None:
        if code.is_failure:
            self._reason = str(code)
            return
        with self._greeted:  # what is introduced meanwhile is either in the greeting or told after it
            _publish_now(client, [Publication(self._status, b"online", retain=True), *self._greeting()])
            self._up.set()

    def _on_disconnect(
        self, _client: Client, _user: object, _flags: DisconnectFlags, code: ReasonCode, _more: Properties | None
    ) -> None:
        if self._up.is_set():
            self._reason = str(code)
        self._up.clear()

    def _on_connect_fail(self, _client: Client, _user: object) -> None:
        self._reason = "no connection"


def _publish_now(client: Client, publications: Sequence[Publication]) -> None:
    """Publish what is told again with every connection: kept over a lost one, it would overwrite newer states."""
    for publication in publications:
        client.publish(publication.topic, publication.payload, qos=0, retain=publication.retain)


def client_of(broker: Broker) -> Client:
    """A client that is not connected yet.

    Raises:
        OptionError: a file for TLS cannot be used.
        MissingExtra: paho-mqtt is not installed.
    """
    try:
        from paho.mqtt import client as paho
        from paho.mqtt.enums import CallbackAPIVersion
    except ImportError:
        raise MissingExtra("paho-mqtt", extra="watch") from None

    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=broker.client_id)
    if broker.user:
        client.username_pw_set(broker.user, broker.password)
    if broker.tls:
        for path in (broker.ca, broker.cert, broker.cert_key):
            if path and not Path(path).is_file():
                raise OptionError(f"there is no file {path}")
        try:
            client.tls_set(broker.ca or None, broker.cert or None, broker.cert_key or None)
        except (OSError, ValueError) as error:
            raise OptionError(f"TLS cannot be set up with ca, cert and cert_key: {error_line(error)}") from None
    return client


def _confirmed_by(info: Any, end: float) -> bool:  # noqa: ANN401 (paho is imported when it is needed)
    """Whether the broker has confirmed a message by `end`, on the monotonic clock."""
    info.wait_for_publish(max(end - time.monotonic(), 0.001))
    return bool(info.is_published())
