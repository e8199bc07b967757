"""No page has a fault that axe finds, in a real browser: in light and dark colours, wide and narrow."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import cv2
import pytest

import spotdiff
from browser import needs_browser
from evaluate.test_leaderboard import report as measured
from spotdiff.__main__ import run
from spotdiff.evaluate.leaderboard import leaderboard, to_html
from spotdiff.evaluate.report_files import map_plots
from spotdiff.report.batch_row import BatchRow
from spotdiff.report.html import page
from spotdiff.report.index import index_page
from spotdiff.report.unpaired import unpaired_page
from spotdiff.types import Picture
from spotdiff.watching.event import Event
from spotdiff.watching.event_page import event_page

pytestmark = needs_browser


@pytest.fixture
def faults(opened):
    """What axe finds in a page."""
    return lambda text, **look: opened(text, **look).faults()


def batch_index(**_):
    rows = [
        BatchRow("yard/1", "changed", score=0.91, regions=3, seconds=0.4, text="A vase appeared.", href="1.html"),
        BatchRow("yard/2", "same", score=0.02, seconds=0.2, thumb_before=b"\xff\xd8\xff", thumb_after=b"\xff\xd8\xff"),
        BatchRow("yard/3", "unsure", text="other place"),
        BatchRow("yard/4", "new", text="yard/4.png has no counterpart"),
        BatchRow("yard/5", "missing", text="yard/5.png has no counterpart"),
        BatchRow.trouble("yard/6", "the file is empty"),
    ]
    return index_page(rows, title="Night round")


def unpaired(stripes, **_):
    row = BatchRow("yard/4", "new", text="yard/4.png has no counterpart in the earlier pictures")
    return unpaired_page(row, Picture(stripes))


def watched(tmp_path, stripes):
    cv2.imwrite(str(tmp_path / "still.png"), stripes)
    still = SimpleNamespace(path=tmp_path / "still.png")
    store = SimpleNamespace(evidence=lambda name: {"before": still, "boxes": still} if name == "hall-1" else {})
    noon = datetime(2024, 5, 1, 12, tzinfo=UTC)
    event = Event("hall-1", "hall", "left", "open", "", (1, 2, 30, 40), noon, noon, 0.9, "A box was left.")
    ended = replace(event, id="hall-2", kind="offline", state="closed", closed=noon, outcome="recovered")
    return event_page(store, [event, ended])


def progress(tmp_path, stripes):
    (tmp_path / "yard").mkdir()
    for day, rows in (("2024-01-01", 0), ("2024-01-08", 30), ("2024-01-15", 60)):
        picture = stripes.copy()
        picture[:rows] = 20
        cv2.imwrite(str(tmp_path / "yard" / f"{day}.png"), picture)
    plain = ("--method", "pixel", "--align", "off", "--light", "off")
    assert run(["progress", str(tmp_path / "yard"), "--out", str(tmp_path / "site"), *plain]) == 0
    return (tmp_path / "site" / "index.html").read_text(encoding="utf-8")


def methods(tmp_path, **_):
    reports = [measured(tmp_path, name, [0.9, low, 0.3, 0.1]) for name, low in (("classic", 0.8), ("pixel", 0.2))]
    return to_html(leaderboard(reports), map_plots(reports))


PAGES = ["changed", "same", "refused", "rows", "batch_index", "unpaired", "watched", "progress", "methods"]


@pytest.fixture(params=PAGES)
def shown(request, tmp_path, stripes, inserted):
    """Every kind of page."""
    if request.param == "rows":
        return page(spotdiff.compare(stripes, inserted, preset="screens"))
    if request.param in ("changed", "same", "refused"):
        return page(request.getfixturevalue(request.param))
    return globals()[request.param](tmp_path=tmp_path, stripes=stripes)


@pytest.mark.parametrize("look", [{}, {"dark": True, "size": (500, 900)}], ids=["light and wide", "dark and narrow"])
def test_a_page_has_no_faults(shown, faults, look):
    assert faults(shown, **look) == []


@pytest.mark.parametrize("fragment", ["#side", "#blink", "#heat", "#2"])
def test_no_view_of_the_report_has_faults(changed, faults, fragment):
    sure, *others = changed.regions
    answer = replace(changed, regions=(sure, *(replace(region, likely=False) for region in others)))
    assert faults(page(answer), fragment=fragment) == []


def test_a_fault_is_found(changed, faults):
    broken = page(changed).replace('alt="The picture before"', "").replace('lang="en"', 'lang="?"')
    assert {name for name, _ in faults(broken)} == {"html-lang-valid", "image-alt"}
