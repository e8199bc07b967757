"""Clocks that are moved by hand, sinks that remember, a broker and a server to talk to."""

from __future__ import annotations

import contextlib
import getpass
import shutil
import socket
import subprocess
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import create_engine
from sqlalchemy.event import listens_for

from http_stub import AnsweringServer, serving
from spotdiff.watching.alerts import AlertQueue, Message, SinkDown
from spotdiff.watching.events.schema import metadata

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class HandClock:
    """Both clocks stand still until they are moved."""

    def __init__(self):
        self._seconds, self._wall = 1000.0, START

    def seconds(self):
        return self._seconds

    def wall(self):
        return self._wall

    def advance(self, seconds):
        self._seconds += seconds
        self._wall += timedelta(seconds=seconds)

    def step(self, seconds):
        """Step the wall alone, as an operator or a time server does."""
        self._wall += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Memory:
    """A sink that remembers what it took; while `down` holds something it says that instead."""

    name: str = "memory"
    taken: list = field(default_factory=list)
    asked: list = field(default_factory=list)
    down: list = field(default_factory=list)

    def send(self, message, key):
        self.asked.append(key)
        if self.down:
            raise self.down[-1]
        self.taken.append((key, message))

    @property
    def keys(self):
        return [key for key, _ in self.taken]


@dataclass(frozen=True)
class Stuck:
    """A sink that does not come back until it is let go."""

    name: str = "stuck"
    asked: list = field(default_factory=list)
    taken: list = field(default_factory=list)
    go: threading.Event = field(default_factory=threading.Event)

    def send(self, message, key):
        self.asked.append(key)
        self.go.wait(30)
        self.taken.append(key)


def until(true, *, seconds=10.0):
    """Wait until something is so; what it was when it was so, or the last time it was asked."""
    end = time.monotonic() + seconds
    while not (value := true()) and time.monotonic() < end:
        time.sleep(0.005)
    return value


def message(number=1, change="opened", *, camera="hall", **more):
    told = {
        "event": f"{camera}-{number}",
        "kind": "left",
        "camera": camera,
        "zone": "door",
        "title": f"{camera}: something was left (door)",
        "text": f"Something was left: {number}",
        "at": START,
        "record": {"id": f"{camera}-{number}", "kind": "left", "state": "open"},
        **more,
    }
    return Message(change=change, **told)


@pytest.fixture
def clock():
    return HandClock()


def hasty(connection, _):
    """Do not wait for the disk: these databases need to outlive a process, not a power cut."""
    connection.execute("PRAGMA synchronous=OFF")


@pytest.fixture
def make_engine():
    made = []

    def make(path):
        made.append(create_engine(f"sqlite:///{path}"))
        listens_for(made[-1], "connect")(hasty)
        metadata.create_all(made[-1])
        return made[-1]

    yield make
    for engine in made:
        engine.dispose()


@pytest.fixture
def engine(make_engine, tmp_path):
    return make_engine(tmp_path / "store.db")


@pytest.fixture
def queue(engine, clock):
    return AlertQueue(engine, clock)


@pytest.fixture
def memory():
    return Memory()


@pytest.fixture
def make_memory():
    return Memory


@pytest.fixture
def make_stuck():
    """Sinks that hang; all are let go in the end."""
    made = []

    def make(name="stuck"):
        made.append(Stuck(name))
        return made[-1]

    yield make
    for stuck in made:
        stuck.go.set()


@pytest.fixture
def make_message():
    return message


@pytest.fixture
def wait_until():
    return until


@pytest.fixture
def down():
    return SinkDown


@pytest.fixture
def still(tmp_path):
    path = tmp_path / "still.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe0 a still \xff\xd9")
    return path


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving(AnsweringServer()) as server:
        yield server


class Broker:
    """A mosquitto of our own on a free port, which can be killed and started again; it forgets everything then."""

    def __init__(self, folder, port, *, lines=("allow_anonymous true",)):
        self.port = port
        self._config = folder / "mosquitto.conf"
        said = [f"listener {port} 127.0.0.1", "persistence false", "log_type none"]
        said.append(f"user {getpass.getuser()}")  # as root it would become somebody who may not read its files
        self._config.write_text("\n".join([*said, *lines]) + "\n")
        self._process = None

    def start(self):
        program = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
        self._process = subprocess.Popen([program, "-c", str(self._config)], stderr=subprocess.DEVNULL)
        assert until(self._answers), "the broker does not start"

    def _answers(self):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False

    def kill(self):
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self, signal):
        self._process.send_signal(signal)


@pytest.fixture
def make_broker(tmp_path):
    if shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin") is None:
        pytest.skip("needs the MQTT broker mosquitto: apt-get install mosquitto")
    made = []

    def make(**how):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        made.append(Broker(tmp_path, port, **how))
        made[-1].start()
        return made[-1]

    yield make
    for broker in made:
        broker.kill()


@pytest.fixture
def broker(make_broker):
    return make_broker()


class Listener:
    """A second client of the broker, which remembers everything that it hears."""

    def __init__(self, port):
        from paho.mqtt import client as paho
        from paho.mqtt.enums import CallbackAPIVersion

        self.heard = []
        self._subscribed = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = lambda _client, _user, post: self.heard.append(
            (post.topic, post.payload, post.retain)
        )
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert self._subscribed.wait(10)

    def of(self, topic):
        return [payload for where, payload, _ in tuple(self.heard) if where == topic]

    def close(self):
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def listen():
    made = []

    def make(port):
        made.append(Listener(port))
        return made[-1]

    yield make
    for listener in made:
        listener.close()
