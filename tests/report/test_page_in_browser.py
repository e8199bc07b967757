"""The page as a browser makes it; where there is no Chromium these tests are skipped."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import spotdiff
from browser import needs_browser, screenshot
from spotdiff.report.batch_row import BatchRow
from spotdiff.report.html import page, write_page
from spotdiff.report.index import index_page

pytestmark = needs_browser


@pytest.fixture
def seen(opened, read):
    """A page as it stands once its script has run."""

    def seen(comparison, *, opened_at=""):
        return read(opened(page(comparison), fragment=opened_at).run("document.documentElement.outerHTML"))

    return seen


@pytest.fixture
def asked(opened):
    """What a page answers to a question, the body of a function, once its script has run in a window of a size."""
    return lambda text, question, **look: opened(text, **look).run(f"(() => {{ {question} }})()")


def entries(reader):
    return [a for a in reader.all("a") if "data-region" in a]


def chosen(reader):
    return [a["href"] for a in entries(reader) if a.get("aria-current") == "true"]


@pytest.fixture
def crowd(comparison_of, region):
    """3,700 regions, of which 3,000 are likely."""
    places = [(2 * (n % 80), 2 * (n // 80), 2 * (n % 80) + 1, 2 * (n // 80) + 1) for n in range(3700)]
    regions = [region(n + 1, "added", box, score=1 - n / 4000) for n, box in enumerate(places)]
    return comparison_of([replace(each, likely=n < 3000) for n, each in enumerate(regions)], size=(160, 120))


def test_what_is_only_possible_is_folded_away(changed, seen):
    sure, *faint = changed.regions
    answer = replace(changed, regions=(sure, *(replace(region, likely=False) for region in faint)))
    reader = seen(answer)
    assert [a["href"] for a in entries(reader)] == ["#1"]
    assert "2 possible: show" in reader.words
    assert "1 of 3 shown" in reader.words


def test_a_link_to_a_region_opens_it_though_it_is_only_possible(changed, seen):
    sure, *faint = changed.regions
    answer = replace(changed, regions=(sure, *(replace(region, likely=False) for region in faint)))
    reader = seen(answer, opened_at="#3")
    assert chosen(reader) == ["#3"]
    assert "2 possible: hide" in reader.words
    assert len(entries(reader)) == 3


def test_of_thousands_of_regions_those_in_view_are_made(crowd, seen):
    made = entries(seen(crowd))
    assert 20 <= len(made) <= 400
    assert made[0]["href"] == "#1"
    far = seen(crowd, opened_at="#2900")
    assert chosen(far) == ["#2900"]
    assert len(entries(far)) <= 400


def test_the_slider_shows_rows_that_shifted_beside_each_other(stripes, inserted, tmp_path):
    """Left of the divider is before: the stripes below the banner stand there as high as they do in after."""
    write_page(spotdiff.compare(stripes, inserted, preset="screens"), tmp_path / "page.html")
    shot = screenshot(tmp_path / "page.html", tmp_path / "shot.png", profile=tmp_path / "profile", size=(1200, 1400))
    seen = np.asarray(Image.open(shot).convert("RGB"))[:, :800]  # without the list, which has small pictures
    for colour in stripes[::10, 0]:
        rows, columns = np.nonzero((seen == colour).all(axis=2))
        middle = (columns.min() + columns.max()) // 2
        left, right = (rows[part] for part in (columns < middle - 40, columns > middle + 40))
        assert len(left)
        assert (left.min(), left.max()) == (right.min(), right.max())


@pytest.mark.parametrize("fixture", ["changed", "warped", "same", "refused"])
def test_a_page_of_each_kind_of_answer_runs(request, fixture, seen):
    answer = request.getfixturevalue(fixture)
    reader = seen(answer)
    assert len(entries(reader)) == len(answer.regions)
    (pressed,) = [a["data-view"] for a in reader.all("button") if a.get("aria-pressed") == "true" and "data-view" in a]
    assert pressed == ("side" if answer.evidence is None else "slider")


PHONE, SMALL, DESK, LOW = (390, 844), (320, 568), (1200, 800), (1200, 500)


@pytest.fixture
def long_list(comparison_of, region):
    """Thirty regions on a wide picture, all likely but the last ten."""
    places = [(3 * n, 3 * n, 3 * n + 2, 3 * n + 2) for n in range(30)]
    regions = [region(n + 1, "added", box, score=1 - n / 60) for n, box in enumerate(places)]
    return comparison_of([replace(each, likely=n < 20) for n, each in enumerate(regions)], size=(160, 120))


@pytest.mark.parametrize(
    ("size", "number"), [(PHONE, 1), (PHONE, 28), (SMALL, 12), ((320, 700), 28), (DESK, 28), (LOW, 12)]
)
def test_a_link_to_a_region_brings_its_entry_into_view(long_list, asked, size, number):
    question = """
        const entry = document.querySelector('.region[aria-current="true"]');
        const [box, pictures] = [entry, document.querySelector(".viewer")].map((node) => node.getBoundingClientRect());
        const covered = pictures.right <= box.left ? 0 : pictures.bottom;
        return [entry.getAttribute("href"), box.top, innerHeight - box.bottom, box.top - covered];
    """
    href, *room = asked(page(long_list), question, size=size, fragment=f"#{number}")
    assert href == f"#{number}"
    assert min(room) >= 0


@pytest.mark.parametrize("fragment", ["#slider", "#side", "#28"])
def test_no_word_is_cut_on_a_small_phone(long_list, asked, fragment):
    question = """
        const cut = (node) => node.scrollWidth > node.clientWidth + 1;
        const words = [...document.querySelectorAll(".button, h2, label:not(.hidden-visually), dt, dd, .region span")];
        const root = document.documentElement;
        return [root.scrollWidth - root.clientWidth, words.filter(cut).map((node) => node.textContent)];
    """
    assert asked(page(long_list), question, size=SMALL, fragment=fragment) == [0, []]


def test_the_heading_counts_what_is_only_possible_once_it_is_shown(long_list, asked):
    question = """
        const told = () => document.querySelector(".regions h2").textContent;
        const [before, button] = [told(), document.getElementById("possible")];
        button.click();
        const shown = told();
        button.click();
        return [before, shown, told()];
    """

    def headings(comparison):
        return asked(page(comparison), question, size=DESK)

    assert headings(long_list) == ["20 regions", "20 regions and 10 possible", "20 regions"]
    faint = replace(long_list, regions=tuple(replace(one, likely=False) for one in long_list.regions))
    assert headings(faint) == ["Regions", "30 possible", "Regions"]


def test_small_pictures_of_a_batch_are_whole_on_a_phone(asked):
    question = "return [...document.images].map((image) => getComputedStyle(image).objectFit)"
    row = BatchRow("yard", "new", thumb_after=b"\xff\xd8\xff")
    assert asked(index_page([row]), question, size=PHONE) == ["contain"]
