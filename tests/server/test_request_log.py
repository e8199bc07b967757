"""What a server tells of itself: metrics, and a log in which nothing is secret."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import time

from prometheus_client.parser import text_string_to_metric_families

from server.conftest import PATIENCE
from server.test_killed_and_full import WISH, running, worker_of


def metrics(server):
    """Every sample by its name and labels."""
    reply = server.get("/metrics")
    assert reply.headers["content-type"].startswith("text/plain; version="), (
        reply.body.decode() + server.log.read_text()
    )
    families = text_string_to_metric_families(reply.body.decode())
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value for family in families for sample in family.samples
    }


def until_told(server, expected):
    """Wait until these samples are told: a request is counted once its answer is sent."""
    limit = time.monotonic() + 30
    while True:
        told = metrics(server)
        found = {key: told.get(key) for key in expected}
        if found == expected:
            return
        assert time.monotonic() < limit, found
        time.sleep(0.05)


def logged(server, count, **wanted):
    """The lines of the log that have these fields, once there are so many."""
    limit = time.monotonic() + PATIENCE
    while True:
        lines = [json.loads(line) for line in server.log.read_text().splitlines()]
        found = [line for line in lines if wanted.items() <= line.items()]
        if len(found) >= count:
            return found
        assert time.monotonic() < limit, lines
        time.sleep(0.05)


def test_requests_and_jobs_are_counted(own_server, pictures, large_pictures):
    server = own_server()
    for _ in range(2):
        server.compare(*pictures)
    server.compare(pictures[0], b"no picture")
    server.get("/api/v1/comparisons/none")
    server.get(f"/nothing/{'x' * 50}")
    server.ask("BREW", "/healthz")
    server.get("/", Origin="http://evil.example")
    url = server.compare(*large_pictures, method="classic", headers=WISH).headers["location"]
    running(server, url)
    expected = {
        ("spotdiff_requests_total", "/api/v1/compare", "200", "POST"): 2,
        ("spotdiff_requests_total", "/api/v1/compare", "202", "POST"): 1,
        ("spotdiff_requests_total", "/api/v1/compare", "422", "POST"): 1,
        ("spotdiff_requests_total", "/api/v1/comparisons/{name}", "404", "GET"): 1,
        ("spotdiff_requests_total", "404", "GET", "none"): 1,
        ("spotdiff_requests_total", "403", "GET", "none"): 1,
        ("spotdiff_requests_total", "/healthz", "405", "other"): 1,
        ("spotdiff_request_seconds_count", "/api/v1/compare"): 4,
        ("spotdiff_job_seconds_count", "done"): 2,
        ("spotdiff_job_seconds_count", "failed"): 1,
        ("spotdiff_jobs", "queued"): 0,
        ("spotdiff_jobs", "running"): 1,
        ("spotdiff_jobs", "done"): 2,
        ("spotdiff_jobs", "failed"): 1,
        ("spotdiff_workers",): 1,
        ("spotdiff_workers_busy",): 1,
        ("spotdiff_webhook_messages", "waiting"): 0,
    }
    until_told(server, expected)
    os.kill(worker_of(server), signal.SIGKILL)
    server.ask("DELETE", url)
    until_told(server, {("spotdiff_job_seconds_count", "died"): 1})


def test_the_log_tells_requests_and_jobs_and_nothing_secret(own_server, pictures):
    server = own_server("--log", "json")
    record = server.compare(
        ("hush before.png", pictures[0]), pictures[1], headers={"Authorization": "Bearer hush"}
    ).json
    server.get(f"/api/v1/comparisons/{record['id']}?sensitivity=0.123")
    server.get("/hush?token=hush")
    server.post("/api/v1/places", {"name": "hush"})
    server.get("/api/v1/places/hush")
    requests = logged(server, 5, event="request")  # written once all was sent, so in about this order
    assert {(line["method"], line["route"], line["status"], line.get("job")) for line in requests} == {
        ("POST", "/api/v1/compare", 200, record["id"]),
        ("GET", "/api/v1/comparisons/{name}", 200, record["id"]),
        ("GET", "none", 404, None),
        ("POST", "/api/v1/places", 201, None),
        ("GET", "/api/v1/places/{name}", 200, None),
    }
    [job] = logged(server, 1, event="job")
    assert (job["job"], job["outcome"]) == (record["id"], "done")
    assert 0 < job["seconds"] < PATIENCE
    assert all({"time", "level"} <= line.keys() for line in logged(server, 6))
    assert "hush" not in server.log.read_text()
    assert "0.123" not in server.log.read_text()


def test_a_fault_is_told_in_a_line_with_its_trace(own_server, pictures):
    server = own_server("--log", "json")
    record = server.compare(*pictures).json
    (server.data / "answers" / record["id"][:2] / record["id"] / "record.json").unlink()
    assert server.get(f"/api/v1/comparisons/{record['id']}").status == 500
    [fault] = logged(server, 1, level="error")
    assert "Traceback" in fault["trace"]


def test_text_is_quiet_while_all_is_well(own_server, pictures):
    server = own_server()
    server.compare(*pictures)
    server.get("/nothing")
    assert server.end() == 0
    assert server.log.read_text() == ""


def test_trouble_with_the_database_shows_no_statement(own_server, pictures):
    server = own_server("--log", "json")
    server.compare(*pictures)
    with sqlite3.connect(server.data / "server.db") as rows:
        rows.execute("alter table jobs rename to gone")
    limit = time.monotonic() + PATIENCE
    while "database does not answer" not in (text := server.log.read_text()):
        assert time.monotonic() < limit
        time.sleep(0.1)
    assert "SELECT" not in text
