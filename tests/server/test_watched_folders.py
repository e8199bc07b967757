"""Folders whose new files become pictures of a place: whole, in order, and once."""

from __future__ import annotations

import os
import signal
import sqlite3
import time

import pytest

from server.account_verbs import bearing, give_token, refused_start
from server.conftest import PATIENCE


@pytest.fixture(name="folder")
def folder_fixture(tmp_path):
    (tmp_path / "drop").mkdir()
    return tmp_path / "drop"


@pytest.fixture(name="watching")
def watching_fixture(own_server, folder):
    return lambda *options: own_server("--watch-folder", f"yard={folder}", *options, hurried=True)


def pictures_of(server, count):
    """The pictures of the place once it has so many, the first one first."""
    limit = time.monotonic() + PATIENCE
    while len(found := server.get("/api/v1/places/yard").json["pictures"]) < count:
        assert time.monotonic() < limit, found
        time.sleep(0.1)
    assert len(found) == count
    return found[::-1]


def names(pictures):
    return [one["name"] for one in pictures]


def jobs(server):
    return server.get("/api/v1/jobs").json


def written(path, data, *, at):
    path.write_bytes(data)
    os.utime(path, (at, at))


def test_files_become_pictures_in_the_order_they_were_written(watching, folder, pictures):
    written(folder / "b.png", pictures[0], at=1000)
    written(folder / "a.png", pictures[1], at=2000)
    written(folder / "c.png", pictures[0], at=3000)
    (folder / "notes.txt").write_text("no picture")
    (folder / "sub").mkdir()
    (folder / "sub" / "d.png").write_bytes(pictures[1])
    (folder / "link.png").symlink_to(folder / "a.png")
    server = watching()
    found = pictures_of(server, 3)
    assert names(found) == ["b.png", "a.png", "c.png"]
    assert found[0]["comparison"] is None  # it is the baseline
    verdicts = [server.get(f"/api/v1/comparisons/{one['comparison']}").json["verdict"] for one in found[1:]]
    assert verdicts[1] == "same"
    assert verdicts[0] in ("changed", "unsure")
    assert sorted(path.name for path in folder.iterdir()) == ["a.png", "b.png", "c.png", "link.png", "notes.txt", "sub"]
    written(folder / "z.png", pictures[0], at=4000)
    pictures_of(server, 4)
    assert len(jobs(server)) == 4


def test_each_is_taken_once_also_over_restarts(watching, folder, pictures):
    written(folder / "a.png", pictures[0], at=1000)
    server = watching()
    pictures_of(server, 1)
    server.end(signal.SIGKILL)
    again = watching()
    os.utime(folder / "a.png")  # touched, and still the same picture
    written(folder / "b.png", pictures[1], at=2000)
    assert names(pictures_of(again, 2)) == ["a.png", "b.png"]
    written(folder / "c.png", pictures[0], at=3000)
    assert names(pictures_of(again, 3)) == ["a.png", "b.png", "c.png"]
    assert len(jobs(again)) == 3
    written(folder / "a.png", pictures[1], at=4000)  # a camera that writes its picture over
    assert names(pictures_of(again, 4)) == ["a.png", "b.png", "c.png", "a.png"]


def test_a_half_written_file_waits(watching, folder, pictures):
    half = pictures[0][: len(pictures[0]) // 2]
    (folder / "a.png").write_bytes(half)
    server = watching()
    written(folder / "b.png", pictures[1], at=1000)
    assert names(pictures_of(server, 1)) == ["b.png"]
    with (folder / "a.png").open("ab") as file:
        file.write(pictures[0][len(half) :])
    assert names(pictures_of(server, 2)) == ["b.png", "a.png"]
    assert [job["state"] for job in jobs(server)] == ["done"] * 2


def test_what_is_no_picture_fails_and_holds_nothing_up(watching, folder, pictures):
    written(folder / "a.png", pictures[0], at=1000)
    written(folder / "broken.png", pictures[0][:500] + b"IEND\xaeB`\x82", at=2000)
    written(folder / "c.png", pictures[0], at=3000)
    server = watching()
    assert names(pictures_of(server, 2)) == ["a.png", "c.png"]
    assert [job["state"] for job in jobs(server)] == ["done", "failed", "done"]


def test_a_folder_that_goes_away_and_comes_back(watching, folder, pictures):
    server = watching()
    folder.rename(folder.with_name("away"))
    limit = time.monotonic() + PATIENCE
    while "watched folder of yard" not in server.log.read_text():
        assert time.monotonic() < limit
        time.sleep(0.1)
    assert server.get("/healthz").status == 200
    folder.with_name("away").rename(folder)
    (folder / "a.png").write_bytes(pictures[0])
    pictures_of(server, 1)
    assert server.log.read_text().count("watched folder of yard") == 1
    assert server.end() == 0


def test_a_file_that_is_too_large_is_told(watching, folder, pictures):
    for name in ("a.png", "aa.png"):
        written(folder / name, b"x" * 110_000 + b"IEND\xaeB`\x82", at=1000)
    written(folder / "b.png", pictures[0], at=2000)
    server = watching("--upload-mb", "0.1")
    assert names(pictures_of(server, 1)) == ["b.png"]
    written(folder / "c.png", pictures[0], at=3000)
    pictures_of(server, 2)
    assert server.log.read_text().count("a.png has more than 0.1 MB") == 2  # each once


def test_what_was_taken_is_written_with_its_job(watching, folder, pictures):
    (folder / "a.png").write_bytes(pictures[0])
    server = watching()
    pictures_of(server, 1)
    with sqlite3.connect(server.data / "server.db") as rows:
        assert rows.execute("select job from watched_files").fetchall() == [(jobs(server)[0]["id"],)]


@pytest.mark.parametrize(
    ("given", "word"),
    [
        (["yard"], "NAME=DIR"),
        (["=drop"], "NAME=DIR"),
        (["yard=nowhere"], "no such folder"),
        (["a/b=drop"], "slash"),
        (["yard=drop", "yard=drop"], "twice"),
        (["yard=data"], "own"),
        (["yard=data/pictures"], "own"),
    ],
)
def test_folders_that_cannot_be_watched(folder, given, word, tmp_path):
    (tmp_path / "data" / "pictures").mkdir(parents=True)
    options = [part for one in given for part in ("--watch-folder", one)]
    assert word in refused_start("--port", "0", "--data", "data", *options, cwd=tmp_path)


def test_pictures_count_for_the_account_of_their_folder(own_server, folder, pictures, tmp_path):
    """The first one fills the quota: the second waits, and the log says why."""
    token = bearing(give_token(tmp_path / "data", "cam", "write"))
    for number, picture in enumerate(pictures):
        written(folder / f"{number}.png", picture, at=1000 * number)
    server = own_server("--watch-folder", f"yard={folder}", "--folder-account", "yard=cam", "--quota-mb", "0.01")
    limit = time.monotonic() + PATIENCE
    while "watched folder of yard: cam keeps" not in server.log.read_text():
        assert time.monotonic() < limit, server.log.read_text()
        time.sleep(0.1)
    assert server.get("/api/v1/me", **token).json["kept_mb"] > 0.01
    assert names(server.get("/api/v1/places/yard", **token).json["pictures"]) == ["0.png"]
    server.end()
    freed = own_server("--watch-folder", f"yard={folder}", "--folder-account", "yard=cam")
    while len(server_jobs := freed.get("/api/v1/jobs", **token).json) < 2:
        assert time.monotonic() < limit
        time.sleep(0.1)
    assert {job["place"] for job in server_jobs} == {"yard"}


@pytest.mark.parametrize(
    ("account", "told"),
    [
        ("yard=bob", "make one first: spotdiff serve token bob"),
        ("hall=cam", "no --watch-folder hall"),
        ("yard", "takes"),
    ],
)
def test_accounts_of_folders_that_cannot_be(folder, tmp_path, account, told):
    given = ("--watch-folder", f"yard={folder}", "--folder-account", account)
    assert told in refused_start("--port", "0", *given, cwd=tmp_path)
