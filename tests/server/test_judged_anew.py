"""A record that is decided anew from what is stored: the same logic as `spotdiff judge`, and no pixel looked at."""

from __future__ import annotations

import json

import cv2
import jsonschema
import numpy as np
import pytest

from server.conftest import png
from spotdiff.batching.judge import Criteria, judgement_of
from spotdiff.report.record import load_schema


@pytest.fixture(scope="module", name="record")
def record_fixture(server, texture):
    """Of a place with a thing that is sure, and a small one that is not."""
    before = texture(320, 240, seed=4)
    after = before.copy()
    after[40:90, 50:110] = (20, 40, 220)
    after[180:187, 200:207] = cv2.add(after[180:187, 200:207], np.full((7, 7, 3), 60, np.uint8))
    record = server.compare(png(before), png(after), method="classic", sensitivity=0.9).json
    assert len(record["regions"]) >= 2
    return record


def ask(server, record, query):
    return server.get(f"/api/v1/comparisons/{record['id']}?{query}")


def test_less_sensitivity_leaves_fewer_regions(server, record):
    found = [ask(server, record, f"sensitivity={s}").json for s in (0.9, 0.5, 0.0)]
    counts = [len(one["regions"]) for one in found]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1]
    for one, sensitivity in zip(found, (0.9, 0.5, 0.0), strict=True):
        jsonschema.Draft202012Validator(load_schema()).validate(one)
        assert one["verdict"] == judgement_of(record, Criteria(sensitivity=sensitivity)).verdict
        assert one["id"] == record["id"]
        if len(one["regions"]) < len(record["regions"]):
            assert f"{len(one['regions'])} of {len(record['regions'])} regions counted" in one["text"]
            assert one["changed_pixels"] == sum(region["area"] for region in one["regions"])
            assert one["changed_fraction"] < record["changed_fraction"]


def test_without_criteria_it_is_the_record_itself(server, record):
    assert ask(server, record, "").json == record


def test_the_other_criteria_of_judge_are_taken(server, record):
    assert ask(server, record, "max_pixels=1000000").json["verdict"] == "same"
    assert ask(server, record, "max_fraction=1").json["verdict"] == "same"
    sure = ask(server, record, "min_score=1.0").json
    assert (sure["verdict"], sure["regions"]) == ("same", [])
    assert sure["changed_fraction"] == 0


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("sensitivity=0.95", "compare at sensitivity 0.95"),
        ("sensitivity=nan", "sensitivity"),
        ("sensitivity=2", "sensitivity"),
        ("sensitivity=x", "sensitivity"),
        ("max_pixels=-1", "max_pixels"),
        ("min_scor=0.3", "min_scor"),
    ],
)
def test_criteria_that_cannot_be(server, record, query, word):
    refused = ask(server, record, query)
    assert refused.status == 422, refused.body
    assert word in refused.json["detail"]


def test_the_language_is_that_of_the_comparison(server, pictures):
    record = server.compare(*pictures, language="zh").json
    text = ask(server, record, "max_pixels=1000000").json["text"]
    assert any("\u4e00" <= letter <= "\u9fff" for letter in text)


def test_a_comparison_that_nobody_could_make_stays_unsure(server):
    noise = [png(np.random.default_rng(seed).integers(0, 255, (200, 260, 3), np.uint8)) for seed in (1, 2)]
    record = server.compare(*noise, align="homography").json
    assert record["verdict"] == "unsure"
    assert ask(server, record, "sensitivity=0.1").json == record
    assert json.dumps(record)
