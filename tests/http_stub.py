"""An HTTP server that gives the answers that a test has laid down, and remembers what it was asked."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer


@dataclass(frozen=True)
class Answer:
    """What is said; one with seconds of silence says nothing, and hangs up after them."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    silence: float = 0.0


@dataclass(frozen=True)
class Asked:
    """A request, and the status that it was answered with; headers go by names in any case."""

    method: str
    path: str
    headers: Message
    body: bytes
    status: int


class AnsweringServer(ThreadingHTTPServer):
    """Gives its answers one after the other, then the usual one again and again."""

    daemon_threads = True

    def __init__(self, *answers, usual=None):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers, self.usual = list(answers), usual or Answer()
        self.asked: list[Asked] = []
        self.ends = threading.Event()

    @property
    def where(self):
        return f"127.0.0.1:{self.server_port}"

    def shutdown(self):
        self.ends.set()
        super().shutdown()


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        server = self.server
        answer = server.answers.pop(0) if server.answers else server.usual
        server.asked.append(Asked(self.command, self.path, self.headers, body, answer.status))
        if answer.silence:
            server.ends.wait(answer.silence)
            return
        self.send_response(answer.status)
        for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    do_GET = do_POST

    def log_message(self, *_):
        pass


@contextmanager
def serving(server: HTTPServer):
    """Let a server answer in a thread of its own until the block ends."""
    with server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
