"""A stranger's way through the pages, by pointer and keys alone: from the first page to a place that has learned.

The training is a real one of two steps. Most of its time is what any training takes: torch is loaded twice, and the
whole comparison is measured before and after.
"""

from __future__ import annotations

import json
from urllib.parse import quote
from uuid import uuid4

import jsonschema
import pytest

from browser import Browser, needs_browser
from server.closed_schemas import closed
from server.conftest import png
from spotdiff.server.api.response_schemas.learning import LEARNING

pytestmark = needs_browser
STEPS = 2  # of a real training, which says nothing of what more of them would come to
TRAINING = 600  # seconds; it takes 45 of a processor that does nothing else
THINGS = ((20, 40), (60, 20), (100, 60), (40, 80), (90, 30))  # where a thing has come, picture by picture


@pytest.fixture(name="pictures")
def pictures_fixture(tmp_path, texture):
    """Files of a place: as it is, then with a thing in it that is another time elsewhere."""
    before = texture(160, 120, seed=4)
    shown = [before.copy() for _ in range(len(THINGS) + 1)]
    for picture, (left, top) in zip(shown[1:], THINGS, strict=True):
        picture[top : top + 30, left : left + 30] = (20, 40, 220)
    paths = [tmp_path / f"{number}.png" for number in range(len(shown))]
    for path, picture in zip(paths, shown, strict=True):
        path.write_bytes(png(picture))
    return paths


@pytest.fixture(name="page")
def page_fixture(server, tmp_path):
    browser = Browser(tmp_path / "profile")
    page = browser.tab(f"http://127.0.0.1:{server.port}/")
    yield page
    assert page.troubles() == []
    browser.close()


def follow(page, text):
    """Click the link with a text, and wait for its page."""
    page.run(f"[...document.links].find((link) => link.innerText.trim() === {json.dumps(text)}).id = 'followed'")
    page.click("#followed")
    page.until("document.getElementById('followed') === null")


def send(page, picture):
    """Give the open place a picture, and wait for its answer."""
    page.choose("#picture", picture)
    page.until("location.pathname.startsWith('/comparisons/')")
    page.until("document.querySelector('.has-script') && !document.getElementById('toolbar').hidden")


def draw_what_came(page, left, top):
    """Say that a thing has come there and that nothing else has changed, as is saved as one goes."""
    if page.run("document.querySelector('#stage').dataset.view") != "side":
        page.press("3")
    page.press("e")
    page.until("document.getElementById('saved').textContent.includes('saved as you go')")
    for _ in range(page.run("document.querySelectorAll('#list .region').length")):
        page.press("ArrowDown", "x")
    page.press("0")
    page.click('#tools [data-form="box"]')
    page.middle("#stage")
    script = """(() => { const box = document.querySelector("#pane-after .canvas").getBoundingClientRect();
        return [[%f, %f], [%f, %f], [%f, %f]].map(([x, y]) =>
          [box.left + x / 160 * box.width, box.top + y / 120 * box.height]); })()"""
    page.drag(page.run(script % (left, top, left + 10, top + 10, left + 30, top + 30)))
    page.until("document.getElementById('saved').textContent === 'Saved.'")


def test_from_the_first_page_to_a_place_that_has_learned(page, pictures):
    name = f"shelf {uuid4().hex[:6]}"
    follow(page, "Places")
    page.click("#name")
    page.type(name)
    page.press("Enter")
    page.until("location.pathname.startsWith('/places/shelf') && document.querySelector('#picture') !== null")
    page.choose("#picture", pictures[0])
    page.until("document.querySelectorAll('.timeline li').length === 1")
    for picture, thing in zip(pictures[1:-1], THINGS, strict=False):
        send(page, picture)
        assert page.text("h1") == "Changed"
        draw_what_came(page, *thing)
        follow(page, name)

    follow(page, "Learn from corrections")
    page.until("!document.getElementById('start').disabled")
    assert page.text("#pairs").startswith("4 corrected comparisons.")
    assert page.text("#used") == "This place is compared with the weights that ship."
    page.click("#steps")
    page.type(str(STEPS))
    page.click("#start")
    page.until("document.querySelector('#trainings b')?.innerText === 'done'", seconds=TRAINING)
    heads = "[...document.querySelectorAll('#trainings th[scope=col]')].map((head) => head.innerText)"
    assert page.run(heads) == ["figure", "before", "after"]
    figures = "[...document.querySelectorAll('#trainings td')].map((cell) => cell.innerText)"
    assert any(cell.replace(".", "").isdigit() for cell in page.run(figures))
    page.until("document.querySelector('#trainings img').naturalWidth > 0")
    shown = page.run("""(async () => { const asked = async (address) => (await fetch(address)).json();
        const { trainings } = await asked(document.getElementById("learn").dataset.place + "/trainings");
        return asked(trainings[0].url); })()""")
    jsonschema.validate(shown, closed(LEARNING.schemas["Training"]))
    assert (shown["pairs"], shown["progress"]["step"], shown["journal"][0]["step"]) == (4, STEPS, 0)
    assert shown["result"]["text"] in page.text("#trainings")
    assert page.faults() == []

    page.click("#trainings .button")
    page.until("document.getElementById('used').innerText === 'This place is compared with what it has learned.'")
    assert "used for this place" in page.text("#trainings")
    follow(page, name)
    send(page, pictures[-1])
    assert page.text("h1") == "Changed"
    learned = page.run("location.pathname")
    assert "training" in page.run("JSON.parse(document.getElementById('asked').textContent)")
    page.run("""(() => { const slider = document.getElementById("sensitivity"); slider.value = 0.8;
        slider.dispatchEvent(new Event("input")); })()""")
    page.until("document.getElementById('again').innerText.endsWith('with the weights that ship')")
    page.click("#again")
    page.until(f"location.pathname !== '{learned}' && location.pathname.startsWith('/comparisons/')")
    page.go(page.run(f"new URL('/places/{quote(name)}', location.href).href"))
    page.until("document.querySelector('#picture') !== null")
    follow(page, "Learn from corrections")
    page.until("!document.getElementById('back').hidden")
    page.click("#back")
    page.until("document.getElementById('used').innerText === 'This place is compared with the weights that ship.'")
