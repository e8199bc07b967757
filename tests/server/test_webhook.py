"""Messages of ended jobs: signed, in order, sent again until they are taken, also by the next server."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import signal
import sqlite3
import time

import pytest

from answering import Answer, AnsweringServer, serving
from server.account_verbs import refused_start
from server.conftest import PATIENCE

SECRET = "a secret of some length"


@pytest.fixture(name="receiver")
def receiver_fixture():
    with serving(AnsweringServer(usual=Answer(204))) as server:
        yield server


@pytest.fixture(name="telling")
def telling_fixture(own_server, receiver):
    url = f"http://{receiver.where}/hook?key=hush"
    return lambda: own_server("--webhook", url, hurried=True, SPOTDIFF_WEBHOOK_SECRET=SECRET)


def taken(receiver, count):
    """The messages that were taken, once there are so many."""
    limit = time.monotonic() + PATIENCE
    while len(found := [asked for asked in receiver.asked if asked.status == 204]) < count:
        assert time.monotonic() < limit, receiver.asked
        time.sleep(0.05)
    return [json.loads(asked.body) for asked in found]


def waiting(server):
    with sqlite3.connect(server.data / "server.db") as rows:
        return rows.execute("select state, tries, error from deliveries order by number").fetchall()


def until_empty(server):
    limit = time.monotonic() + PATIENCE
    while waiting(server):
        assert time.monotonic() < limit
        time.sleep(0.05)


def test_ended_jobs_and_changed_places_are_told(telling, receiver, pictures):
    server = telling()
    record = server.compare(*pictures).json
    failed = server.compare(pictures[0], b"no picture").json
    server.post("/api/v1/places", {"name": "yard"})
    for picture in (pictures[0], pictures[0], pictures[1]):
        server.send("/api/v1/places/yard/pictures", picture=picture, options='{"method": "pixel"}')
    told = taken(receiver, 6)
    kinds = ["job.done", "job.failed", "job.done", "job.done", "job.done", "place.changed"]
    assert [one["type"] for one in told] == kinds
    first = told[0]["data"]
    assert first["job"] == server.get(f"/api/v1/jobs/{record['id']}").json
    assert first["comparison"]["id"] == record["id"]
    assert (first["comparison"]["verdict"], first["place"]) == ("changed", None)
    assert told[1]["data"]["job"]["problem"]["detail"] == failed["detail"]
    assert (told[5]["data"]["place"], told[5]["data"]["comparison"]["verdict"]) == ("yard", "changed")
    assert server.get(told[5]["data"]["comparison"]["url"]).status == 200
    until_empty(server)


def test_every_message_is_signed_with_its_time(telling, receiver, pictures):
    server = telling()
    server.compare(*pictures)
    taken(receiver, 1)
    headers, body = receiver.asked[0].headers, receiver.asked[0].body
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
    over = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = base64.b64encode(hmac.new(SECRET.encode(), over, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{digest}"
    assert headers["content-type"] == "application/json"
    assert SECRET not in server.log.read_text()


def test_what_was_not_taken_is_sent_again_as_the_same_message(telling, receiver, pictures):
    receiver.answers += [Answer(503), Answer(500), Answer(302, {"Location": "/elsewhere"})]
    server = telling()
    for _ in range(2):
        server.compare(*pictures)
    told = taken(receiver, 2)
    assert [asked.status for asked in receiver.asked] == [503, 500, 302, 204, 204]
    assert len({asked.headers["webhook-id"] for asked in receiver.asked[:4]}) == 1
    assert told[0]["data"]["job"]["created"] < told[1]["data"]["job"]["created"]


def test_what_is_refused_for_good_holds_nothing_up(telling, receiver, pictures):
    receiver.answers.append(Answer(410))
    server = telling()
    server.compare(*pictures)
    second = server.compare(*pictures).json
    assert taken(receiver, 1)[0]["data"]["comparison"]["id"] == second["id"]
    limit = time.monotonic() + PATIENCE
    while len(waiting(server)) > 1:
        assert time.monotonic() < limit
        time.sleep(0.05)
    [(state, tries, error)] = waiting(server)
    assert (state, tries) == ("dead", 1)
    assert "410" in error
    assert "hush" not in error + server.log.read_text()


def test_messages_outlive_a_killed_server(telling, own_server, receiver, pictures):
    receiver.answers += [Answer(503)] * 3
    server = telling()
    record = server.compare(*pictures).json
    while not receiver.asked:
        time.sleep(0.02)
    server.end(signal.SIGKILL)
    assert [state for state, _, _ in waiting(server)] == ["waiting"]
    receiver.answers.clear()
    again = telling()
    assert taken(receiver, 1)[0]["data"]["comparison"]["id"] == record["id"]
    until_empty(again)
    assert again.end() == 0


def test_a_server_without_webhook_keeps_no_messages(server, pictures):
    server.compare(*pictures)
    assert waiting(server) == []


@pytest.mark.parametrize(
    ("url", "secret", "word"),
    [
        ("example.org", SECRET, "address"),
        ("ftp://example.org", SECRET, "address"),
        ("http://ann:hush@example.org", SECRET, "without a user"),
        ("http://example.org", "", "secret of 16"),
        ("http://example.org", "short", "secret of 16"),
        ("http://example.org", "whsec_!", "base64"),
    ],
)
def test_webhooks_that_cannot_be(tmp_path, url, secret, word):
    (tmp_path / "secret").write_text(secret + "\n")
    told = refused_start("--port", "0", "--webhook", url, "--webhook-secret-file", "secret", cwd=tmp_path)
    assert word in told
    assert "hush" not in told


def test_a_secret_file_that_is_not_there(tmp_path):
    given = ("--webhook", "http://example.org", "--webhook-secret-file", "nowhere")
    assert "nowhere" in refused_start("--port", "0", *given, cwd=tmp_path)
