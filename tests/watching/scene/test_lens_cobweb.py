"""A thread before the lens is out of focus, translucent and comes in over the edge; what stands in the place is not."""

import cv2
import numpy as np
import pytest

from spotdiff.watching.scene.lens_cobweb import is_lens_cobweb
from watching.scene.scene_toys import noisy, place, with_thing

SIZE = 400, 240


def ground(*, fine):
    """A place; with fine texture, or none that is finer than a thread is soft."""
    picture = place(SIZE).astype(np.float32)
    if fine:
        picture += np.random.default_rng(4).normal(0, 14, (SIZE[1], SIZE[0], 1))
    return np.clip(picture, 0, 255)


def line(points, *, width, blur):
    """(H, W, 1) how much a line covers."""
    drawn = np.zeros((SIZE[1], SIZE[0]), np.float32)
    cv2.polylines(drawn, [np.array(points, np.int32)], isClosed=False, color=1.0, thickness=width, lineType=cv2.LINE_AA)
    return (cv2.GaussianBlur(drawn, (0, 0), blur) if blur else drawn)[..., None]


def thread(picture, *, sway=0.0, level=235.0, width=6, blur=4.0, end=SIZE[1] + 8):
    rows = np.arange(0, end, 8)
    soft = 0.7 * line([(180 + 0.3 * y + sway * (y / SIZE[1]) ** 2, y) for y in rows], width=width, blur=blur)
    return picture * (1 - soft) + level * soft


def pole(picture, *, blur=0.0, width=5):
    cover = line([(120, -5), (140, SIZE[1] + 5)], width=width, blur=blur)
    return picture * (1 - cover) + np.array((230, 200, 90)) * cover


def rope(picture):
    cover = line([(-5, 70), (120, 120), (240, 125), (405, 85)], width=3, blur=0.0)
    return picture * (1 - cover) + 215 * cover


def box(picture, edges, level, *, blur):
    cover = np.zeros((SIZE[1], SIZE[0]), np.float32)
    left, top, right, bottom = edges
    cover[top:bottom, left:right] = 1
    cover = (cv2.GaussianBlur(cover, (0, 0), blur) if blur else cover)[..., None]
    return picture * (1 - cover) + level * cover


def called_thread(before, after, *, rows=slice(None)):
    """The answer for all that differs, or for the rows of it that were found."""
    rng = np.random.default_rng(0)
    looks = [noisy(np.clip(picture, 0, 255), rng, 0.6) for picture in (before, after)]
    apart = cv2.absdiff(*looks).max(-1) > 25
    mask = np.zeros_like(apart)
    mask[rows] = cv2.morphologyEx(apart.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3)))[rows] > 0
    return is_lens_cobweb(*looks, mask)


HANGS = {
    "bright": {},
    "dark": {"level": 15.0},
    "wide": {"width": 12, "blur": 6.0},
    "ends in the picture": {"end": 170},
}


@pytest.mark.parametrize("fine", [True, False])
@pytest.mark.parametrize("how", HANGS)
def test_a_thread_that_came_that_went_and_that_hangs_elsewhere(how, fine):
    empty = ground(fine=fine)
    here, there = (thread(empty, sway=sway, **HANGS[how]) for sway in (-60, 60))
    assert called_thread(empty, here)
    assert called_thread(here, empty)
    assert called_thread(here, there)


def test_a_part_of_a_thread_is_one_too():
    empty = ground(fine=True)
    assert called_thread(empty, thread(empty), rows=slice(100, 130))


THINGS = {
    "crate": lambda picture: with_thing(picture, (120, 90, 190, 170)),
    "bag at the edge": lambda picture: with_thing(picture, (100, 190, 150, 240), colour=(40, 60, 160)),
    "person": lambda picture: with_thing(picture, (200, 60, 226, 190), colour=(40, 60, 160)),
    "person at the edge": lambda picture: with_thing(picture, (200, 90, 226, 240), colour=(40, 60, 160)),
    "pole": pole,
    "thin pole": lambda picture: pole(picture, width=2),
    "rope": rope,
    "grey box out of focus": lambda picture: box(picture, (120, 90, 190, 170), 120, blur=1.0),
    "grey box out of focus at the edge": lambda picture: box(picture, (120, 180, 190, 240), 60, blur=1.0),
}


@pytest.mark.parametrize("fine", [True, False])
@pytest.mark.parametrize("thing", THINGS)
def test_what_stands_in_the_place_is_none(thing, fine):
    empty = ground(fine=fine)
    there = THINGS[thing](empty)
    assert not called_thread(empty, there)
    assert not called_thread(there, empty)


def test_an_opaque_strip_is_none_however_soft():
    empty = ground(fine=True)
    strip = box(empty, (180, 0, 204, 240), 128, blur=3.0)
    assert not called_thread(empty, strip)
