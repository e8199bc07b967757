"""Recipes of clips, and when events happen."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from spotdiff.data.synth.clips import ClipRecipe, get_clip_recipe
from spotdiff.data.synth.clips.planner import schedule_events
from spotdiff.errors import OptionError


@pytest.mark.parametrize("quiet", [0.0, 0.3, 60 / 260, 1.0])
def test_the_share_of_quiet_clips_is_exact(quiet):
    scenarios = [ClipRecipe(quiet=quiet).scenario_of(index) for index in range(260)]
    assert scenarios.count("event") == 260 - int(260 * quiet + 1e-9)
    if quiet == 1:
        assert len(Counter(scenarios)) == 8


def test_one_scenario_for_all():
    assert {ClipRecipe(scenario="rain").scenario_of(index) for index in range(9)} == {"rain"}


@pytest.mark.parametrize(("low", "high"), [(45.0, 75.0), (33.0, 33.0), (120.0, 120.0)])
def test_events_come_late_apart_and_stay(low, high):
    recipe, counts, until = ClipRecipe(shortest=low, longest=high, reverted=0.6), Counter(), 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        frames = round(rng.uniform(low, high) * 10)
        slots = schedule_events(rng, recipe, frames)
        counts[len(slots)] += 1
        assert slots[0].start >= 120
        for one, other in pairwise(slots):
            assert other.start - one.frame >= 80
        for one in slots:
            assert frames - one.frame >= 200
            assert (one.start < one.frame <= one.start + 50) if one.kind == "moved" else one.start == one.frame
            if one.until is not None:
                until += 1
                assert one.kind == "left"
                assert one.until - one.frame >= 200
                assert one.until <= frames - 30
                assert all(abs(one.until - each.start) >= 80 for each in slots if each is not one)
    assert set(counts) == ({1} if low == 33 else {1, 2, 3})
    assert bool(until) == (low != 33)


MISTAKES = {
    "range": ({"fps": "0"}, "fps takes 1..60"),
    "name": ({"lenght": "3"}, "recipe clips has no parameter 'lenght'"),
    "odd": ({"width": 201}, "width and height are even"),
    "turned": ({"shortest": 60.0, "longest": 50.0}, "shortest 60 is more than longest 50"),
    "sizes": ({"smallest": 0.05, "largest": 0.01}, "smallest 0.05 is more than largest 0.01"),
    "too short": ({"shortest": 30.0}, "shortest takes 33 s or more"),
    "scenario": ({"scenario": "fog"}, "scenario takes one of mixed, event, light"),
    "no number": ({"fps": "many"}, "'many' is not a whole number"),
}


@pytest.mark.parametrize(("changes", "said"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes(changes, said):
    with pytest.raises(OptionError, match=said):
        get_clip_recipe(changes)
