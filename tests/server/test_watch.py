"""A server that watches: what its cameras see, their events, what people say of them, and zones drawn by hand."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import tomllib

import cv2
import numpy as np
import pytest

from server.conftest import Server
from watching.run.run_toys import BAG, drop, place

PATIENCE = 120
RULES = """
# the camera over the door
store = "events.db"
reserve_mb = 0

[compare]
method = "classic"
align = "off"

[cameras.hall]
source = "pictures"
grows = true

[zones.door]   # nobody leaves a thing here
polygon = [[150, 60], [300, 60], [300, 170], [150, 170]]
dwell = "4 s"
"""


def until(condition):
    limit = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < limit
        time.sleep(0.2)
    return found


class Site:
    """A folder with rules, and pictures that come into it a second of the place apart."""

    def __init__(self, folder):
        self.rules, self.pictures, self.seconds = folder / "hall.toml", folder / "pictures", 0
        self.rules.write_text(RULES)
        self.pictures.mkdir()

    def show(self, seconds, *boxes):
        for _ in range(seconds):
            drop(self.pictures, place(*boxes), self.seconds)
            self.seconds += 1


@pytest.fixture(name="site")
def site_fixture(tmp_path):
    return Site(tmp_path)


@pytest.fixture(scope="module", name="watching")
def watching_fixture(tmp_path_factory):
    """A server that watches, for what changes nothing; with its site."""
    site = Site(tmp_path_factory.mktemp("watching"))
    server = Server(site.rules.parent / "data", ("--workers", "1", "--watch", str(site.rules))).start()
    yield server, site
    server.end()


def events_of(server, **chosen):
    query = "&".join(f"{name}={value}" for name, value in chosen.items())
    return server.get(f"/api/v1/events?{query}").json


def put_zones(server, zones):
    return server.ask(
        "PUT", "/api/v1/watch/zones", body=json.dumps({"zones": zones}), headers={"Content-Type": "application/json"}
    )


def test_an_event_is_found_shown_and_said_to_be_normal(own_server, site):
    server = own_server("--watch", str(site.rules))
    site.show(12)
    site.show(12, BAG)
    [event] = until(lambda: events_of(server))
    assert (event["kind"], event["zone"], event["state"]) == ("left", "door", "open")
    assert np.abs(np.subtract(event["box"], BAG)).max() <= 4
    for role in ("before", "after", "thumbnail"):
        got = server.get(event["files"][role])
        assert got.headers["content-type"] == "image/jpeg"
        assert cv2.imdecode(np.frombuffer(got.body, np.uint8), cv2.IMREAD_COLOR) is not None

    seen = server.post(f"{event['url']}/acknowledge", {"who": "Ann", "note": "on its way"}).json
    assert (seen["state"], seen["acknowledged_by"], seen["note"]) == ("acknowledged", "Ann", "on its way")
    assert events_of(server, state="open") == []
    closed = server.post(f"{event['url']}/normal", {"who": "Ben"}).json
    assert (closed["state"], closed["outcome"]) == ("closed", "normal")

    status = until(lambda: (now := server.get("/api/v1/watch").json)["cameras"][0]["size"] and now)
    assert status["running"]
    assert status["cameras"][0]["size"] == [320, 180]
    live = server.get("/api/v1/watch/cameras/hall.jpg")
    pixels = cv2.imdecode(np.frombuffer(live.body, np.uint8), cv2.IMREAD_COLOR)
    assert pixels.shape == (180, 320, 3)
    left, top, right, bottom = BAG
    assert pixels[top:bottom, left:right, 0].mean() < 100  # yellow has little blue: the bag is seen
    assert server.end() == 0


def test_zones_are_kept_in_the_file_and_watched_by(own_server, site):
    server = own_server("--watch", str(site.rules))
    [door] = server.get("/api/v1/watch/zones").json["zones"]
    assert door["polygon"] == [[150, 60], [300, 60], [300, 170], [150, 170]]
    yard = {"name": "yard", "polygon": [[0, 0], [100, 0], [100, 170], [0, 170]], "dwell": 4, "what": ["left"]}
    got = put_zones(server, [yard])
    assert got.status == 200
    assert [zone["name"] for zone in got.json["zones"]] == ["yard"]
    text = site.rules.read_text()
    assert "# the camera over the door" in text
    assert tomllib.loads(text)["zones"] == {"yard": {"polygon": yard["polygon"], "dwell": "4 s", "what": ["left"]}}
    assert (site.rules.parent / "hall.toml.bak").read_text() == RULES

    site.show(12)
    site.show(12, BAG, (20, 60, 70, 110))  # the bag lies outside of the zone
    [event] = until(lambda: events_of(server))
    assert event["zone"] == "yard"


def test_a_zone_that_stays_keeps_its_own_words(own_server, site):
    server = own_server("--watch", str(site.rules))
    zones = server.get("/api/v1/watch/zones").json["zones"]
    assert put_zones(server, [{**zones[0], "min_area": 50}]).status == 200
    text = site.rules.read_text()
    assert "[zones.door]   # nobody leaves a thing here" in text
    assert 'dwell = "4 s"' in text
    assert "min_area = 50" in text


@pytest.mark.parametrize(
    ("zones", "words"),
    [
        ([{"name": "a", "polygon": [[0, 0], [1, 1]]}], "a"),
        ([{"name": ""}], "every zone needs a name"),
        ([{"name": "a"}, {"name": "a"}], "two zones are called a"),
        ([{"name": "a", "shape": 3}], "a zone has no 'shape'"),
        ([{"name": "a", "what": ["stolen"]}], "stolen"),
        ([{"name": "a", "dwell": {"x": 1}}], "dwell"),
        ([{"name": "a", "tell": ["nobody"]}], "nobody"),
        ([{"name": "a", "polygon": None}], "polygon"),
    ],
)
def test_zones_that_cannot_be_change_nothing(watching, zones, words):
    server, site = watching
    got = put_zones(server, zones)
    assert got.status == 422
    assert got.headers["content-type"] == "application/problem+json"
    assert words in got.json["detail"]
    assert str(site.rules.parent) not in got.json["detail"]
    assert site.rules.read_text() == RULES
    assert [path.name for path in site.rules.parent.iterdir() if "part" in path.name] == []


def test_what_is_not_there_is_told(watching, server):
    assert "--watch" in server.get("/api/v1/watch").json["detail"]
    watching, _ = watching
    for address in (
        "/api/v1/events/hall-9",
        "/api/v1/events/hall-9/before",
        "/api/v1/watch/cameras/yard.jpg",
        "/api/v1/watch/cameras/..%2Fhall.jpg",
        "/api/v1/watch/cameras/hall.jpg",
    ):
        assert watching.get(address).status == 404, address
    assert watching.get("/api/v1/events?since=yesterday").status == 422
    assert watching.get("/api/v1/events/hall-9/secret").status == 422


def test_a_watch_that_fails_is_told_and_tried_again(own_server, site):
    site.rules.write_text(RULES.replace('source = "pictures"', 'source = "film.mp4"').replace("grows = true\n", ""))
    server = own_server("--watch", str(site.rules))
    status = until(lambda: (now := server.get("/api/v1/watch").json)["trouble"] and now)
    assert not status["running"]
    assert "film.mp4" in status["trouble"]
    site.rules.write_text(RULES)
    site.show(3)
    assert until(lambda: server.get("/api/v1/watch").json["running"])


def test_the_watch_ends_with_a_server_that_is_killed(own_server, site):
    server = own_server("--watch", str(site.rules))
    site.show(3)
    until(lambda: server.get("/api/v1/watch").json["running"])
    server.end(signal.SIGKILL)
    status = server.data / "live" / "status.json"
    until(lambda: time.time() - status.stat().st_mtime > 4)
    again = own_server("--watch", str(site.rules))
    site.show(3)
    assert until(lambda: again.get("/api/v1/watch").json["running"])


def test_rules_that_cannot_be_keep_the_server_from_starting(site):
    site.rules.write_text("cameras = 3")
    command = [sys.executable, "-m", "spotdiff", "serve", "--port", "0", "--data", str(site.rules.parent / "data")]
    done = subprocess.run([*command, "--watch", str(site.rules)], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "hall.toml" in done.stderr
