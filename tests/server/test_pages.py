"""The pages in a real browser, used by pointer and keys: their scripts run under their own policy."""

from __future__ import annotations

import base64
import json
import time
import zipfile
from urllib.parse import quote
from uuid import uuid4

import cv2
import numpy as np
import pytest

from browser import needs_browser

pytestmark = needs_browser


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
    tab.until("location.pathname.startsWith('/comparisons/')")
    tab.until("document.querySelector('.has-script') !== null && !document.getElementById('toolbar').hidden")
    return tab.run("location.pathname.split('/').at(-1)")


def stage_point(tab, side, x, y, *, size=(160, 120)):
    """Where a pixel of a picture is on the screen."""
    script = """(() => { const canvas = document.querySelector("#pane-%s .canvas").getBoundingClientRect();
        const [w, h] = %s; return [canvas.left + %f / w * canvas.width, canvas.top + %f / h * canvas.height]; })()"""
    return tab.run(script % (side, json.dumps(size), x, y))


def test_two_pictures_are_compared_with_a_part_ignored(server, tab, files):
    page = tab("/")
    for side, path in zip(("before", "after"), files, strict=True):
        page.choose(f"#{side}", path)
    choose = """(() => { const preset = document.getElementById("preset"); preset.value = "%s";
        preset.dispatchEvent(new Event("change")); })()"""
    page.run(choose % "inspection")
    assert page.text("#sensitivity-value") == "0.60"
    page.run(choose % "")
    assert page.text("#sensitivity-value") == "0.50"
    page.click("#parts summary")
    page.until("document.querySelector('#tools .button') !== null")
    page.click('#tools [data-form="box"]')
    page.middle("#stage")
    page.drag(
        [
            stage_point(page, "before", 100, 10),
            stage_point(page, "before", 120, 30),
            stage_point(page, "before", 150, 60),
        ]
    )
    page.until("!document.getElementById('undo').disabled")
    page.click(".send")
    name = opened(page)
    asked = json.loads(page.run("document.getElementById('asked').textContent"))
    (box,) = asked["ignore"]
    assert all(abs(one - other) <= 1 for one, other in zip(box, (100, 10, 150, 60), strict=True))
    assert server.get(f"/api/v1/comparisons/{name}").json["verdict"] == "changed"
    assert "Changed" in page.text("h1")
    assert page.run("document.querySelectorAll('#list .region').length") >= 1


@pytest.fixture(name="record", scope="module")
def record_fixture(server, pictures):
    return server.compare(("hall <i>.png", pictures[0]), pictures[1]).json


GIVE = """(() => { const given = new DataTransfer();
    for (const [name, text] of %s) {
      const data = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      given.items.add(new File([data], name, { type: "image/png" }));
    }
    %s })()"""
DROP = """document.querySelector("[data-side=%s]").dispatchEvent(
    new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: given }))"""
PASTE = 'document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: given, cancelable: true }))'


def test_pictures_are_dropped_and_pasted(tab, pictures):
    given = [[f"{number}.png", base64.b64encode(data).decode()] for number, data in enumerate(pictures)]
    page = tab("/")
    hints = "[...document.querySelectorAll('.hint')].map((hint) => hint.textContent)"
    page.run(GIVE % (json.dumps(given[1:]), DROP % "after"))
    page.until(f"{hints}[1] === '1.png'")
    page.run(GIVE % (json.dumps(given[:1]), PASTE))
    page.until(f"{hints}[0] === '0.png'")
    page.run(GIVE % (json.dumps(given[::-1]), DROP % "before"))
    page.until(f"{hints}.join() === '1.png,0.png'")
    page.click(".send")
    opened(page)


def test_a_camera_is_offered_on_a_phone_alone(tab):
    takes = "document.querySelector('.take').getBoundingClientRect().height"
    assert tab("/").run(takes) == 0
    phone = tab("/", phone=True)
    phone.ask("Emulation.setTouchEmulationEnabled", enabled=True)
    phone.until(f"{takes} >= 40")
    assert phone.run("document.querySelector('.take input').getAttribute('capture')") == "environment"


def test_a_large_picture_is_seen_to_the_pixel(server, tab, texture):
    before = texture(2600, 300, seed=8)
    coded = [cv2.imencode(".png", each)[1].tobytes() for each in (before, before[:, ::-1])]
    page = tab(f"/comparisons/{server.compare(*coded, method='pixel').json['id']}")
    opened(page)
    own = "document.querySelector('#pane-before img.own')"
    page.until(f"{own}.naturalWidth === 2000")
    for _ in range(12):
        page.press("+")
    page.until(f"{own}.naturalWidth === 2600")
    assert page.run("document.querySelector('#pane-before .canvas').getBoundingClientRect().width") >= 2600 * 8


def test_another_sensitivity_is_decided_at_once(tab, record):
    page = tab(f"/comparisons/{record['id']}")
    opened(page)
    move = """(() => { const slider = document.getElementById("sensitivity"); slider.value = %s;
        slider.dispatchEvent(new Event("input")); })()"""
    page.run(move % 0)
    page.until("document.querySelector('.top h1').innerText !== 'Changed'")
    assert "No region" in page.text("#list")
    assert page.text(".facts").split()[:2] == ["regions", "0"]
    page.run(move % 0.5)
    page.until("document.querySelector('.top h1').innerText === 'Changed'")
    assert page.text(".facts").split()[:2] == ["regions", "1"]
    page.run(move % 0.8)
    page.until("!document.getElementById('again').hidden")
    page.click("#again")
    page.until(f"location.pathname.startsWith('/comparisons/') && !location.pathname.endsWith('{record['id']}')")
    opened(page)
    assert json.loads(page.run("document.getElementById('asked').textContent"))["sensitivity"] == 0.8


def test_a_link_opens_the_same_answer_with_its_files(server, tab, record):
    page = tab(f"/comparisons/{record['id']}")
    opened(page)
    assert "hall <i>.png" in page.text(".top")
    links = page.run("[...document.querySelectorAll('.downloads a')].map((a) => a.href)")
    for link in links:
        assert server.get(link.partition(str(server.port))[2]).status == 200
    page.click("#copy")
    page.until("document.getElementById('status').textContent !== ''")


def test_the_first_page_lists_what_was_compared_and_waits_for_pictures(tab, record):
    page = tab("/")
    page.until("document.querySelector('.send').disabled && !document.getElementById('theme').hidden")
    assert page.run(
        f"document.querySelector('.latest [href=\"/comparisons/{record['id']}\"]').innerText.includes('<i>')"
    )


def test_first_page_is_small_and_quick(tab):
    page = tab("/")
    told = """(() => { const all = ["resource", "navigation"].flatMap((kind) => performance.getEntriesByType(kind));
        return [all.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0),
            performance.getEntriesByType("navigation")[0].loadEventEnd]; })()"""
    size, ms = page.run(told)
    assert 20_000 < size <= 150_000
    assert ms <= 1000 * 3  # a second on a machine that does nothing else


def test_a_place_lives_on_its_page(server, tab, files):
    name = f'Hof "links" & <i>Ä 50% #{uuid4().hex[:6]}?'
    page = tab("/places")
    page.click("#name")
    page.type(name)
    page.press("Enter")
    page.until("location.pathname.startsWith('/places/') && document.querySelector('h1') !== null")
    assert page.text("h1") == name
    page.choose("#picture", files[0])
    page.until("document.querySelectorAll('.timeline li').length === 1")
    assert "baseline" in page.text(".timeline")

    address = f"/api/v1/places/{quote(name)}"
    page.run("""(() => { const method = document.getElementById("method"); method.value = "pixel";
        method.dispatchEvent(new Event("change")); })()""")
    page.until("document.getElementById('saved').textContent.startsWith('Saved')")
    page.click('#tools [data-form="box"]')
    page.middle("#stage")
    page.drag([stage_point(page, "before", *point) for point in ((40, 30), (60, 60), (100, 80))])
    page.until("document.getElementById('undo').disabled === false")
    page.until("document.getElementById('saved').textContent.startsWith('Saved')")
    stored = server.get(address).json["options"]
    assert stored["method"] == "pixel"
    (box,) = stored["ignore"]
    assert all(abs(one - other) <= 1 for one, other in zip(box, (40, 30, 100, 80), strict=True))

    page.choose("#picture", files[1])
    opened(page)
    assert "Same" in page.text("h1")
    page.go(f"http://127.0.0.1:{server.port}/places/{quote(name)}")
    page.click("#approve")
    page.until("document.querySelector('.timeline li').innerText.includes('baseline')")
    assert server.get(address).json["baseline"]["name"] == files[1].name
    page.click('#tools [data-form="polygon"]')
    page.click('#drawn-kinds [data-kind="area"]')
    page.middle("#stage")
    corners = [stage_point(page, "before", *point) for point in ((10, 80), (40, 80), (40, 110))]
    for corner in (*corners, corners[0]):
        page.drag([corner])
    page.until("document.activeElement.id === 'area-name'")
    page.type("door & <b>")
    page.press("Enter")
    page.until("document.getElementById('saved').textContent.startsWith('Saved')")
    areas = server.get(address).json["options"]["areas"]
    assert list(areas) == ["door & <b>"]
    assert len(areas["door & <b>"]) == 3


def test_review_by_keys_alone(server, tab, pictures):
    batch = f"run {uuid4().hex[:6]}"
    options = '{"method": "pixel", "align": "off"}'
    for number in range(3):
        after = (f"<b>{number}.png", pictures[1])
        server.send("/api/v1/compare", before=pictures[0], after=after, options=options, batch=batch)
    page = tab(f"/review?batch={quote(batch)}")
    page.until("document.querySelectorAll('.queue-card').length === 3")
    page.until("document.querySelectorAll('#stage img').length > 1")
    assert "<b>0.png" in page.text("#queue")
    page.click("#who")
    page.type("Ann <b>")
    page.run("document.getElementById('who').blur()")
    counts = "document.getElementById('counts').textContent"
    assert page.run(counts).startswith("3 wait")
    page.press("n", "a")  # the second is approved
    page.until(f"{counts}.includes('1 approved')")
    page.press("r")
    page.until(f"{counts}.includes('1 rejected')")
    assert page.run(counts).startswith("1 waits")
    page.press("u", "u")
    page.until(f"{counts}.startsWith('3 wait')")
    assert "Ann <b>: approved" in page.text("#trail")
    page.click("#approve-all")
    page.until(f"{counts}.includes('3 approved')")
    assert "Nothing waits" in page.text("#answer-text")
    page.press("u")
    page.until(f"{counts}.startsWith('3 wait')")
    page.press("o")
    opened(page)
    page.press("r")
    page.until("document.getElementById('decided').textContent === 'rejected'")
    page.press("u")
    page.until("document.getElementById('decided').textContent === ''")


def saved(page):
    page.until("document.getElementById('saved').textContent === 'Saved.'")


def test_corrections_are_drawn_and_saved_as_one_goes(server, tab, record):
    address = f"/api/v1/comparisons/{record['id']}/annotations"
    page = tab(f"/comparisons/{record['id']}#side")
    opened(page)
    page.press("e")
    page.until("document.getElementById('saved').textContent.includes('saved as you go')")
    page.press("ArrowDown", "x")  # the first region
    saved(page)
    assert server.get(address).json["regions"] == {"1": "none"}
    assert "corrected: no change" in page.text("#list")
    page.click("#undo")
    page.until("document.querySelector('#list .corrected') === null")
    page.click("#redo")
    page.until("document.querySelector('#list .corrected') !== null")
    saved(page)

    page.press("0", "Escape")
    page.click('#tools [data-form="box"]')
    page.middle("#stage")
    page.drag([stage_point(page, "after", *point) for point in ((10, 80), (20, 90), (40, 110))])
    page.click('#tools [data-form="brush"]')
    page.click('#drawn-kinds [data-kind="removed"]')
    page.middle("#stage")
    page.drag([stage_point(page, "before", *point) for point in ((120, 20), (130, 25), (140, 30))])
    saved(page)
    box, stroke = server.get(address).json["shapes"]
    assert (box["kind"], box["side"], box["form"]) == ("added", "after", "box")
    assert np.abs(np.array(box["points"])[[0, 2]] - ((10, 80), (40, 110))).max() < 1
    assert (stroke["kind"], stroke["side"], stroke["form"]) == ("removed", "before", "brush")

    page.click("#undo")
    page.until("document.getElementById('saved').textContent === 'Saving …'")
    saved(page)
    assert len(server.get(address).json["shapes"]) == 1
    page.go(f"http://127.0.0.1:{server.port}/")
    page.go(f"http://127.0.0.1:{server.port}/comparisons/{record['id']}")
    opened(page)
    page.press("e")
    page.until("document.querySelector('#list .corrected') !== null")
    assert page.text("#saved").startswith("Saved by")


def test_what_is_drawn_over_joined_pictures_is_kept_in_own_pixels(server, tab, texture):
    """The camera moved by 20 and 12 pixels, and what is drawn at a place of `before` lies there in `after`."""
    place = texture(360, 280, seed=9, grain=2)
    coded = [cv2.imencode(".png", each)[1].tobytes() for each in (place[20:260, 30:350], place[8:248, 10:330])]
    name = server.send("/api/v1/compare", before=coded[0], after=coded[1], options='{"method": "classic"}').json["id"]
    page = tab(f"/comparisons/{name}")
    opened(page)
    page.press("e")
    page.until("document.getElementById('saved').textContent !== ''")
    page.click('#tools [data-form="box"]')
    page.middle("#stage")
    size = [320, 240]
    page.drag([stage_point(page, "before", *point, size=size) for point in ((200, 100), (220, 120), (260, 150))])
    saved(page)
    (shape,) = server.get(f"/api/v1/comparisons/{name}/annotations").json["shapes"]
    assert (shape["kind"], shape["side"]) == ("added", "after")
    assert np.abs(np.array(shape["points"])[[0, 2]] - ((220, 112), (280, 162))).max() < 1.5


def test_labels_are_downloaded_and_brought_in(server, tab, pictures, tmp_path):
    name = server.compare(*pictures).json["id"]
    page = tab(f"/comparisons/{name}")
    opened(page)
    page.ask("Page.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    page.press("e")
    page.until("document.getElementById('saved').textContent !== ''")
    page.run("document.getElementById('format').value = 'labelme'")
    page.click("#export")
    made = tmp_path / f"{name}-labelme.zip"
    page.until("document.getElementById('saved').textContent === 'Saved.'")
    limit = time.monotonic() + 60
    while not made.exists():
        assert time.monotonic() < limit, list(tmp_path.iterdir())
        time.sleep(0.1)
    assert f"after/{name}.json" in zipfile.ZipFile(made).namelist()
    page.choose("#import", made)
    page.until("document.querySelector('#list .corrected') !== null")
    assert server.get(f"/api/v1/comparisons/{name}/annotations").json["shapes"][0]["kind"] == "added"


def test_a_polygon_is_drawn_by_keys_alone(server, tab, pictures):
    record = server.compare(*pictures).json
    page = tab(f"/comparisons/{record['id']}#side")
    opened(page)
    page.press("e")
    page.until("document.getElementById('saved').textContent !== ''")
    page.run("document.querySelector('#tools [data-form=polygon]').focus()")
    page.press("Enter")
    page.press("ArrowRight", "Enter", *["ArrowRight"] * 4, "Enter", *["ArrowDown"] * 3, "Enter", "Enter")
    saved(page)
    (shape,) = server.get(f"/api/v1/comparisons/{record['id']}/annotations").json["shapes"]
    (left, top), (right, also_top), (also_right, bottom) = shape["points"]
    assert top == also_top < bottom
    assert left < right == also_right


PAGES = ("/", "/places", "/review", "place", "comparison", "correcting")


@pytest.mark.parametrize("look", [{}, {"dark": True, "phone": True}], ids=["light and wide", "dark phone"])
@pytest.mark.parametrize("which", PAGES)
def test_no_page_has_a_fault_or_is_wider_than_its_window(server, tab, record, pictures, which, look):
    address = which
    if which == "place":
        name = uuid4().hex
        server.post("/api/v1/places", {"name": name})
        for picture in pictures:
            server.send(f"/api/v1/places/{name}/pictures", picture=picture)
        address = f"/places/{name}"
    elif which in ("comparison", "correcting"):
        address = f"/comparisons/{record['id']}"
    page = tab(address, **look)
    page.until("document.getElementById('theme').hidden === false")
    if which == "/review":
        page.until("document.getElementById('counts').textContent !== ''")
    if which == "correcting":
        opened(page)
        page.press("e")
        page.until("document.getElementById('saved').textContent !== ''")
    assert page.run("document.documentElement.scrollWidth") <= (390 if look else 1280)
    assert page.faults() == []
