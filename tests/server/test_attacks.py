"""What a hostile client sends: headers and bodies without end, lengths that lie, pictures that unpack to far more."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
import time
import zlib
from contextlib import contextmanager, suppress

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from robust.corpus import chunk
from server.account_verbs import bearing, give_token
from spotdiff.server import connection as connection_module
from spotdiff.server.api.limits import Body, BodyLimit
from spotdiff.server.connection import Connection

COMPARE = "/api/v1/compare"


@contextmanager
def line(port, first=b""):
    with socket.create_connection(("127.0.0.1", port), timeout=60) as one:
        one.sendall(first)
        yield one


def told(one) -> bytes:
    """All that a server says until it closes, whether it does so gently or not."""
    said = b""
    try:
        while got := one.recv(65536):
            said += got
    except ConnectionError:
        pass
    return said


def head(server, method, address, *headers):
    lines = [f"{method} {address} HTTP/1.1", f"Host: 127.0.0.1:{server.port}", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1")


def still_there(server):
    assert server.get("/healthz").status == 200
    assert not list((server.data / "incoming").iterdir())


@pytest.mark.parametrize(
    "headers",
    [
        ["X-Long: " + "a" * 200_000],
        [f"X-{number}: " + "a" * 100 for number in range(2000)],
        ["Content-Length: 5", "Content-Length: 6"],
        ["Content-Length: -5"],
        ["Content-Length: 99999999999999999999999999"],
        ["Content-Length: five"],
        ["Transfer-Encoding: gzip, chunked"],
        ["no colon at all"],
        [" : "],
        ["Host: evil.example"],
    ],
    ids=lambda headers: headers[0][:30],
)
def test_headers_that_are_none_or_without_end(server, headers):
    kind = "Content-Type: multipart/form-data; boundary=x"
    with line(server.port, head(server, "POST", COMPARE, kind, "Connection: close", *headers)) as one:
        with suppress(OSError):  # it may have been closed already
            one.shutdown(socket.SHUT_WR)
        said = told(one)
    if said:  # a connection that is closed with bytes unread may lose what was said last
        assert b" 400 " in said[:20] or b" 421 " in said[:20] or b" 413 " in said[:20], said[:200]
        assert b"application/problem+json" in said
    still_there(server)


def test_lengths_that_lie(server, pictures):
    part = b'--x\r\nContent-Disposition: form-data; name="before"; filename="b"\r\n\r\n' + pictures[0]
    kind = "Content-Type: multipart/form-data; boundary=x"
    with line(server.port, head(server, "POST", COMPARE, kind, f"Content-Length: {len(part) + 5000}") + part) as one:
        one.shutdown(socket.SHUT_WR)
        told(one)
    with line(server.port, head(server, "POST", COMPARE, kind, "Content-Length: 10") + part) as one:
        said = told(one)
    assert b" 400 " in said[:20]
    still_there(server)


def test_a_body_of_json_without_end_is_not_kept_in_memory(server):
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    for headers in (["Content-Type: application/json"], ["Content-Type: multipart/form-data; boundary=x"], []):
        with line(server.port, head(server, "POST", "/api/v1/places", "Transfer-Encoding: chunked", *headers)) as one:
            sent = 0
            try:
                while sent < 100_000_000:
                    one.sendall(chunk)
                    sent += len(chunk)
                    one.settimeout(0.001)
                    try:
                        said = one.recv(1000)
                        break
                    except TimeoutError:
                        one.settimeout(60)
            except ConnectionError:
                said = b""
        assert sent < 50_000_000
        assert not said or b" 413 " in said[:20] or b" 422 " in said[:20], said
    still_there(server)


def test_nobody_sends_a_body_before_being_known(own_server, tmp_path, pictures):
    token = give_token(tmp_path / "data", "ci", "read")
    server = own_server()
    for headers in ({}, bearing(token)):
        reply = server.compare(*pictures, headers=headers)
        assert reply.status in (401, 403)
    assert not list((server.data / "incoming").iterdir())
    assert not (server.data / "pictures").exists()


@contextmanager
def in_process(app, monkeypatch, seconds):
    """An application behind our connections, whose patience is short."""
    monkeypatch.setattr(connection_module, "HEADER_SECONDS", seconds)
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, http=Connection, log_level="error", lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


async def plain(request: Request):
    await asyncio.sleep(float(request.query_params.get("wait", 0)))
    return PlainTextResponse("done")


def closes_within(port, first, seconds):
    begun = time.monotonic()
    with line(port, first) as one:
        said = told(one)
    return said, time.monotonic() - begun < seconds


def is_let_go(one, piece, pause):
    """Does the other end close though a piece comes every now and then?"""
    limit = time.monotonic() + 20
    try:
        while time.monotonic() < limit:
            one.sendall(piece)
            time.sleep(pause)
    except ConnectionError:
        return True
    return False


def test_who_never_comes_to_the_end_of_the_headers_is_let_go(monkeypatch):
    asked = b"GET /?wait=1.5 HTTP/1.1\r\nHost: x\r\n"
    with in_process(Starlette(routes=[Route("/", plain)]), monkeypatch, 0.7) as port:
        assert closes_within(port, b"", 20) == (b"", True)
        assert closes_within(port, b"GET / HT", 20) == (b"", True)
        assert closes_within(port, asked, 20) == (b"", True)
        said, closed = closes_within(port, asked + b"\r\nGET / HTTP/1.1\r\nHo", 20)  # the second one never ends
        assert b"done" in said
        assert closed
        with line(port, b"GET / HTTP/1.1\r\n") as one:  # a byte now and then is no end, either
            assert is_let_go(one, b"a", 0.1)


def test_a_body_that_nobody_reads_any_more_ends_the_connection(monkeypatch):
    with in_process(Starlette(routes=[Route("/", plain, methods=["POST"])]), monkeypatch, 0.7) as port:
        first = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n"
        with line(port, first) as one:
            assert is_let_go(one, b"a" * 1000, 0.05)


def test_too_many_connections_are_closed(monkeypatch):
    monkeypatch.setattr(connection_module, "MOST", 3)
    with in_process(Starlette(routes=[Route("/", plain)]), monkeypatch, 30) as port:
        held = [socket.create_connection(("127.0.0.1", port), timeout=60) for _ in range(3)]
        time.sleep(0.2)
        with line(port) as one:
            assert told(one) == b""
        for each in held:
            each.close()


def test_a_body_that_trickles_is_given_up():
    async def trickle():
        async def receive():
            await asyncio.sleep(0.05)
            return {"type": "http.request", "body": b"a", "more_body": True}

        body = Body(1000, asyncio.get_running_loop().time() + 0.4)
        while True:
            await body.next(receive)

    with pytest.raises(HTTPException, match="408"):
        asyncio.run(trickle())


def test_the_end_of_a_connection_may_be_waited_for_as_long_as_one_likes():
    async def waited():
        messages = [{"type": "http.request", "body": b"", "more_body": False}, {"type": "http.disconnect"}]

        async def receive():
            await asyncio.sleep(0.2)
            return messages.pop(0)

        seen = []

        async def app(_scope, receive, _send):
            seen.append((await receive())["type"])
            seen.append((await receive())["type"])

        await BodyLimit(app, seconds=0.3)({"type": "http"}, receive, None)
        return seen

    assert asyncio.run(waited()) == ["http.request", "http.disconnect"]


def png_bomb(width, height, *extra):
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 10_000_000)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(extra) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


BOMBS = {
    "pixels": png_bomb(60_000, 60_000),
    "more than counts": png_bomb(2**31 - 1, 2**31 - 1),
    "text": png_bomb(2000, 1600, chunk(b"zTXt", b"k\0\0" + zlib.compress(b"\0" * 300_000_000))),
    "profile": png_bomb(2000, 1600, chunk(b"iCCP", b"k\0\0" + zlib.compress(b"\0" * 300_000_000))),
    "bmp": b"BM" + struct.pack("<IHHIIiiHHIIiiII", 100, 0, 0, 54, 40, 100_000, 100_000, 1, 24, 0, 0, 0, 0, 0, 0),
    "gif": b"GIF89a"
    + struct.pack("<HHBBB", 65535, 65535, 0, 0, 0)
    + b","
    + struct.pack("<HHHHB", 0, 0, 65535, 65535, 0),
    "ppm": b"P6 99999 99999 255\n",
    "tiff": b"II*\0\x08\0\0\0\x02\0\0\1\4\0\1\0\0\0\xff\xff\0\0\1\1\4\0\1\0\0\0\xff\xff\0\0\0\0\0\0",
}


@pytest.mark.parametrize("name", BOMBS)
def test_pictures_that_unpack_to_far_more(server, pictures, name):
    begun = time.monotonic()
    reply = server.compare(pictures[0], (f"{name}.png", BOMBS[name]))
    assert reply.status in (200, 422), reply.body
    assert "Traceback" not in reply.body.decode()
    assert time.monotonic() - begun < 60
    if reply.status == 422:
        assert "tried" not in reply.json["detail"]  # no worker died of it
    assert server.compare(*pictures).status == 200


def test_deep_json_and_large_numbers(server):
    headers = {"Content-Type": "application/json"}
    for body in (b"[" * 200_000, b'{"name": ' * 100_000, b'{"name": ' + b"9" * 100_000 + b"}", b'{"name": 1e999}'):
        reply = server.ask("POST", "/api/v1/places", body=body, headers=headers)
        assert reply.status in (400, 422)
        assert len(json.dumps(reply.json)) < 2000
