"""Plots: what a page allows, the same bytes each time, words that hold, and a hint where matplotlib is missing."""

from __future__ import annotations

import math
import subprocess
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from spotdiff.errors import MissingExtra
from spotdiff.report import plots
from spotdiff.report.plots import Panel, Point, panels_svg, shares_svg, write_training_curves

SVG = "{http://www.w3.org/2000/svg}"
DAY = 86400.0


def shares(days, *, in_time=True):
    points = [Point(day, 0.1 * number, f"day {day}", f"#step-{number}") for number, day in enumerate(days)]
    return ET.fromstring(shares_svg({"gate": points}, in_time=in_time, title="a < b"))


def words(root):
    return [text.text for text in root.iter(f"{SVG}text")]


def test_a_page_may_hold_it():
    root = shares([0.0, 30 * DAY, 60 * DAY])
    for node in root.iter():
        assert node.tag.removeprefix(SVG) in {"svg", "title", "g", "path", "text", "circle", "a"}
        assert not {"style", "id", "clip-path"} & set(node.attrib)
    assert root.find(f"{SVG}title").text == "a < b"


@pytest.mark.parametrize("days", [1e-4, 0.2, 1, 9, 40, 200, 365, 7 * 365, 80 * 365])
@pytest.mark.parametrize("start", [0.0, 1_706_700_000.5])
def test_times_are_few_and_each_is_told_once(start, days):
    found = [text for text in words(shares([start, start + DAY * days])) if "%" not in text]
    assert 1 <= len(found) <= 9
    assert len(found) == len(set(found))


def test_pictures_side_by_side_are_counted_from_one():
    found = words(shares([float(number) for number in range(20)], in_time=False))
    assert [text for text in found if "%" not in text] == ["1", "4", "7", "10", "13", "16", "19"]


def test_one_moment_alone_can_be_drawn():
    assert len(list(shares([5.0]).iter(f"{SVG}circle"))) == 2


def panels():
    names = ["yard 院子", "a<b>\n\udc80"]
    panel = Panel("noise", ["0", "2", "5"], [[(0, 1.0), (2, 0.5)], []])
    return panels_svg([panel], names, title="F1", unit="F1")


def test_the_same_bytes_each_time_whatever_the_settings_are():
    import matplotlib

    first = panels()
    with matplotlib.rc_context({"axes.facecolor": "red", "font.size": 30, "svg.hashsalt": "other"}):
        assert panels() == first
        assert matplotlib.rcParams["font.size"] == 30
    assert {"yard 院子", "a<b>??"} <= set(words(ET.fromstring(first)))
    assert "var(--ink, #1b1c1e)" in first


ROWS = [
    {"step": 0, "loss": 90.0, "score": 0.1, "added F1": math.nan},
    {"step": 10, "loss": 2.0, "validation loss": 3.0, "score": 0.5, "added F1": 0.4},
    {"step": 20, "loss": 1.0, "validation loss": 2.0, "score": 0.4, "added F1": 0.5},
]


@pytest.mark.parametrize("rows", [ROWS, ROWS[:1], [{"step": 5, "loss": 0.0, "fact F1": 1.0, "score": 1.0}]])
def test_curves_of_a_training_are_one_picture_that_is_the_same_each_time(rows, tmp_path):
    write_training_curves(rows, tmp_path / "a.png")
    write_training_curves(rows, tmp_path / "new" / "b.png")
    data = (tmp_path / "a.png").read_bytes()
    assert data == (tmp_path / "new" / "b.png").read_bytes()
    pixels = np.asarray(Image.open(tmp_path / "a.png").convert("RGB"))
    assert pixels.shape == (660, 900, 3)
    assert (pixels == (0, 114, 178)).all(axis=-1).any()


def test_without_matplotlib_one_line_names_the_extra(monkeypatch):
    monkeypatch.setattr(plots, "find_spec", lambda _: None)
    with pytest.raises(MissingExtra, match=r"this needs matplotlib: pip install 'spotdiff\[plots\]'"):
        panels()


def test_matplotlib_is_imported_when_a_plot_is_drawn_and_pyplot_never():
    code = (
        "import sys; from spotdiff.report.plots import Panel, panels_svg; assert 'matplotlib' not in sys.modules; "
        "panels_svg([Panel('a', ['0', '1'], [[(0, 1.0)]])], ['x'], title='t', unit='u'); "
        "assert 'matplotlib' in sys.modules and 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)
