"""A server of one's own, played by one that answers well, badly, late or not at all."""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import threading
import time
from contextlib import ExitStack
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

import spotdiff
from http_stub import Answer, AnsweringServer, serving
from spotdiff.describe.endpoint import Endpoint
from spotdiff.errors import OptionError
from spotdiff.types import Pair, Picture, Region

PAIR = Pair(Picture(np.full((100, 100, 3), 90, np.uint8)), Picture(np.full((100, 100, 3), 140, np.uint8)))
ADDED = Region("added", 0.9, 100, (10, 10, 30, 30), (10, 10, 30, 30))
REPLACED = Region("replaced", 0.9, 100, (60, 60, 90, 90), (60, 60, 90, 90))


def answer(kind="added", before=None, after=None):
    said = json.dumps({"kind": kind, "object_before": before, "object_after": after})
    return json.dumps({"choices": [{"message": {"role": "assistant", "content": said}}]}).encode()


@pytest.fixture
def serve(monkeypatch):
    """Start a server that gives these answers, the last again and again: bytes, a status, or seconds of silence."""
    monkeypatch.setattr("spotdiff.describe._chat_server._PAUSE", 0.0)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with ExitStack() as servers:

        def start(*answers):
            *first, last = map(as_answer, answers)
            server = servers.enter_context(serving(AnsweringServer(*first, usual=last)))
            return f"http://{server.where}/v1", server.asked

        yield start


def as_answer(one):
    if isinstance(one, float):
        return Answer(silence=one)
    if isinstance(one, bytes):
        return Answer(body=one)
    return Answer(one, {"Location": "http://example.invalid/"} if one == 302 else {}, b"{}")


@pytest.fixture
def raw():
    """Start a server that says these bytes to whoever connects, one at a time where there is a pause."""
    lines = []

    def start(said, *, pause=0.0):
        listener = socket.create_server(("127.0.0.1", 0))
        lines.append(listener)

        def answer_one():
            with contextlib.suppress(OSError):
                line, _ = listener.accept()
                with line:
                    line.recv(65536)
                    for part in [said] if not pause else [said[i : i + 1] for i in range(len(said))]:
                        line.sendall(part)
                        time.sleep(pause)

        threading.Thread(target=answer_one, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/v1"

    yield start
    for listener in lines:
        listener.close()


def told(url, *regions, **settings):
    return Endpoint(url=url, model="llava", **{"timeout": 5.0, **settings}).with_note(PAIR, regions)


def test_names_become_part_of_the_words(serve):
    url, asked = serve(answer(after="a Traffic cone"), answer("replaced", "cup", "lamp"))
    regions, note = told(url, ADDED, REPLACED)
    assert "traffic cone was added at the top left." in regions[0].text
    assert "cup" in regions[1].text
    assert "lamp" in regions[1].text
    assert note == f"Names are from llava at {url.removesuffix('/v1')}."
    assert asked[0].path == "/v1/chat/completions"
    body = json.loads(asked[0].body)
    assert body["model"] == "llava"
    assert body["temperature"] == 0
    pictures = [part["image_url"]["url"] for part in body["messages"][0]["content"][1:]]
    sizes = [Image.open(BytesIO(base64.b64decode(url.partition(",")[2]))).size for url in pictures]
    assert sizes == [(320, 320)] * 2


@pytest.mark.parametrize(
    "said",
    [
        answer("removed", "cone", None),  # contradicts the region's kind
        answer(after="I think that this is probably a kind of traffic cone"),
        answer(after="unsure"),
        answer(after=""),
        answer(after="<script>alert(1)</script>"),
        answer(after=7),
        answer(after="removed"),
        answer(after="person or maybe nothing"),
        answer(after="red car"),
        answer(before="cone"),  # of an added thing only what is seen afterwards counts
    ],
)
def test_what_contradicts_or_is_no_name_is_dropped(serve, said):
    url, _ = serve(said)
    (region,), note = told(url, ADDED)
    assert region.text.startswith("Something")
    assert note == ""


@pytest.mark.parametrize(
    "wrong",
    [
        b"no json",
        b'{"choices": []}',
        b'{"choices": [{"message": {"content": "hello"}}]}',
        b'{"choices": [{"message": {"content": "{\\"kind\\": \\"stolen\\"}"}}]}',
        b'{"choices": [{"message": {"content": null}}]}',
        b"[" * 100_000,
        b"x" * (2 << 20),
        500,
        404,
        302,
    ],
    ids=lambda one: str(one)[:30],
)
def test_a_server_that_answers_badly_is_told_and_words_go_on(serve, wrong):
    url, asked = serve(wrong)
    (region,), note = told(url, ADDED)
    assert region.text == spotdiff.describe.get_describer(spotdiff.Options()).describe(PAIR, [ADDED])[0].text
    assert "o more names came from http://127.0.0.1:" in note
    assert "\n" not in note
    assert len(asked) == (1 if wrong == 404 else 2)


def test_it_is_asked_again(serve):
    url, asked = serve(503, answer(after="cone"))
    (region,), _ = told(url, ADDED)
    assert "cone" in region.text
    assert len(asked) == 2


def test_a_server_that_knows_no_schema_is_asked_without(serve):
    url, asked = serve(400, answer(after="cone"))
    (region,), _ = told(url, ADDED)
    assert "cone" in region.text
    assert ["response_format" in json.loads(one.body) for one in asked] == [True, False]


def test_a_late_server_is_not_waited_for(serve):
    url, _ = serve(30.0)
    _, note = told(url, ADDED, timeout=0.2, retries=0)
    assert "timed out" in note


def test_an_answer_that_drips_is_not_waited_for(raw):
    start = time.monotonic()
    url = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"x" * 100, pause=0.1)
    _, note = told(url, ADDED, timeout=0.5, retries=0)
    assert "timed out" in note
    assert time.monotonic() - start < 8


@pytest.mark.parametrize(
    "said",
    [
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"",
    ],
    ids=lambda one: repr(one[:40]),
)
def test_broken_http_is_told(raw, said):
    (region,), note = told(raw(said), ADDED, retries=0)
    assert region.text.startswith("Something")
    assert "o more names came" in note
    assert "\n" not in note


def test_some_names_and_then_none_is_told_as_it_is(serve):
    url, _ = serve(answer(after="cone"), 500)
    regions, note = told(url, ADDED, REPLACED)
    assert "cone" in regions[0].text
    assert "Names are from llava" in note
    assert "No more names came" in note


@pytest.mark.parametrize("key", ["secret\n", " secret "])
def test_a_key_with_a_slip_is_mended(serve, monkeypatch, key):
    url, asked = serve(answer())
    monkeypatch.setenv("OPENAI_API_KEY", key)
    told(url, ADDED)
    assert asked[0].headers["Authorization"] == "Bearer secret"


@pytest.mark.parametrize("key", ["sec\nret", "gehe\u00efm"])
def test_a_key_that_is_none_is_refused_and_not_told(serve, monkeypatch, key):
    url, _ = serve(answer())
    monkeypatch.setenv("OPENAI_API_KEY", key)
    with pytest.raises(OptionError) as refused:
        told(url, ADDED)
    assert "sec" not in str(refused.value)
    assert "geh" not in str(refused.value)


def test_no_server_at_all():
    _, note = told("http://127.0.0.1:9/v1", ADDED, retries=0)
    assert "o more names came from http://127.0.0.1:" in note


def test_the_key_is_from_the_environment(serve, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    url, asked = serve(answer())
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    _, note = Endpoint(model="llava").with_note(PAIR, [ADDED])
    assert asked[0].headers["Authorization"] == "Bearer secret"
    assert "secret" not in note


def test_pictures_stay_on_this_machine_unless_told_otherwise():
    for url in ("http://example.org/v1", "https://10.0.0.1/v1", "http://localhost.example.org/v1"):
        with pytest.raises(OptionError, match="not this machine"):
            told(url, ADDED)
    for url in (
        "file:///etc/passwd",
        "localhost",
        "http://",
        "http://[::1/v1",
        "http://[::1].evil.com/v1",
        "http://evil@localhost/v1",
        "http://localhost@evil.com/v1",
        "http://localhost/v1?to=evil",
        "http://local host/v1",
        "http://localhost\u2025evil.com/v1",
        "http://localhost:99999999/v1",
    ):
        with pytest.raises(OptionError, match="url"):
            told(url, ADDED)


def test_a_model_must_be_named():
    with pytest.raises(OptionError, match="model"):
        Endpoint().describe(PAIR, [ADDED])


def test_no_more_regions_are_asked_about_than_wanted(serve):
    url, asked = serve(answer())
    regions, _ = told(url, *[ADDED] * 5, most=2)
    assert len(asked) == 2
    assert all(region.text for region in regions)


def test_nothing_is_sent_where_nothing_changed(serve):
    url, asked = serve(answer())
    assert told(url) == ((), "")
    assert not asked


def test_through_the_whole_flow(serve):
    url, _ = serve(answer("unsure", None, "box"))
    before = np.full((120, 160, 3), 120, np.uint8)
    after = before.copy()
    after[20:50, 20:50] = (250, 20, 20)
    settings = {"url": url, "model": "llava"}
    found = spotdiff.compare(before, after, method="pixel", describe="endpoint", describe_settings=settings)
    assert "llava" in found.text
    assert found.regions[0].text
