"""Requests that no good client sends, to a real server: each is answered with its own fault, and the server goes on.

    python proof/hostile_requests.py --requests 500 --seed 0    # exit code 1 where one was answered 500, hung or let in

Some are written by hand (paths, headers, tokens, options, forms), the others are mutated ones of these. The server has
an account, so that most addresses are closed; a third of the requests carry its token.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from mutated_inputs import mutated, mutated_text, whole_pictures

QUIET = 1.0  # seconds without a word after which the client says that it has said all
PATIENCE = 30.0  # seconds for an answer after that
SECRET = "the-secret-of-this-machine"  # stands in a file beside the server's data, and in no answer
_OPTIONS = (
    '{"method": "pixel", "align": "off", "light": "off"}',
    '{"method": "pixel", "settings": {"threshold": 1e400}}',
    '{"ignore_mask": "../secret.png"}',
    '{"areas": "/etc/passwd"}',
    '{"describe": "endpoint", "describe_settings": {"url": "http://127.0.0.1:1/"}}',
    '{"method": "network", "settings": {"weights": "../secret.txt"}}',
    '{"language": "../../../../etc/passwd"}',
    '{"ignore": [[0, 0, 1e308, 1e308]], "focus": [[0, 0, -1, NaN]]}',
    '{"ignore": ' + "[" * 3000 + "]" * 3000 + "}",
    '{"preset": {"a": 1}, "sensitivity": "NaN", "page": "all"}',
    '{"page": 99999999999999999999, "sensitivity": true}',
    '{"\\ud800": "\\u0000"}',
)
_PATHS = (
    "/healthz",
    "/",
    "/metrics",
    "/api/v1/openapi.json",
    "/api/v1/comparisons?limit=50",
    "/api/v1/comparisons?limit=-1&after=%00&before=99999999999999999999",
    "/api/v1/comparisons/../../../secret.txt",
    "/api/v1/comparisons/%2e%2e%2f%2e%2e%2fsecret.txt/before.png",
    "/api/v1/comparisons/0/tiles/before_files/99999999999999999999/0_0.jpg",
    "/api/v1/comparisons/0/tiles/..%2f..%2fsecret.dzi",
    "/api/v1/jobs/0/events",
    "/api/v1/places/%00",
    "/api/v1/places/..%2f..%2fsecret.txt",
    "/api/v1/places/" + "a" * 4000,
    "/static/..%2f..%2fapp.py",
    "/static/../../../../../etc/passwd",
    "/login?next=//evil.example/%0d%0aSet-Cookie:%20a=b",
    "/api/v1/annotations.zip?place=..%2f..%2f",
    "/api/v1/events?since=not-a-date&limit=1e9",
    "/watch/zones/..%2fsecret",
    "http://evil.example/api/v1/comparisons",
    "*",
    "",
)
_HEADERS = (
    "Host: 127.0.0.1:{port}",
    "Host: evil.example",
    "Host: 127.0.0.1:{port}\r\nOrigin: http://evil.example",
    "Host: 127.0.0.1:{port}\r\nAuthorization: Bearer \xff\xfe",
    "Host: 127.0.0.1:{port}\r\nAuthorization: Basic !!!!",
    "Host: 127.0.0.1:{port}\r\nCookie: session=' OR 1=1 --; session=\x7f",
    "Host: 127.0.0.1:{port}\r\nTransfer-Encoding: chunked, identity",
    "Host: 127.0.0.1:{port}\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Host: evil.example",
    "Host: 127.0.0.1:{port}\r\nRange: bytes=0-0,99999999999999999999-,-5",
    "Host: 127.0.0.1:{port}\r\nAccept-Language: " + "x," * 2000,
    "Host: 127.0.0.1:{port}\r\nPrefer: wait=NaN, respond-async=1e400",
    'Host: 127.0.0.1:{port}\r\nIf-None-Match: "\\\r\nLast-Event-ID: -1',
)
_JSONS = (
    ("POST", "/api/v1/places", '{"name": "../../x", "options": {}}'),
    ("POST", "/api/v1/places", '{"name": "\\u001b[31m", "options": {"areas": {"a": [[0, 0]]}}}'),
    ("PUT", "/api/v1/watch/zones", '{"zones": {"a": {"polygon": [[1e400, 0]]}}}'),
    ("POST", "/api/v1/accounts", '{"name": "admin", "scopes": ["admin"]}'),
    ("POST", "/api/v1/places/a/trainings", '{"recipe": "/etc/passwd", "from": "http://127.0.0.1:1/"}'),
    ("PUT", "/api/v1/places/a/weights", '{"training": "../../secret.txt"}'),
    ("POST", "/api/v1/sets/..%2fsecret/measurements", '{"weights": "../../secret.txt"}'),
    ("POST", "/api/v1/events/0/acknowledge", '{"by": "\\u0000", "note": null}'),
    ("DELETE", "/api/v1/jobs/../../x", ""),
    ("DELETE", "/api/v1/accounts/admin", ""),
)


@dataclass
class Figures:
    """What came of it."""

    requests: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


def form(options: str, before: bytes, after: bytes, name: str) -> tuple[str, bytes]:
    """A form as a browser sends it: its type and its bytes."""
    parts = [("before", name, before), ("after", "b.png", after), ("options", "", options.encode("utf-8", "replace"))]
    lines = [
        f'--x\r\nContent-Disposition: form-data; name="{kind}"; filename="{file}"\r\n\r\n'.encode() + data + b"\r\n"
        for kind, file, data in parts
    ]
    return "multipart/form-data; boundary=x", b"".join(lines) + b"--x--\r\n"


def request_of(number: int, seed: int, port: int, token: str) -> bytes:
    """A request by its number."""
    rng = np.random.default_rng([seed, number])
    head = str(rng.choice(_HEADERS)).format(port=port) if rng.random() < 0.4 else f"Host: 127.0.0.1:{port}"
    if rng.random() < 0.6:
        head += f"\r\nAuthorization: Bearer {token}"
    kind, body = "", b""
    turn = number % 3
    if turn == 0:
        method, path = str(rng.choice(["GET", "HEAD", "DELETE", "POST", "TRACE"])), str(rng.choice(_PATHS))
    elif turn == 1:
        method, path = "POST", "/api/v1/compare"
        options = str(rng.choice(_OPTIONS))
        if rng.random() < 0.5:
            options = mutated_text(options, rng).decode("utf-8", "replace")
        whole = whole_pictures()["rgb.png"]
        name = str(rng.choice(["a.png", "../../a.png", "a\x1b[31m.png", "a" * 3000, "\u202egnp.a", "/etc/passwd", ""]))
        picture = mutated(whole, rng) if rng.random() < 0.5 else whole
        kind, body = form(options, picture, whole, name)
    else:
        method, path, text = _JSONS[int(rng.integers(len(_JSONS)))]
        kind, body = "application/json", mutated_text(text, rng) if text and rng.random() < 0.5 else text.encode()
    size = len(body) if rng.random() < 0.9 else int(rng.choice([0, -1, 10**18, len(body) + 9]))
    lines = f"{method} {path} HTTP/1.1\r\n{head}\r\nConnection: close\r\nContent-Length: {size}\r\n"
    lines += f"Content-Type: {kind}\r\n" if kind else ""
    whole = (lines + "\r\n").encode("latin-1", "replace") + body
    return mutated(whole, rng) if rng.random() < 0.1 else whole


def answer_to(port: int, request: bytes) -> bytes | None:
    """All that the server says; b"" where it closes at once, and None where it hangs."""
    with socket.create_connection(("127.0.0.1", port), timeout=QUIET) as connection:
        parts, over = [], False
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(request)
        while True:
            try:
                part = connection.recv(1 << 16)
            except TimeoutError:
                if over:
                    return None
                over = True  # it may wait for more of a body: now it hears that there is none
                connection.settimeout(PATIENCE)
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_WR)
                continue
            except ConnectionResetError:
                part = b""
            if not part:
                return b"".join(parts)
            parts.append(part)


def start(folder: Path) -> tuple[subprocess.Popen[str], int, str]:
    """A server with an account: its process, its port and the token."""
    data = folder / "data"
    (folder / "secret.txt").write_text(SECRET)
    add = [sys.executable, "-m", "spotdiff", "serve", "token", "tester", "--data", str(data), "--scope", "write"]
    made = subprocess.run(add, capture_output=True, text=True, check=False)
    token = made.stdout.split()[-1] if made.returncode == 0 and made.stdout.split() else ""
    command = [sys.executable, "-m", "spotdiff", "serve", "--port", "0", "--data", str(data), "--workers", "1"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True)
    assert process.stdout is not None
    return process, int(process.stdout.readline().split()[0].rpartition(":")[2]), token


def what_is_wrong(answer: bytes | None) -> str:
    """What of an answer no client may ever see; "" for nothing."""
    if answer is None:
        return "hung"
    first = answer.partition(b"\r\n")[0]
    if first.startswith(b"HTTP/1.1 500"):
        return answer[:300].decode("latin-1")
    if SECRET.encode() in answer or b"root:x:0" in answer:
        return "gave a file of the machine away"
    if b"Traceback (most" in answer:
        return "gave a traceback away"
    head = answer.partition(b"\r\n\r\n")[0].lower()
    return "gave a header of the client's making" if b"\r\nset-cookie: a=b" in head else ""


def attacked(requests: int, seed: int) -> Figures:
    """Send so many requests."""
    figures, statuses = Figures(), Counter[str]()
    with tempfile.TemporaryDirectory() as name:
        process, port, token = start(Path(name))
        try:
            for number in range(requests):
                answer = answer_to(port, request_of(number, seed, port, token))
                figures.requests += 1
                statuses[(answer or b"")[9:12].decode("latin-1") or "closed"] += 1
                if wrong := what_is_wrong(answer):
                    figures.wrong.append(f"request {number}: {wrong}")
            well = answer_to(
                port, f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode()
            )
            if not (well or b"").startswith(b"HTTP/1.1 200") or process.poll() is not None:
                figures.wrong.append("the server is not well afterwards")
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            assert process.stdout is not None
            process.stdout.close()
        log = (Path(name) / "log").read_text(errors="replace")
        figures.wrong += (
            ["the log has a traceback: " + log[log.index("Traceback") :][-600:]] if "Traceback" in log else []
        )
    figures.statuses = dict(sorted(statuses.items()))
    return figures


def main() -> int:
    """Print figures; 1 where anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, help="print one request")
    asked = parser.parse_args()
    if asked.only is not None:
        print(request_of(asked.only, asked.seed, 80, "TOKEN")[:3000])
        return 0
    figures = attacked(asked.requests, asked.seed)
    print(json.dumps(asdict(figures), indent=1))
    return int(bool(figures.wrong))


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())
