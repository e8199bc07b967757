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
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from browser import Browser, needs_browser
from http_stub import Answer, AnsweringServer, serving
from server.account_verbs import refused_start
from server.conftest import PATIENCE
from spotdiff.client import Client
from spotdiff.server.store.deliveries import Deliveries
from spotdiff.server.store.open import open_database
from spotdiff.server.store.places import Places
from spotdiff.server.store.runs import On, Runs
from spotdiff.server.store.schema import VERSION, metadata

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


GUARDS = "what the guards alone know"


def signature(headers, body, secret):
    over = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    return f"v1,{base64.b64encode(hmac.new(secret.encode(), over, hashlib.sha256).digest()).decode()}"


def change(server, place, **values):
    headers = {"Content-Type": "application/json"}
    return server.ask("PATCH", f"/api/v1/places/{place}", body=json.dumps(values), headers=headers)


def test_a_place_has_those_told_that_it_chose(own_server, receiver, pictures, tmp_path):
    """Of two addresses one is down, and neither holds the other up or has its secret."""
    (tmp_path / "guards").write_text(GUARDS)
    url = f"http://127.0.0.1:{receiver.server_port}"
    hooks = [f"guards={url}/guards?key=hush", "office=http://127.0.0.1:9/office", f"other={url}/other"]
    given = [word for hook in hooks for word in ("--webhook", hook)]
    server = own_server(
        *given, "--webhook-secret-file", f"guards={tmp_path / 'guards'}", SPOTDIFF_WEBHOOK_SECRET=SECRET
    )
    client = Client(f"http://127.0.0.1:{server.port}")
    assert client.webhooks() == ["guards", "office", "other"]
    for place in ("yard", "hall"):
        assert server.post("/api/v1/places", {"name": place}).json["webhooks"] == []
    refusal = change(server, "yard", webhooks=["guards", "http://example.org"], options={"sensitivity": 0.3})
    assert (refusal.status, server.get("/api/v1/places/yard").json["options"]) == (422, {})
    chosen = client.set_place_webhooks("yard", ["office", "guards"])
    assert (chosen["webhooks"], chosen["options"]) == (["guards", "office"], {})
    assert change(server, "yard", options={"method": "pixel"}).json["webhooks"] == ["guards", "office"]
    server.compare(*pictures)
    for place in ("hall", "yard"):
        for picture in pictures:
            server.send(f"/api/v1/places/{place}/pictures", picture=picture, options='{"method": "pixel"}')
    told = taken(receiver, 3)
    assert [one["type"] for one in told] == ["job.done", "job.done", "place.changed"]
    assert {one["data"]["place"] for one in told} == {"yard"}
    for asked in receiver.asked:
        assert asked.headers["webhook-signature"] == signature(asked.headers, asked.body, GUARDS)
    limit = time.monotonic() + PATIENCE
    with sqlite3.connect(server.data / "server.db") as rows:
        while set(left := rows.execute("select hook, state from deliveries").fetchall()) != {("office", "waiting")}:
            assert time.monotonic() < limit, left
            time.sleep(0.05)

    server.end()
    again = own_server("--webhook", hooks[0], SPOTDIFF_WEBHOOK_SECRET=SECRET)  # the office is told no more
    assert again.get("/api/v1/webhooks").json == [{"name": "guards"}]
    assert {state for state, _, _ in waiting(again)} == {"dead"}
    again.send("/api/v1/places/yard/pictures", picture=pictures[0], options='{"method": "pixel"}')
    taken(receiver, 4)
    assert [state for state, _, _ in waiting(again)].count("dead") == 3


def test_every_message_is_signed_with_its_time(telling, receiver, pictures):
    server = telling()
    server.compare(*pictures)
    taken(receiver, 1)
    headers, body = receiver.asked[0].headers, receiver.asked[0].body
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
    assert headers["webhook-signature"] == signature(headers, body, SECRET)
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
        ("a b=http://example.org", SECRET, "a name has"),
        ("guards=", SECRET, "address"),
        ("guards=http://example.org", "", "--webhook-secret-file guards=FILE"),
    ],
)
def test_webhooks_that_cannot_be(tmp_path, url, secret, word):
    (tmp_path / "secret").write_text(secret + "\n")
    told = refused_start("--port", "0", "--webhook", url, "--webhook-secret-file", "secret", cwd=tmp_path)
    assert word in told
    assert "hush" not in told


def test_what_an_older_server_left_on_its_way_goes_to_the_one_webhook(tmp_path):
    address = f"sqlite:///{tmp_path / 'server.db'}"
    open_database(address).dispose()
    with sqlite3.connect(tmp_path / "server.db") as rows:  # as the step before has left it
        rows.execute("drop index runs_by_set")
        rows.execute("alter table runs drop column labelled_set")
        rows.execute("alter table deliveries drop column hook")
        rows.execute("alter table places drop column webhooks")
        rows.execute("update spotdiff_server_version set version_num = '0004'")
        rows.execute("insert into places (name, created, options) values ('yard', 0, '{}')")
        run = "('r1', 'training', 'yard', 'done', '{}', 4, '', 0)"
        rows.execute(f"insert into runs (id, kind, place, state, settings, pairs, who, created) values {run}")
        rows.execute("insert into deliveries values (1, 'm1', '{}', 'waiting', 0, 0, 0, '')")
    engine = open_database(address)
    assert Deliveries(engine).head("")["id"] == "m1"
    assert Places(engine).shown("yard")["webhooks"] == []
    assert [row["id"] for row in Runs(engine).listed("training", On(place="yard"))] == ["r1"]
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts={"version_table": VERSION}), metadata) == []
    engine.dispose()


@needs_browser
def test_a_place_s_page_chooses_who_is_told(own_server, tmp_path):
    server = own_server("--webhook", "guards=http://127.0.0.1:9/hush", SPOTDIFF_WEBHOOK_SECRET=SECRET)
    server.post("/api/v1/places", {"name": "yard"})
    browser = Browser(tmp_path / "profile")
    page = browser.tab(f"http://127.0.0.1:{server.port}/places/yard")
    page.until("document.getElementById('theme').hidden === false")
    assert "hush" not in page.run("document.documentElement.outerHTML")
    page.click("#webhooks input")
    page.until("document.getElementById('told').textContent === 'Saved.'")
    assert server.get("/api/v1/places/yard").json["webhooks"] == ["guards"]
    assert (page.faults(), page.troubles()) == ([], [])
    browser.close()


def test_webhooks_of_one_name_and_secrets_of_none(tmp_path):
    (tmp_path / "secret").write_text(SECRET)
    secret = ("--webhook-secret-file", "secret")
    two = ("--webhook", "a=http://example.org", "--webhook", "a=http://example.com")
    assert "another name" in refused_start("--port", "0", *two, *secret, cwd=tmp_path)
    stray = ("--webhook", "a=http://example.org", "--webhook-secret-file", "b=secret")
    assert "no --webhook b=URL" in refused_start("--port", "0", *stray, cwd=tmp_path)


def test_a_secret_file_that_is_not_there(tmp_path):
    given = ("--webhook", "http://example.org", "--webhook-secret-file", "nowhere")
    assert "nowhere" in refused_start("--port", "0", *given, cwd=tmp_path)
