"""Everything that a client can do wrong, and that each is told in one line without what is inside."""

from __future__ import annotations

import json
import select
import socket
from uuid import uuid4

import pytest

from spotdiff.server.api.uploads import shown_name

COMPARE = "/api/v1/compare"


def check(reply, status, *words):
    assert reply.status == status, reply.body
    assert reply.headers["content-type"] == "application/problem+json"
    problem = reply.json
    assert problem["status"] == status
    assert "\n" not in problem["detail"]
    for word in words:
        assert word in problem["detail"]
    assert "Traceback" not in reply.body.decode()
    assert "/tmp" not in reply.body.decode()
    return problem


def test_pictures_that_are_missing_empty_or_none(server, pictures):
    check(server.send(COMPARE, before=pictures[0]), 422, "after", "missing")
    check(server.send(COMPARE, before=pictures[0], after=b""), 422, "after", "empty")
    check(server.send(COMPARE, before=pictures[0], after=("notes.txt", b"no picture at all")), 422, "notes.txt")
    check(server.send(COMPARE, before=pictures[0], after=("cut.png", pictures[1][:500])), 422, "cut.png")
    check(server.compare(pictures[0], b"GIF89a"), 422)
    check(server.send(COMPARE, before=pictures[0], after=pictures[1], others=pictures[0]), 422, "others")


def test_a_picture_sent_twice(server, pictures):
    part = b'--x\r\nContent-Disposition: form-data; name="before"; filename="b"\r\n\r\n' + pictures[0] + b"\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    check(server.ask("POST", COMPARE, body=part * 2 + b"--x--\r\n", headers=headers), 422, "twice")


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{}", "application/json", 415),
        (b"", "multipart/form-data", 415),
        (b"nothing of the kind", "multipart/form-data; boundary=x", 400),
        (
            b'--x\r\nContent-Disposition: form-data; name="before"\r\n\r\nunfinished',
            "multipart/form-data; boundary=x",
            400,
        ),
        (b"--x\r\nX-Long: " + b"a" * 20_000 + b"\r\n\r\n--x--\r\n", "multipart/form-data; boundary=x", 400),
    ],
)
def test_bodies_that_are_no_form(server, body, kind, status):
    check(server.ask("POST", COMPARE, body=body, headers={"Content-Type": kind}), status)


@pytest.mark.parametrize(
    ("options", "status", "word"),
    [
        ("{", 400, "JSON"),
        ("[" * 100_000, 400, "JSON"),
        ("[]", 422, "object"),
        ('{"methd": "pixel"}', 422, "methd"),
        ('{"method": "pixels"}', 422, "pixel"),
        ('{"method": "pixel", "settings": {"treshold": 1}}', 422, "threshold"),
        ('{"sensitivity": 3}', 422, "sensitivity"),
        ('{"ignore": [[1, 2, 3]]}', 422, "ignore"),
        ('{"preset": "nights"}', 422, "preset"),
        ('{"preset": {"a": 1}}', 422, "preset"),
        ('{"ignore_mask": "/etc/hostname"}', 422, "ignore_mask"),
        ('{"areas": "/etc/hostname"}', 422, "areas"),
        ('{"areas": {"gate": 3}}', 422, "gate"),
        ('{"areas": {"shapes": [3]}}', 422, "shape"),
        ('{"language": "/etc/hostname.po"}', 422, "language"),
        ('{"describe": "endpoint"}', 422, "describe"),
        ('{"describe_settings": {"url": "http://localhost:1"}}', 422, "describe_settings"),
        ('{"settings": {"weights": "/etc/hostname"}}', 422, "weights"),
        ('{"method": "network", "settings": {"weights": "/etc/hostname"}}', 422, "weights"),
        ('{"page": "all"}', 422, "page"),
        ('{"max_pixels": 100000}', 422, "max_pixels"),
    ],
)
def test_options_that_cannot_be(server, pictures, options, status, word):
    check(server.send(COMPARE, before=pictures[0], after=pictures[1], options=options), status, word)


def test_what_is_too_large(own_server, pictures):
    server = own_server("--upload-mb", "0.1")
    check(server.compare(pictures[0], b"x" * 110_000), 413, "after")
    check(server.compare(pictures[0], b"x" * 900_000), 413)


def test_a_body_of_unsaid_length_is_not_read_for_ever(own_server):
    server = own_server("--upload-mb", "0.1")
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as line:
        kind = "Content-Type: multipart/form-data; boundary=x\r\nTransfer-Encoding: chunked"
        line.sendall(f"POST {COMPARE} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n{kind}\r\n\r\n".encode())
        part = b'--x\r\nContent-Disposition: form-data; name="before"\r\n\r\npixels\r\n--x--\r\n'
        line.sendall(b"%x\r\n%s\r\n" % (len(part), part))
        for _ in range(200):  # what follows a form belongs to no part, and no limit of a part ends it
            line.sendall(b"fa0\r\n" + b"a" * 4000 + b"\r\n")
            if select.select([line], [], [], 0.02)[0]:
                break
        else:
            line.sendall(b"0\r\n\r\n")
        assert line.recv(100).startswith(b"HTTP/1.1 413")
    assert not list((server.data / "incoming").iterdir())


HOSTILE = [
    "../../../../etc/cron.d/x",
    "C:\\windows\\x.png",
    "a\0b.png",
    "x" * 3000,
    "<script>alert(1)</script>",
    "con",
    "~root",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_files_are_shown_and_never_opened(server, pictures, name):
    files = {path for path in server.data.rglob("*") if path.is_file() and path.parent.name not in ("incoming",)}
    reply = server.compare((name, pictures[0]), pictures[1])
    assert reply.status == 200, reply.body
    shown = reply.json["before"]["path"]
    assert shown == shown_name(name)
    assert len(shown) <= 200
    assert not {"/", "\\", "\0"} & set(shown.replace("</script>", "").replace("script>", ""))
    new = {path for path in server.data.rglob("*") if path.is_file()} - files
    assert {path.parent.name for path in new if "answers" in path.parts} == {reply.json["id"]}
    assert b"<script>alert" not in server.get("/").body
    for page in (f"/comparisons/{reply.json['id']}", f"/api/v1/comparisons/{reply.json['id']}.html"):
        assert b"<script>alert" not in server.get(page).body


@pytest.mark.parametrize(
    ("name", "status"),
    [("", 422), (" x", 422), ("a/b", 422), ("..", 422), ("x" * 101, 422), ("a\nb", 422), (3, 422), (None, 422)],
)
def test_names_that_no_place_can_have(server, name, status):
    check(server.post("/api/v1/places", {"name": name}), status)


def test_bodies_of_places(server):
    headers = {"Content-Type": "application/json"}
    check(server.ask("POST", "/api/v1/places", body="{", headers=headers), 400, "JSON")
    check(server.post("/api/v1/places", {"nam": "x"}), 422, "name")
    check(server.post("/api/v1/places", {"name": uuid4().hex, "more": 1}), 422, "more")


def test_a_first_picture_that_is_none_founds_nothing(server, pictures):
    name = uuid4().hex
    server.post("/api/v1/places", {"name": name})
    check(server.send(f"/api/v1/places/{name}/pictures", picture=("x.txt", b"text")), 422, "x.txt")
    assert server.get(f"/api/v1/places/{name}").json["baseline"] is None
    assert server.send(f"/api/v1/places/{name}/pictures", picture=pictures[0]).status == 201


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/static/../app.py", 404),
        ("GET", "/static/..%2fapp.py", 404),
        ("GET", "/api/v1/comparisons/none", 404),
        ("GET", "/api/v1/comparisons/none.html", 404),
        ("GET", "/api/v1/comparisons/..%2f..%2fserver.db", 404),
        ("GET", "/api/v1/comparisons/none/mask/before.png", 404),
        ("GET", "/api/v1/comparisons?limit=x", 422),
        ("GET", "/api/v1/jobs/none", 404),
        ("DELETE", "/api/v1/jobs/none", 404),
        ("GET", "/api/v1/places/none", 404),
        ("POST", "/api/v1/places/none/approve", 404),
        ("POST", "/api/v1/places/none/pictures", 404),
        ("PUT", "/api/v1/places", 405),
        ("DELETE", "/", 405),
        ("GET", "/docs", 404),
    ],
)
def test_addresses_and_methods_that_are_not(server, method, address, status):
    check(server.ask(method, address), status)


@pytest.mark.parametrize("part", ["", "bytes=", "bytes=5-2", "bytes=99999999-", "bytes=0-1,0-1", "x", "bytes=0-9"])
def test_a_file_is_sent_whole_whatever_part_is_asked_for(server, pictures, part):
    record = server.compare(*pictures)
    reply = server.get(f"/api/v1/comparisons/{record.json['id']}", Range=part)
    assert (reply.status, reply.body) == (200, record.body)


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "https://127.0.0.1", "http://localhost.evil.example"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_pages_of_another_origin_are_refused(server, origin, method):
    check(server.ask(method, COMPARE, headers={"Origin": origin}), 403, "origin")


def test_its_own_page_is_let_through(server, pictures):
    own = {"Origin": f"http://127.0.0.1:{server.port}"}
    assert server.compare(*pictures, headers=own).status == 200
    other_name = {"Origin": f"http://localhost:{server.port}", "Host": f"localhost:{server.port}"}
    assert server.compare(*pictures, headers=other_name).status == 200
    crossed = {"Origin": f"http://localhost:{server.port}"}
    check(server.compare(*pictures, headers=crossed), 403)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.evil.example:{port}", ""])
def test_other_names_of_the_server_are_refused(server, host):
    check(server.get("/healthz", Host=host.format(port=server.port)), 421)
    check(server.get("/", Host=host.format(port=server.port)), 421)


def test_json_is_told_even_where_the_server_failed(own_server, pictures):
    server = own_server()
    record = server.compare(*pictures).json
    (server.data / "answers" / record["id"][:2] / record["id"] / "record.json").unlink()
    check(server.get(f"/api/v1/comparisons/{record['id']}"), 500)
    assert json.loads(server.get("/healthz").body)["status"] == "ok"
