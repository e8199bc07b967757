"""Whatever a file holds: an answer that satisfies the schema, or one line that says what is wrong."""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
import pytest

import spotdiff
from robust import corpus
from spotdiff.errors import LoadError, SpotdiffError

PILLOW_GRUMBLES = ("ignore:Corrupt EXIF data", "ignore:Truncated File Read", "ignore:Tag data larger than file")
pytestmark = pytest.mark.filterwarnings(*PILLOW_GRUMBLES)

GOOD = corpus.scene()
BROKEN = corpus.truncated() | corpus.flipped() | corpus.impostors()
MUST_FAIL = corpus.bombs().keys() - {"png with a text of 80 MB", "grey png with a text of 80 MB"}


def answer(data, **options):
    """The comparison with a good picture, or the error in one line."""
    found = attempt(GOOD, data, **options)
    if isinstance(found, SpotdiffError):
        assert len(str(found).splitlines()) == 1
        assert str(found).strip()
    return found


def attempt(before, after, **options):
    try:
        return spotdiff.compare(before, after, **options)
    except SpotdiffError as error:
        return error


def test_the_corpus_is_large():
    assert len(BROKEN) + len(corpus.bombs()) + len(corpus.odd()) >= 300


@cache
def whole_pixels(name):
    return spotdiff.compare(GOOD, corpus.whole()[name]).pair.after.pixels


def quiet_answer(data):
    """The answer; Python's warnings would land on the standard error of a command that promises one line."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        found = answer(data)
    assert not [str(one.message) for one in heard]
    return found


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_an_answer_or_one_line_on_both_sides(name, checked):
    found = quiet_answer(BROKEN[name])
    as_before = attempt(BROKEN[name], GOOD, method="pixel", align="off", light="off")
    assert isinstance(found, SpotdiffError) == isinstance(as_before, SpotdiffError)
    if not isinstance(found, SpotdiffError):
        checked(found)
        checked(as_before)
    # half a picture never passes for a whole one, and checksums are looked at
    if name in corpus.truncated() or (name in corpus.flipped() and ".png" in name):
        assert isinstance(found, LoadError) or np.array_equal(found.pair.after.pixels, whole_pixels(name.split()[0]))
    if name in corpus.impostors() and "depth 8 and colour 3" not in name:
        assert isinstance(found, LoadError)


@pytest.mark.parametrize("name", corpus.bombs())
def test_a_file_that_claims_to_be_huge_costs_nothing(name, checked):
    found = answer(corpus.bombs()[name])
    assert isinstance(found, LoadError) or name not in MUST_FAIL
    if not isinstance(found, SpotdiffError):
        checked(found)


@pytest.mark.parametrize("name", corpus.odd())
def test_an_odd_but_whole_file_is_read(name, checked):
    checked(quiet_answer(corpus.odd()[name]))


@pytest.mark.parametrize("name", corpus.odd())
def test_an_odd_but_whole_file_is_the_same_as_itself(name, checked):
    found = spotdiff.compare(corpus.odd()[name], corpus.odd()[name])
    checked(found)
    assert found.verdict == "same"
    assert found.changed_pixels == 0


@pytest.mark.parametrize("limit", [{"max_pixels": 0.0005}, {"max_bytes": 0.0001}])
@pytest.mark.parametrize("name", corpus.whole())
def test_limits_are_kept_for_every_format(name, limit):
    data = corpus.whole()[name]
    found = answer(data, **limit)
    assert isinstance(found, LoadError)
    assert f"--{next(iter(limit)).replace('_', '-')}" in str(found)
