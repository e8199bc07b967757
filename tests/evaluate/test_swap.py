"""A pair and the pair exchanged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spotdiff.data import open_dataset
from spotdiff.errors import OptionError
from spotdiff.evaluate import evaluate
from spotdiff.evaluate.swap_consistency import Swapped, compare_swapped, swap_metrics
from spotdiff.options import Options
from spotdiff.types import Alignment, Evidence

from .conftest import HEIGHT, WIDTH, answer, region

PIXEL = Options(method="pixel", align="off", light="off")


def plane(*boxes):
    filled = np.zeros((HEIGHT, WIDTH), np.float32)
    for left, top, right, bottom in boxes:
        filled[top:bottom, left:right] = 1
    return filled


def said(gone, new, *regions, verdict="changed"):
    return replace(answer(*regions, verdict=verdict), evidence=Evidence(gone, new, directed=True))


NAN = float("nan")
ONE, TWO = (2, 3, 12, 13), (20, 5, 30, 15)


def test_the_mirrored_answer_fits_in_everything():
    forth = said(
        plane(ONE), plane(TWO), region("removed", before=ONE, after=ONE), region("moved", before=TWO, after=ONE)
    )
    back = said(plane(TWO), plane(ONE), region("moved", before=ONE, after=TWO), region("added", before=ONE, after=ONE))
    assert compare_swapped(forth, back) == Swapped(True, 1, 1, 2, 2, 2)


def test_the_same_answer_again_does_not_fit():
    forth = said(plane(ONE), plane(TWO), region("removed", before=ONE, after=ONE))
    assert compare_swapped(forth, forth) == Swapped(True, 0, 0, 1, 1, 0)


def test_overlap_is_of_the_places_that_are_sure():
    half = plane(ONE)
    half[3:8, 2:12] = 0.49
    other = said(plane(), half, verdict="same")
    fits = compare_swapped(said(plane(ONE), plane()), other)
    assert (fits.verdict, fits.gone) == (False, 0.5)
    assert np.isnan(fits.new)  # nothing is new in either


def test_each_picture_is_compared_in_its_own_pixels():
    """What is gone lies in before's pixels both times, though the exchanged answer lies in after's."""
    matrix = np.array([[1, 0, 3], [0, 1, 0], [0, 0, 1.0]])
    forth = replace(said(plane(ONE), plane()), alignment=Alignment("shift", matrix, 0.1, 1.0))
    there = (ONE[0] + 3, ONE[1], ONE[2] + 3, ONE[3])
    back = replace(said(plane(), plane(there)), alignment=Alignment("shift", np.linalg.inv(matrix), 0.1, 1.0))
    assert compare_swapped(forth, back).gone == 1


def test_a_refused_answer_says_nothing():
    refused = replace(answer(verdict="unsure"), evidence=None, labels=None)
    fits = compare_swapped(said(plane(ONE), plane()), refused)
    assert (fits.verdict, fits.gone, fits.found) == (False, 0, 0)
    assert np.isnan(fits.new)


def test_figures_are_means_and_shares():
    figures = swap_metrics([Swapped(True, 1, 0.5, 4, 3, 2), Swapped(False, 0, 0.5, 0, 0, 0)])
    assert (figures.pairs, figures.verdicts, figures.gone, figures.new) == (2, 0.5, 0.5, 0.5)
    assert (figures.regions, figures.kinds) == (0.75, pytest.approx(2 / 3))
    nothing = swap_metrics([Swapped(True, NAN, NAN, 0, 0, 0)])
    assert np.isnan([nothing.gone, nothing.new, nothing.regions, nothing.kinds]).all()
    some = swap_metrics([Swapped(True, NAN, 0.5, 0, 0, 0), Swapped(True, 0.25, 1, 0, 0, 0)])
    assert (some.gone, some.gone_pairs, some.new, some.new_pairs) == (0.25, 1, 0.75, 2)
    assert swap_metrics([]) is None


def test_a_method_that_knows_no_direction_fits_itself(yard):
    report = evaluate(open_dataset(yard), PIXEL, swap=True)
    assert (report.swap.pairs, report.swap.verdicts, report.swap.gone, report.swap.new) == (2, 1, 1, 1)
    assert (report.swap.regions, report.swap.kinds) == (1, 1)
    assert evaluate(open_dataset(yard), PIXEL).swap is None


@pytest.mark.parametrize(
    "asked",
    [{"ignore": ((0, 0, 5, 5),)}, {"focus": ((0, 0, 5, 5),)}, {"ignore_colour": "#5a5a5a"}, {"ignore_mask": "x"}],
)
def test_a_part_left_out_cannot_be_exchanged(yard, asked):
    with pytest.raises(OptionError, match="cannot be exchanged"):
        evaluate(open_dataset(yard), PIXEL.changed(**asked), swap=True)
