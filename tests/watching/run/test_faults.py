"""What goes wrong for one camera, or for who listens, ends no watch; it is told, and the exit code says so."""

import json
from contextlib import closing

import pytest

from spotdiff.cli import run_verb
from spotdiff.watching.camera_monitor import CameraMonitor
from spotdiff.watching.events import StoreDown
from spotdiff.watching.events.write import Writer
from spotdiff.watching.run import Watch
from spotdiff.watching.scene.isolated_judge import IsolatedJudge
from watching.run.run_toys import NOON, Heard, drop, growing, make_film, make_rules, place, spans

RULES = """
store = "{0}/events.db"
reserve_mb = 0
[cameras.hall]
source = "{1}"
[cameras.yard]
source = "{1}"
[zones.all]
dwell = "3 s"
[compare]
method = "classic"
align = "off"
"""


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """A thing comes after six seconds."""
    return make_film(tmp_path_factory.mktemp("films") / "hall.mp4", 14, spans(first=6))


@pytest.fixture
def command(film, tmp_path):
    (tmp_path / "rules.toml").write_text(RULES.format(tmp_path, film))
    return ["watch", "--rules", str(tmp_path / "rules.toml"), "--replay"]


@pytest.fixture
def odd_frames(monkeypatch):
    """The hall's frames cannot be seen to between two seconds of its film."""
    see = CameraMonitor.process

    def process(self, frame):
        if self.camera.name == "hall" and 2 < frame.seconds < 4:
            raise ZeroDivisionError("an odd\nframe")
        see(self, frame)

    monkeypatch.setattr(CameraMonitor, "process", process)


def test_an_event_that_nothing_has_room_for_is_told_and_the_watch_fails(command, monkeypatch, capsys):
    def commit(self, change):
        raise StoreDown("no room anywhere")

    monkeypatch.setattr(Writer, "commit", commit)
    assert run_verb([*command, "--json", "-"]) == 2
    told = capsys.readouterr()
    assert [(one["id"], one["camera"], one["state"]) for one in map(json.loads, told.out.splitlines())] == [
        ("", "hall", "open"),
        ("", "yard", "open"),
    ]
    lines = [line for line in told.err.splitlines() if line.startswith("spotdiff: ")]
    assert lines == [
        f"spotdiff: camera {name}: what was seen could not be kept: no room anywhere" for name in ("hall", "yard")
    ]


def test_frames_that_cannot_be_seen_to_are_passed_over_and_told_once(film, tmp_path, odd_frames):
    heard = Heard()
    with Watch(make_rules(tmp_path, {"hall": film, "yard": film}), replay=True, start=NOON, listener=heard) as watch:
        with closing(watch.steps()) as steps:
            while watch.monitors[0].frames < 1 or not watch.monitors[0].fault:
                next(steps)
            assert [(each.name, each.connected) for each in watch.status().cameras] == [("hall", False), ("yard", True)]
            assert watch.status().cameras[0].trouble == "ZeroDivisionError: an odd frame"
            for _ in steps:
                pass
        assert watch.monitors[0].fault == ""
        assert watch.failures == ["camera hall: ZeroDivisionError: an odd frame"]
    assert sorted(event.camera for event in heard.of("opened")) == ["hall", "yard"]


def test_a_listener_may_fail_and_no_camera_is_blamed(film, tmp_path):
    def listener(event, change):
        raise OSError("no room")

    rules = make_rules(tmp_path, {"hall": film})
    with Watch(rules, replay=True, start=NOON, listener=listener) as watch, pytest.raises(OSError, match="no room"):
        watch.run()
    assert watch.failures == []
    with Watch(rules, replay=True, start=NOON) as watch:
        assert [event.id for event in watch.store.events()] == ["hall-1"]


def test_a_full_file_of_lines_ends_no_watch(command, capsys):
    assert run_verb([*command, "--json", "/dev/full"]) == 2
    told = capsys.readouterr()
    assert [line.split()[2:4] for line in told.out.splitlines()[:2]] == [["opened", "hall-1"], ["opened", "yard-1"]]
    assert told.err.splitlines() == ["spotdiff: /dev/full: No space left on device; make room, the lines wait for it"]


def test_lines_come_in_order_once_there_is_room():
    from spotdiff.cli._patient_output import PatientOutput

    written, buffered, full = [], [], [True]

    def flush():
        if full[0]:
            raise OSError(28, "No space left on device")
        written.extend(buffered)
        buffered.clear()

    output = PatientOutput("told.jsonl", buffered.append, flush)
    for line in "abc":
        output.write(line)
    assert (written, output.trouble) == ([], "told.jsonl: No space left on device; make room, the lines wait for it")
    full[0] = False
    output.write("d")
    assert (written, output.trouble) == (["a", "b", "c", "d"], "")


def test_what_is_live_is_watched_on_though_the_method_fails_for_every_camera(tmp_path, monkeypatch):
    drop(tmp_path / "pictures", place(), 0)
    monkeypatch.setattr(IsolatedJudge, "trouble", "its weights are gone")
    rules = make_rules(tmp_path, {"hall": growing(tmp_path / "pictures")})
    with Watch(rules) as watch, closing(watch.steps()) as steps:
        for seconds in range(1, 4):
            drop(tmp_path / "pictures", place(), seconds)
        while watch.monitors[0].frames < 4:
            next(steps)
        assert watch.failures == ["camera hall: its weights are gone"]
