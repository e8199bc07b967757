"""Files that hold several pages or frames: which is compared, what is said of the others, and all of them."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from PIL import Image

import spotdiff
from robust import corpus
from spotdiff.errors import LoadError, OptionError
from spotdiff.image import load_picture, tiff

PAGES = [corpus.scene(seed) for seed in range(3)]
CHANGED = PAGES[2].copy()
CHANGED[8:24, 10:30] = (230, 20, 20)
KINDS = {
    "TIFF": {},
    "GIF": {},
    "WEBP": {"lossless": True},
    "PNG": {},
    "AVIF": {"quality": 95},
    "MPO": {"quality": 95},
}
LOSSLESS = ("TIFF", "WEBP", "PNG")
LOOK = {"method": "pixel", "align": "off", "light": "off", "min_area": 100}


def stacked(form, pages, **how):
    first, *others = [Image.fromarray(page) for page in pages]
    return corpus.saved(first, form, save_all=True, append_images=others, **(KINDS[form] | how))


@pytest.mark.parametrize("form", KINDS)
def test_a_change_on_the_last_page_is_seen_where_it_is_asked_for(form, checked):
    before, after = stacked(form, PAGES), stacked(form, [*PAGES[:2], CHANGED])
    first, third, every = (spotdiff.compare(before, after, page=page, **LOOK) for page in (1, 3, "all"))
    for answer in (first, third, every):
        checked(answer) if not answer.pages else None
    assert (first.verdict, third.verdict, every.verdict) == ("same", "changed", "changed")
    assert "nly page 1 was compared; before has 3, after 3" in first.text
    assert "ll of the picture" not in first.text
    assert "nly page 3 was compared" in third.text
    assert "nly page" not in every.text
    assert {region.page for region in third.regions} == {region.page for region in every.regions} == {3}
    assert [page.verdict for page in every.pages] == ["same", "same", "changed"]
    assert every.pair.before.page == 3
    assert every.changed_pixels == third.changed_pixels
    assert every.changed_fraction == pytest.approx(third.changed_fraction / 3)


@pytest.mark.parametrize("form", LOSSLESS)
@pytest.mark.parametrize("page", [1, 2, 3])
def test_every_page_has_its_own_pixels(form, page):
    picture = load_picture(stacked(form, PAGES), options=spotdiff.Options(page=page))
    assert np.array_equal(picture.pixels, PAGES[page - 1])
    assert (picture.page, picture.pages) == (page, 3)
    assert f"page {page} of 3" in picture.notes


def test_equal_files_of_several_pages_are_not_said_to_be_equal_whole():
    data = stacked("TIFF", PAGES)
    one, every = spotdiff.compare(data, data), spotdiff.compare(data, data, page="all")
    assert "The pictures are equal" not in one.text
    assert "Only page 1 was compared" in one.text
    assert every.text == "No change found. All 3 pages were compared."
    assert every.reason == "no region is sure and large enough on any of 3 pages"


@pytest.mark.parametrize("form", LOSSLESS)
def test_a_page_that_only_one_file_has_counts_as_changed(form, checked):
    short, long = stacked(form, PAGES[:2]), stacked(form, PAGES)
    more, less = spotdiff.compare(short, long, page="all"), spotdiff.compare(long, short, page="all")
    assert (more.verdict, less.verdict) == ("changed", "changed")
    (added,), (removed,) = more.regions, less.regions
    assert (added.kind, added.page, added.box_before, added.box_after) == ("added", 3, None, (0, 0, *corpus.SIZE))
    assert (removed.kind, removed.page, removed.text) == ("removed", 3, "Page 3 was removed.")
    assert "page 3 was added" in more.reason
    assert added.area == more.changed_pixels == corpus.SIZE[0] * corpus.SIZE[1]
    assert spotdiff.compare(short, long, page="all", language="zh").text.endswith("新增了第3页。")


def test_a_single_picture_is_its_only_page():
    one = spotdiff.compare(PAGES[0], corpus.saved(PAGES[0], "PNG"), page="all")
    assert (one.verdict, len(one.pages)) == ("same", 1)
    several = spotdiff.compare(corpus.saved(PAGES[0], "PNG"), stacked("TIFF", PAGES), page="all")
    assert [(region.kind, region.page) for region in several.regions] == [("added", 2), ("added", 3)]


def test_an_unsure_page_makes_the_whole_unsure():
    before, after = stacked("TIFF", [PAGES[0], PAGES[1]]), stacked("TIFF", [PAGES[0], 255 - PAGES[1]])
    answer = spotdiff.compare(before, after, page="all", ignore=[(0, 0, *corpus.SIZE)])
    assert answer.verdict == "unsure"
    assert answer.reason.startswith("page 1: nothing is left to compare")


@pytest.mark.parametrize("page", [0, -1, True, 1.0, "2", "every", None])
def test_a_page_that_cannot_be(page):
    with pytest.raises(OptionError, match="page takes a number from 1 on, or all"):
        spotdiff.compare(PAGES[0], PAGES[0], page=page)


@pytest.mark.parametrize("name", ["pages.tif", "film.gif", "film.webp", "film.png", "rgb.png", "rgb.bmp", "base.jpg"])
def test_a_page_that_is_not_there(name):
    data = corpus.whole()[name]
    told = "it has 2 pages" if "pages" in name or "film" in name else "it has one page"
    with pytest.raises(LoadError, match=told):
        spotdiff.compare(data, data, page=3)


def test_an_array_has_one_page():
    with pytest.raises(LoadError, match="one page"):
        spotdiff.compare(PAGES[0], PAGES[0], page=2)


def test_all_pages_are_no_picture():
    with pytest.raises(OptionError, match="page=all"):
        load_picture(corpus.whole()["pages.tif"], options=spotdiff.Options(page="all"))


def test_a_picture_to_ignore_is_one_page_whatever_is_compared():
    data = stacked("TIFF", PAGES)
    answer = spotdiff.compare(data, data, page=2, ignore_mask=np.zeros(corpus.SIZE[::-1], np.uint8))
    assert answer.verdict == "same"


def chain(count: int) -> bytes:
    """A TIFF of one picture, and further pages that are nothing but headers."""
    data = bytearray(corpus.saved(PAGES[0], "TIFF"))
    at = int.from_bytes(data[4:8], "little")
    link = at + 2 + 12 * int.from_bytes(data[at : at + 2], "little")
    for _ in range(count):
        data[link : link + 4] = len(data).to_bytes(4, "little")
        link = len(data) + 2 + 12
        data += struct.pack("<HHHIII", 1, 256, 3, 1, 4, 0)
    return bytes(data)


def test_each_page_of_a_tiff_is_visited_once(monkeypatch):
    visits = []
    entries = tiff.Form.entries
    monkeypatch.setattr(tiff.Form, "entries", lambda self, data, page: visits.append(page) or entries(self, data, page))
    assert load_picture(chain(300)).pages == 301
    assert len(visits) <= 301 + 2  # and the tags of the one that is read


def test_a_chain_of_pages_that_leads_out_of_the_file_is_told():
    data = chain(1)
    at = data.index(struct.pack("<HHHIII", 1, 256, 3, 1, 4, 0)) + 14
    lost = data[:at] + b"\xff\xff\xff\x7f" + data[at + 4 :]
    assert load_picture(lost).pages == 3
    with pytest.raises(LoadError, match="beyond its end"):
        load_picture(lost, options=spotdiff.Options(page=3))


def test_pages_of_a_big_endian_and_of_a_big_tiff():
    for form in (b"MM", b"II"):
        for big in (False, True):
            data = handmade(form, big=big)
            for page, value in ((1, 10), (2, 200)):
                picture = load_picture(data, options=spotdiff.Options(page=page))
                assert (picture.pixels == value).all()
                assert picture.pages == 2


def handmade(form: bytes, *, big: bool) -> bytes:
    """Two grey pages of 4 x 3 pixels, 10 and 200 everywhere."""
    order, offset, count = ("<" if form == b"II" else ">"), ("Q" if big else "I"), ("Q" if big else "H")
    head = struct.pack(f"{order}HHH", 43, 8, 0) if big else struct.pack(f"{order}H", 42)
    data = bytearray(form + head)
    link = len(data)
    data += struct.pack(order + offset, 0)
    for value in (10, 200):
        pixels = len(data)
        data += bytes([value]) * 12
        page = len(data)
        data[link : link + struct.calcsize(offset)] = struct.pack(order + offset, page)
        tags = {256: 4, 257: 3, 258: 8, 259: 1, 262: 1, 273: pixels, 277: 1, 278: 3, 279: 12}
        data += struct.pack(order + count, len(tags))
        for tag, number in tags.items():
            data += struct.pack(f"{order}HH{offset}{offset}", tag, 16 if big else 4, 1, number)
        link = len(data)
        data += struct.pack(order + offset, 0)
    return bytes(data)
