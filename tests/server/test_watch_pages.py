"""The pages of a watch, used as a person would: a real watch, a real browser."""

from __future__ import annotations

import tomllib

import pytest

from browser import needs_browser
from server.conftest import Server
from server.test_watch import Site, events_of, until
from watching.run.run_toys import BAG

pytestmark = needs_browser
READY = "document.querySelector('#events li') !== null && document.querySelector('#cameras img').naturalWidth > 0"


@pytest.fixture(scope="module", name="watching")
def watching_fixture(tmp_path_factory):
    """A server whose camera has seen a bag left."""
    site = Site(tmp_path_factory.mktemp("watching"))
    server = Server(site.rules.parent / "data", ("--workers", "1", "--watch", str(site.rules))).start()
    site.show(12)
    site.show(12, BAG)
    until(lambda: events_of(server, kind="left"))
    yield server, site
    server.end()


def address(server, path):
    return f"http://127.0.0.1:{server.port}{path}"


@pytest.mark.parametrize("look", [{}, {"dark": True, "phone": True}], ids=["light", "dark-phone"])
@pytest.mark.parametrize("path", ["/watch", "/watch/events/hall-1", "/watch/zones/hall"])
def test_pages_are_sound(watching, browser, path, look):
    tab = browser.tab(address(watching[0], path), **look)
    tab.until(READY if path == "/watch" else "[...document.images].every((one) => one.naturalWidth > 0)")
    assert tab.faults() == []
    assert tab.troubles() == []
    assert tab.run("document.documentElement.scrollWidth <= innerWidth")
    tab.close()


def test_an_event_is_acknowledged_on_the_page(watching, browser):
    server, _ = watching
    tab = browser.tab(address(server, "/watch"))
    tab.until(READY)
    assert "Left in door" in tab.text("#events")
    tab.click("#who")
    tab.type("Ann")
    tab.press("Tab")
    tab.click("[aria-label='Acknowledge: hall-1']")
    tab.until("!document.querySelector('#events').innerText.includes('hall-1')")
    seen = server.get("/api/v1/events/hall-1").json
    assert (seen["state"], seen["acknowledged_by"]) == ("acknowledged", "Ann")
    tab.go(address(server, "/watch/events/hall-1"))
    assert "acknowledged" in tab.text("header")
    tab.click("[data-decision='normal']")
    tab.until("document.querySelector('header')?.innerText.includes('closed (normal)')")
    assert server.get("/api/v1/events/hall-1").json["outcome"] == "normal"
    tab.close()


def test_a_zone_is_drawn_named_and_kept(watching, browser):
    server, site = watching
    tab = browser.tab(address(server, "/watch/zones/hall"))
    tab.until("document.querySelectorAll('#tools button').length === 2 && document.querySelector('#list li') !== null")
    tab.click("#tools button[data-form='box']")
    x, y, width, height = tab.middle("#stage img")
    left, top = x - width / 2, y - height / 2
    tab.drag([(left + width * part, top + height * part) for part in (0.1, 0.2, 0.3)])
    tab.until("document.querySelectorAll('#list li').length === 2")
    tab.run("document.querySelectorAll('#list li')[1].querySelector('input').select()")
    tab.type("shelf")
    tab.press("Tab")
    tab.click("#save")
    tab.until("document.querySelector('#status').innerText.startsWith('Saved')")
    zones = tomllib.loads(site.rules.read_text())["zones"]
    assert list(zones) == ["door", "shelf"]
    polygon = zones["shelf"]["polygon"]
    assert polygon[0] == pytest.approx([32, 18], abs=2)
    assert polygon[2] == pytest.approx([96, 54], abs=2)
    assert zones["shelf"]["cameras"] == ["hall"]
    tab.close()


def test_a_zone_that_cannot_be_is_told(watching, browser):
    server, site = watching
    before = site.rules.read_text()
    tab = browser.tab(address(server, "/watch/zones/hall"))
    tab.until("document.querySelector('#list li input') !== null")
    tab.run("document.querySelector('#list li [placeholder=\"20:00-06:00\"]').select()")
    tab.type("at night")
    tab.press("Tab")
    tab.click("#save")
    tab.until("document.querySelector('#status.wrong') !== null")
    assert "hours" in tab.text("#status")
    assert site.rules.read_text() == before
    tab.close()


def test_a_server_that_watches_nothing_has_no_such_page(server):
    assert server.get("/watch").status == 404
    assert b'href="/watch"' not in server.get("/").body
