from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from spotdiff.video import open_feed

LEAVER = """
import os, signal, sys, time
from spotdiff.video import open_feed
if __name__ == "__main__":
    film, url = sys.argv[1:]
    first = open_feed(film, fps=25)
    assert first.next(timeout=30) is not None
    second = open_feed(url or film, fps=25)
    assert url or second.next(timeout=30) is not None
    os.kill(first.pid, signal.SIGKILL)
    first.close()
    print(os.getpid(), second.pid, flush=True)
    if url:
        time.sleep(60)
"""


def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return "State:\tZ" in Path(f"/proc/{pid}/status").read_text()


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


def made_by(pid):
    return [path.name for path in Path("/dev/shm").glob(f"sd{pid:x}_*")]


def wait_until(condition):
    end = time.monotonic() + 30
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    assert condition()


def test_close_may_come_at_any_time_and_twice(film, tools):
    feed = open_feed(str(film), fps=25)
    pid = feed.pid
    assert len(tools.shared()) == 2
    feed.close()
    feed.close()
    assert gone(pid)
    assert tools.shared() == []
    assert feed.ended
    assert feed.next(timeout=5) is None
    assert feed.pid is None
    assert feed.status.frames == 0


def test_close_does_not_wait_for_a_process_that_cannot_answer(camera, tools):
    server = camera()
    feed = open_feed(server.url, patience=5)
    tools.until(feed, bool)
    pid = feed.pid
    os.kill(pid, signal.SIGSTOP)
    feed.close()
    assert gone(pid)


def test_close_while_nothing_runs(tools):
    feed = open_feed("rtsp://127.0.0.1:9/")
    tools.until(feed, lambda frame: feed.pid is None)
    feed.close()
    assert tools.shared() == []


def test_a_feed_that_is_forgotten_is_closed(film, tools):
    feed = open_feed(str(film), fps=25)
    pid = feed.pid
    del feed
    assert gone(pid)
    assert tools.shared() == []


def test_many_rounds_leave_nothing(film, tools):
    files = open_files()
    with open_feed(str(film), fps=25) as feed:
        assert feed.next(timeout=30) is not None
    between = open_files()
    for _ in range(3):
        with open_feed(str(film), fps=25) as feed:
            assert feed.next(timeout=30) is not None
    assert open_files() == between
    assert between - files <= 2  # the interpreter's own tracker of shared memory, once
    assert multiprocessing.active_children() == []


@pytest.fixture(name="leaver")
def leaver_fixture(tmp_path, film):
    script = tmp_path / "leaver.py"
    script.write_text(LEAVER)

    def start(url):
        return subprocess.Popen(
            [sys.executable, "-W", "error", str(script), str(film), url],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def test_a_program_that_forgets_to_close_leaves_nothing_and_hears_no_warning(leaver):
    out, errors = leaver("").communicate(timeout=60)
    parent, child = map(int, out.split())
    assert errors == ""
    assert gone(child)
    assert made_by(parent) == []


def test_a_program_that_is_killed_takes_its_decoders_along(leaver):
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        leaver(f"tcp://127.0.0.1:{server.getsockname()[1]}") as program,
        server.accept()[0],  # and now the decoder waits for a server that says nothing
    ):
        parent, child = map(int, program.stdout.readline().split())
        assert not gone(child)
        assert made_by(parent)
        program.kill()
        wait_until(lambda: gone(child))
        wait_until(lambda: made_by(parent) == [])
