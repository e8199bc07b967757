"""`spotdiff compare --server` is a terminal of the server: the same output, exit codes and files as without."""

from __future__ import annotations

import json

import cv2
import pytest

from server.conftest import EXAMPLES
from spotdiff.__main__ import run

PLAIN = ("--method", "pixel", "--align", "off", "--light", "off")


@pytest.fixture(name="ask")
def ask_fixture(server, capfd):
    """Run the command with these arguments, here or on the server: exit code, output, errors."""

    def call(*arguments, there=True):
        where = ("--server", f"http://127.0.0.1:{server.port}") if there else ()
        capfd.readouterr()
        code = run(["compare", *map(str, arguments), *where])
        return code, *capfd.readouterr()

    return call


@pytest.fixture(name="files", autouse=True)
def files_fixture(pictures, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = "before.png", "after.png"
    for name, data in zip(names, pictures, strict=True):
        (tmp_path / name).write_bytes(data)
    return names


@pytest.mark.parametrize(
    "more",
    [
        PLAIN,
        (*PLAIN, "--describe", "words"),
        (*PLAIN, "--language", "zh"),
        (*PLAIN, "--ignore", "0,0,160,120"),
        ("--preset", "screens", "--possible"),
        ("--method", "classic", "--sensitivity", "0.9", "--possible"),
        (*PLAIN, "--quiet"),
    ],
)
def test_the_same_is_said_with_the_same_exit_code(ask, files, more):
    there = ask(*files, *more)
    assert there == ask(*files, *more, there=False)
    assert not there[2]


def test_every_verdict_has_its_exit_code(ask, files, server):
    assert ask(files[0], files[0])[0] == 0
    assert ask(*files, *PLAIN)[0] == 1
    unrelated = EXAMPLES / "hall_before.jpg", EXAMPLES / "desk_before.jpg"
    assert ask(*unrelated, "--method", "classic")[0] == 3
    code, _, said = ask(files[0], "nowhere.png")
    assert (code, len(said.splitlines())) == (2, 1)


def test_the_files_are_those_of_compare(ask, files, tmp_path):
    def wanted(folder):
        files = {"--json": "r.json", "--report": "r.html", "--overlay": "o.png", "--maps": "maps"}
        return [part for option, name in files.items() for part in (option, f"{folder}/{name}")]

    code, said, _ = ask(*files, *PLAIN, *wanted("there"))
    here = ask(*files, *PLAIN, *wanted("here"), there=False)
    assert (code, said) == (here[0], here[1].replace("here/", "there/"))
    records = [json.loads((tmp_path / folder / "r.json").read_bytes()) for folder in ("there", "here")]
    assert len(records[0].pop("id")) == 32
    for record in records:
        record.pop("seconds")
        for side in ("before", "after"):
            record[side].pop("sha256", None)
    assert records[0] == records[1]
    for name in ("o.png", "maps/before.png", "maps/after.png"):
        there, own = (cv2.imread(str(tmp_path / folder / name)) for folder in ("there", "here"))
        assert (there == own).all()
    assert b"<h1" in (tmp_path / "there/r.html").read_bytes()


def test_the_record_goes_to_standard_output(ask, files):
    code, said, _ = ask(*files, *PLAIN, "--json", "-")
    assert code == 1
    assert json.loads(said)["before"]["path"] == "before.png"


@pytest.mark.parametrize(
    "more",
    [
        ("--cutouts", "cut"),
        ("--ignore-mask", "before.png"),
        ("--page", "all"),
        ("--possible", "--overlay", "o.png"),
        ("--settings", "settings.toml"),
        ("--history", "."),
    ],
)
def test_what_a_server_does_not_do_is_told_in_a_line(ask, files, tmp_path, more):
    (tmp_path / "settings.toml").write_text("max_pixels = 4")
    code, said, told = ask(*files, *PLAIN, *more)
    assert (code, said, len(told.splitlines())) == (2, "", 1)
    assert "without --server" in told
    assert not (tmp_path / "o.png").exists()


def test_three_pictures_are_too_many(ask, files):
    assert ask(files[0], *files, *PLAIN)[0] == 2


def test_a_server_that_is_not_there_or_no_address(files, capfd):
    for address, word in (("127.0.0.1", "http://127.0.0.1:8642"), ("ftp://x", "address")):
        assert run(["compare", *files, *PLAIN, "--server", address]) == 2
        said = capfd.readouterr().err
        assert word in said
        assert len(said.splitlines()) == 1


def test_the_words_of_the_server_are_told(ask, files):
    code, _, told = ask(*files, "--describe", "endpoint", "--describe-set", "url=http://127.0.0.1:1/v1")
    assert (code, len(told.splitlines())) == (2, 1)
    assert "over HTTP" in told


def test_nothing_is_written_over_an_input(ask, files, tmp_path):
    was = (tmp_path / "after.png").read_bytes()
    assert ask(*files, *PLAIN, "--overlay", "after.png")[0] == 2
    assert ask(*files, *PLAIN, "--maps", ".")[0] == 2
    assert (tmp_path / "after.png").read_bytes() == was
