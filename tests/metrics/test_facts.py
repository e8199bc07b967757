"""Facts said against facts known, counted by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotdiff.language.facts import ChangeFact, Spot, Thing
from spotdiff.language.parse import parse
from spotdiff.language.places import PLACES
from spotdiff.metrics.facts import FactScores
from spotdiff.types import KINDS

facts = st.lists(
    st.builds(
        ChangeFact,
        st.sampled_from(KINDS),
        st.builds(Thing, st.sampled_from(("", "car", "dog")), st.sampled_from(("", "red"))),
        st.builds(Spot, st.sampled_from(PLACES)),
    ),
    max_size=4,
)


def scored(said, truth):
    scores = FactScores()
    scores.add(parse(said), parse(truth))
    return scores


def test_counted_by_hand():
    scores = scored(
        "A red car was added at the left. A dog was removed from the top.",
        "A blue car was added at the left. A cat was replaced by a blue dog at the right.",
    )
    assert (scores.of("kind").stated, scores.of("kind").right, scores.of("kind").known) == (2, 1, 2)
    assert (scores.of("place").stated, scores.of("place").right, scores.of("place").known) == (2, 1, 2)
    assert (scores.of("colour").stated, scores.of("colour").right, scores.of("colour").known) == (1, 0, 2)
    assert (scores.of("object").stated, scores.of("object").right, scores.of("object").known) == (2, 1, 3)
    assert scores.all.precision == pytest.approx(3 / 7)
    assert scores.all.recall == pytest.approx(3 / 9)
    assert scores.all.f1 == pytest.approx(6 / 16)
    assert scores.wholly_right == 0


def test_both_places_of_what_moved_count():
    scores = scored("A car moved from the left to the top.", "A car moved from the left to the right.")
    assert (scores.of("place").stated, scores.of("place").right) == (2, 1)


def test_no_true_change_is_meant_twice():
    scores = scored("A car was added at the left. A car was added at the left.", "A car was added at the left.")
    assert (scores.of("kind").stated, scores.of("kind").right) == (2, 1)


def test_what_agrees_in_colour_alone_is_not_meant():
    scores = scored("A red car was added at the left.", "A red car was removed from the right.")
    assert scores.all.right == 0


def test_false_statements_are_of_unchanged_pairs():
    scores = FactScores()
    scores.add(parse("A car was added at the left."), ())
    scores.add((), ())
    scores.add((), parse("A car was added at the left."))
    assert scores.false_statements == 0.5
    assert scores.wholly_right == pytest.approx(1 / 3)
    assert math.isnan(FactScores().false_statements)


@given(facts)
def test_the_truth_is_wholly_right(truth):
    scores = FactScores()
    scores.add(truth, truth)
    assert scores.wholly_right == 1
    assert not truth or scores.all.f1 == 1


@given(facts, facts)
def test_no_more_is_right_than_is_said_or_known(said, truth):
    scores = FactScores()
    scores.add(said, truth)
    assert scores.all.right <= min(scores.all.stated, scores.all.known)
