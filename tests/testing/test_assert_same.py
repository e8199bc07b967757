"""`assert_same` with any test runner: what fails, what is written, and where."""

from __future__ import annotations

import subprocess
import sys
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from browser import needs_browser, screenshot
from spotdiff.errors import LoadError, OptionError, SpotdiffError
from spotdiff.testing import assert_same
from spotdiff.testing import assertion as module

SHOP = np.full((90, 120, 3), 250, np.uint8)
SHOP[20:40, 30:80] = (200, 40, 40)
GREW = SHOP.copy()
GREW[60:80, 30:60] = (40, 40, 200)


@pytest.fixture
def holds(tmp_path, monkeypatch):
    """Whether a picture is as its baseline, each time as a run of the tests of its own; with `update` it is made so."""
    monkeypatch.chdir(tmp_path)

    def holds(picture, name="shop", *, update="", **asked):
        monkeypatch.setattr(module, "_used", set())
        monkeypatch.setenv("SPOTDIFF_UPDATE_PICTURES", update)
        return assert_same(picture, name, folder=tmp_path / "baselines", **asked)

    return holds


def files(folder="."):
    return {path.as_posix() for path in Path(folder).rglob("*") if path.is_file()}


def test_a_missing_baseline_fails_and_is_written_only_when_asked(holds):
    with pytest.raises(AssertionError, match=r"no baseline baselines/shop\.png"):
        holds(SHOP)
    assert files() == {"picture-results/baselines/shop.actual.png"}
    holds(SHOP, update="1")
    assert files() == {"baselines/shop.png"}
    holds(SHOP)


def test_a_difference_fails_with_the_answer_and_the_files_it_wrote(holds):
    holds(SHOP, update="1")
    with pytest.raises(AssertionError) as failed:
        holds(GREW)
    first, *others = str(failed.value).splitlines()
    assert first.startswith("shop: Changed: 1 region, ")
    assert first.endswith(" One thing was added.")
    told = dict(line.split() for line in others[:-1])
    assert [*told] == ["actual", "baseline", "overlay"]
    assert files("picture-results") == {*told.values()}
    actual, baseline, overlay = (cv2.imread(path)[..., ::-1] for path in told.values())
    assert np.array_equal(actual, GREW)
    assert np.array_equal(baseline, SHOP)
    assert overlay.shape == SHOP.shape
    assert "--update-pictures" in others[-1]
    assert "SPOTDIFF_UPDATE_PICTURES=1" in others[-1]


def test_once_it_holds_again_nothing_of_the_failure_is_left(holds):
    holds(SHOP, update="1")
    with pytest.raises(AssertionError):
        holds(GREW)
    holds(SHOP)
    assert files() == {"baselines/shop.png"}


def test_an_update_replaces_what_changed_and_leaves_what_is_the_same(holds):
    holds(SHOP, update="1")
    faint = SHOP.copy()
    faint[0, 0] = 249
    kept = Path("baselines/shop.png").read_bytes()
    holds(faint, update="1")
    assert Path("baselines/shop.png").read_bytes() == kept
    holds(GREW, update="1")
    holds(GREW)


def test_unsure_fails_with_its_reason(holds):
    holds(SHOP, update="1")
    with pytest.raises(AssertionError, match="shop: Unsure: nothing is left to compare: all of before is ignored"):
        holds(GREW, ignore=[(0, 0, 120, 90)])


def test_options_go_over_the_preset(holds):
    holds(SHOP, update="1")
    holds(GREW, ignore=[(30, 60, 60, 80)])
    with pytest.raises(OptionError, match="no option 'ignored'"):
        holds(GREW, ignored=[])
    with pytest.raises(OptionError, match="no preset 'screen'"):
        holds(GREW, preset="screen")


def png(picture):
    file = BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("kind", ["array", "bytes", "path", "text", "pillow"])
def test_a_picture_is_whatever_holds_one(holds, tmp_path, kind):
    path = tmp_path / "shot.png"
    path.write_bytes(png(SHOP))
    given = {"array": SHOP, "bytes": png(SHOP), "path": path, "text": str(path), "pillow": Image.fromarray(SHOP)}[kind]
    holds(given, update="1")
    holds(given)
    kept = Path("baselines/shop.png").read_bytes()
    assert np.array_equal(np.asarray(Image.open(BytesIO(kept))), SHOP)
    if kind in ("bytes", "path", "text"):
        assert kept == png(SHOP)


def test_arrays_as_opencv_and_torch_have_them(holds):
    holds(SHOP, "shop", update="1")
    holds(SHOP[..., ::-1], "shop", colour="bgr")
    holds(np.moveaxis(SHOP, 2, 0), "shop", layout="chw")


def test_transparency_is_kept(holds):
    clear = np.dstack([SHOP, np.full(SHOP.shape[:2], 100, np.uint8)])
    holds(clear, update="1")
    assert np.array_equal(np.asarray(Image.open("baselines/shop.png")), clear)


@pytest.mark.parametrize(
    "given", [png(SHOP)[:-40], b"no picture", SHOP.astype(np.uint16) + 700, "missing.png", None], ids=range(5)
)
def test_what_cannot_be_kept_whole_becomes_no_baseline(holds, given):
    with pytest.raises(LoadError) as failed:
        holds(given, update="1")
    assert "\n" not in str(failed.value)
    assert files() == set()


@pytest.mark.parametrize(
    "name", ["../shop", "a/b", "a\\b", "", ".", "..", "shop.", " shop", "/shop", "a\0", "x" * 101, 7]
)
def test_a_name_that_could_lead_elsewhere_is_refused(holds, name):
    with pytest.raises(OptionError, match="a picture's name has"):
        holds(SHOP, name, update="1")
    assert files() == set()


@pytest.mark.parametrize("name", ["shop", "shop 2", "shop-800x600.dark", "Küche", "x" * 100])
def test_names_as_people_give_them(holds, name):
    holds(SHOP, name, update="1")
    holds(SHOP, name)


@pytest.mark.parametrize("other", ["shop", "Shop"])
def test_a_name_that_is_used_twice_is_an_error(holds, tmp_path, other):
    holds(SHOP, update="1")
    with pytest.raises(SpotdiffError, match="is used twice"):
        assert_same(SHOP, other, folder=tmp_path / "baselines")


@pytest.mark.parametrize("wrong", [GREW, b"no picture"])
def test_what_failed_may_be_tried_again(holds, tmp_path, monkeypatch, wrong):
    holds(SHOP, update="1")
    asked = {"name": "shop", "folder": tmp_path / "baselines"}
    monkeypatch.setattr(module, "_used", set())
    monkeypatch.setenv("SPOTDIFF_UPDATE_PICTURES", "0")
    for _ in range(2):
        with pytest.raises((AssertionError, LoadError)):
            assert_same(wrong, **asked)
    assert_same(SHOP, **asked)
    with pytest.raises(OptionError, match="used twice"):
        assert_same(SHOP, **asked)


def test_a_picture_without_a_name_has_that_of_the_function(holds, tmp_path, monkeypatch):
    holds(SHOP, "checks_the_cart", update="1")
    monkeypatch.setattr(module, "_used", set())

    def checks_the_cart():
        assert_same(SHOP, folder=tmp_path / "baselines")

    checks_the_cart()
    with pytest.raises(OptionError, match="used twice"):
        checks_the_cart()
    with pytest.raises(OptionError, match="give the picture a name"):
        (lambda: assert_same(SHOP, folder=tmp_path / "baselines"))()


def test_the_variable_is_1_or_0(holds):
    holds(SHOP, update="1")
    holds(SHOP, update="0")
    with pytest.raises(OptionError, match="SPOTDIFF_UPDATE_PICTURES takes 1 or 0, not 'yes'"):
        holds(GREW, update="yes")


def test_the_baseline_lies_beside_the_file_that_asks(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPOTDIFF_UPDATE_PICTURES", "1")
    place = tmp_path / "checks" / "test_shop.py"
    place.parent.mkdir()
    place.write_text("def check(same, picture):\n    same(picture, 'shop')\n    same(picture, 'till', folder='kept')\n")
    names = {}
    exec(compile(place.read_text(), place, "exec"), names)
    names["check"](assert_same, SHOP)
    pictures = {path for path in files() if path.endswith(".png")}
    assert pictures == {"checks/__screenshots__/test_shop/shop.png", "checks/kept/till.png"}


@needs_browser
def test_screenshots_of_a_real_browser(holds, tmp_path):
    page = tmp_path / "shop.html"

    def shot(more=""):
        page.write_text(f"<h1>Shop</h1><p>Two pears and a plum.</p>{more}", encoding="utf-8")
        return screenshot(page, tmp_path / "shot.png", profile=tmp_path / "profile").read_bytes()

    holds(shot(), update="1")
    holds(shot())
    with pytest.raises(AssertionError, match=r"shop: Changed: 1 region, 2\.00% of the picture"):
        holds(shot("<p style='width:60px;height:40px;background:teal'></p>"))


def test_importing_it_is_light():
    code = "import sys, spotdiff.testing; print([n for n in ('numpy', 'cv2', 'PIL', 'pytest') if n in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
