"""One place or another: plain and dark places that get a thing, and parts of a picture that move by themselves."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

import spotdiff

METHODS = ("spot", "pixel", "classic", "ssim", "background")


def noisy(picture, seed, sigma=2.0):
    rng = np.random.default_rng(seed)
    return np.clip(picture + rng.normal(0, sigma, picture.shape), 0, 255).astype(np.uint8)


def plain(level, *, shade=0.0):
    """A wall, a table or a dark screen: one colour, perhaps shaded from left to right."""
    place = np.full((240, 320, 3), level, np.float64)
    return place + shade * np.linspace(-1, 1, 320)[:, None]


def with_thing(place, kind):
    picture = place.copy()
    if kind == "label":
        cv2.rectangle(picture, (120, 80), (230, 160), (235, 225, 190), -1)
        for row in range(5):
            cv2.line(picture, (130, 92 + 14 * row), (215, 92 + 14 * row), (60, 50, 40), 3)
    elif kind == "crate":
        cv2.rectangle(picture, (40, 120), (140, 220), (90, 120, 170), -1)
        cv2.rectangle(picture, (48, 128), (132, 212), (60, 80, 120), 4)
    else:
        cv2.circle(picture, (160, 120), 50, (40, 180, 220), -1)
        cv2.circle(picture, (160, 120), 30, (220, 60, 60), -1)
    return picture


LEVELS, KINDS = (18, 128, 232), ("label", "crate", "disc")
OF_THE_DEFAULT = [("spot", level, kind) for level in LEVELS for kind in KINDS]
OF_OTHERS = [  # each with every level and every kind
    (method, level, KINDS[(place + number) % 3])
    for number, method in enumerate(METHODS[1:])
    for place, level in enumerate(LEVELS)
]


@pytest.mark.parametrize(("method", "level", "kind"), OF_THE_DEFAULT + OF_OTHERS)
def test_a_plain_or_dark_place_that_gets_a_thing_stays_one_place(method, level, kind):
    empty, full = noisy(plain(level), 1), noisy(with_thing(plain(level), kind), 2)
    for before, after in ((empty, full), (full, empty)):
        answer = spotdiff.compare(before, after, method=method)
        assert "in common" not in answer.reason
        assert "empty" not in answer.reason
        assert answer.alignment.model == "none"
        if method == "spot":
            assert answer.verdict == "changed"


def test_a_shaded_wall_in_other_light_that_gets_a_thing():
    before = noisy(plain(150, shade=20), 1)
    after = noisy(with_thing(plain(150, shade=20), "crate") * 0.9, 2)
    assert spotdiff.compare(before, after).verdict == "changed"


def scene(seed):
    """Unlike any other: a room of boxes in front of shading and grain."""
    rng = np.random.default_rng(seed)
    coarse = cv2.resize(rng.uniform(60, 190, (4, 5, 3)), (400, 300), interpolation=cv2.INTER_CUBIC)
    picture = coarse + 25 * cv2.GaussianBlur(rng.normal(0, 1, (300, 400, 3)), (0, 0), 1.2)
    for _ in range(25):
        x, y, w, h = rng.integers((0, 0, 15, 15), (380, 280, 130, 100)).tolist()
        cv2.rectangle(picture, (x, y), (x + w, y + h), rng.uniform(20, 240, 3).tolist(), -1)
    return picture


@pytest.mark.parametrize("light", [1.0, 0.3, 0.12])
@pytest.mark.parametrize("seed", range(3))
def test_two_places_are_two_however_dark_it_is(light, seed):
    before, after = noisy(scene(seed) * light, 1, 1.5), noisy(scene(100 + seed) * light, 2, 1.5)
    answer = spotdiff.compare(before, after)
    assert answer.verdict == "unsure"
    assert "nothing in common" in answer.reason


@pytest.mark.parametrize("light", [1.0, 0.3, 0.12])
def test_one_place_is_one_however_dark_it_is(light):
    before, after = noisy(scene(3) * light, 1, 1.5), noisy(scene(3) * light * 0.8, 2, 1.5)
    assert spotdiff.compare(before, after).verdict == "same"


def screen(scroll, *, frame="bars", rows=30):
    """A program with a list whose rows are scrolled by some pixels inside of a frame that stands."""
    picture = np.full((480, 640, 3), 250, np.uint8)
    rng = np.random.default_rng(7)
    for row in range(rows):
        top = 60 + 34 * row - scroll
        colour = rng.integers(0, 220, 3).tolist()
        cv2.rectangle(picture, (180, top), (210, top + 24), colour, -1)
        words = "".join(chr(97 + c) for c in rng.integers(0, 26, 24))
        cv2.putText(picture, words, (230, top + 20), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (30, 30, 30), 1, cv2.LINE_AA)
    if frame == "bars":
        picture[:44] = (40, 60, 90)
        picture[450:] = (200, 200, 200)
        picture[44:450, :160] = (225, 230, 235)
        for row in range(9):
            cv2.putText(picture, f"item {row}", (12, 80 + 40 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1)
        cv2.putText(picture, "File  Edit  View", (12, 28), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 255, 255), 1)
    else:
        picture[:44] = (40, 60, 90)
        cv2.putText(picture, "A title that stays where it is", (12, 30), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (255,) * 3, 2)
    return picture


@pytest.mark.parametrize(
    ("method", "scroll", "frame"),
    [
        *(("spot", scroll, frame) for scroll in (8, 20, 51, 120) for frame in ("bars", "title")),
        *(("pixel", scroll, frame) for scroll, frame in ((8, "title"), (20, "bars"), (51, "title"), (120, "bars"))),
    ],
)
def test_a_pane_that_scrolled_is_no_motion_of_the_camera(method, scroll, frame):
    before, after = screen(0, frame=frame), screen(scroll, frame=frame)
    answer = spotdiff.compare(before, after, method=method)
    assert answer.alignment.model == "none"
    assert answer.verdict == "changed"
    left = 160 if frame == "bars" else 0
    for region in answer.regions:
        assert region.box_after[0] >= left - 2
        assert region.box_after[1] >= 42


def under_a_bar(scroll, *, dark, side, height=28, title="File  Edit  View  Help"):
    """A page of text without pictures that scrolls under, over or beside one thin bar."""
    page = np.full((700, 420, 3), 252, np.uint8)
    rng = np.random.default_rng(1)
    for row in range(38):
        words = "".join(chr(97 + c) for c in rng.integers(0, 26, 52))
        cv2.putText(page, words, (6, 18 + 18 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (30, 30, 30), 1, cv2.LINE_AA)
    screen = np.concatenate([np.full((height, 420, 3), 228, np.uint8), page[scroll : scroll + 280]])
    cv2.putText(screen, title, (8, 19), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (20, 20, 60), 1, cv2.LINE_AA)
    return np.ascontiguousarray(np.rot90(255 - screen if dark else screen, side))


@pytest.mark.parametrize(
    ("scroll", "dark", "side"),
    [
        (scroll, (number + side) % 2 == 1, side)
        for number, scroll in enumerate((1, 5, 18, 90, 200))
        for side in range(4)
    ],
)
def test_a_thin_bar_is_frame_enough(scroll, dark, side):
    before, after = under_a_bar(0, dark=dark, side=side), under_a_bar(scroll, dark=dark, side=side)
    answer = spotdiff.compare(before, after)
    assert answer.alignment.model == "none"
    # a pane that moved by one pixel looks as one that was drawn anew
    assert answer.verdict in (("changed", "unsure") if scroll == 1 else ("changed",))
    bar = np.zeros((308, 420), bool)
    bar[:22] = True
    assert not (answer.mask("after") & np.rot90(bar, side)).any()


@pytest.mark.parametrize("height", [20, 24, 32, 41])
@pytest.mark.parametrize("scroll", [1, 18, 90])
def test_so_is_a_bar_with_nothing_on_it(height, scroll):
    before, after = (under_a_bar(by, dark=False, side=0, height=height, title="") for by in (0, scroll))
    answer = spotdiff.compare(before, after)
    assert (answer.verdict, answer.alignment.model) == ("changed", "none")
    assert not answer.mask("after")[: height - 6].any()


@pytest.mark.parametrize("shift", [3, 12])
def test_a_screen_that_moved_as_a_whole_is_still_followed(shift):
    page = screen(0)
    answer = spotdiff.compare(page[20:400, 20:600], page[20 + shift : 400 + shift, 20 + shift : 600 + shift])
    assert answer.alignment.model != "none"
    assert answer.alignment.matrix[:2, 2] == pytest.approx([-shift, -shift], abs=0.1)


@pytest.mark.parametrize(("x", "y"), [(0, 9), (7, 0), (5, -6)])
def test_a_camera_that_moved_under_a_printed_title_is_still_followed(x, y):
    rng = np.random.default_rng(3)
    grain = cv2.GaussianBlur(rng.integers(0, 256, (320, 420, 3)).astype(float), (0, 0), 2)
    place = np.clip(4 * (grain - 127) + 127, 0, 255)
    views = [
        noisy(place[20 + dy : 260 + dy, 20 + dx : 340 + dx], seed) for seed, (dx, dy) in enumerate([(0, 0), (x, y)])
    ]
    for view in views:
        view[:24] = 0
        cv2.putText(
            view, "Camera 3  hall north", (8, 17), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1, cv2.LINE_AA
        )
    assert spotdiff.compare(*views).alignment.model == "shift"


@pytest.mark.parametrize("options", [{}, {"align": "off"}, {"light": "off"}])
def test_a_page_turned_dark_is_not_the_same(options):
    page = screen(0)
    for pair in ((page, 255 - page), (255 - page, page)):
        assert spotdiff.compare(*pair, **options).verdict != "same"
