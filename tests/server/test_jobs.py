"""Jobs that are listed, tried anew, and told of while they run."""

from __future__ import annotations

import asyncio
import http.client
import json
import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from server.conftest import PATIENCE
from spotdiff.server.api.job_events import EventStreams
from spotdiff.server.workers.job_notifier import JobNotifier
from spotdiff.types import STEPS

WISH = {"Prefer": "respond-async"}


def queued(server, pair, **options):
    return server.compare(*pair, headers=WISH, **options).headers["location"]


def events(server, url):
    """The jobs that a stream tells of, until it ends."""
    reply = server.get(f"{url}/events")
    assert reply.status == 200, reply.body
    assert reply.headers["content-type"].startswith("text/event-stream")
    told = re.findall(r"^event: job\ndata: (.*)\n\n", reply.body.decode(), flags=re.MULTILINE)
    return [json.loads(one) for one in told]


def test_jobs_are_listed_the_last_one_first(own_server, pictures):
    server = own_server()
    done = [server.compare(*pictures).json["id"] for _ in range(3)]
    failed = server.compare(pictures[0], b"no picture", headers=WISH).headers["location"]
    server.ended(failed)
    assert [job["id"] for job in server.get("/api/v1/jobs?state=done").json] == done[::-1]
    assert [job["url"] for job in server.get("/api/v1/jobs?state=failed").json] == [failed]
    assert len(server.get("/api/v1/jobs").json) == 4
    assert [job["id"] for job in server.get("/api/v1/jobs?state=done&limit=1").json] == done[-1:]
    assert server.get("/api/v1/jobs?state=running").json == []
    assert server.get("/api/v1/jobs?state=broken").status == 422


def test_a_cancelled_job_is_tried_anew(server, pictures, large_pictures):
    running, waiting = queued(server, large_pictures, method="classic"), queued(server, pictures)
    for url in (waiting, running):
        assert server.ask("DELETE", url).status == 200
    again = server.ask("POST", f"{waiting}/retry")
    assert (again.status, again.json["state"], again.json["tries"]) == (202, "queued", 0)
    job = server.ended(waiting)
    assert (job["state"], job["tries"], job["problem"]) == ("done", 1, None)
    assert server.get(job["comparison"]).json["verdict"] == "changed"


def test_a_failed_job_fails_again_with_its_reason(server, pictures):
    url = queued(server, (pictures[0], ("cut.png", pictures[1][:500])))
    first = server.ended(url)
    assert server.ask("POST", f"{url}/retry").status == 202
    again = server.ended(url)
    assert (again["state"], again["problem"]) == ("failed", first["problem"])
    assert again["finished"] > first["finished"]


def test_only_what_failed_or_was_cancelled_is_tried_anew(server, pictures):
    done = f"/api/v1/jobs/{server.compare(*pictures).json['id']}"
    refused = server.ask("POST", f"{done}/retry")
    assert (refused.status, refused.headers["content-type"]) == (409, "application/problem+json")
    assert "done" in refused.json["detail"]
    assert server.ask("POST", "/api/v1/jobs/none/retry").status == 404


def test_a_retry_waits_for_room_like_any_job(own_server, pictures, large_pictures):
    server = own_server("--queue", "1")
    failed = queued(server, (pictures[0], b"no picture"))
    server.ended(failed)
    running = queued(server, large_pictures, method="classic")
    while server.get(running).json["state"] == "queued":
        time.sleep(0.02)
    queued(server, pictures)
    refused = server.ask("POST", f"{failed}/retry")
    assert (refused.status, int(refused.headers["retry-after"]) > 0) == (429, True)


def test_a_stream_tells_every_step_and_ends_with_the_job(server, large_pictures):
    url = queued(server, large_pictures[:1] * 2, method="classic", align="auto")
    told = events(server, url)
    assert told[-1] == server.get(url).json
    assert told[-1]["state"] == "done"
    assert all(job["step"] is None for job in told if job["state"] != "running")
    steps = [job["step"] for job in told if job["step"]]
    order = [*STEPS, "write"]
    assert set(steps) <= set(order)
    assert steps == sorted(steps, key=order.index)
    assert {"align", "score", "write"} <= set(steps)


def test_a_stream_of_a_job_that_has_ended_ends_at_once(server, pictures):
    url = f"/api/v1/jobs/{server.compare(*pictures).json['id']}"
    assert events(server, url) == [server.get(url).json]
    assert server.get("/api/v1/jobs/none/events").status == 404


def test_streams_are_bounded_and_given_back_by_clients_that_go_away(own_server, large_pictures):
    server = own_server("--workers", "1")
    running = queued(server, large_pictures, method="classic", align="auto")
    waiting = [queued(server, large_pictures, method="classic") for _ in range(3)]
    head = f"GET {waiting[-1]}/events HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode()
    lines = []
    for _ in range(64):
        lines.append(socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE))
        lines[-1].sendall(head)
        assert lines[-1].recv(12) == b"HTTP/1.1 200"
    refused = server.get(f"{waiting[-1]}/events")
    assert (refused.status, int(refused.headers["retry-after"]) > 0) == (429, True)
    for line in lines:
        line.close()
    limit = time.monotonic() + PATIENCE
    while server.get(f"{running}/events").status == 429:
        assert time.monotonic() < limit
        time.sleep(0.2)
    for url in (*waiting, running):
        server.ask("DELETE", url)


def test_a_stream_ends_with_the_server(own_server, large_pictures):
    server = own_server()
    url = queued(server, large_pictures, method="classic")
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    connection.request("GET", f"{url}/events")
    reply = connection.getresponse()
    assert reply.readline() == b"event: job\n"
    with ThreadPoolExecutor(1) as pool:
        rest = pool.submit(reply.read)
        assert server.end() == 0
        assert b'"state": "done"' not in rest.result(PATIENCE)
    connection.close()


def test_a_stream_shows_that_it_is_alive_while_nothing_happens(monkeypatch):
    monkeypatch.setattr("spotdiff.server.api.job_events._HEARTBEAT", 0.05)
    states = iter(["queued", "queued", "queued"])  # each told, or compared with what was told

    async def told():
        service = SimpleNamespace(
            changes=JobNotifier(), shown_job=lambda _: {"state": next(states, "done")} | {"id": "x"}
        )
        return [part async for part in EventStreams(service).open("x").body_iterator]

    first, alive, last = asyncio.run(told())
    assert first == 'event: job\ndata: {"state": "queued", "id": "x"}\n\n'
    assert alive == ":\n\n"
    assert '"done"' in last


@pytest.mark.parametrize("limit", ["-3", "0", "100000"])
def test_a_limit_that_cannot_be_is_the_next_that_can(server, record, limit):
    assert 1 <= len(server.get(f"/api/v1/jobs?limit={limit}").json) <= 1000


@pytest.fixture(name="record")
def record_fixture(server, pictures):
    return server.compare(*pictures).json
