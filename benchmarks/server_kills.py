"""Kill a server again and again under load: no job that it accepted is lost, and nothing half is served.

python benchmarks/server_kills.py --kills 50 --data /tmp/kills

Clients send pairs and read answers all the while. After the last kill the server is left to finish, and every job that
was ever accepted is looked at. Prints what was found as JSON; exit code 1 where anything was lost.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

_ENDINGS = {
    "": b"}",
    ".html": b"</html>",
    ".png": b"IEND\xaeB`\x82",
    "/before.png": b"IEND\xaeB`\x82",
    "/mask/after.png": b"IEND\xaeB`\x82",
}
_PATIENCE = 600  # seconds after which something hangs


@dataclass
class Run:
    """What has happened so far."""

    data: Path
    options: tuple[str, ...]
    port: int = 0
    process: subprocess.Popen[str] | None = None
    accepted: list[str] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    over: bool = False

    def start(self) -> float:
        """Start the server, and return the seconds until it answers."""
        begun = time.monotonic()
        command = [sys.executable, "-m", "spotdiff", "serve", "--port", "0", "--data", str(self.data), *self.options]
        with self.data.with_suffix(".log").open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True
            )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline().split()[0].rpartition(":")[2])
        while self.ask("GET", "/healthz") is None:
            time.sleep(0.02)
        return time.monotonic() - begun

    def kill(self) -> None:
        """Kill it, as an administrator or a lack of memory does."""
        assert self.process is not None
        assert self.process.stdout is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def ask(self, method: str, address: str, body: bytes | None = None, headers: dict[str, str] | None = None):
        """Status, headers and body of a whole reply; None where the connection broke."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, address, body=body, headers=headers or {})
            reply = connection.getresponse()
            return reply.status, reply.headers, reply.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()


def form(before: bytes, after: bytes) -> tuple[bytes, dict[str, str]]:
    options = json.dumps({"method": "pixel", "align": "off", "light": "off"}).encode()
    parts = [(b"before", before), (b"after", after), (b"options", options)]
    lines = [
        b'--x\r\nContent-Disposition: form-data; name="%s"; filename="p.png"\r\n\r\n%s\r\n' % part for part in parts
    ]
    headers = {"Content-Type": "multipart/form-data; boundary=x", "Prefer": "respond-async"}
    return b"".join(lines) + b"--x--\r\n", headers


def pair(chance: np.random.Generator) -> tuple[bytes, bytes]:
    before = chance.integers(0, 255, (120, 160, 3), np.uint8)
    after = before.copy()
    after[30:60, 40:80] = chance.integers(0, 255, 3)
    return tuple(cv2.imencode(".png", picture)[1].tobytes() for picture in (before, after))


def send(run: Run, seed: int) -> None:
    """Send pairs until the end, and keep the addresses of what was accepted."""
    chance = np.random.default_rng(seed)
    while not run.over:
        reply = run.ask("POST", "/api/v1/compare", *form(*pair(chance)))
        if reply is None:
            time.sleep(0.05)
            continue
        status, headers, body = reply
        run.seen[f"sent {status}"] += 1
        if status == 202:
            run.accepted.append(headers["Location"])
        elif status == 429 and int(headers["Retry-After"]) > 0:
            time.sleep(0.2)
        else:
            run.faults.append(f"sending was answered {status}: {body[:200]!r}")


def read(run: Run, seed: int) -> None:
    """Read files of answers until the end; what is served is whole."""
    chance = random.Random(seed)
    while not run.over:
        listed = run.ask("GET", "/api/v1/comparisons?limit=50")
        ids = [] if listed is None or listed[0] != 200 else [one["id"] for one in json.loads(listed[2])]
        for name in chance.sample(ids, min(len(ids), 3)):
            check(run, name, chance.choice(list(_ENDINGS)))
        time.sleep(0.05)


def check(run: Run, name: str, asked: str) -> None:
    reply = run.ask("GET", f"/api/v1/comparisons/{name}{asked}")
    if reply is None:
        return
    status, _, body = reply
    run.seen[f"read {status}"] += 1
    if status != 200 or not body.rstrip().endswith(_ENDINGS[asked]):
        run.faults.append(f"{name}{asked} was answered {status} with {len(body)} bytes")


def until_busy(run: Run) -> None:
    """Wait until an answer was made since the start, so that kills meet files being written and read."""
    limit, before = time.monotonic() + 30, newest(run)
    while newest(run) == before and time.monotonic() < limit:
        time.sleep(0.05)


def newest(run: Run) -> str:
    reply = run.ask("GET", "/api/v1/comparisons?limit=1")
    return "" if reply is None else reply[2].decode()


def finish(run: Run) -> Counter[str]:
    """How the jobs that were accepted have ended, and how often each was tried."""
    limit = time.monotonic() + _PATIENCE
    ended: Counter[str] = Counter()
    for address in run.accepted:
        while True:
            reply = run.ask("GET", address)
            if reply is None or time.monotonic() > limit:
                raise SystemExit(f"{address} does not end")
            job = json.loads(reply[2])
            if reply[0] != 200:
                run.faults.append(f"{address} was answered {reply[0]}")
                break
            if job["state"] not in ("queued", "running"):
                ended[f"{job['state']}, tries {job['tries']}"] += 1
                break
            time.sleep(0.1)
    return ended


def torment(
    data: Path, *, kills: int, clients: int = 4, options: tuple[str, ...] = ("--workers", "1")
) -> dict[str, object]:
    """Kill a server so many times under load, and tell what became of what it had accepted."""
    run = Run(data, options)
    chance = random.Random(7)
    starts = [run.start()]
    threads = [threading.Thread(target=send, args=(run, seed)) for seed in range(clients)]
    threads += [threading.Thread(target=read, args=(run, seed)) for seed in range(2)]
    for thread in threads:
        thread.start()
    for number in range(kills):
        if number % 3:  # else it is killed while its workers begin
            until_busy(run)
        time.sleep(chance.uniform(0, 1.5))
        run.kill()
        starts.append(run.start())
    run.over = True
    for thread in threads:
        thread.join()
    ended = finish(run)
    for address in run.accepted:
        for asked in _ENDINGS:
            check(run, address.rpartition("/")[2], asked)
    assert run.process is not None
    run.process.send_signal(signal.SIGTERM)
    run.process.wait()
    run.process.stdout.close()
    return {
        "kills": kills,
        "accepted": len(run.accepted),
        "ended": dict(ended),
        "lost": len(run.accepted) - sum(count for state, count in ended.items() if state.startswith("done")),
        "slowest start, s": round(max(starts), 2),
        "seen": dict(sorted(run.seen.items())),
        "faults": run.faults,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--data", type=Path, required=True, help="a folder that is new")
    parser.add_argument("--clients", type=int, default=4)
    asked = parser.parse_args()
    told = torment(asked.data, kills=asked.kills, clients=asked.clients)
    print(json.dumps(told, indent=2))
    return 1 if told["lost"] or told["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
