"""Scores as chances: what a method's calibration makes of evidence and area, and what too little of it leaves out."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from spotdiff.regions.extract import Limits, limits_of
from spotdiff.regions.find import calibrated, find_regions
from spotdiff.types import Alignment, Calibration, Comparison, Evidence, Extraction, Light, Pair, Picture, Region
from spotdiff.verdict import conclude

CALIBRATION = Calibration(evidence=0.8, area=0.5, whole=0.6, faint=-0.05, constant=-2.0)
EXTRACTION = Extraction(calibration=CALIBRATION, least=0.3, sure=0.6)


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
    assert calibrated(region(), CALIBRATION) == pytest.approx(1 / (1 + math.exp(-odds)))


@pytest.mark.parametrize("faint", [1, 7])
def test_among_many_faint_ones_each_is_less_sure(faint):
    odds = 0.8 * math.log(0.9 / 0.1) + 0.5 * math.log(4) - 2.0 - 0.05 * math.log(1 + faint)
    assert calibrated(region(), CALIBRATION, faint=faint) == pytest.approx(1 / (1 + math.exp(-odds)))


def test_faint_spots_all_over_take_from_the_score_of_a_clear_one():
    pair, evidence = pair_and_evidence()
    spotted = evidence.new.copy()
    spotted[60:78:6, 4:96:8] = 0.55
    alone = find_regions(pair, evidence, limits())[0]
    among = find_regions(pair, Evidence(evidence.gone, spotted, directed=True), limits())[0]
    assert among[0].box_after == alone[0].box_after
    assert among[0].score < alone[0].score


def test_evidence_of_one_is_not_beyond_doubt():
    assert 0.9 < calibrated(region(1.0, 10**6), CALIBRATION) < 1
    assert calibrated(region(0.0), CALIBRATION) > 0


@pytest.mark.parametrize(("first", "second"), [((0.6, 100), (0.9, 100)), ((0.8, 30), (0.8, 3000))])
def test_more_evidence_and_more_area_are_surer(first, second):
    assert calibrated(region(*first), CALIBRATION) < calibrated(region(*second), CALIBRATION)


def test_too_faint_ones_are_left_out_and_come_with_sensitivity():
    pair, evidence = pair_and_evidence()
    usual, labels = find_regions(pair, evidence, limits())
    assert len(usual) == 1
    assert set(np.unique(labels)) == {0, 1}
    every, _ = find_regions(pair, evidence, limits(sensitivity=1.0))
    assert len(every) == 2


def test_without_calibration_the_score_is_the_evidence():
    pair, evidence = pair_and_evidence()
    usual = replace(limits().usual, calibration=None, least=0.0)
    plain = Limits(usual, usual)
    assert find_regions(pair, evidence, plain)[0][0].score == pytest.approx(0.97, abs=1e-3)


def answer_with(evidence, pair, rules):
    regions, labels = find_regions(pair, evidence, rules)
    still = Alignment("off", np.eye(3), None, 1.0)
    made = Comparison("same", "", 0.0, regions, pair, pair, evidence, labels, still, Light("off"), "spot", {}, {})
    return conclude(made, rules.asked)


@pytest.mark.parametrize(("sure", "likely"), [(0.0, 2), (0.5, 1), (0.9, 0)])
def test_what_is_not_as_sure_as_asked_is_only_possible(sure, likely):
    pair, evidence = pair_and_evidence()
    rules = limits(sensitivity=1.0)
    rules = replace(rules, asked=replace(rules.asked, sure=sure))
    answer = answer_with(evidence, pair, rules)
    assert [region.likely for region in answer.regions] == [number < likely for number in range(2)]
    assert answer.likely == answer.regions[:likely]
    assert answer.verdict == ("changed" if likely else "unsure")
    assert ("possible" in answer.reason) == (likely < 2)


def test_no_region_of_an_unsure_answer_is_likely():
    pair, evidence = pair_and_evidence()
    murky = Evidence(evidence.gone + 0.3, evidence.new, directed=True)
    answer = answer_with(murky, pair, replace(limits(), asked=replace(limits().asked, doubt=0.2)))
    assert (answer.verdict, answer.likely) == ("unsure", ())
    assert answer.regions


def test_weak_regions_and_doubt_all_over_are_unsure():
    pair, evidence = pair_and_evidence()
    assert answer_with(evidence, pair, limits()).verdict == "changed"
    assert answer_with(evidence, pair, replace(limits(), asked=replace(limits().asked, sure=0.99))).verdict == "unsure"
    murky = Evidence(evidence.gone + 0.3, evidence.new, directed=True)
    doubtful = answer_with(murky, pair, replace(limits(), asked=replace(limits().asked, doubt=0.2)))
    assert doubtful.verdict == "unsure"
    assert "could be changed or not" in doubtful.reason
    assert answer_with(murky, pair, limits()).verdict == "changed"
