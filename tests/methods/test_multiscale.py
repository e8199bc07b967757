"""Looks from afar and closer: every pixel is answered once, seams do not show, small things in large pictures count."""

from __future__ import annotations

import numpy as np
import pytest

from spotdiff.methods._multiscale import closer, pieces, scaled, sides_of


@pytest.mark.parametrize("shape", [(40, 40), (300, 1000), (640, 640), (641, 1299), (2000, 90), (1080, 1920)])
def test_pieces_cover_everything_and_share_it_out(shape):
    total = np.zeros(shape, np.float64)
    sizes = set()
    for window, share in pieces(shape):
        total[window] += share
        sizes.add(share.shape)
        assert share.min() >= 0
    assert np.abs(total - 1).max() < 1e-5
    assert len(sizes) == 1
    assert max(max(size) for size in sizes) <= 2 * 640


@pytest.mark.parametrize(
    ("longest", "sides"),
    [
        (100, [100]),
        (320, [320]),
        (447, [320]),
        (449, [320, 449]),
        (640, [320, 640]),
        (1000, [320, 640, 1000]),
        (1280, [320, 640, 1280]),
        (1920, [320, 640, 1280]),
        (2600, [320, 640, 1280, 2560]),
        (8000, [320, 640, 1280, 2560, 5120]),
    ],
)
def test_sides_of_looks(longest, sides):
    assert sides_of(longest, first=320, closest=1 << 20) == sides


def test_looks_end_where_asked():
    assert sides_of(8000, first=320, closest=1300) == [320, 640, 1280]
    assert sides_of(8000, first=320, closest=0) == [320]


def differing(shape, seed=0):
    """Two pictures with nothing in common."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 100, (*shape, 3), np.uint8), rng.integers(156, 256, (*shape, 3), np.uint8)


def brightness(before, after):
    """A look that tells from every pixel alone, so that pieces must agree."""
    return before.mean(2, dtype=np.float32) / 255, after.mean(2, dtype=np.float32) / 255


def test_answers_of_pieces_fit_together():
    before, after = differing((900, 1500))
    first = np.full((192, 320), 0.5, np.float32), np.full((192, 320), 0.5, np.float32)
    gone, new = closer(brightness, scaled(before, after, [1500]), first)
    for found, picture in ((gone, before), (new, after)):
        chance = np.clip(picture.mean(2) / 255, 1e-4, 1 - 1e-4)
        odds = 0.5 * np.log(chance / (1 - chance))
        assert np.abs(found - 1 / (1 + np.exp(-odds))).max() < 2e-3


def test_what_looks_alike_is_not_looked_at_closer():
    before, _ = differing((700, 1400))
    before[:] = 90
    after = before.copy()
    after[100:110, 60:70] = 200
    asked = []

    def look(one, other):
        asked.append(one.shape)
        return brightness(one, other)

    first = np.full((160, 320), 0.2, np.float32), np.full((160, 320), 0.2, np.float32)
    gone, _ = closer(look, scaled(before, after, [1400]), first)
    assert len(asked) == 1
    assert np.abs(gone[:, 900:] - 0.2).max() < 1e-5


def test_coarser_answers_lie_where_they_belong():
    first = np.zeros((100, 200), np.float32), np.zeros((100, 200), np.float32)
    first[0][40:50, 150:160] = 1
    alike = np.full((500, 1000, 3), 80, np.uint8)
    gone, new = closer(brightness, scaled(alike, alike, [1000]), first)
    rows, columns = np.nonzero(gone > 0.5)
    assert (rows.min(), rows.max() + 1, columns.min(), columns.max() + 1) == (200, 250, 750, 800)
    assert new.max() < 0.01


@pytest.mark.parametrize(("wide", "doubt", "looks"), [(40, 0.2, 1), (40, 0.01, 0), (400, 0.2, 0)])
def test_a_third_look_goes_where_something_small_is_not_ruled_out(wide, doubt, looks):
    before = np.full((900, 1280, 3), 90, np.uint8)
    after = before.copy()
    after[100 : 100 + wide // 2, 60 : 60 + wide] = 200
    asked = []

    def look(one, other):
        asked.append(one.shape)
        return np.full(one.shape[:2], doubt, np.float32), np.zeros(one.shape[:2], np.float32)

    first = np.full((225, 320), doubt, np.float32), np.zeros((225, 320), np.float32)
    gone, _ = closer(look, scaled(before, after, [640, 1280]), first)
    assert gone.shape == (900, 1280)
    assert len([shape for shape in asked if max(shape[:2]) < 400]) == looks
    assert len(asked) == 1 + looks
