"""Deciding anew from records, and the threshold that good and bad pairs tell."""

from __future__ import annotations

import json

import pytest

from spotdiff.batching.judge import Criteria, judgement_of, learn
from spotdiff.errors import DataError, OptionError


def record(*scores, verdict="changed", area=100, method="spot"):
    regions = [{"score": score, "area": area} for score in scores]
    return {
        "verdict": verdict,
        "regions": regions,
        "before": {"size": [100, 100]},
        "method": {"name": method, "parameters": {}},
    }


@pytest.mark.parametrize(
    ("criteria", "verdict"),
    [
        ({}, "changed"),
        ({"min_score": 0.5}, "changed"),
        ({"min_score": 0.95}, "same"),
        ({"max_pixels": 200}, "same"),
        ({"max_pixels": 199}, "changed"),
        ({"max_fraction": 0.02}, "same"),
        ({"max_fraction": 0.0199}, "changed"),
        ({"min_score": 0.8, "max_pixels": 100}, "same"),
        ({"sensitivity": 0.5}, "changed"),
        ({"sensitivity": 0.0}, "unsure"),
    ],
)
def test_what_a_record_comes_to(criteria, verdict):
    assert judgement_of(record(0.9, 0.7), Criteria(**criteria)).verdict == verdict


def test_a_pair_that_nobody_could_compare_stays_unsure():
    assert judgement_of(record(verdict="unsure"), Criteria(max_pixels=10**6)).verdict == "unsure"


def test_what_was_unsure_stays_so_where_no_score_is_asked_for():
    assert judgement_of(record(0.4, verdict="unsure"), Criteria(max_pixels=10)).verdict == "unsure"
    assert judgement_of(record(0.4, verdict="unsure"), Criteria(min_score=0.3)).verdict == "changed"


def test_good_and_bad_pairs_tell_a_threshold():
    good, bad = [record(0.2), record(0.3), record(verdict="same")], [record(0.8), record(0.9, 0.1)]
    found = learn(good, bad)
    assert (found.precision, found.recall) == (1.0, 1.0)
    assert all(judgement_of(one, found.criteria).verdict != "changed" for one in good)
    assert all(judgement_of(one, found.criteria).verdict == "changed" for one in bad)


def test_where_none_parts_them_the_best_is_told_with_its_figures():
    good, bad = [record(0.2), record(0.9)], [record(0.8), record(0.85)]
    found = learn(good, bad)
    assert found.recall == 1.0
    assert found.precision == pytest.approx(2 / 3)


def test_areas_part_what_scores_do_not():
    found = learn([record(0.9, area=20)], [record(0.9, area=500)])
    assert list(found.criteria.given) == ["max_pixels"]


def test_both_kinds_are_needed():
    with pytest.raises(OptionError, match="each at least one"):
        learn([], [record(0.9)])


def test_settings_are_read_as_they_were_written(tmp_path):
    path = tmp_path / "s.toml"
    path.write_text(Criteria(min_score=0.71, max_pixels=30).to_toml(), encoding="utf-8")
    assert Criteria.read(path) == Criteria(min_score=0.71, max_pixels=30)


@pytest.mark.parametrize(
    "text", ["min_score = 2", "min_scor = 1", "a b", 'max_pixels = "x"', "max_pixels = -1", "\x00"]
)
def test_settings_that_cannot_be_are_one_line(text, tmp_path):
    path = tmp_path / "s.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises((DataError, OptionError)) as caught:
        Criteria.read(path)
    assert "\n" not in str(caught.value)


def test_settings_that_are_not_there(tmp_path):
    with pytest.raises(DataError):
        Criteria.read(tmp_path / "none.toml")
    assert json.dumps(Criteria().given) == "{}"


def test_bad_pairs_without_a_region_tell_nothing():
    with pytest.raises(OptionError, match="nothing parts them"):
        learn([record(verdict="same")], [record(verdict="same")])
