"""What is wrong with rules before a watch runs, and what a start refuses."""

import os
from dataclasses import replace

import cv2
import pytest

from spotdiff.errors import DataError, LoadError, OptionError, SpotdiffError
from spotdiff.options import Options
from spotdiff.watching import check
from spotdiff.watching.check import problems
from spotdiff.watching.events import open_store
from spotdiff.watching.rules import Camera, Inspection, Zone
from spotdiff.watching.run import Watch, time_zone
from watching.run.run_toys import drop, make_film, make_rules, place, replayed, spans


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("checked")
    make_film(made / "hall.mp4", 3, spans())
    cv2.imwrite(str(made / "clean.png"), place())
    cv2.imwrite(str(made / "tall.png"), place()[:, :90])
    (made / "junk.mp4").write_bytes(os.urandom(500))
    (made / "broken.png").write_bytes(b"none")
    (made / "folder.db").mkdir()
    (made / "empty").mkdir()
    return made


@pytest.fixture
def told(folder, tmp_path):
    """The problems of rules, of which all else is well."""

    def call(source=folder / "hall.mp4", **settings):
        given = {"store": str(tmp_path / "new" / "events.db"), **settings}
        found = problems(make_rules(tmp_path, {"hall": source}, **given))
        assert all("\n" not in line for line in found)
        assert not (tmp_path / "new").exists()
        return found

    return call


def square(left, top, right, bottom, **settings):
    return {"door": Zone("door", ((left, top), (right, top), (right, bottom), (left, bottom)), **settings)}


def clean(folder, name):
    return {"clean": Inspection("clean", picture=str(folder / name), at=("18:00",))}


def test_nothing_is_wrong_where_all_is_well(told, folder):
    assert told(zones=square(0, 0, 320, 180), inspections=clean(folder, "clean.png"), timezone="Europe/Berlin") == []


def test_each_problem_is_told(told, folder):
    cases = {
        "timezone: there is no 'Europe/Berln'": told(timezone="Europe/Berln"),
        "camera hall: ": told(folder / "none.mp4"),
        "camera hall: ~": told(folder / "junk.mp4"),
        "camera hall: ~~": told(folder / "empty"),
        "zone door: corner 400, 0 is outside the picture of hall, which is 320 x 180": told(
            zones=square(0, 0, 400, 180)
        ),
        "zone door: it covers 9 px": told(zones=square(0, 0, 3, 3)),
        "zone door: it covers 100 px": told(zones=square(0, 0, 10, 10, min_area=200)),
        "approved clean: ": told(inspections=clean(folder, "none.png")),
        "approved clean: ~": told(inspections=clean(folder, "broken.png")),
        "approved clean: its picture is 90 x 180": told(inspections=clean(folder, "tall.png")),
        "sink log: kind is one of": told(sinks={"log": {"kind": "line"}}),
        "there is no 'clasic' in methods": told(options=Options(method="clasic")),
        "there is no 'wrds' in describe": told(options=Options(describe="wrds")),
        "'events.txt': a store is a path": told(store="events.txt"),
        f"{folder / 'folder.db'}: a folder, not a database": told(store=str(folder / "folder.db")),
        f"store: {folder / 'hall.mp4'} is no folder": told(store=str(folder / "hall.mp4/x/events.db")),
    }
    wrong = {start: found for start, found in cases.items() if [start.rstrip("~") in one for one in found] != [True]}
    assert wrong == {}


def test_a_place_that_cannot_be_written_is_told(told, monkeypatch, tmp_path):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert told() == [f"store: {tmp_path} is read-only"]


def contents(folder):
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def test_a_check_makes_no_store(told, tmp_path):
    (tmp_path / "own").mkdir()
    before = contents(tmp_path)
    assert told(store=f"sqlite:///{tmp_path}/own/events.db") == []
    assert told(store=f"sqlite:///{tmp_path}/none/events.db") == [
        f"{tmp_path}/none/events.db: its folder does not exist"
    ]
    assert contents(tmp_path) == before


@pytest.mark.parametrize("how", ["closed", "open", "killed"])
def test_a_check_leaves_a_store_as_it_is(told, tmp_path, how):
    path = tmp_path / "events.db"
    store = open_store(str(path), reserve_mb=0)
    if how == "killed":
        lines = [
            (path.with_name(name), path.with_name(name).read_bytes()) for name in ("events.db-wal", "events.db-shm")
        ]
    if how != "open":
        store.close()
    if how == "killed":
        for left, data in lines:
            left.write_bytes(data)
    (tmp_path / "empty.db").touch()
    before = contents(tmp_path)
    assert told(store=str(path)) == told(store=f"sqlite:///{path}") == []
    assert told(store=str(tmp_path / "empty.db")) == []
    (problem,) = told(store=str(tmp_path / "empty.db"), evidence=str(tmp_path / "events-evidence"))
    assert "holds the evidence of another store" in problem
    assert contents(tmp_path) == before
    store.close()


def test_all_problems_are_told_at_once(told, folder):
    found = told(folder / "none.mp4", timezone="x/y", inspections=clean(folder, "none.png"), store="events.txt")
    assert len(found) == 4


def test_a_password_is_not_told(told, monkeypatch):
    monkeypatch.setattr(check, "_CONNECT", 1.0)
    (found,) = told("http://ann:hush@127.0.0.1:9/live")
    assert "no picture from http://ann:***@127.0.0.1:9/live in" in found
    assert "hush" not in found


def test_the_zone_of_each_camera_is_held_against_its_own_picture(folder, tmp_path):
    drop(tmp_path / "small", place()[:90, :160], 0)
    cameras = {"hall": folder / "hall.mp4", "yard": tmp_path / "small"}
    found = problems(make_rules(tmp_path, cameras, zones=square(0, 0, 300, 170)))
    assert [line.partition(",")[0] for line in found] == ["zone door: corner 300"]
    assert "yard, which is 160 x 90" in found[0]
    assert problems(make_rules(tmp_path, cameras, zones=square(0, 0, 300, 170, cameras=("hall",)))) == []


def test_a_start_refuses_what_the_check_would_tell(folder, tmp_path):
    hall = folder / "hall.mp4"
    for error, rules in (
        (OptionError, make_rules(tmp_path, {"hall": hall}, timezone="x/y")),
        (OptionError, make_rules(tmp_path, {"hall": hall}, options=Options(method="clasic"))),
        (OptionError, make_rules(tmp_path, {"hall": hall}, options=Options(describe="wrds"))),
        (OptionError, make_rules(tmp_path, {"hall": hall}, options=Options(language="xx"))),
        (OptionError, make_rules(tmp_path, {"hall": hall}, sinks={"log": {"kind": "line"}})),
        (OptionError, make_rules(tmp_path, {"hall": hall}, store="events.txt")),
        (DataError, make_rules(tmp_path, {"hall": hall}, store=str(folder / "folder.db"))),
        (LoadError, make_rules(tmp_path, {"hall": folder / "none.mp4"})),
        (SpotdiffError, make_rules(tmp_path, {"hall": hall}, inspections=clean(folder, "none.png"))),
        (OptionError, make_rules(tmp_path, {"hall": Camera("hall", str(hall), order="mtime", grows=True)})),
    ):
        with pytest.raises(error) as caught:
            Watch(rules)
        assert "\n" not in str(caught.value)


def test_a_film_that_breaks_off_ends_no_other(folder, tmp_path):
    whole = (folder / "hall.mp4").read_bytes()
    long = make_film(tmp_path / "yard.mkv", 20, spans())
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(long.read_bytes()[: long.stat().st_size // 2])
    (tmp_path / "hall.mp4").write_bytes(whole)
    rules = make_rules(tmp_path, {"cut": cut, "hall": tmp_path / "hall.mp4"})
    with Watch(rules, replay=True) as watch:
        watch.run()
        frames = {monitor.camera.name: monitor.frames for monitor in watch.monitors}
    assert frames["hall"] == 15
    assert 20 < frames["cut"] < 80


def test_the_zone_of_the_machine_is_taken_where_none_is_named():
    assert time_zone("").utcoffset(None) is None
    assert str(time_zone("Europe/Berlin")) == "Europe/Berlin"
    for wrong in ("Berlin", "../etc/passwd", "/etc/passwd", "x" * 300):
        with pytest.raises(OptionError, match="timezone: there is no"):
            time_zone(wrong)


def test_odd_names_go_all_the_way(tmp_path):
    name = "Tür \U0001f600 'q\" [red] <b>"
    film = make_film(tmp_path / "hall.mp4", 18, spans(first=7))
    rules = make_rules(tmp_path, {name: film}, zones={name: Zone(name, dwell=3)})
    rules = replace(rules, cameras={name: Camera(name, str(film))})
    (event,) = replayed(rules).of("opened")
    assert (event.id, event.camera, event.zone) == (f"{name}-1", name, name)
    with open_store(rules.store, reserve_mb=0) as store:
        assert store.events(camera=name, zone=name) == [event]
        assert store.evidence(event.id)["after"].path.is_file()
