"""How much a server answers, beside one process that compares and nothing else.

    python benchmarks/server.py --seconds 20 --clients 8

A server of one worker is started on a free port with a folder of its own. Clients that keep their connection ask it as
fast as it answers: for comparisons of an example pair, for the page, and for what is stored. Beside each comparison
stands what one process does in a loop with the same pair and options. On a busy machine the processor's time for each
answer, of server and worker together, says more than the wall's; the last column is its ratio to that of the process
alone.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

EXAMPLES = Path(__file__).parents[1] / "examples"
PAIR = EXAMPLES / "hall_before.jpg", EXAMPLES / "hall_after.jpg"
METHODS = ("pixel", "spot")


@dataclass(frozen=True)
class Load:
    """What came of asking for a while: seconds of every answer, how many were refused, time by wall and CPU."""

    answers: list[float]
    refused: int
    seconds: float
    cpu: float

    @property
    def cpu_each(self) -> float:
        """Seconds of the processor for an answer."""
        return self.cpu / len(self.answers)

    def percentile(self, share: float) -> float:
        """Seconds within which this share of the answers came."""
        ordered = sorted(self.answers)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def request_of(method: str) -> tuple[bytes, dict[str, str]]:
    """A form with the pair, and its headers."""
    parts = [
        b'--x\r\nContent-Disposition: form-data; name="%s"; filename="%s"\r\n\r\n%s\r\n'
        % (side, path.name.encode(), path.read_bytes())
        for side, path in zip((b"before", b"after"), PAIR, strict=True)
    ]
    options = json.dumps({"method": method}).encode()
    parts.append(b'--x\r\nContent-Disposition: form-data; name="options"\r\n\r\n%s\r\n--x--\r\n' % options)
    return b"".join(parts), {"Content-Type": "multipart/form-data; boundary=x"}


def load(
    process: subprocess.Popen,
    port: int,
    *,
    clients: int,
    seconds: float,
    method: str,
    path: str,
    body: bytes | None,
    headers,
) -> Load:
    """Ask for some seconds with some clients."""
    answers: list[float] = []
    refused = [0]
    end = time.perf_counter() + seconds

    def ask() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
        while time.perf_counter() < end:
            started = time.perf_counter()
            connection.request(method, path, body, headers)
            reply = connection.getresponse()
            reply.read()
            if reply.status == 200:
                answers.append(time.perf_counter() - started)
            else:
                refused[0] += 1
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(clients)]
    started, cpu = time.perf_counter(), cpu_of(process.pid)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Load(answers, refused[0], time.perf_counter() - started, cpu_of(process.pid) - cpu)


def cpu_of(pid: int) -> float:
    """Seconds of the processor that a process and its children have had, those that have ended among them."""
    ticks = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if path.parent.name == str(pid) or fields[1] == str(pid):
            ticks += sum(map(int, fields[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def bare(method: str, seconds: float) -> Load:
    """The same comparison in this process, from the files' bytes, with as many threads as a worker has."""
    os.environ["OMP_NUM_THREADS"] = "1"
    import cv2

    import spotdiff

    cv2.setNumThreads(1)
    data = [path.read_bytes() for path in PAIR]
    spotdiff.compare(*data, method=method)
    answers: list[float] = []
    started, cpu = time.perf_counter(), time.process_time()
    while time.perf_counter() < started + seconds:
        begun = time.perf_counter()
        spotdiff.compare(*data, method=method)
        answers.append(time.perf_counter() - begun)
    return Load(answers, 0, time.perf_counter() - started, time.process_time() - cpu)


def memory(pid: int) -> float:
    """Most memory that a process had, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1000


def row(name: str, found: Load, beside: Load | None = None) -> str:
    rate = len(found.answers) / found.seconds
    told = f"{name:<28} {rate:>9.2f} {found.percentile(0.5) * 1000:>9.1f} {found.percentile(0.99) * 1000:>9.1f}"
    told += f" {found.refused:>8} {found.cpu_each * 1000:>9.1f}"
    return told if beside is None else f"{told} {found.cpu_each / beside.cpu_each:>9.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=20.0, help="for each row of comparisons; others take a third")
    parser.add_argument("--clients", type=int, default=8, help="that ask at once")
    asked = parser.parse_args()
    print(
        f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}; {asked.clients} clients, {asked.seconds:g} s each"
    )
    alone = {method: bare(method, asked.seconds) for method in METHODS}
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "spotdiff", "serve", "--port", "0", "--workers", "1", "--data", folder]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        assert process.stdout is not None
        port = int(process.stdout.readline().split()[0].rpartition(":")[2])
        print(f"{'':<28} {'a second':>9} {'p50 ms':>9} {'p99 ms':>9} {'refused':>8} {'CPU ms':>9} {'to bare':>9}")
        try:
            for method in METHODS:
                body, headers = request_of(method)
                common = {"method": "POST", "path": "/api/v1/compare", "body": body, "headers": headers}
                load(process, port, clients=1, seconds=0.1, **common)
                print(row(f"bare compare, {method}", alone[method]))
                for clients in (1, asked.clients):
                    found = load(process, port, clients=clients, seconds=asked.seconds, **common)
                    print(row(f"compare, {method}, {clients} at once", found, alone[method]))
            latest = latest_id(port)
            for name, path in {
                "page": "/",
                "record": f"/api/v1/comparisons/{latest}",
                "record decided anew": f"/api/v1/comparisons/{latest}?sensitivity=0.3",
                "job": f"/api/v1/jobs/{latest}",
                "list of comparisons": "/api/v1/comparisons",
            }.items():
                common = {"method": "GET", "path": path, "body": None, "headers": {}}
                print(row(name, load(process, port, clients=asked.clients, seconds=asked.seconds / 3, **common)))
            print(f"most memory of the server, without its worker: {memory(process.pid):.0f} MB")
        finally:
            process.terminate()
            process.wait()


def latest_id(port: int) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/api/v1/comparisons?limit=1")
    found: str = json.loads(connection.getresponse().read())[0]["id"]
    connection.close()
    return found


if __name__ == "__main__":
    main()
