"""The pages in a real browser, used by pointer and keys: their scripts run under their own policy."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import pytest

from browser import Browser, needs_browser

pytestmark = needs_browser


@pytest.fixture(scope="module", name="browser")
def browser_fixture(tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture
def tab(browser, server):
    """Opens pages of the server; at the end none of them may have complained."""
    tabs = []

    def open_tab(address, **look):
        tabs.append(browser.tab(f"http://127.0.0.1:{server.port}{address}", **look))
        return tabs[-1]

    yield open_tab
    for one in tabs:
        assert one.troubles() == []
        one.close()


@pytest.fixture(name="files")
def files_fixture(tmp_path, pictures):
    paths = [tmp_path / f"hall <b> {side}.png" for side in ("before", "after")]
    for path, data in zip(paths, pictures, strict=True):
        path.write_bytes(data)
    return paths


def opened(tab):
    """The id of the comparison whose page is open, once its viewer runs."""
    tab.until("location.pathname.startsWith('/comparisons/') && document.readyState === 'complete'")
    tab.until("document.querySelector('.has-script') !== null && !document.getElementById('toolbar').hidden")
    return tab.run("location.pathname.split('/').at(-1)")


def stage_point(tab, side, x, y):
    """Where a pixel of a picture is on the screen."""
    script = """(() => { const canvas = document.querySelector("#pane-%s .canvas").getBoundingClientRect();
        const [w, h] = %s; return [canvas.left + %f / w * canvas.width, canvas.top + %f / h * canvas.height]; })()"""
    return tab.run(script % (side, json.dumps([160, 120]), x, y))


def test_two_pictures_are_compared_with_a_part_ignored(server, tab, files):
    page = tab("/")
    for side, path in zip(("before", "after"), files, strict=True):
        page.choose(f"#{side}", path)
    page.click("#parts summary")
    page.until("document.querySelector('#tools .button') !== null")
    page.click('#tools [data-form="box"]')
    page.middle("#stage")
    page.drag([stage_point(page, "before", 100, 10), stage_point(page, "before", 120, 30), stage_point(page, "before", 150, 60)])
    page.until("!document.getElementById('undo').disabled")
    page.click(".send")
    name = opened(page)
    asked = json.loads(page.run("document.getElementById('asked').textContent"))
    (box,) = asked["ignore"]
    assert all(abs(one - other) <= 1 for one, other in zip(box, (100, 10, 150, 60), strict=True))
    assert server.get(f"/api/v1/comparisons/{name}").json["verdict"] == "changed"
    assert "Changed" in page.text("h1")
    assert page.run("document.querySelectorAll('#list .region').length") >= 1
