"""The verb `watch`: lines for people and programs, one clear line for each mistake, and an end in order."""

import json
import os
import signal
import subprocess
import sys

import pytest

from spotdiff.watching.events import open_store
from watching.run.run_toys import drop, make_film, spans

RULES = """
store = "kept/events.db"
reserve_mb = 0
[cameras.hall]
source = "hall.mp4"
[zones.door]
polygon = [[150, 60], [319, 60], [319, 179], [150, 179]]
dwell = 3
[compare]
method = "classic"
align = "off"
"""
NOON = ("--replay", "--start", "2024-03-01T12:00:00")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A film in which a thing comes and goes, and rules for it."""
    made = tmp_path_factory.mktemp("watched")
    make_film(made / "hall.mp4", 26, spans(first=7, last=16))
    (made / "rules.toml").write_text(RULES)
    (made / "empty").mkdir()
    (made / "folder.db").mkdir()
    (made / "junk.mp4").write_bytes(os.urandom(400))
    (made / "cut.mp4").write_bytes((made / "hall.mp4").read_bytes()[:20000])
    (made / "wrong.toml").write_text(RULES.replace("dwell", "dwel"))
    return made


@pytest.fixture
def fresh(folder, tmp_path):
    """Rules in another folder, for a store of its own."""
    path = tmp_path / "rules.toml"
    path.write_text(RULES.replace('"hall.mp4"', json.dumps(str(folder / "hall.mp4"))))
    return path


def records(text):
    return [json.loads(line) for line in text.splitlines()]


def test_people_are_told_in_lines(spotdiff, fresh, tmp_path):
    ran = spotdiff("watch", "--rules", fresh, *NOON, "--json", tmp_path / "told.jsonl")
    assert (ran.code, ran.err) == (0, "")
    opened, closed, summary = ran.out.splitlines()
    told = "Left in door: Something yellow was added at the bottom right."
    assert opened.endswith(f"opened       hall-1  {told}")
    assert closed.endswith(f"closed       hall-1  {told}")
    assert opened.startswith("2024-03-01 12:00:1")
    assert summary.startswith("1 event: 1 left. ")

    lines = records((tmp_path / "told.jsonl").read_text(encoding="utf-8"))
    assert [(one["id"], one["state"], one["zone"]) for one in lines] == [
        ("hall-1", "open", "door"),
        ("hall-1", "closed", "door"),
    ]
    assert closed[:19] == lines[-1]["closed"][:19].replace("T", " ") > opened[:19]
    assert lines[0]["closed"] is None
    listed = spotdiff("events", "list", "--json", "--store", tmp_path / "kept/events.db")
    assert records(listed.out) == lines[-1:]


def test_standard_output_is_for_json_alone(spotdiff, fresh):
    ran = spotdiff("watch", "--rules", fresh, *NOON, "--json", "-")
    assert [one["state"] for one in records(ran.out)] == ["open", "closed"]
    assert ran.err.startswith("1 event: 1 left.")
    assert ran.err.count("\n") == 1


def test_quiet_is_quiet_and_sources_do_without_rules(spotdiff, folder, tmp_path):
    store = tmp_path / "own" / "events.db"
    asked = ("watch", folder / "hall.mp4", *NOON, "--store", store, "--dwell", "3 s", "--fps", "4", "--quiet")
    ran = spotdiff(*asked)
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    with open_store(str(store), reserve_mb=0) as kept:
        (event,) = kept.events()
    assert (event.camera, event.zone, event.outcome) == ("hall", "", "reverted")
    assert event.kind in ("left", "changed")
    assert event.confirmed_seconds < 16  # ten seconds are not over by then


def test_the_command_line_goes_before_the_file(spotdiff, fresh, tmp_path):
    store, shown = tmp_path / "other.db", tmp_path / "shown"
    ran = spotdiff("watch", "--rules", fresh, *NOON, "--store", store, "--evidence", shown, "--dwell", "20", "-q")
    assert (ran.code, ran.out) == (0, "")
    assert not (tmp_path / "kept").exists()
    assert shown.is_dir()
    with open_store(str(store), folder=shown, reserve_mb=0) as kept:
        assert kept.events() == []


MISTAKES = [
    ((), "watch takes sources, or a file of rules"),
    (("hall.mp4", "--rules", "rules.toml"), "watch takes sources, or a file of rules"),
    (("none.mp4",), "none.mp4: no such file or folder"),
    (("",), "a source is a folder, a film"),
    (("empty", "--replay"), "empty: no pictures in this folder"),
    (("junk.mp4", "--replay"), "junk.mp4: "),
    (("cut.mp4", "--replay"), "cut.mp4: "),
    (("hall.mp4", "hall.mp4"), "two sources are called hall"),
    (("hall.mp4", "--fps", "0"), "fps takes 0.01..60, not 0.0"),
    (("hall.mp4", "--fps", "nan"), "fps takes 0.01..60, not nan"),
    (("hall.mp4", "--fps", "many"), "Invalid value for '--fps'"),
    (("hall.mp4", "--dwell", "soon"), "'soon' is no span of time"),
    (("hall.mp4", "--dwell=-4"), "'-4' is no span of time"),
    (("hall.mp4", "--dwell", "900 d"), "dwell takes 0..604800 s"),
    (("hall.mp4", "--start", "nonsense"), "Invalid value for '--start'"),
    (("hall.mp4", "--start", "2024-02-30"), "Invalid value for '--start'"),
    (("hall.mp4", "--store", "events.txt"), "'events.txt': a store is a path that ends in .db"),
    (("hall.mp4", "--store", ""), "'': a store is a path"),
    (("hall.mp4", "--store", "folder.db"), "folder.db: a folder, not a database"),
    (("hall.mp4", "--store", "hall.mp4/x/events.db"), "hall.mp4"),
    (("hall.mp4", "--store", "postgresql://ann:hush@h/x"), "needs a folder for its evidence"),
    (("hall.mp4", "--json", "none/told.jsonl"), "none/told.jsonl: No such file or directory"),
    (("hall.mp4", "--json", "empty"), "empty: Is a directory"),
    (("--rules", "none.toml"), "none.toml cannot be read"),
    (("--rules", "wrong.toml"), "wrong.toml: zone door has no parameter 'dwel'; did you mean dwell?"),
    (("--rules", "hall.mp4"), "hall.mp4 is no text in UTF-8"),
    (("http://ann:hush@h:1/x", "--replay", "--store", "a/b.txt"), "'a/b.txt': a store is a path"),
    (("gopher://ann:hush@h/x",), "gopher://ann:***@h/x: a stream starts with one of"),
    (("hall.mp4", "--no-such"), "No such option"),
]


@pytest.mark.parametrize(("arguments", "told"), MISTAKES)
def test_a_mistake_is_one_line_and_2(spotdiff, folder, monkeypatch, arguments, told):
    monkeypatch.chdir(folder)
    if "--store" not in arguments and "--rules" not in arguments:
        arguments = (*arguments, "--store", "other/events.db")
    ran = spotdiff("watch", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.count("\n") == 1
    assert ran.err.startswith("spotdiff: ")
    assert told in ran.err
    assert "hush" not in ran.err


def test_a_preset_gives_what_a_watch_can_use():
    from spotdiff.cli._watching import rules_from

    options = rules_from(["0"], None, {}, fps=None, dwell=None, preset="screens").options
    assert (options.method, options.light, options.align, options.join) == ("pixel", "off", "auto", -1)
    options = rules_from(["0"], None, {}, fps=None, dwell=None, preset="medical").options
    assert (options.method, options.settings["shadows"]) == ("classic", False)


@pytest.mark.parametrize("words", [("0", "--preset", "screen"), ("--rules", "r.toml", "--preset", "screens")])
def test_a_preset_that_cannot_be_is_one_line(spotdiff, words):
    ran = spotdiff("watch", *words, "--check")
    assert (ran.code, ran.err.count("\n")) == (2, 1)


@pytest.mark.parametrize("name", [".hidden.mp4", "a\nb.mp4", "back\\slash.mp4", "x" * 110 + ".mp4"])
def test_a_film_that_no_event_can_be_called_after_is_refused_at_once(spotdiff, folder, tmp_path, name):
    (tmp_path / name).symlink_to(folder / "hall.mp4")
    ran = spotdiff("watch", tmp_path / name, *NOON, "--store", tmp_path / "events.db")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "a camera cannot be called" in ran.err
    assert not (tmp_path / "events.db").exists()


def test_the_check_tells_everything_and_writes_nothing(spotdiff, folder, fresh, tmp_path):
    ran = spotdiff("watch", "--rules", fresh, "--check")
    assert (ran.code, ran.out) == (0, "All is well: 1 camera, 1 zone.\n")
    fresh.write_text('timezone = "Mars/Base"\n' + fresh.read_text().replace("319", "900"))
    ran = spotdiff("watch", "--rules", fresh, "--check", "--store", "x.txt")
    assert (ran.code, len(ran.out.splitlines())) == (2, 3)
    assert [path.name for path in tmp_path.iterdir()] == ["rules.toml"]


@pytest.fixture
def growing(tmp_path):
    """A watch over a folder that grows, in a process group of its own."""
    draw = spans(first=8)
    for seconds in range(20):
        drop(tmp_path / "pictures", draw(seconds), seconds)
    rules = tmp_path / "rules.toml"
    rules.write_text(RULES.replace('"hall.mp4"', '"pictures"\ngrows = true\nfps = 50'))
    order = [sys.executable, "-m", "spotdiff", "watch", "--rules", str(rules), "--json", "-"]
    started = []

    def start():
        ran = subprocess.Popen(
            order, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, cwd=tmp_path
        )
        started.append(ran)
        return ran

    yield start
    for ran in started:
        if ran.poll() is None:
            os.killpg(ran.pid, signal.SIGKILL)
        ran.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_all_of_them_ends_the_watch_in_order(growing, tmp_path, number):
    ran = growing()
    first = json.loads(ran.stdout.readline())
    assert (first["id"], first["state"]) == ("hall-1", "open")
    os.killpg(ran.pid, number)
    out, err = ran.communicate(timeout=60)
    assert (ran.returncode, out) == (0, "")
    assert err.startswith("1 event: 1 left.")
    with open_store(str(tmp_path / "kept/events.db"), reserve_mb=0) as kept:
        assert [(event.id, event.state) for event in kept.events()] == [("hall-1", "open")]
        assert (kept.folder / "memory/hall.npz").is_file()
        assert not kept.waiting
