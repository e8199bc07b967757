"""The pages of learning and measuring, in a real browser."""

from __future__ import annotations

import pytest

from browser import needs_browser
from server.test_learn import corrected_place

pytestmark = needs_browser


@pytest.fixture(scope="module", name="shelf")
def shelf_fixture(server, texture):
    corrected_place(server, texture, "shelf", count=2)
    return f"http://127.0.0.1:{server.port}/places/shelf"


@pytest.mark.parametrize("look", [{}, {"dark": True, "phone": True}], ids=["light", "dark-phone"])
@pytest.mark.parametrize("page", ["learn", "measure"])
def test_pages_are_sound(shelf, browser, page, look):
    tab = browser.tab(f"{shelf}/{page}", **look)
    tab.until("document.querySelector('#pairs').innerText.startsWith('2 corrected comparisons')")
    assert tab.faults() == []
    assert tab.troubles() == []
    assert tab.run("document.documentElement.scrollWidth <= innerWidth")
    tab.close()


def test_too_few_corrections_are_told_before_anybody_tries(shelf, browser):
    tab = browser.tab(f"{shelf}/learn")
    tab.until("document.querySelector('#pairs').innerText.includes('Learning needs 4')")
    assert tab.run("document.querySelector('#start').disabled")
    tab.close()


def test_methods_are_measured_side_by_side(shelf, browser):
    tab = browser.tab(f"{shelf}/measure")
    tab.until("!document.querySelector('#start').disabled")
    for method in ("spot", "pixel"):
        tab.click(f"#methods [value='{method}']")  # one off, one on: classic and pixel
    tab.click("#start")
    tab.until("document.querySelector('#measurements table') !== null", seconds=240)
    assert tab.run("[...document.querySelectorAll('tbody th')].map((one) => one.innerText)") == ["classic", "pixel"]
    tab.until("[...document.querySelectorAll('.chart img')].some((one) => one.complete && one.naturalWidth > 0)")
    assert tab.faults() == []
    tab.click("#methods [value='classic']")
    tab.until("!document.querySelector('#start').disabled")
    tab.click("#start")
    tab.until("document.querySelector('#status.wrong') !== null")
    assert "two methods or more" in tab.text("#status")
    tab.close()
