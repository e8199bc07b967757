"""Comparisons made by hand: the answers that the flow could give."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest

from browser import Browser
from spotdiff.types import Alignment, Comparison, Evidence, Light, Pair, Picture, Region

HOMOGRAPHY = np.array([[1.9, 0.12, -9], [-0.08, 2.1, 14], [2e-5, -3e-5, 1.0]])
HOSTILE = "a/</script><script>alert(1)</script>\"'&<b>\x00\x1b\ud800 ü ]]> $name ${style}"


VOID = {"img", "input", "meta", "br", "link"}


class Reader(HTMLParser):
    """Reads a page: its elements, the text of each script, and whether every element is closed."""

    def __init__(self, text: str):
        super().__init__()
        self.elements, self.scripts, self.open, self.words = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag in ("script", "style"):
            self.scripts.append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("script", "style"):
            self.scripts[-1] += data
        else:
            self.words.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def scene(width: int, height: int, *, seed: int = 0) -> np.ndarray:
    """A smooth picture of a place that never was."""
    coarse = np.random.default_rng(seed).integers(40, 210, (6, 8, 3), dtype=np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


def outlined(box):
    left, top, right, bottom = box
    return (((left, top), (right - 1, top), (right - 1, bottom - 1), (left, bottom - 1)),)


def region(label, kind, box_before, box_after=None, *, score=0.9, area=0, text=""):
    box_after = box_before if box_after is None else box_after
    return Region(
        kind=kind,
        score=score,
        area=area,
        box_before=box_before,
        box_after=box_after,
        outline_before=outlined(box_before),
        outline_after=outlined(box_after),
        label=label,
        text=text or f"a thing was {kind}",
    )


def comparison_of(regions, *, size=(160, 120), after_size=None, matrix=None, name="yard", directed=True) -> Comparison:
    """An answer whose labels fill the regions' boxes in the common frame."""
    width, height = size
    matrix = np.eye(3) if matrix is None else matrix
    before = Picture(scene(width, height), path="before.png")
    after_width, after_height = after_size or size
    after = Picture(scene(after_width, after_height, seed=1), path="after.png", notes=("16 bits windowed 0 to 4095",))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    common = cv2.warpPerspective(after.pixels, matrix, (width, height), flags=flags)
    labels = np.zeros((height, width), np.int32)
    change = np.full((height, width), 0.1, np.float32)
    for each in regions:
        left, top, right, bottom = each.box_before
        labels[top:bottom, left:right] = each.label
        change[top:bottom, left:right] = each.score
    gone = change * 0.5
    return Comparison(
        verdict="changed" if regions else "same",
        reason=f"{len(regions)} regions" if regions else "nothing differs",
        score=max((r.score for r in regions), default=0.02),
        regions=tuple(regions),
        pair=Pair(before, after),
        aligned=Pair(before, replace(after, pixels=common)),
        evidence=Evidence(gone, change, directed=directed) if directed else Evidence.undirected(change),
        labels=labels,
        alignment=Alignment("homography", matrix, 0.41234567, 0.93, note="12 % of the corners move"),
        light=Light("gain", gain=(1.02, 1.0, 0.97), note="a warmer lamp"),
        method="classic",
        parameters={"sigma": 1.5, "colour": "yiq", "fast": True, "limit": float("inf")},
        seconds={"load": 0.02, "align": 0.11, "light": 0.01, "score": 0.2, "regions": 0.03, "total": 0.38},
        name=name,
        text="Two things changed.",
    )


@pytest.fixture(scope="package", name="browser")
def browser_fixture(tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("browser"))
    yield browser
    browser.close()


@pytest.fixture
def opened(browser, tmp_path):
    """Opens a page, whose script has run and whose list has seen what is in view."""
    tabs = []

    def opened(text, *, fragment="", size=(1200, 900), dark=False):
        file = tmp_path / "page.html"
        file.write_text(text, encoding="utf-8", errors="replace")
        tabs.append(browser.tab(f"file://{file}{fragment}", size=size, dark=dark))
        frames = "setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(done)), 200)"
        tabs[-1].run(f"new Promise((done) => {frames}).then(() => null)")
        return tabs[-1]

    yield opened
    for tab in tabs:
        tab.close()


@pytest.fixture
def read():
    return Reader


@pytest.fixture(name="region")
def region_fixture():
    return region


@pytest.fixture(name="comparison_of")
def comparison_of_fixture():
    return comparison_of


@pytest.fixture
def stripes() -> np.ndarray:
    """(80, 120, 3): a page of eight stripes, each of a colour of its own."""
    return np.repeat(np.repeat([[[40 + 25 * n, 200 - 20 * n, 90]] for n in range(8)], 10, 0), 120, 1).astype(np.uint8)


@pytest.fixture
def inserted(stripes) -> np.ndarray:
    """The same page with a banner of 20 rows between the third stripe and the fourth."""
    return np.insert(stripes, [30] * 20, (250, 250, 0), axis=0)


@pytest.fixture
def changed() -> Comparison:
    return comparison_of(
        [
            region(1, "added", (20, 30, 60, 70), score=0.97, area=1600),
            region(2, "moved", (100, 10, 120, 30), (70, 80, 90, 100), score=0.8, area=400),
            region(5, "removed", (130, 90, 150, 110), score=0.61, area=400),
        ]
    )


@pytest.fixture
def warped() -> Comparison:
    return comparison_of(
        [region(1, "replaced", (20, 30, 60, 70), area=1600), region(2, "changed", (90, 60, 130, 100), area=1600)],
        after_size=(330, 280),
        matrix=HOMOGRAPHY,
        directed=False,
    )


@pytest.fixture
def same() -> Comparison:
    return comparison_of([])


@pytest.fixture
def refused() -> Comparison:
    """Refused before alignment: two sizes, no evidence."""
    before, after = Picture(scene(90, 60)), Picture(scene(60, 80))
    return Comparison(
        verdict="unsure",
        reason="the pictures show different places",
        score=0.0,
        regions=(),
        pair=Pair(before, after),
        aligned=Pair(before, after),
        evidence=None,
        labels=None,
        alignment=Alignment("off", np.eye(3), None, 0.0, note="no match"),
        light=Light("off"),
        method="classic",
        parameters={},
        seconds={"load": 0.01, "total": 0.02},
    )


@pytest.fixture
def hostile(changed) -> Comparison:
    regions = tuple(replace(each, text=HOSTILE) for each in changed.regions)
    before = replace(changed.pair.before, path=HOSTILE, notes=(HOSTILE,))
    return replace(
        changed,
        name=HOSTILE,
        reason=HOSTILE,
        text=HOSTILE,
        method=HOSTILE,
        parameters={HOSTILE: HOSTILE},
        regions=regions,
        pair=replace(changed.pair, before=before),
        alignment=replace(changed.alignment, note=HOSTILE),
    )


@pytest.fixture(params=["changed", "warped", "same", "refused", "hostile"])
def any_comparison(request) -> Comparison:
    return request.getfixturevalue(request.param)
