"""Layouts said in patterns: what is paired, what is odd, what is refused."""

from __future__ import annotations

import unicodedata

import pytest

from data.test_folders import make
from spotdiff.data import open_patterns
from spotdiff.errors import DataError, OptionError


def keys(dataset):
    return [sample.name for sample in dataset]


def test_three_patterns_pair_by_key(tmp_path):
    files = "a/t0/1.png", "a/t1/1.png", "a/gt/1.png", "b/t0/1.png", "b/t1/1.png", "a/t0/notes.txt"
    make(tmp_path / "rain", *files)
    dataset = open_patterns(tmp_path / "rain", before="*/t0/{}.png", after="*/t1/{}.png", mask="*/gt/{}.png")
    assert (dataset.name, dataset.odd) == ("rain", ())
    first, second = dataset.samples
    assert (first.name, first.before) == ("a/1", tmp_path / "rain/a/t0/1.png")
    assert (first.mask, second.mask) == (tmp_path / "rain/a/gt/1.png", None)


@pytest.mark.parametrize(
    ("before", "after", "files", "expected"),
    [
        ("{}_0.png", "{}_1.png", ["7_0.png", "7_1.png"], ["7"]),
        ("RGB/1_{}.png", "RGB/2_{}.png", ["RGB/1_00.png", "RGB/2_00.png", "RGB/1_2_00.png"], ["00"]),
        ("**/x_{}.png", "**/y_{}.png", ["a/b/x_1.png", "a/b/y_1.png", "x_1.png", "y_1.png"], ["1", "a/b/1"]),
        ("A/{}.*", "B/{}.*", ["A/1.JPG", "B/1.png", "A/2.txt", "B/2.txt"], ["1"]),
        ("A/{}.v1.*", "B/{}.v1.*", ["A/1.v1.png", "B/1.v1.png"], ["1"]),
        ("[a]/{}.png", "(b)/{}.png", ["[a]/1.png", "(b)/1.png", "a/1.png", "b/1.png"], ["1"]),
        ("run*/t0/{}.png", "run*/t1/{}.png", ["run7/t0/1.png", "run7/t1/1.png"], ["7/1"]),
        ("./A/{}.png", "B/{}.png", ["A/1.png", "B/1.png", ".git/A/1.png", "A/.1.png"], ["1"]),
    ],
)
def test_what_a_pattern_means(tmp_path, before, after, files, expected):
    dataset = open_patterns(make(tmp_path, *files), before=before, after=after)
    assert keys(dataset) == expected


def test_odd_files_are_listed(tmp_path):
    make(tmp_path, "A/1.png", "B/1.png", "A/2.png", "B/3.png", "gt/4.png", "other/5.png")
    dataset = open_patterns(tmp_path, before="A/{}.png", after="B/{}.png", mask="gt/{}.png")
    assert keys(dataset) == ["1"]
    assert dataset.odd == tuple(f"{file} belongs to no pair" for file in ("A/2.png", "B/3.png", "gt/4.png"))


def test_two_files_of_one_key_are_both_named(tmp_path):
    make(tmp_path, "A/1.png", "A/1.jpg", "B/1.png")
    with pytest.raises(DataError, match=r"A/1\.jpg and A/1\.png in .* have one key, 1"):
        open_patterns(tmp_path, before="A/{}.*", after="B/{}.*")


@pytest.mark.parametrize(
    ("patterns", "message"),
    [
        ({"before": "A/1.png"}, "the pattern for before needs {} once"),
        ({"after": "{}/{}.png"}, "the pattern for after needs {} once"),
        ({"mask": "*/{}.png"}, "for mask has 1 wildcards besides {}, that for before 0"),
    ],
)
def test_patterns_that_cannot_be(tmp_path, patterns, message):
    make(tmp_path, "A/1.png", "B/1.png")
    with pytest.raises(OptionError, match=message):
        open_patterns(tmp_path, **{"before": "A/{}.png", "after": "B/{}.png"} | patterns)


def test_nothing_there(tmp_path):
    make(tmp_path, "A/1.png", "B/2.png")
    with pytest.raises(DataError, match=r"A/\{\}\.png finds 1 files, B/\{\}\.png 1, and no key is in both"):
        open_patterns(tmp_path, before="A/{}.png", after="B/{}.png")
    with pytest.raises(DataError, match="no such file or folder"):
        open_patterns(tmp_path / "missing", before="A/{}.png", after="B/{}.png")


def test_truth_roles_and_reader_travel_with_the_samples(tmp_path):
    make(tmp_path, "A/1.png", "B/1.png", "g/1.png", "n/1.png", "x/1.json")
    (sample,) = open_patterns(
        tmp_path, before="A/{}.png", after="B/{}.png", gone="g/{}.png", new="n/{}.png", boxes="x/{}.json", reader=len
    )
    assert (sample.gone.parent.name, sample.new.parent.name, sample.boxes.name) == ("g", "n", "1.json")
    assert sample.reader is len


def test_keys_match_however_their_letters_are_composed(tmp_path):
    composed, apart = (unicodedata.normalize(form, "Küche") for form in ("NFC", "NFD"))
    root = make(tmp_path, f"{composed}/A/{apart}.png", f"{composed}/B/{composed}.png")
    (sample,) = open_patterns(root, before=f"{apart}/A/{{}}.png", after=f"{apart}/B/{{}}.png")
    assert (sample.name, sample.before) == (composed, root / f"{composed}/A/{apart}.png")


def test_what_two_wildcards_stand_for_is_not_mixed(tmp_path):
    make(tmp_path, "a/xb/1.png", "ab/y/1.png")
    with pytest.raises(DataError, match="no key is in both"):
        open_patterns(tmp_path, before="a*/x*/{}.png", after="a*/y*/{}.png")
