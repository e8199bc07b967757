"""`spotdiff.Client` in review, where a place learns, and on a server that watches."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args, get_type_hints
from uuid import uuid4

import pytest

import spotdiff
from server.conftest import Server
from server.test_learn import corrected_place
from server.test_watch import Site, until
from spotdiff.client import Client, records
from spotdiff.errors import ServerError
from watching.run.run_toys import BAG

PLAIN = {"method": "pixel", "align": "off", "light": "off"}


@pytest.fixture(name="record")
def record_fixture(client, pictures):
    return client.compare(*pictures, **PLAIN)


def test_options_of_a_place_are_set_and_taken_back(client, pictures):
    name = uuid4().hex
    client.add_place(name)
    corner = [[0, 0], [60.5, 0], [0, 60]]
    place = client.set_place_options(name, {**PLAIN, "ignore": [corner], "sensitivity": 0.6})
    assert place["options"] == {**PLAIN, "ignore": [corner], "sensitivity": 0.6}
    assert client.set_place_options(name, {"ignore": None})["options"] == {**PLAIN, "sensitivity": 0.6}
    client.add_picture(name, pictures[0])
    assert client.add_picture(name, pictures[1])["method"]["name"] == "pixel"
    with pytest.raises(ServerError, match="sensitivity"):
        client.set_place_options(name, {"sensitivity": 3})


def test_what_waits_is_decided_and_undone(client, record):
    name = record["id"]
    assert name in [one["id"] for one in client.review(limit=1000)["comparisons"]]
    assert client.decide("approved", name, who="Ann") == [name]
    assert name in [one["id"] for one in client.review(decision="approved", verdict="all", limit=1000)["comparisons"]]
    with pytest.raises(ServerError, match="undo that first") as refused:
        client.decide("rejected", [name])
    assert refused.value.status == 409
    assert client.decide("undone", [name], who="Ben") == [name]
    assert [(one["decision"], one["who"]) for one in client.decisions(limit=2)] == [
        ("undone", "Ben"),
        ("approved", "Ann"),
    ]


def test_a_whole_place_is_decided_at_once(client, pictures):
    name = uuid4().hex
    client.add_place(name)
    for picture in (pictures[0], pictures[1], pictures[1]):
        client.add_picture(name, picture, **PLAIN)
    assert len(client.decide("rejected", place=name)) == 2
    assert client.review(place=name)["counts"]["rejected"] == 2
    with pytest.raises(ServerError, match="say which"):
        client.decide("rejected")


def test_corrections_become_labelled_pairs(client, record):
    shape = {"kind": "removed", "side": "before", "points": [[5, 5], [30, 5], [30, 30], [5, 30]]}
    said = client.annotate(record["id"], regions={1: "none"}, shapes=[shape], who="Ann")
    assert (said["regions"], said["revision"], said["who"]) == ({"1": "none"}, 1, "Ann")
    assert client.annotations(record["id"]) == said
    with pytest.raises(ServerError, match="revision 1"):
        client.annotate(record["id"])
    again = client.annotate(record["id"], shapes=said["shapes"], revision=said["revision"])
    assert again["regions"] == {}
    with zipfile.ZipFile(io.BytesIO(client.labelled_pairs(format="labelme", joined=True))) as archive:
        assert any(name.endswith(".json") for name in archive.namelist())


@pytest.fixture(scope="module", name="place")
def place_fixture(server, texture):
    name = uuid4().hex
    corrected_place(server, texture, name, count=4)
    return name


def test_a_training_is_begun_stopped_and_gone_on_with(client, place):
    training = client.train(place, steps=1, who="Ann")
    name = training["id"]
    assert (training["pairs"], training["settings"], training["who"]) == (4, {"steps": 1}, "Ann")
    assert client.stop_training(name)["state"] == "stopped"
    assert client.continue_training(name)["state"] in ("queued", "running")
    with pytest.raises(ServerError, match="wait until it is done"):
        client.use_training(place, name)
    client.stop_training(name)
    assert client.training(name)["state"] == "stopped"
    assert [one["id"] for one in client.trainings(place)["trainings"]] == [name]
    client.use_training(place, None)
    assert client.trainings(place)["used"] is None


def test_a_measurement_is_begun_stopped_and_gone_on_with(client, place):
    name = client.measure(place, ["classic", "pixel"])["id"]
    assert client.stop_measurement(name)["state"] == "stopped"
    assert client.continue_measurement(name)["state"] in ("queued", "running")
    client.stop_measurement(name)
    assert client.measurement(name)["settings"] == {"methods": ["classic", "pixel"], "trainings": []}
    assert client.measurements(place)["measurements"][0]["id"] == name
    with pytest.raises(ServerError, match="two methods or more"):
        client.measure(place, ["pixel"])


@pytest.fixture(scope="module", name="watching")
def watching_fixture(tmp_path_factory):
    """A client of a server whose camera has seen a bag left."""
    site = Site(tmp_path_factory.mktemp("watching"))
    server = Server(site.rules.parent / "data", ("--workers", "1", "--watch", str(site.rules))).start()
    site.show(12)
    site.show(12, BAG)
    client = Client(f"http://127.0.0.1:{server.port}", patience=30)
    until(client.events)
    yield client
    server.end()


def test_events_are_chosen_and_answered(watching):
    [event] = watching.events(camera="hall", state=["open", "acknowledged"], kind="left", zone="door")
    assert watching.events(state="closed") == watching.events(since=datetime(2100, 1, 1, tzinfo=UTC)) == []
    assert watching.event_file(event["id"], "after").startswith(b"\xff\xd8")
    assert watching.acknowledge(event["id"], who="Ann", note="on its way")["acknowledged_by"] == "Ann"
    assert watching.make_normal(event["id"])["outcome"] == "normal"
    assert watching.event(event["id"])["state"] == "closed"
    assert [camera["name"] for camera in watching.watch()["cameras"]] == ["hall"]
    assert until(lambda: watching.watch()["cameras"][0]["size"])
    assert watching.camera_picture("hall").startswith(b"\xff\xd8")


def test_zones_are_read_and_set(watching):
    zones = watching.zones()
    assert watching.set_zones([{**zones[0], "min_area": 50}])[0]["min_area"] == 50
    with pytest.raises(ServerError, match="stolen"):
        watching.set_zones([{"name": "yard", "what": ["stolen"]}])


SHAPES = {
    getattr(records, name)
    for name in dir(records)
    if isinstance(getattr(records, name), type) and hasattr(getattr(records, name), "__required_keys__")
}


def literals(kind):
    """The words that a type allows."""
    return {kind} if isinstance(kind, str) else {word for part in get_args(kind) for word in literals(part)}


def words_of(schema):
    """The words that a schema allows."""
    parts = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    inside = {word for part in parts for word in words_of(part)}
    return inside | set(schema["enum"]) if isinstance(schema, dict) and "enum" in schema else inside


@pytest.mark.parametrize("shape", sorted(SHAPES, key=lambda one: one.__name__), ids=lambda one: one.__name__)
def test_what_is_declared_is_what_the_server_describes(server, shape):
    schema = server.get("/api/v1/openapi.json").json["components"]["schemas"][shape.__name__]
    declared = get_type_hints(shape)
    assert set(declared) == set(schema["properties"])
    for name, kind in declared.items():
        assert literals(kind) in (set(), words_of(schema["properties"][name])), name


def test_the_page_of_the_documents_runs(own_server, monkeypatch):
    root = Path(__file__).parents[2]
    _, *blocks = re.findall(r"```python\n(.*?)```", (root / "docs/python.md").read_text(encoding="utf-8"), re.DOTALL)
    monkeypatch.chdir(root)
    names = {"spotdiff": spotdiff}
    port = own_server().port
    exec(compile("".join(blocks).replace("8642", str(port)), "docs/python.md", "exec"), names)
    assert names["said"]["revision"] == 1
    counts = names["server"].review()["counts"]
    assert (counts["open"], counts["approved"]) == (0, 3)
    assert names["server"].place("yard")["options"]["sensitivity"] == 0.6
