"""Very many uploads at once, and kills: no accepted job is lost, and the memory of the server stays what it was."""

from __future__ import annotations

import json
import re
import runpy
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

PROJECT = Path(__file__).parents[2]
WISH = {"Prefer": "respond-async"}


def memory(process, what="VmRSS"):
    """Megabytes that a process holds."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(rf"{what}:\s+(\d+) kB", status)[1]) / 1000


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read off /proc")
def test_two_hundred_uploads_at_once(own_server):
    server = own_server()
    noise = np.random.default_rng(3).bytes(1_000_000)
    server.compare(noise, noise, headers=WISH)
    server.ask("GET", "/")
    before = memory(server.process)
    peaks, over = [], threading.Event()

    def look():
        while not over.is_set():
            peaks.append(memory(server.process))
            time.sleep(0.02)

    with ThreadPoolExecutor(201) as pool:
        pool.submit(look)
        try:
            replies = list(pool.map(lambda _: server.compare(noise, noise, headers=WISH), range(200)))
        finally:
            over.set()
    statuses = [reply.status for reply in replies]
    assert set(statuses) <= {202, 429}
    assert statuses.count(202) >= 64
    for reply in replies:
        assert reply.status == 202 or int(reply.headers["retry-after"]) > 0
    assert max(peaks) - before < 100, (before, max(peaks))  # 400 MB were sent
    assert server.get("/healthz").status == 200
    jobs = [server.ended(reply.headers["location"]) for reply in replies if reply.status == 202]
    assert {job["state"] for job in jobs} == {"failed"}  # noise is no picture
    assert {job["problem"]["status"] for job in jobs} == {422}
    assert not list((server.data / "incoming").iterdir())


def test_a_server_that_is_killed_again_and_again_loses_no_job(tmp_path):
    torment = runpy.run_path(str(PROJECT / "benchmarks" / "server_kills.py"))["torment"]
    told = torment(tmp_path / "data", kills=3)
    assert told["faults"] == []
    assert told["lost"] == 0
    assert set(told["ended"]) == {"done, tries 1"}, json.dumps(told)
    assert told["accepted"] >= 4
