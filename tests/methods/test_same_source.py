"""Pictures that are the same nearly everywhere: what differs is heard, whatever the network thinks of it."""

from __future__ import annotations

import numpy as np
import pytest

from spotdiff.methods._same_source import backed, of_one_source
from spotdiff.types import Evidence

RNG = np.random.default_rng(3)
PAGE = RNG.integers(0, 200, (60, 80, 3), np.uint8)


def retouched(rows=slice(20, 32), columns=slice(30, 44)):
    other = PAGE.copy()
    other[rows, columns] = 255
    return other


def faint(chance):
    """Evidence that is nearly nothing, and a little more of what is new."""
    return Evidence(np.full((60, 80), chance / 4, np.float32), np.full((60, 80), chance, np.float32), directed=True)


def test_most_pixels_must_be_the_same():
    assert of_one_source(PAGE, retouched(), None)
    noisy = PAGE + RNG.integers(0, 3, PAGE.shape).astype(np.uint8)
    assert not of_one_source(PAGE, noisy, None)


def test_only_pixels_that_count_are_asked():
    half = PAGE.copy()
    half[:, 40:] += 7
    left = np.zeros((60, 80), bool)
    left[:, :40] = True
    assert not of_one_source(PAGE, half, None)
    assert of_one_source(PAGE, half, left)
    assert not of_one_source(PAGE, half, ~left)


def test_a_difference_backs_what_the_network_hardly_said_and_leaves_its_direction():
    said = backed(faint(0.04), PAGE, retouched())
    assert said.new[26, 37] > 0.25
    assert said.gone[26, 37] < said.new[26, 37]
    assert said.new[50, 70] == pytest.approx(0.04)
    assert said.directed


def test_what_the_network_rules_out_stays_small():
    assert backed(faint(0.002), PAGE, retouched()).new.max() < 0.1


def test_thin_differences_and_faint_ones_do_not_count():
    line = retouched(rows=slice(20, 22))
    assert backed(faint(0.04), PAGE, line).new.max() == pytest.approx(0.04)
    paler = PAGE.copy()
    paler[20:32, 30:44] += 6
    assert backed(faint(0.04), PAGE, paler).new.max() == pytest.approx(0.04)
