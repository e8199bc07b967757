"""`spotdiff.Client` against a real server, and against servers that are busy, gone or something else."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import cv2
import numpy as np
import pytest
from PIL import Image

import spotdiff
from http_stub import Answer, AnsweringServer, serving
from server.conftest import EXAMPLES
from spotdiff.client import Client, Job
from spotdiff.errors import LoadError, OptionError, ServerError

PLAIN = {"method": "pixel", "align": "off", "light": "off"}


@pytest.fixture(name="files")
def files_fixture(pictures, tmp_path):
    paths = tmp_path / "hall 1 Höfe.png", tmp_path / "after.png"
    for path, data in zip(paths, pictures, strict=True):
        path.write_bytes(data)
    return paths


def of_answer(record):
    """What two answers to one question share."""
    pictures = [{"size": record[side]["size"]} for side in ("before", "after")]
    return {**record, "before": pictures[0], "after": pictures[1], "seconds": None, "id": None}


def test_a_server_answers_as_compare_does(client, files):
    for options in (PLAIN, {"preset": "screens", "join": 4}, {"sensitivity": 0.8, "ignore": [(0, 0, 40, 40)]}):
        record = client.compare(*files, **options)
        here = spotdiff.compare(*files, **options).to_dict()
        assert of_answer(record) == of_answer(here)
    assert record["before"]["path"] == files[0].name
    assert client.comparison(record["id"]) == record
    assert client.comparisons(limit=1)[0]["id"] == record["id"]


def test_whatever_compare_takes_is_sent(client, files, pictures):
    decoded = [cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) for data in pictures]
    arrays = [picture[..., ::-1] for picture in decoded]
    expected = client.compare(*files, **PLAIN)["regions"]
    with files[0].open("rb") as before, files[1].open("rb") as after:
        assert client.compare(before, after, **PLAIN)["regions"] == expected
    assert client.compare(*pictures, **PLAIN)["regions"] == expected
    assert client.compare(*arrays, **PLAIN)["regions"] == expected
    assert client.compare(*decoded, colour="bgr", **PLAIN)["regions"] == expected
    assert client.compare(*map(Image.fromarray, arrays), **PLAIN)["regions"] == expected
    assert client.compare(str(files[0]), arrays[1], **PLAIN)["regions"] == expected
    deep = [picture.astype(np.uint16) * 257 for picture in arrays]
    assert client.compare(*deep, **PLAIN)["regions"] == spotdiff.compare(*deep, **PLAIN).to_dict()["regions"]


def test_transparency_is_sent(client):
    before = np.zeros((40, 40, 4), np.uint8)
    before[10:20, 10:20] = (200, 30, 30, 255)
    after = before.copy()
    after[10:20, 10:20, 3] = 0
    assert client.compare(before, after, **PLAIN)["verdict"] == spotdiff.compare(before, after, **PLAIN).verdict
    after[:] = before
    after[30:35, 30:35, :3] = 255  # a colour that nobody sees
    assert client.compare(before, after, **PLAIN)["verdict"] == "same"


def test_areas_are_read_here(client, files, tmp_path):
    areas = tmp_path / "areas.toml"
    areas.write_text("gate = [[30, 30], [100, 30], [100, 90], [30, 90]]")
    told = client.compare(*files, areas=str(areas), **PLAIN)["regions"]
    assert told == spotdiff.compare(*files, areas=str(areas), **PLAIN).to_dict()["regions"]
    assert "gate" in told[0]["text"]


def test_files_of_an_answer(client, files):
    made = client.compare(*files, **PLAIN)["id"]
    assert b"<h1" in client.file(made, "report")
    for kind in ("overlay", "before", "after", "mask_before", "mask_after"):
        assert client.file(made, kind).startswith(b"\x89PNG")
    with pytest.raises(OptionError, match="mask_before"):
        client.file(made, "mask")


def test_a_record_is_decided_anew(client, files):
    made = client.compare(*files, **PLAIN)["id"]
    assert client.comparison(made, max_pixels=10**6)["verdict"] == "same"
    with pytest.raises(ServerError, match=r"compare at sensitivity 0\.9"):
        client.comparison(made, sensitivity=0.9)


def test_a_place_from_its_first_picture_on(client, files):
    name = f"Höfe ? {uuid4().hex}"
    assert client.add_place(name)["baseline"] is None
    assert client.add_picture(name, files[0]) is None
    record = client.add_picture(name, files[1], **PLAIN)
    assert record["verdict"] == "changed"
    place = client.approve(name, comparison=record["id"], who="Ann")
    assert place["baseline"]["comparison"] == record["id"]
    assert client.place(name)["approvals"][0]["who"] == "Ann"
    assert client.add_picture(name, files[1], **PLAIN)["verdict"] == "same"
    assert name in [one["name"] for one in client.places()]
    with pytest.raises(ServerError, match="already") as refused:
        client.add_place(name)
    assert refused.value.status == 409


def test_jobs_are_sent_followed_cancelled_and_tried_anew(client, files, large_pictures):
    busy = client.submit(*large_pictures, method="classic")
    assert isinstance(busy, Job)
    waiting = client.submit(*files, **PLAIN)
    assert client.cancel(waiting.id).state == "cancelled"
    assert client.cancel(busy.id).ended
    with pytest.raises(ServerError, match="cancelled"):
        client.wait(waiting.id)
    assert client.retry(waiting.id).tries == 0
    done = client.wait(waiting.id, timeout=120)
    assert (done.state, done.comparison) == ("done", f"/api/v1/comparisons/{done.id}")
    assert client.job(done.id) == done
    assert done in client.jobs(state="done", limit=5)


def test_what_failed_is_told_in_the_words_of_the_server(client, files):
    with pytest.raises(ServerError, match=r"notes\.txt") as refused:
        client.compare(files[0], _named(files[0].parent / "notes.txt", b"no picture"), **PLAIN)
    assert refused.value.status == 422
    job = client.submit(files[0], b"no picture", **PLAIN)
    with pytest.raises(ServerError) as failed:
        client.wait(job.id)
    assert failed.value.status == 422
    with pytest.raises(ServerError, match="there is no job none"):
        client.job("none")


def test_a_wait_has_an_end(client, large_pictures):
    job = client.submit(*large_pictures, method="classic")
    with pytest.raises(ServerError, match=r"within 0\.2 s"):
        client.wait(job.id, timeout=0.2)
    client.cancel(job.id)


def _named(path, data):
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("options", "error", "word"),
    [
        ({"sensitivity": 3}, OptionError, "sensitivity"),
        ({"methd": "pixel"}, OptionError, "method"),
        ({"preset": "nights"}, OptionError, "preset"),
        ({"ignore_mask": "mask.png"}, OptionError, "boxes as ignore"),
        ({"areas": "nowhere.toml"}, OptionError, "nowhere.toml"),
        ({"describe": "endpoint"}, ServerError, "describe"),
        ({"method": "pixels"}, ServerError, "pixel"),
    ],
)
def test_options_that_cannot_be(client, pictures, options, error, word):
    with pytest.raises(error, match=word):
        client.compare(*pictures, **options)


def test_a_picture_that_is_not_there(client, files):
    with pytest.raises(LoadError, match="nowhere"):
        client.compare(files[0], "nowhere.png")


@pytest.mark.parametrize(
    ("url", "token"),
    [
        ("127.0.0.1:8642", None),
        ("ftp://x", None),
        ("http://", None),
        ("http://ann:secret@x", None),
        ("http://x/?a=b", None),
        ("http://x", "a\nb"),
        ("http://x", "ü"),
    ],
)
def test_addresses_and_tokens_that_cannot_be(url, token):
    with pytest.raises(OptionError) as refused:
        Client(url, token)
    assert "secret" not in str(refused.value)


def test_what_is_too_large_is_told_though_the_server_stops_reading(own_server, pictures):
    client = Client(f"http://127.0.0.1:{own_server('--upload-mb', '0.1').port}")
    with pytest.raises(ServerError, match="MB") as refused:
        client.compare(pictures[0], b"x" * 30_000_000)
    assert refused.value.status == 413


@pytest.fixture(name="busy")
def busy_fixture():
    with serving(AnsweringServer()) as server:
        yield server


def of(busy, **more):
    return Client(f"http://{busy.where}", **more)


def test_a_busy_server_is_asked_again_after_what_it_says(busy):
    at_once = {"Retry-After": "0"}
    busy.answers += [
        Answer(429, at_once, b'{"detail": "many wait"}'),
        Answer(503, at_once),
        Answer(200, body=b"[]"),
    ]
    assert of(busy, token="t0ken").places() == []
    assert [asked.headers["Authorization"] for asked in busy.asked] == ["Bearer t0ken"] * 3


def test_patience_ends(busy):
    busy.answers += [Answer(429, {"Retry-After": "3600"}, b'{"detail": "many wait"}')]
    with pytest.raises(ServerError, match="many wait") as refused:
        of(busy).places()
    assert refused.value.status == 429
    assert not busy.answers


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (Answer(200, body=b"<html>"), "no JSON"),
        (Answer(307, {"Location": "http://127.0.0.1:1/"}), "moved"),
        (Answer(502, body=b"<html>bad gateway"), "answers 502"),
        (Answer(404, body=b'["no problem"]'), "answers 404"),
    ],
)
def test_something_else_answers(busy, answer, word):
    busy.answers.append(answer)
    with pytest.raises(ServerError, match=word) as refused:
        of(busy).places()
    assert "\n" not in str(refused.value)


def test_nobody_answers(busy):
    busy.server_close()
    with pytest.raises(ServerError, match="cannot be reached"):
        of(busy).places()


def test_a_server_that_starts_anew_is_waited_for(own_server, large_pictures):
    server = own_server()
    client = Client(f"http://127.0.0.1:{server.port}", patience=120)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.compare, *large_pictures[:1] * 2, method="classic")
        while not client.jobs(state="running"):
            pass
        assert server.end(signal.SIGTERM) == 0
        own_server("--port", str(server.port))
        assert waiting.result(240)["verdict"] == "same"


def test_the_example_of_the_documentation(client):
    record = client.compare(EXAMPLES / "hall_before.jpg", EXAMPLES / "hall_after.jpg")
    assert record["verdict"] == "changed"
