"""A real server in a process of its own, and a client that says exactly what it sends."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import cv2
import numpy as np
import pytest

from browser import Browser
from spotdiff.client import Client

EXAMPLES = Path(__file__).parents[2] / "examples"
AT_ONCE = Path(__file__).parent / "at_once"  # what makes a server's long runs no more patient than the rest
PATIENCE = 240  # seconds after which something hangs


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


def form(**parts) -> tuple[bytes, str]:
    """The body and content type of a multipart form; a part is a text, bytes, or (name of the file, bytes)."""
    boundary = uuid4().hex
    lines = []
    for name, part in parts.items():
        filename, data = part if isinstance(part, tuple) else (None if isinstance(part, str) else f"{name}.png", part)
        data = data.encode() if isinstance(data, str) else data
        said = "" if filename is None else f'; filename="{filename}"'
        lines.append(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{said}\r\n\r\n'.encode() + data)
    return b"\r\n".join([*lines, f"--{boundary}--\r\n".encode()]), f"multipart/form-data; boundary={boundary}"


def heed_interrupts():
    """Take Ctrl-C as a program in the foreground does, though the tests may run where it is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@dataclass
class Server:
    """A server on a free port; `options` are the verb's."""

    data: Path
    options: tuple[str, ...] = ()
    process: subprocess.Popen | None = None
    port: int = 0
    environment: dict[str, str] = field(default_factory=dict)
    program: tuple[str, ...] = ("-m", "spotdiff")

    def start(self):
        command = [sys.executable, *self.program, "serve", "--port", "0", "--data", str(self.data), *self.options]
        paths = os.pathsep.join(filter(None, (str(AT_ONCE), os.environ.get("PYTHONPATH"))))
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": paths, **self.environment}
        self.data.parent.mkdir(exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=environment,
                start_new_session=True,
                preexec_fn=heed_interrupts,
            )
        line = self.process.stdout.readline()
        assert line.startswith("http://"), line + self.log.read_text()
        self.port = int(line.split()[0].rpartition(":")[2])
        return self

    @property
    def log(self) -> Path:
        return self.data.with_suffix(".log")

    def end(self, number=signal.SIGTERM) -> int:
        self.process.send_signal(number)
        self.process.stdout.close()
        return self.process.wait(PATIENCE)

    def ask(self, method, address, *, body=None, headers=None) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, address, body=body, headers=headers or {})
            got = connection.getresponse()
            return Reply(got.status, {name.lower(): value for name, value in got.getheaders()}, got.read())
        finally:
            connection.close()

    def get(self, address, **headers) -> Reply:
        return self.ask("GET", address, headers=headers)

    def post(self, address, value) -> Reply:
        return self.ask("POST", address, body=json.dumps(value), headers={"Content-Type": "application/json"})

    def send(self, address, headers=None, **parts) -> Reply:
        body, kind = form(**parts)
        return self.ask("POST", address, body=body, headers={"Content-Type": kind, **(headers or {})})

    def compare(self, before, after, *, headers=None, **options) -> Reply:
        options = {"method": "pixel", "align": "off", "light": "off", **options}
        parts = {"before": before, "after": after, "options": json.dumps(options)}
        return self.send("/api/v1/compare", headers, **parts)

    def ended(self, url) -> dict:
        """A job once it has ended."""
        limit = time.monotonic() + PATIENCE
        while (job := self.get(url).json)["state"] in ("queued", "running"):
            assert time.monotonic() < limit, job
            time.sleep(0.1)
        return job


@pytest.fixture(scope="session", name="server")
def server_fixture(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("server") / "data", ("--workers", "1")).start()
    yield server
    server.end()


@pytest.fixture(name="own_server")
def own_server_fixture(tmp_path):
    """Makes servers that a test may kill; `own_server()` has the test's folder, a hurried one waits less long."""
    servers = []

    def start(*options, data=tmp_path / "data", hurried=False, **environment):
        program = (str(Path(__file__).with_name("server_with_short_waits.py")),) if hurried else ("-m", "spotdiff")
        servers.append(Server(data, ("--workers", "1", *options), environment=environment, program=program).start())
        return servers[-1]

    yield start
    for server in servers:
        server.end(signal.SIGKILL)


def png(pixels: np.ndarray) -> bytes:
    return cv2.imencode(".png", pixels)[1].tobytes()


@pytest.fixture(scope="session", name="pictures")
def pictures_fixture(texture):
    """PNG files of one place: before, and after with a thing in it."""
    before = texture(160, 120, seed=4)
    after = before.copy()
    after[40:70, 50:90] = (20, 40, 220)
    return png(before), png(after)


@pytest.fixture(scope="session", name="large_pictures")
def large_pictures_fixture(texture):
    """PNG files that keep a worker busy for a while."""
    before = texture(1600, 1200, seed=5)
    return png(before), png(before[::-1])


@pytest.fixture(scope="module", name="browser")
def browser_fixture(tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture(name="client")
def client_fixture(server):
    return Client(f"http://127.0.0.1:{server.port}", patience=30)
