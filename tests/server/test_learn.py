"""A place that learns from what people corrected: from the first correction to weights of its own, and back."""

from __future__ import annotations

import json
import time

import cv2
import jsonschema
import pytest
from sqlalchemy import insert

import spotdiff
import tiny_networks
from browser import BROWSER
from server.closed_schemas import closed
from server.conftest import png
from spotdiff.errors import DataError
from spotdiff.nets.parts.weights import read_weights
from spotdiff.server.api.request_options import make_options
from spotdiff.server.api.response_schemas.learning import LEARNING
from spotdiff.server.learn import runner as running
from spotdiff.server.learn.runner import Runner
from spotdiff.server.learn.weights import with_weights
from spotdiff.server.problems import Problem
from spotdiff.server.store.answer_files import write_answer
from spotdiff.server.store.jobs import Jobs, Stored
from spotdiff.server.store.open import open_database
from spotdiff.server.store.places import Places
from spotdiff.server.store.runs import On, Runs
from spotdiff.server.store.schema import places

PATIENCE = 400
STEPS = 2
PLAIN = {"method": "pixel", "align": "off", "light": "off"}


def until(condition):
    limit = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < limit
        time.sleep(0.1)
    return found


def begin(runner, *, steps=1, who=""):
    return runner.begin("training", On(place="hall"), {"steps": steps}, who=who)


def halt(runner, name):
    return runner.halt(name, "training")


class Corrected:
    """What people said of some comparisons, all of one place."""

    def __init__(self, data, texture, *, count):
        self.documents = {}
        before = texture(160, 120, seed=4)
        for number in range(count):
            after, left = before.copy(), 20 + 15 * number
            after[40:70, left : left + 30] = (20, 40, 220)
            corners = [[left, 40], [left + 30, 40], [left + 30, 70], [left, 70]]
            shape = {"kind": "added", "side": "after", "form": "polygon", "points": corners, "width": 1}
            self.documents[f"pair{number}"] = {"regions": {"1": "none"}, "shapes": [shape]}
            write_answer(spotdiff.compare(before, after, **PLAIN), f"pair{number}", data, digests=("0", "0"))

    def annotated(self, *, place):
        return list(self.documents)

    def of(self, name):
        return self.documents[name]


@pytest.fixture(name="runs")
def runs_fixture(tmp_path):
    engine = open_database(f"sqlite:///{tmp_path / 'server.db'}")
    with engine.execution_options(writes=True).begin() as connection:
        connection.execute(insert(places).values(name="hall", created=0, options={}))
    yield Runs(engine)
    engine.dispose()


@pytest.fixture(name="corrected")
def corrected_fixture(tmp_path, texture):
    return Corrected(tmp_path, texture, count=5)


@pytest.fixture(name="from_tiny")
def from_tiny_fixture(monkeypatch, tmp_path):
    """The verbs are run as ever, but what is shipped is a tiny network: to export the real one takes a minute."""
    shipped = tiny_networks.random_weights("spot", tmp_path / "tiny_networks.safetensors")
    run_verb = running.run_verb
    verbs = []

    def run(arguments, log, **more):
        verbs.append(arguments[0])
        assert ("shipped" in arguments) == (arguments[0] == "train")
        return run_verb([shipped if word == "shipped" else word for word in arguments], log, **more)

    monkeypatch.setattr(running, "run_verb", run)
    return verbs


@pytest.mark.skipif(BROWSER is not None, reason="test_first_visit_in_browser.py trains in a browser")
def test_a_place_learns_and_is_compared_with_what_it_learned(runs, corrected, from_tiny, tmp_path):
    runner = Runner(runs, corrected, tmp_path, nice=0)
    runner.start()
    try:
        name = begin(runner, steps=STEPS, who="Ann")["id"]
        until(lambda: runner.shown(name, "training")["state"] in ("done", "failed"))
        shown = runner.shown(name, "training")
        assert shown["state"] == "done", shown["problem"]
        assert (shown["pairs"], shown["who"], shown["progress"]["step"]) == (5, "Ann", STEPS)
        assert shown["journal"][0]["step"] == 0
        jsonschema.validate(shown, closed(LEARNING.schemas["Training"]))
        assert shown["result"]["text"]
        assert (
            cv2.imread(str(runner.file(name, "training", "samples", shown["samples"][-1].rpartition("/")[2])))
            is not None
        )
        runner.check_usable(name, "hall")
    finally:
        runner.stop()
    assert from_tiny == ["train", "export"]

    asked = {"training": name, "sensitivity": 0.4}
    options = with_weights(make_options(asked, megapixels=200), asked, tmp_path)
    assert options.settings == {"weights": str(tmp_path / "runs" / name / "weights.onnx")}
    pictures = [tmp_path / "answers" / "pa" / "pair0" / f"{side}.png" for side in ("before", "after")]
    learned = read_weights(tmp_path / "runs" / name / "run" / "weights.safetensors")[0].digest
    assert spotdiff.compare(*pictures, options=options).weights == learned


def test_weights_are_of_the_method_that_learned_and_are_there(tmp_path):
    (tmp_path / "runs" / "t1").mkdir(parents=True)
    (tmp_path / "runs" / "t1" / "weights.onnx").touch()
    for method, settings in (("spot", {"weights": str(tmp_path / "runs" / "t1" / "weights.onnx")}), ("pixel", {})):
        asked = {"training": "t1", "method": method}
        assert with_weights(make_options(asked, megapixels=200), asked, tmp_path).settings == settings
    with pytest.raises(DataError, match="are gone"):
        with_weights(spotdiff.Options(), {"training": "0"}, tmp_path)


def test_pictures_of_a_place_are_compared_with_what_was_chosen(runs, tmp_path):
    engine = open_database(f"sqlite:///{tmp_path / 'server.db'}")
    jobs, hall = Jobs(engine, most=9), Places(engine)
    picture = Stored("0" * 64, "hall.png")
    hall.use_training("hall", "learned")
    name = jobs.add(picture, picture, {"sensitivity": 0.4}, place="hall")
    assert jobs.row(name)["options"] == {"sensitivity": 0.4, "training": "learned"}
    hall.use_training("hall", None)
    for place in ("hall", None):
        assert jobs.row(jobs.add(picture, picture, {}, place=place))["options"] == {}
    engine.dispose()


class Verbs:
    """Stands for the verbs: each goes on until it is let go, or told to end."""

    def __init__(self, monkeypatch):
        self.begun, self.ended, self.code = [], 0, None
        monkeypatch.setattr(running, "run_verb", self)

    def __call__(self, arguments, log, *, nice, goes_on):
        self.begun.append(arguments[0])
        while self.code is None:
            if not goes_on():
                self.ended += 1
                return None
            time.sleep(0.01)
        log.write_text("step 1\nspotdiff: no room on the disk\n")
        return self.code


@pytest.fixture(name="verbs")
def verbs_fixture(monkeypatch):
    return Verbs(monkeypatch)


@pytest.fixture(name="runner")
def runner_fixture(runs, corrected, tmp_path, verbs):
    runner = Runner(runs, corrected, tmp_path)
    runner.start()
    yield runner
    runner.stop()


def test_a_training_is_stopped_and_gone_on_with(runner, verbs):
    name = begin(runner, steps=1, who="")["id"]
    until(lambda: verbs.begun == ["train"])
    with pytest.raises(Problem, match="under way already"):
        begin(runner, steps=1, who="")
    with pytest.raises(Problem, match="wait until it is done"):
        runner.check_usable(name, "hall")
    assert halt(runner, name)["state"] == "stopped"
    with pytest.raises(Problem, match="stopped"):
        halt(runner, name)
    other = begin(runner, steps=1, who="")["id"]
    until(lambda: verbs.begun == ["train", "train"])
    halt(runner, other)
    until(lambda: verbs.ended == 2)
    assert runner.go_on(name, "training")["state"] in ("queued", "running")
    verbs.code = 0
    until(lambda: runner.shown(name, "training")["state"] == "done")
    assert verbs.begun == ["train", "train", "train", "export"]
    with pytest.raises(Problem, match="done"):
        runner.go_on(name, "training")


def test_what_was_under_way_is_gone_on_with_after_a_kill(runner, runs, corrected, tmp_path, verbs):
    name = begin(runner, steps=1, who="")["id"]
    until(lambda: verbs.begun)
    runner.stop()
    assert runs.row(name, "training")["state"] == "running"
    verbs.code = 0
    again = Runner(runs, corrected, tmp_path)
    again.start()
    until(lambda: again.shown(name, "training")["state"] == "done")
    again.stop()


def test_a_training_that_fails_tells_why(runner, verbs):
    verbs.code = 2
    name = begin(runner, steps=1, who="")["id"]
    until(lambda: runner.shown(name, "training")["state"] == "failed")
    assert runner.shown(name, "training")["problem"] == "no room on the disk"


def test_pairs_that_cannot_be_labelled_are_too_few(runner, corrected, verbs):
    corrected.documents |= {"gone1": {}, "gone2": {}}
    for name in ("pair0", "pair1"):
        del corrected.documents[name]
    name = begin(runner, steps=1, who="")["id"]
    until(lambda: runner.shown(name, "training")["state"] == "failed")
    assert "only 3 comparisons make labelled pairs: gone1" in runner.shown(name, "training")["problem"]
    assert verbs.begun == []


def corrected_place(server, texture, name="hall", *, count=5):
    """A place with so many comparisons, in each of which a person drew what had come."""
    assert server.post("/api/v1/places", {"name": name}).status == 201
    before = texture(160, 120, seed=4)
    server.send(f"/api/v1/places/{name}/pictures", picture=png(before))
    options = json.dumps({"method": "pixel", "align": "off", "light": "off"})
    for number in range(count):
        after, left = before.copy(), 20 + 15 * number
        after[40:70, left : left + 30] = (20, 40, 220)
        record = server.send(f"/api/v1/places/{name}/pictures", picture=png(after), options=options).json
        corners = [[left, 40], [left + 30, 40], [left + 30, 70], [left, 70]]
        document = {
            "regions": {"1": "none"},
            "shapes": [{"kind": "added", "side": "after", "points": corners}],
            "revision": 0,
        }
        address = f"/api/v1/comparisons/{record['id']}/annotations"
        got = server.ask("PUT", address, body=json.dumps(document), headers={"Content-Type": "application/json"})
        assert got.status == 200, got.body
    return png(after)


def put(server, address, value):
    return server.ask("PUT", address, body=json.dumps(value), headers={"Content-Type": "application/json"})


def state_of(server, training, *states):
    shown = server.get(training["url"]).json
    return shown if shown["state"] in states else None


@pytest.fixture(scope="module", name="few")
def few_fixture(server, texture):
    corrected_place(server, texture, "few", count=1)
    return server


def test_what_cannot_be_is_told(few):
    told = few.post("/api/v1/places/few/trainings", {})
    assert told.status == 409
    assert "correct 3 more" in told.json["detail"]
    assert few.post("/api/v1/places/nowhere/trainings", {}).status == 404
    assert few.get("/api/v1/trainings/none").status == 404
    assert few.get("/api/v1/trainings/none/samples/..%2Frun.json").status == 404
    assert put(few, "/api/v1/places/few/weights", {"training": "../../etc"}).status == 404
    assert few.post("/api/v1/places/few/trainings", {"steps": 0}).status == 422


def test_a_client_cannot_choose_weights_by_options(few):
    options = json.dumps({"training": "x"})
    got = few.send("/api/v1/places/few/pictures", picture=b"x", options=options)
    assert got.status == 422
    assert "PUT" in got.json["detail"]
    patched = few.ask(
        "PATCH",
        "/api/v1/places/few",
        body=json.dumps({"options": {"training": "x"}}),
        headers={"Content-Type": "application/json"},
    )
    assert patched.status == 422


def test_methods_are_measured_on_what_people_corrected(runs, corrected, tmp_path):
    runner = Runner(runs, corrected, tmp_path, nice=0)
    runner.start()
    try:
        settings = {"methods": ["classic", "pixel"], "trainings": []}
        name = runner.begin("measurement", On(place="hall"), settings, who="Ann")["id"]
        until(lambda: runner.shown(name, "measurement")["state"] in ("done", "failed"))
        shown = runner.shown(name, "measurement")
        assert shown["state"] == "done", shown["problem"]
        jsonschema.validate(shown, closed(LEARNING.schemas["Measurement"]))
        assert [row["method"] for row in shown["table"]] == ["classic", "pixel"]
        assert shown["table"][1]["any F1"] > 0.9
        chart = shown["charts"][0].rpartition("/")[2]
        assert b"<svg" in runner.file(name, "measurement", "charts", chart).read_bytes()
        with pytest.raises(Problem, match="no training"):
            runner.shown(name, "training")
    finally:
        runner.stop()


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"methods": ["spot"]}, 422),
        ({"methods": ["pixel", "pixel"]}, 422),
        ({"methods": ["pixel", "guess"]}, 422),
        ({"methods": ["pixel"], "trainings": ["none"]}, 404),
        ({"methods": ["pixel", "spot=/etc/passwd"]}, 422),
    ],
)
def test_a_measurement_that_cannot_be_is_told(few, asked, status):
    got = few.post("/api/v1/places/few/measurements", asked)
    assert got.status == status, got.body
    assert few.get("/api/v1/places/few/measurements").json == {"pairs": 1, "measurements": []}
