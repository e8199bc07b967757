"""What a server keeps to, whatever is killed, full or many."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from server.account_verbs import refused_start
from spotdiff.file_lock import try_lock

WISH = {"Prefer": "respond-async"}


def listed(*arguments) -> list[str]:
    """What `ps` tells, a line a process."""
    ran = subprocess.run(["ps", "-ww", *arguments], capture_output=True, text=True, check=False)
    return ran.stdout.splitlines()


def worker_of(server) -> int:
    """The process that compares, once it is there."""
    limit = time.monotonic() + 60
    while True:
        children = listed("-o", "pid=,args=", "--ppid", str(server.process.pid))
        if workers := [int(line.split()[0]) for line in children if "spawn_main" in line]:
            assert len(workers) == 1
            return workers[0]
        assert time.monotonic() < limit, children
        time.sleep(0.02)


def running(server, url):
    """Wait until a job runs."""
    while server.get(url).json["state"] == "queued":
        time.sleep(0.02)


def test_thirty_uploads_at_once(server, pictures):
    with ThreadPoolExecutor(30) as pool:
        replies = list(pool.map(lambda _: server.compare(*pictures), range(30)))
    assert [reply.status for reply in replies] == [200] * 30
    assert len({reply.json["id"] for reply in replies}) == 30


def test_a_long_queue_sends_further_ones_away(own_server, pictures, large_pictures):
    server = own_server("--queue", "3")
    assert server.compare(*large_pictures, method="classic", headers=WISH).status == 202
    with ThreadPoolExecutor(12) as pool:
        replies = list(pool.map(lambda _: server.compare(*pictures, headers=WISH), range(12)))
    assert {reply.status for reply in replies} == {202, 429}
    sent_away = next(reply for reply in replies if reply.status == 429)
    assert int(sent_away.headers["retry-after"]) > 0
    assert sent_away.headers["content-type"] == "application/problem+json"


def test_a_killed_server_loses_no_accepted_job(own_server, pictures, large_pictures):
    server = own_server()
    first = server.compare(*large_pictures, method="classic", headers=WISH).headers["location"]
    accepted = []

    def load(_):
        while True:
            try:
                reply = server.compare(*pictures, headers=WISH)
            except OSError:
                return
            accepted.append(reply.headers["location"])

    with ThreadPoolExecutor(4) as pool:
        sending = pool.map(load, range(4))
        running(server, first)
        while len(accepted) < 8:
            time.sleep(0.02)
        os.kill(server.process.pid, signal.SIGKILL)
        list(sending)
    again = own_server()
    states = {url: again.ended(url) for url in [first, *accepted]}
    assert {job["state"] for job in states.values()} == {"done"}
    assert states[first]["tries"] == 1
    assert again.get(states[accepted[-1]]["comparison"]).json["verdict"] == "changed"


def test_sigterm_ends_cleanly_and_gives_the_running_job_back(own_server, large_pictures):
    server = own_server()
    url = server.compare(*large_pictures, method="classic", headers=WISH).headers["location"]
    running(server, url)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(server.compare, *large_pictures, method="classic")
        while True:
            with sqlite3.connect(server.data / "server.db") as rows:
                if rows.execute("select count(*) from jobs").fetchone()[0] == 2:
                    break
            time.sleep(0.05)
        assert server.end(signal.SIGTERM) == 0
        let_go = waiting.result()
    assert let_go.status == 503
    assert let_go.json["job"]
    with sqlite3.connect(server.data / "server.db") as rows:
        assert rows.execute("select state, tries from jobs").fetchall() == [("queued", 0)] * 2
    again = own_server()
    assert again.ended(url)["state"] == "done"
    assert again.ended(let_go.json["job"])["state"] == "done"


def test_a_worker_that_dies_takes_only_its_job_and_that_is_tried_again(own_server, pictures, large_pictures):
    server = own_server()
    url = server.compare(*large_pictures, method="classic", headers=WISH).headers["location"]
    for tries in (1, 2, 3):
        while server.get(url).json["tries"] < tries or server.get(url).json["state"] != "running":
            assert server.get(url).json["state"] in ("queued", "running")
            time.sleep(0.02)
        os.kill(worker_of(server), signal.SIGKILL)
    job = server.ended(url)
    assert (job["state"], job["tries"]) == ("failed", 3)
    assert "3 times" in job["problem"]["detail"]
    assert server.compare(*pictures).json["verdict"] == "changed"


def test_no_worker_outlives_a_killed_server(own_server, pictures):
    server = own_server()
    server.compare(*pictures)
    worker = worker_of(server)
    server.end(signal.SIGKILL)
    limit = time.monotonic() + 60
    while any(not state.startswith("Z") for state in listed("-o", "stat=", "-p", str(worker))):
        assert time.monotonic() < limit
        time.sleep(0.1)


def test_what_is_kept_outlives_a_restart(own_server, pictures):
    server = own_server()
    record = server.compare(*pictures).json
    server.post("/api/v1/places", {"name": "yard"})
    assert server.end(signal.SIGINT) == 130
    again = own_server()
    assert again.get(f"/api/v1/comparisons/{record['id']}").json == record
    assert again.get("/api/v1/places/yard").status == 200


def test_only_the_pictures_that_were_kept_stay(own_server, pictures):
    server = own_server()
    server.send("/api/v1/compare", before=pictures[0])
    for _ in range(2):
        server.compare(*pictures)
    assert not list((server.data / "incoming").iterdir())
    assert len(list((server.data / "pictures").glob("*/*"))) == 2


def test_a_port_in_use_is_told_in_a_line(server, tmp_path):
    assert "--port" in refused_start("--port", str(server.port), "--data", str(tmp_path / "other"))


def test_a_folder_in_use_is_told_in_a_line(tmp_path):
    handle = try_lock(tmp_path / ".lock")
    assert "--data" in refused_start("--port", "0", "--data", str(tmp_path))
    os.close(handle)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "example.org"])
def test_other_machines_are_not_served_before_there_are_passwords(host, tmp_path):
    assert "password" in refused_start("--host", host, cwd=tmp_path)


@pytest.mark.parametrize("database", ["nonsense", "postgresql://nobody@127.0.0.1:1/none", "mongodb://x/y"])
def test_a_database_that_cannot_be_used_is_told_in_a_line(database, tmp_path):
    refused_start("--port", "0", "--data", str(tmp_path / "d"), "--database", database)


def test_a_database_of_something_else_is_left_alone(tmp_path):
    with sqlite3.connect(tmp_path / "server.db") as other:
        other.execute("create table customers (name text)")
    assert "customers" in refused_start("--port", "0", "--data", str(tmp_path))
    with sqlite3.connect(tmp_path / "server.db") as other:
        assert json.dumps(other.execute("select name from sqlite_master").fetchall()) == '[["customers"]]'
