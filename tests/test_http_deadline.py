"""An endpoint that gives its answer byte by byte, in whatever form, is waited for no longer than was asked."""

from __future__ import annotations

import ast
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

import spotdiff
from spotdiff.client.connection import Connection
from spotdiff.describe._chat_server import NoAnswer, Server
from spotdiff.errors import ServerError
from spotdiff.http_delivery import Undelivered, post

PACKAGE = Path(spotdiff.__file__).parent
TIMEOUT, MOST = 0.4, 8.0  # seconds; a machine may be busy, an endless answer never ends
DRIPS = {
    "HTTP/1.0": (b"HTTP/1.0 200 OK\r\n\r\n", b" "),
    "closes": (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 100000\r\n\r\n", b" "),
    "keeps": (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b" "),
    "refuses": (b"HTTP/1.0 500 No\r\n\r\n", b" "),
    "chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "head": (b"HTTP/1.1 200 OK\r\nX: ", b"x"),
    "continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "handshake": (b"\x16\x03\x03\x3f\xff\x02\x00\x3f\xf0", b"\0"),
}


@pytest.fixture
def drips():
    """Start a server that says something and goes on with a byte every now and then, for as long as it is heard."""
    listeners, stop = [], threading.Event()

    def drip(connection, first, more):
        with connection, suppress(OSError):
            connection.sendall(first)
            while not stop.wait(0.02):
                connection.sendall(more)

    def serve(listening, first, more):
        with suppress(OSError):
            while True:
                arguments = listening.accept()[0], first, more
                threading.Thread(target=drip, args=arguments, daemon=True).start()

    def start(name):
        listening = socket.create_server(("127.0.0.1", 0))
        listeners.append(listening)
        threading.Thread(target=serve, args=(listening, *DRIPS[name]), daemon=True).start()
        return f"http{'s' * (name == 'handshake')}://127.0.0.1:{listening.getsockname()[1]}"

    yield start
    stop.set()
    for listening in listeners:
        listening.close()


def asked_of_describer(url):
    server = Server.at(f"{url}/v1", "m", key="", timeout=TIMEOUT, retries=0, remote=False)
    with pytest.raises(NoAnswer, match="timed out"):
        server._post({})


def asked_of_client(url):
    with pytest.raises(ServerError, match="no answer came in time"):
        Connection(url, "", TIMEOUT, 0.0).ask("GET", "/healthz")


def posted(url):
    with pytest.raises(Undelivered, match="cannot be reached: no answer came in time"):
        post(url, b"{}", {}, timeout=TIMEOUT)


@pytest.mark.parametrize("ask", [asked_of_describer, asked_of_client])
@pytest.mark.parametrize("how", DRIPS)
def test_an_answer_that_does_not_end_is_not_waited_for(drips, how, ask):
    start = time.monotonic()
    ask(drips(how))
    assert time.monotonic() - start < MOST


@pytest.mark.parametrize("how", ["head", "continue", "handshake"])
def test_a_message_is_not_posted_for_ever(drips, how):
    """Of the answer to a message only the head is read."""
    start = time.monotonic()
    posted(drips(how))
    assert time.monotonic() - start < MOST


def test_no_module_opens_a_connection_that_may_last_for_ever():
    """All go by way of `http_deadline`, over urllib's opener or by themselves."""
    plain = {"urlopen", "HTTPConnection", "HTTPSConnection", "urlretrieve", "build_opener", "create_connection"}
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(node, "attr", None) or getattr(node, "id", None)
            if name in plain:
                found.add((path.relative_to(PACKAGE).as_posix(), name))
    assert {name for name, _ in found} == {"http_deadline.py", "http_delivery.py"}
    assert {name for path, name in found if path == "http_delivery.py"} == {"build_opener"}


def test_all_addresses_of_a_host_share_one_deadline(monkeypatch):
    tried = []

    class Silent:
        """A socket whose other end never answers; no test may wait for real ones outside of this machine."""

        def __init__(self, *kind):
            self.limit = None

        def settimeout(self, seconds):
            self.limit = seconds

        def connect(self, place):
            tried.append((place, self.limit))
            time.sleep(self.limit)
            raise TimeoutError("timed out")

        def close(self):
            pass

    places = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (f"192.0.2.{number}", 80)) for number in range(1, 6)]
    monkeypatch.setattr("spotdiff.http_deadline.socket.getaddrinfo", lambda *given: places)
    monkeypatch.setattr("spotdiff.http_deadline.socket.socket", Silent)
    begun = time.monotonic()
    with pytest.raises(ServerError, match="no answer came in time"):
        Connection("http://many.example", "", TIMEOUT, 0.0).ask("GET", "/healthz")
    assert [place for place, _ in tried] == [place for *_, place in places]  # none of them takes all of the time
    assert time.monotonic() - begun < 3 * TIMEOUT  # 5 of them where each has all of it


def test_the_second_address_is_taken_where_the_first_refuses(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.create_server(("127.0.0.1", 0)) as closed:
        refused = closed.getsockname()
        closed.close()
        places = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", place) for place in (refused, listening.getsockname())]
        monkeypatch.setattr("spotdiff.http_deadline.socket.getaddrinfo", lambda *given: places)
        threading.Thread(target=answered, args=(listening,), daemon=True).start()
        assert Connection("http://two.example", "", 5.0, 0.0).ask("GET", "/").body == b"ok"


def answered(listening):
    with listening.accept()[0] as connection:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
