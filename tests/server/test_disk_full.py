"""A disk that fills up: what does not fit is refused, what was kept stays, and nothing half is served."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess

import cv2
import numpy as np
import pytest

WISH = {"Prefer": "respond-async"}
_SIZE = 16_000_000


@pytest.fixture(name="small_disk")
def small_disk_fixture(tmp_path):
    """A folder on a disk of its own with 16 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={_SIZE}", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("no disk can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def leave(folder, free):
    """Fill the disk but for so many bytes."""
    filler = folder / "filler"
    filler.unlink(missing_ok=True)
    left = shutil.disk_usage(folder).free - free
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(left, 1))


def check_whole(server, record):
    """Everything of an answer is served whole."""
    address = f"/api/v1/comparisons/{record['id']}"
    assert server.get(address).json == record
    assert server.get(f"{address}.html").body.rstrip().endswith(b"</html>")
    for name in (".png", "/before.png", "/after.png", "/mask/before.png", "/mask/after.png"):
        body = server.get(address + name).body
        assert body.endswith(b"IEND\xaeB`\x82")
        assert cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_UNCHANGED).shape[:2] == (120, 160)


def test_a_disk_that_fills_up_step_by_step(own_server, small_disk, pictures):
    server = own_server("--spare-mb", "0", data=small_disk, hurried=True)
    first = server.compare(*pictures).json
    answers, statuses, waiting = [first], [], ""
    for free in [*range(600_000, 0, -40_000), 8192, 4096, 0]:
        leave(small_disk, free)
        reply = server.compare(*pictures)
        statuses.append(reply.status)
        if reply.status == 200:
            answers.append(reply.json)
        elif reply.status == 202:  # accepted, but the database cannot take what came of it before there is room
            waiting = reply.headers["location"]
            break
        else:
            assert reply.status == 507, reply.body
            assert any(word in reply.json["detail"] for word in ("no room", "No space"))
            assert reply.headers["content-type"] == "application/problem+json"
        assert server.get("/healthz").status == 200
        check_whole(server, first)
        assert not [path for path in (server.data / "incoming").rglob("*") if path.is_file()]
    assert set(statuses) <= {200, 202, 507}
    assert statuses[-1] != 200
    (small_disk / "filler").unlink()
    assert not waiting or server.ended(waiting)["state"] in ("done", "failed")
    for record in answers:
        check_whole(server, record)
    assert server.compare(*pictures).status == 200
    listed = {one["id"] for one in server.get("/api/v1/comparisons?limit=1000").json}
    assert listed >= {record["id"] for record in answers}


def test_an_accepted_job_outlives_a_full_disk(own_server, small_disk, pictures, large_pictures):
    server = own_server("--spare-mb", "0", data=small_disk)
    busy = server.compare(*large_pictures, method="classic", headers=WISH).headers["location"]
    queued = server.compare(*pictures, headers=WISH).headers["location"]
    leave(small_disk, 0)
    server.end(signal.SIGKILL)
    (small_disk / "filler").unlink()
    again = own_server("--spare-mb", "0", data=small_disk)
    assert again.ended(queued)["state"] == "done"
    assert again.ended(busy)["state"] in ("done", "failed")


def test_a_start_on_a_full_disk_is_told_in_a_line_and_works_once_there_is_room(own_server, small_disk, pictures):
    server = own_server("--spare-mb", "0", data=small_disk)
    record = server.compare(*pictures).json
    server.end(signal.SIGKILL)
    leave(small_disk, 0)
    again = own_server("--spare-mb", "0", data=small_disk)
    check_whole(again, record)
    assert again.compare(*pictures).status == 507
    again.end(signal.SIGTERM)
    (small_disk / "filler").unlink()
    with sqlite3.connect(small_disk / "server.db") as rows:
        assert rows.execute("pragma integrity_check").fetchone() == ("ok",)


def test_uploads_leave_some_room(own_server, pictures):
    server = own_server("--spare-mb", "1e9")
    reply = server.compare(*pictures)
    assert reply.status == 507
    assert "room" in reply.json["detail"]
    assert server.get("/").status == 200
    assert not list((server.data / "incoming").iterdir())


def test_a_database_that_cannot_grow_refuses_and_keeps_what_it_took(own_server, small_disk):
    server = own_server("--spare-mb", "0", data=small_disk)
    leave(small_disk, 0)
    taken = []
    for number in range(3000):
        name = f"{number:04d}" + "x" * 90
        reply = server.post("/api/v1/places", {"name": name})
        if reply.status != 201:
            break
        taken.append(name)
    assert reply.status == 507, reply.body
    assert "no room" in reply.json["detail"]
    assert server.get("/api/v1/places").status == 200
    (small_disk / "filler").unlink()
    assert [place["name"] for place in server.get("/api/v1/places").json] == taken
    assert server.post("/api/v1/places", {"name": name}).status == 201
    assert server.end(signal.SIGTERM) == 0
    with sqlite3.connect(small_disk / "server.db") as rows:
        assert rows.execute("pragma integrity_check").fetchone() == ("ok",)
