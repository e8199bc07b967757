"""Scores as chances: what a method's calibration makes of evidence and area, and what too little of it leaves out."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from spotdiff.regions.extract import Limits, limits_of
from spotdiff.regions.find import calibrated, find_regions
from spotdiff.types import Alignment, Comparison, Evidence, Extraction, Light, Pair, Picture, Region
from spotdiff.verdict import conclude

EXTRACTION = Extraction(calibration=(0.8, 0.5, 0.6, -2.0), least=0.3, sure=0.6)


def region(score=0.9, area=400):
    return Region("added", score, area, None, None)


def limits(**changes):
    more = {"sensitivity": 0.5, "min_area": -1, "join": -1} | changes
    return limits_of(EXTRACTION, **more)


def pair_and_evidence():
    """A large sure change and a small faint one."""
    ground = np.full((80, 100, 3), 90, np.uint8)
    after = ground.copy()
    new = np.zeros((80, 100), np.float32)
    for left, size, chance in ((10, 30, 0.97), (70, 4, 0.6)):
        after[20 : 20 + size, left : left + size] = 200
        new[20 : 20 + size, left : left + size] = chance
    return Pair(Picture(ground), Picture(after)), Evidence(np.zeros_like(new), new, directed=True)


def test_the_formula():
    odds = 0.8 * math.log(0.9 / 0.1) + 0.5 * math.log(4) - 2.0
    assert calibrated(region(), (0.8, 0.5, 0.6, -2.0)) == pytest.approx(1 / (1 + math.exp(-odds)))


def test_evidence_of_one_is_not_beyond_doubt():
    assert 0.9 < calibrated(region(1.0, 10**6), (0.8, 0.5, 0.6, -2.0)) < 1
    assert calibrated(region(0.0), (0.8, 0.5, 0.6, -2.0)) > 0


@pytest.mark.parametrize(("first", "second"), [((0.6, 100), (0.9, 100)), ((0.8, 30), (0.8, 3000))])
def test_more_evidence_and_more_area_are_surer(first, second):
    assert calibrated(region(*first), (0.8, 0.5, 0.6, -2.0)) < calibrated(region(*second), (0.8, 0.5, 0.6, -2.0))


def test_too_faint_ones_are_left_out_and_come_with_sensitivity():
    pair, evidence = pair_and_evidence()
    usual, labels = find_regions(pair, evidence, limits())
    assert len(usual) == 1
    assert set(np.unique(labels)) == {0, 1}
    every, _ = find_regions(pair, evidence, limits(sensitivity=1.0))
    assert len(every) == 2


def test_without_calibration_the_score_is_the_evidence():
    pair, evidence = pair_and_evidence()
    usual = replace(limits().usual, calibration=(), least=0.0)
    plain = Limits(usual, usual)
    assert find_regions(pair, evidence, plain)[0][0].score == pytest.approx(0.97, abs=1e-3)


def answer_with(evidence, pair, rules):
    regions, labels = find_regions(pair, evidence, rules)
    still = Alignment("off", np.eye(3), None, 1.0)
    made = Comparison("same", "", 0.0, regions, pair, pair, evidence, labels, still, Light("off"), "spot", {}, {})
    return conclude(made, rules.asked)


def test_weak_regions_and_doubt_all_over_are_unsure():
    pair, evidence = pair_and_evidence()
    assert answer_with(evidence, pair, limits()).verdict == "changed"
    assert answer_with(evidence, pair, replace(limits(), asked=replace(limits().asked, sure=0.99))).verdict == "unsure"
    murky = Evidence(evidence.gone + 0.3, evidence.new, directed=True)
    doubtful = answer_with(murky, pair, replace(limits(), asked=replace(limits().asked, doubt=0.2)))
    assert doubtful.verdict == "unsure"
    assert "could be changed or not" in doubtful.reason
    assert answer_with(murky, pair, limits()).verdict == "changed"
