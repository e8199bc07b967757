"""Whatever a file holds: an answer that satisfies the schema, or one line that says what is wrong."""

from __future__ import annotations

import warnings

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


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_an_answer_or_one_line(name, checked):
    found = answer(BROKEN[name])
    if not isinstance(found, SpotdiffError):
        checked(found)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_no_better_as_before(name, checked):
    first, second = answer(BROKEN[name]), attempt(BROKEN[name], GOOD, method="pixel", align="off", light="off")
    if not isinstance(second, SpotdiffError):
        checked(second)
    assert isinstance(first, SpotdiffError) == isinstance(second, SpotdiffError)


@pytest.mark.parametrize("name", corpus.truncated())
def test_half_a_picture_never_passes_for_a_whole_one(name):
    original = spotdiff.compare(GOOD, corpus.whole()[name.split()[0]]).pair.after.pixels
    found = answer(BROKEN[name])
    assert isinstance(found, LoadError) or np.array_equal(found.pair.after.pixels, original)


@pytest.mark.parametrize("name", [name for name in corpus.flipped() if ".png" in name])
def test_checksums_are_looked_at(name):
    original = spotdiff.compare(GOOD, corpus.whole()[name.split()[0]]).pair.after.pixels
    found = answer(BROKEN[name])
    assert isinstance(found, LoadError) or np.array_equal(found.pair.after.pixels, original)


@pytest.mark.parametrize("name", corpus.bombs())
def test_a_file_that_claims_to_be_huge_costs_nothing(name, checked):
    found = answer(corpus.bombs()[name])
    assert isinstance(found, LoadError) or name not in MUST_FAIL
    if not isinstance(found, SpotdiffError):
        checked(found)


@pytest.mark.parametrize("name", [name for name in corpus.impostors() if "depth 8 and colour 3" not in name])
def test_no_picture_is_refused(name):
    assert isinstance(answer(corpus.impostors()[name]), LoadError)


@pytest.mark.parametrize("name", corpus.odd())
def test_an_odd_but_whole_file_is_read(name, checked):
    checked(spotdiff.compare(GOOD, corpus.odd()[name]))


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


def test_pillow_grumbles_to_nobody():
    """Python's warnings would land on the standard error of a command that promises one line."""
    loud = []
    for name, data in (BROKEN | corpus.odd()).items():
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            answer(data)
        loud += [f"{name}: {one.message}" for one in heard[:1]]
    assert not loud
