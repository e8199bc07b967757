"""Copies that are the same to the level but for what changed: each stroke and tint is told, or is possible at least."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

import spotdiff
from spotdiff.methods._exact_difference import left_by_smoothing

ROWS = 8


def alone(text, size, *, ink="black", paper="white", at=(100, 100)):
    picture = Image.new("RGB", (400, 300), paper)
    ImageDraw.Draw(picture).text(at, text, fill=ink, font=ImageFont.load_default(size))
    return np.array(picture)


def screen(*, scale=1, row=3, size=12, **changed):
    """A table with borders, ticks, links and inputs, of which one row is as `changed` has it."""
    words = np.random.default_rng(5)
    picture = Image.new("RGB", (480 * scale, 300 * scale), "white")
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(size * scale)

    def box(left, top, right, bottom):
        return left * scale, top * scale, right * scale - 1, bottom * scale - 1

    draw.rectangle(box(0, 0, 480, 36), fill="#1f3a5f")
    for number in range(ROWS):
        look = {"price": f"{words.integers(1000, 9999) / 100}", "name": "Order from today", "link": "#1a5fb4"}
        look |= {"paper": "#ffffff", "border": "#dddddd", "ticked": bool(words.random() < 0.5)}
        look |= changed if number == row else {}
        top = 44 + 30 * number
        draw.rectangle(box(8, top, 472, top + 26), fill=look["paper"], outline=look["border"], width=scale)
        draw.rectangle(box(16, top + 6, 28, top + 18), fill="white", outline="#666666", width=scale)
        if look["ticked"]:
            draw.line([(x * scale, (top + y) * scale) for x, y in ((18, 12), (21, 16), (26, 8))], "#888888", scale)
        for x, text, ink in (
            (40, look["name"], "#222222"),
            (220, look["price"], "#222222"),
            (380, "more", look["link"]),
        ):
            draw.text((x * scale, (top + 5) * scale), text, fill=ink, font=font)
        if "line" in look:
            draw.rectangle(box(380, top + 21, 412, top + 22), fill=look["line"])
        if "caret" in look:
            draw.rectangle(box(300, top + 6, 301, top + 6 + look["caret"]), fill="black")
        if "dot" in look:
            draw.ellipse(box(440, top + 8, 440 + look["dot"], top + 8 + look["dot"]), fill="#d00000")
    return np.array(picture)


def saved(picture, form, **settings):
    data = io.BytesIO()
    Image.fromarray(picture).save(data, form, **settings)
    return np.array(Image.open(io.BytesIO(data.getvalue())).convert("RGB"))


FORMS = [("JPEG", {"quality": 95}), ("JPEG", {"quality": 75}), ("WEBP", {"quality": 90}), ("GIF", {})]


COLOURS = {}, {"ink": "#dddddd", "paper": "#222222"}


@pytest.mark.parametrize("size", [8, 10, 12, 14, 26, 36])
def test_a_digit_alone_on_a_page_is_never_the_same_as_another(size):
    for number, (old, new) in enumerate(("56", "17", "38")):
        colours = COLOURS[(number + size // 2) % 2]
        assert spotdiff.compare(alone(old, size, **colours), alone(new, size, **colours)).verdict != "same"


@pytest.mark.parametrize("size", [9, 14, 24])
def test_few_words_drawn_softer_or_a_part_of_a_pixel_aside_are_not_changed(size):
    drawn = alone("some words stay", size, at=(40, 100))
    aside = cv2.warpAffine(drawn, np.float32([[1, 0, 0.4], [0, 1, 0.2]]), (400, 300), borderMode=cv2.BORDER_REPLICATE)
    for other in (cv2.GaussianBlur(drawn, (0, 0), 0.6), aside):
        assert spotdiff.compare(drawn, other).verdict == "same"


USUAL = screen()
PLACE = (8, 134, 472, 160)  # of the row that changes


@pytest.mark.parametrize(
    "changed",
    [
        {"price": "71,42"},
        {"price": "71 42"},
        {"name": "Ordér from today"},
        {"link": "#1a5fd0"},
        {"line": "#e8e8e8"},
        {"line": "#1a5fb4"},
        {"border": "#d0d0d0"},
        {"border": "#d5d5d5"},
        {"paper": "#fafafa"},
        {"paper": "#fcfcfc"},
        {"caret": 8},
        {"dot": 2},
    ],
    ids=lambda changed: "-".join(f"{name} {value}" for name, value in changed.items()),
)
def test_what_a_designer_does_to_a_screen_is_told_or_possible_where_it_is(changed):
    before = screen(price="71.42", ticked=True)
    after = screen(**{"price": "71.42", "ticked": True} | changed)
    answer = spotdiff.compare(before, after)
    assert answer.verdict != "same"
    for region in answer.regions:
        left, top, right, bottom = region.box_after
        assert PLACE[0] - 3 <= left < right <= PLACE[2] + 3
        assert PLACE[1] - 3 <= top < bottom <= PLACE[3] + 3


@pytest.mark.parametrize("changed", [{"line": "#1a5fb4"}, {"paper": "#fafafa"}, {"border": "#c8c8c8"}, {"dot": 3}])
def test_lines_tints_and_dots_are_sure(changed):
    assert spotdiff.compare(USUAL, screen(**changed)).verdict == "changed"


@pytest.mark.parametrize("size", [11, 12, 14])
def test_a_page_drawn_at_twice_the_size_is_not_changed(size):
    assert spotdiff.compare(screen(size=size), screen(size=size, scale=2)).verdict != "changed"


@pytest.mark.parametrize("changed", [{"dot": 8}, {"name": "Sold out"}])
def test_what_changed_on_a_page_drawn_at_twice_the_size_is_told_first(changed):
    answer = spotdiff.compare(USUAL, screen(scale=2, **changed))
    assert answer.verdict == "changed"
    left, top, right, bottom = answer.regions[0].box_before
    assert PLACE[0] <= left < right <= PLACE[2]
    assert PLACE[1] <= top < bottom <= PLACE[3]


@pytest.mark.parametrize(("form", "settings"), FORMS, ids=str)
def test_a_screen_in_two_formats_is_the_same(form, settings):
    assert spotdiff.compare(USUAL, saved(USUAL, form, **settings)).verdict == "same"


CHANGES = [{"price": "80.42"}, {"link": "#613583"}, {"line": "#e01b24"}, {"paper": "#ffe0e0"}]


@pytest.mark.parametrize(
    ("changed", "form", "settings"),
    [(changed, *FORMS[(number + step) % 4]) for number, changed in enumerate(CHANGES) for step in (0, 1)],
    ids=str,
)
def test_what_changed_is_never_the_same_in_two_formats(changed, form, settings):
    after = screen(**changed)
    assert spotdiff.compare(USUAL, saved(after, form, **settings)).verdict != "same"
    assert spotdiff.compare(saved(USUAL, form, **settings), saved(after, form, **settings)).verdict != "same"


def noisy_things(seed=0):
    rng = np.random.default_rng(seed)
    picture = np.full((320, 480, 3), 110.0)
    for _ in range(40):
        (x, y), (width, height) = rng.integers(0, 480, 2), rng.integers(10, 90, 2)
        picture[y : y + height, x : x + width] = rng.integers(20, 235, 3)
    return np.clip(cv2.GaussianBlur(picture, (0, 0), 1.2) + rng.normal(0, 2, (320, 480, 1)), 0, 255).astype(np.uint8)


def test_a_pane_of_faint_glass_over_an_exact_copy_is_possible():
    before = noisy_things()
    after = before.copy()
    pane = after[100:200, 150:300]
    after[100:200, 150:300] = (0.92 * pane + 0.08 * np.array((255, 0, 255))).astype(np.uint8)
    answer = spotdiff.compare(before, after)
    assert answer.verdict != "same"
    assert np.abs(np.subtract(answer.regions[0].box_after, (150, 100, 300, 200))).max() <= 8


@pytest.mark.parametrize("seed", range(4))
def test_a_photograph_of_few_colours_is_not_changed(seed):
    picture = noisy_things(seed)
    assert spotdiff.compare(picture, saved(picture, "GIF")).verdict != "changed"


def test_a_screen_that_was_dimmed_is_not_the_same_and_a_place_in_other_light_is():
    for share in (0.5, 0.7):
        answer = spotdiff.compare(USUAL, (USUAL * share).astype(np.uint8))
        assert answer.verdict == "unsure"
        assert "no light falls on screens" in answer.reason
        assert spotdiff.compare(noisy_things(), (noisy_things() * share).astype(np.uint8)).verdict == "same"


def test_one_way_of_smoothing_explains_softer_letters_and_no_other_letter():
    drawn, other = alone("words 38", 14), alone("words 83", 14)
    everywhere = np.ones(drawn.shape[:2], bool)
    softer, tiles = left_by_smoothing(drawn, cv2.GaussianBlur(drawn, (0, 0), 0.6), everywhere)
    assert softer.shape == drawn.shape[:2]
    assert tiles == 50 * 38
    assert softer.max() < 20
    assert left_by_smoothing(drawn, other, everywhere)[0].max() > 100
    assert left_by_smoothing(drawn, other, ~everywhere)[1] == 0
