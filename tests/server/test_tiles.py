"""Large pictures in tiles: as they were, and only those that are in view are fetched."""

from __future__ import annotations

import json
import sqlite3

import cv2
import numpy as np
import pytest

import spotdiff
from browser import Browser, needs_browser
from spotdiff.server.problems import Problem
from spotdiff.server.store import tiles
from spotdiff.server.store.answer_files import answer_folder, write_answer
from spotdiff.server.store.tiles import described, tile, write_tiles
from spotdiff.types import Picture

SIZE = (4500, 3000)


@pytest.mark.parametrize(("form", "most"), [("png", 0), ("jpg", 12)])
def test_tiles_put_together_are_the_picture(tmp_path, texture, form, most):
    picture = Picture(cv2.cvtColor(texture(700, 300, seed=3, grain=3), cv2.COLOR_BGR2RGB))
    write_tiles({"before": (picture, form)}, tmp_path / "tiles.db")
    assert f'Format="{form}" Overlap="1" TileSize="256"><Size Width="700" Height="300"/>' in described(
        tmp_path, "before"
    )
    whole = np.zeros_like(picture.pixels)
    for col in range(3):
        for row in range(2):
            sent = tile(tmp_path, "before", 10, f"{col}_{row}.{form}").data
            pixels = cv2.cvtColor(cv2.imdecode(np.frombuffer(sent, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
            left, top = max(256 * col - 1, 0), max(256 * row - 1, 0)
            part = picture.pixels[top : 256 * row + 257, left : 256 * col + 257]
            assert pixels.shape == part.shape
            assert np.abs(pixels.astype(int) - part).mean() <= most
            whole[top : top + part.shape[0], left : left + part.shape[1]] = pixels
    assert np.abs(whole.astype(int) - picture.pixels).mean() <= most
    half = cv2.imdecode(np.frombuffer(tile(tmp_path, "before", 9, f"0_0.{form}").data, np.uint8), cv2.IMREAD_COLOR)
    wanted = cv2.resize(picture.pixels, (350, 150), interpolation=cv2.INTER_AREA)[:, :257, ::-1]
    assert half.shape == wanted.shape
    assert np.abs(half.astype(int) - wanted).mean() <= most
    last = cv2.imdecode(np.frombuffer(tile(tmp_path, "before", 0, f"0_0.{form}").data, np.uint8), cv2.IMREAD_COLOR)
    assert last.shape[:2] == (1, 1)


def test_clear_parts_stay_clear(tmp_path, texture):
    alpha = np.zeros((60, 80), np.uint8)
    alpha[20:] = 255
    write_tiles({"after": (Picture(texture(80, 60, seed=3), alpha=alpha), "png")}, tmp_path / "tiles.db")
    sent = np.frombuffer(tile(tmp_path, "after", 7, "0_0.png").data, np.uint8)
    assert np.array_equal(cv2.imdecode(sent, cv2.IMREAD_UNCHANGED)[..., 3], alpha)


@pytest.mark.parametrize(
    ("picture", "level", "name"),
    [
        ("before", 7, "0_0.jpg"),
        ("before", 7, "1_0.png"),
        ("before", 8, "0_0.png"),
        ("before", -1, "0_0.png"),
        ("after", 7, "0_0.png"),
        ("before", 7, "../0_0.png"),
        ("before", 2**70, "0_0.png"),
        ("before", 7, "0_\u0660.png"),
    ],
)
def test_a_tile_that_is_not_there_is_told(tmp_path, texture, picture, level, name):
    write_tiles({"before": (Picture(texture(80, 60, seed=3)), "png")}, tmp_path / "tiles.db")
    with pytest.raises(Problem, match="has no tile"):
        tile(tmp_path, picture, level, name)
    with pytest.raises(Problem, match="no tiles of"):
        described(tmp_path, "other")


def test_a_disk_that_is_full_is_told_as_such(tmp_path, texture, monkeypatch):
    def full(*_, **__):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(sqlite3, "connect", full)
    with pytest.raises(OSError, match="disk is full"):
        write_tiles({"before": (Picture(texture(80, 60, seed=3)), "png")}, tmp_path / "tiles.db")


def test_a_picture_that_was_moved_has_tiles_as_it_was_compared_too(tmp_path, texture, monkeypatch):
    monkeypatch.setattr(tiles, "LEAST", 1000)
    place = texture(360, 280, seed=9, grain=2)
    comparison = spotdiff.compare(place[20:260, 30:350], place[8:248, 10:330], method="pixel")
    write_answer(comparison, "c1", tmp_path, digests=("0", "0"))
    folder = answer_folder(tmp_path, "c1")
    view, body = json.loads((folder / "view.json").read_text()), (folder / "body.html").read_text()
    assert set(view["tiles"]) == {"before", "after", "aligned-after"}
    for name, address in view["tiles"].items():
        assert f'data-tiles="{address}"' in body
        assert address.endswith(f"/c1/tiles/{name}.dzi")
        form = "png" if 'Format="png"' in described(folder, name) else "jpg"
        sent = np.frombuffer(tile(folder, name, 9, f"0_0.{form}").data, np.uint8)
        shown = comparison.aligned.after if name == "aligned-after" else getattr(comparison.pair, name)
        pixels = cv2.imdecode(sent, cv2.IMREAD_COLOR)[:200, :200, ::-1]
        assert np.abs(pixels.astype(int) - shown.pixels[:200, :200]).mean() < 8


@pytest.fixture(scope="module", name="large")
def large_fixture(server):
    """A drawing of 13.5 million pixels, into which a thing has come of which no two pixels are alike."""
    chance = np.random.default_rng(7)
    before = chance.integers(0, 128, (6, 9, 3), np.uint8).repeat(500, axis=0).repeat(500, axis=1)
    after = before.copy()
    after[2000:2030, 3000:3030] = chance.integers(128, 256, (30, 30, 3), np.uint8)
    coded = [cv2.imencode(".png", each, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes() for each in (before, after)]
    return server.compare(*coded).json, after


@pytest.fixture(name="page")
def page_fixture(server, tmp_path, large):
    browser = Browser(tmp_path / "profile")
    page = browser.tab(f"http://127.0.0.1:{server.port}/comparisons/{large[0]['id']}#side")
    page.until(
        "document.querySelector('.has-script') && document.querySelector('#pane-after img').naturalWidth === 2000"
    )
    yield page
    assert page.troubles() == []
    browser.close()


ASKED = (
    """performance.getEntriesByType('resource').map(({ name }) => name).filter((name) => name.includes('_files/'))"""
)


def shown_pixel(screen, page, x, y):
    """The colour that the screen has in the middle of a pixel of after, as (R, G, B)."""
    script = """(() => { const box = document.querySelector("#pane-after .canvas").getBoundingClientRect();
        return [box.left + %f * box.width, box.top + %f * box.height]; })()"""
    left, top = page.run(script % ((x + 0.5) / SIZE[0], (y + 0.5) / SIZE[1]))
    return screen[int(top), int(left)].tolist()


@needs_browser
def test_only_the_tiles_in_view_are_fetched_and_they_are_right(page, large, tmp_path):
    record, after = large
    assert record["after"]["size"] == list(SIZE)
    small = page.run(ASKED)
    assert len(small) <= 8  # of the small pictures in the list
    page.press("ArrowDown")  # the one region, which is large and in the middle then
    page.press("b", *"++++++++")  # without its box
    page.until("document.querySelector('#pane-after img').style.opacity === '0'")
    asked = page.run(ASKED)
    assert len(asked) <= 60  # of 216 tiles of either picture
    assert any("/before_files/13/" in address for address in asked)
    screen = cv2.imread(str(page.screenshot(tmp_path / "screen.png", whole=False)))
    for x, y in ((3000, 2005), (3029, 2024), (2999, 2010), (3030, 2010), (3012, 2008), (2997, 2015), (3016, 2022)):
        assert shown_pixel(screen, page, x, y) == after[y, x].tolist(), (x, y)

    page.press("0")
    page.until("document.querySelector('#pane-after img').style.opacity === ''")
    assert page.run(ASKED) == asked  # the whole of it needs none
