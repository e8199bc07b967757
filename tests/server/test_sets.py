"""Labelled sets that the server was started with, and methods measured on them."""

from __future__ import annotations

import json
import time

import cv2
import numpy as np
import pytest

from browser import Browser, needs_browser
from server.account_verbs import refused_start
from server.conftest import PATIENCE, Server
from spotdiff.client import Client

SETS = "/api/v1/sets"


@pytest.fixture(scope="module", name="serving")
def serving_fixture(tmp_path_factory, texture):
    """A server with one labelled set of two pairs, and a folder beside it that is none."""
    folder = tmp_path_factory.mktemp("sets") / "sets"
    for name in ("before", "after", "mask"):
        (folder / "yard & <b>" / name).mkdir(parents=True)
    (folder / "notes").mkdir()
    (folder.parent / "secret" / "before").mkdir(parents=True)
    before = texture(160, 120, seed=4)
    for number in range(2):
        after, mask = before.copy(), np.zeros((120, 160), np.uint8)
        after[40:70, 30 * number : 30 * number + 30] = (20, 40, 220)
        mask[40:70, 30 * number : 30 * number + 30] = 255
        for kind, pixels in (("before", before), ("after", after), ("mask", mask)):
            cv2.imwrite(str(folder / "yard & <b>" / kind / f"{number}.png"), pixels)
    server = Server(folder.parent / "data", ("--workers", "1", "--sets", str(folder))).start()
    yield server
    server.end()


@pytest.fixture(scope="module", name="measured")
def measured_fixture(serving):
    """What came of measuring two methods on the set."""
    begun = Client(f"http://127.0.0.1:{serving.port}").measure_set("yard & <b>", ["pixel", "ssim"])
    limit = time.monotonic() + PATIENCE
    while (shown := serving.get(begun["url"]).json)["state"] in ("queued", "running"):
        assert time.monotonic() < limit
        time.sleep(0.2)
    return shown


def test_a_set_is_listed_and_measured(serving, measured):
    client = Client(f"http://127.0.0.1:{serving.port}")
    assert client.sets() == [{"name": "yard & <b>", "pairs": 2}]
    assert measured["state"] == "done", measured["problem"]
    assert (measured["place"], measured["labelled_set"], measured["pairs"]) == (None, "yard & <b>", 2)
    assert [row["method"] for row in measured["table"]] == ["pixel", "ssim"]
    assert measured["table"][0]["any F1"] > 0.9
    found = client.set_measurements("yard & <b>")
    assert [one["id"] for one in found["measurements"]] == [measured["id"]]
    assert b"<svg" in serving.get(measured["charts"][0]).body


@needs_browser
def test_the_pages_of_sets(serving, measured, tmp_path):
    browser = Browser(tmp_path / "profile")
    page = browser.tab(f"http://127.0.0.1:{serving.port}/sets")
    page.until("document.getElementById('theme').hidden === false")
    assert page.text("main") == "yard & <b>, 2 pairs"
    assert page.faults() == []
    page.click("main a")
    page.until("document.querySelector('#measurements table') !== null")
    assert page.text("#pairs") == "2 labelled pairs."
    assert page.run("[...document.querySelectorAll('tbody th')].map((one) => one.innerText)") == ["pixel", "ssim"]
    assert page.faults() == []
    assert page.troubles() == []
    page.click("#methods [value='classic']")
    page.click("#start")  # with spot alone
    page.until("document.querySelector('#status.wrong') !== null")
    assert "two methods or more" in page.text("#status")
    browser.close()


@pytest.mark.parametrize("name", ["none", "notes", "..%2Fsecret", "..", "%2E%2E", "%00"])
def test_no_other_folder_is_a_set(serving, name):
    told = serving.post(f"{SETS}/{name}/measurements", {})
    assert told.status in (404, 405, 409), told.body
    assert str(serving.data.parent) not in json.dumps(told.json)


def test_a_folder_of_sets_that_is_not_there_is_told(tmp_path):
    assert "--sets nowhere: there is no such folder" in refused_start("--port", "0", "--sets", "nowhere", cwd=tmp_path)


def test_a_server_without_sets_has_none(server):
    assert server.get(SETS).json == []
    assert b'href="/sets"' not in server.get("/").body
