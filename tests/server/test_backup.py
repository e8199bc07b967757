"""A backup of a server that runs, and the same server from it."""

from __future__ import annotations

import io
import os
import shutil
import signal
import sqlite3
import tarfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from server.account_verbs import bearing, give_token, refused, verb
from spotdiff.errors import DataError
from spotdiff.file_lock import try_lock
from spotdiff.server import Settings
from spotdiff.server.backup import restore

WISH = {"Prefer": "respond-async"}


def backed_up(data, file):
    ran = verb(data, "backup", str(file))
    assert ran.returncode == 0, ran.stderr
    return ran.stderr


def test_a_running_server_is_backed_up_and_restored(own_server, tmp_path, pictures, large_pictures):
    server = own_server()
    server.post("/api/v1/places", {"name": "höf"})
    server.send("/api/v1/places/h%C3%B6f/pictures", picture=pictures[0])
    record = server.compare(*pictures).json
    busy = server.compare(*large_pictures, method="classic", headers=WISH).headers["location"]
    queued = server.compare(*pictures, headers=WISH).headers["location"]
    token = give_token(server.data, "ci", "read")
    file = tmp_path / "monday.tar"
    assert "files" in backed_up(server.data, file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert {path.name for path in tmp_path.iterdir()} == {"data", "data.log", "monday.tar"}
    server.end(signal.SIGTERM)

    ran = verb(tmp_path / "restored", "restore", str(file))
    assert ran.returncode == 0
    assert "missing" not in ran.stderr
    again = own_server(data=tmp_path / "restored")
    headers = bearing(token)
    assert again.get(f"/api/v1/comparisons/{record['id']}", **headers).json == record
    for name in (".html", ".png", "/before.png"):
        assert again.get(f"/api/v1/comparisons/{record['id']}{name}", **headers).status == 200
    assert again.get("/api/v1/places/h%C3%B6f", **headers).json["baseline"]["number"] == 1
    while (state := again.get(queued, **headers).json["state"]) != "done":
        assert state in ("queued", "running")
    assert again.get(busy, **headers).json["state"] == "done"


def test_a_backup_while_pictures_come_in_names_no_file_that_it_lacks(own_server, tmp_path, texture):
    from server.conftest import png

    server = own_server("--queue", "1000")
    going = True

    def send(number):
        count = 0
        while going:
            picture = png(texture(64, 64, seed=1000 * number + count))
            assert server.compare(picture, picture, headers=WISH).status == 202
            count += 1
        return count

    with ThreadPoolExecutor(3) as pool:
        sending = [pool.submit(send, number) for number in range(3)]
        for number in range(3):
            backed_up(server.data, tmp_path / f"{number}.tar")
        going = False
        assert all(one.result() for one in sending)
    for number in range(3):
        ran = verb(tmp_path / f"restored{number}", "restore", str(tmp_path / f"{number}.tar"))
        assert ran.returncode == 0, ran.stderr
        assert "missing" not in ran.stderr


def test_a_backup_goes_into_an_empty_folder_alone(own_server, tmp_path, pictures):
    server = own_server()
    server.compare(*pictures)
    file = tmp_path / "b.tar"
    backed_up(server.data, file)
    assert "empty" in refused(server.data, "restore", str(file))
    (tmp_path / "empty").mkdir()
    assert verb(tmp_path / "empty", "restore", str(file)).returncode == 0
    assert (tmp_path / "empty" / "server.db").is_file()
    taken = tmp_path / "file"
    taken.write_text("mine")
    assert "empty" in refused(taken, "restore", str(file))
    assert taken.read_text() == "mine"


def test_a_backup_that_was_cut_short_or_is_none_restores_nothing(own_server, tmp_path, pictures):
    server = own_server()
    server.compare(*pictures)
    whole = tmp_path / "whole.tar"
    backed_up(server.data, whole)
    size = whole.stat().st_size
    for number, cut in enumerate([0, 1, 512, 700, size // 3, size // 2, size - 60_000]):
        part = tmp_path / f"cut{number}.tar"
        part.write_bytes(whole.read_bytes()[:cut])
        with pytest.raises(DataError, match="backup"):
            restore(part, Settings(data=tmp_path / "new"))
    noise = tmp_path / "noise.tar"
    noise.write_bytes(os.urandom(20_000))
    with pytest.raises(DataError, match="backup"):
        restore(noise, Settings(data=tmp_path / "new"))
    assert "No such file" in refused(tmp_path / "new", "restore", str(tmp_path / "none.tar"))
    assert not [path for path in tmp_path.iterdir() if "new" in path.name]


@pytest.mark.parametrize("name", ["../out", "/tmp/spotdiff-out", "a/../../out", "link"])
def test_a_hostile_archive_writes_nothing_elsewhere(tmp_path, name):
    file = tmp_path / "hostile.tar"
    with tarfile.open(file, "w") as archive:
        member = tarfile.TarInfo(name)
        if name == "link":
            member.type, member.linkname = tarfile.SYMTYPE, "/etc"
        archive.addfile(member, io.BytesIO(b""))
    with pytest.raises(DataError, match="backup"):
        restore(file, Settings(data=tmp_path / "new"))
    assert {path.name for path in tmp_path.iterdir()} == {"hostile.tar"}


def test_what_was_damaged_before_is_told(own_server, tmp_path, pictures):
    server = own_server()
    server.compare(*pictures)
    server.end(signal.SIGTERM)
    one, other = sorted((server.data / "pictures").glob("*/*"))
    one.write_bytes(b"something else")
    other.unlink()
    shutil.rmtree(server.data / "answers")
    backed_up(server.data, tmp_path / "b.tar")
    ran = verb(tmp_path / "restored", "restore", str(tmp_path / "b.tar"))
    assert ran.returncode == 0
    assert ran.stderr.splitlines()[-1].startswith("3 pictures or answers were missing")


def test_what_cannot_be_backed_up_is_told_in_a_line(own_server, tmp_path, pictures):
    assert "--data" in refused(tmp_path / "none", "backup", str(tmp_path / "b.tar"))
    assert "pg_dump" in refused(tmp_path, "backup", str(tmp_path / "b.tar"), "--database", "postgresql://a@b/c")
    assert "pg_dump" in refused(tmp_path / "n", "restore", str(tmp_path / "b.tar"), "--database", "postgresql://a@b/c")
    server = own_server()
    server.compare(*pictures)
    assert "outside" in refused(server.data, "backup", str(server.data / "b.tar"))
    assert "No such file" in refused(server.data, "backup", str(tmp_path / "none" / "b.tar"))
    held = try_lock(server.data / ".deleting")
    assert "another backup" in refused(server.data, "backup", str(tmp_path / "b.tar"))
    os.close(held)
    assert not (tmp_path / "b.tar").exists()


def test_a_folder_on_another_disk_comes_along(own_server, tmp_path, pictures):
    server = own_server()
    server.compare(*pictures)
    server.end(signal.SIGTERM)
    (server.data / "pictures").rename(tmp_path / "elsewhere")
    (server.data / "pictures").symlink_to(tmp_path / "elsewhere")
    backed_up(server.data, tmp_path / "b.tar")
    assert "missing" not in verb(tmp_path / "restored", "restore", str(tmp_path / "b.tar")).stderr
    assert len(list((tmp_path / "restored" / "pictures").glob("*/*"))) == 2


def test_the_copy_of_the_database_is_whole(own_server, tmp_path):
    server = own_server()
    for number in range(50):
        server.post("/api/v1/places", {"name": f"place {number}"})
    backed_up(server.data, tmp_path / "b.tar")
    verb(tmp_path / "restored", "restore", str(tmp_path / "b.tar"))
    with sqlite3.connect(tmp_path / "restored" / "server.db") as rows:
        assert rows.execute("pragma integrity_check").fetchone() == ("ok",)
        assert rows.execute("select count(*) from places").fetchone() == (50,)
