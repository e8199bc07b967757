import unicodedata
from pathlib import Path

import pytest

from spotdiff.batching.pairs import Entry, OutputPaths, check_names, name_error

HOSTILE = [
    "",
    "/abs",
    "../x",
    "a/../../x",
    "a/./b",
    "a//b",
    "a/",
    ".",
    "..",
    "C:x",
    "c:",
    "C:\\x",
    "..\\x",
    "a\nb",
    "a\0b",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_that_lead_out_or_nowhere(name):
    assert name_error(name)
    (entry,) = check_names([Entry(name, "a.png", "b.png")], out=Path("out"), inputs=())
    assert entry.error
    assert not entry.placed


@pytest.mark.parametrize("name", ["1", "roof/1", "a b", "ü", "..a", "a..", "...", ".hidden", "x.before", "-", "\udcff"])
def test_names_that_may_be(name):
    assert not name_error(name)


def test_the_first_of_a_name_keeps_it():
    first, second, third = check_names([Entry(n, "a", "b") for n in ("x", "x", "y")], out=Path("out"), inputs=())
    assert (first.error, third.error) == ("", "")
    assert "names must differ" in second.error


@pytest.mark.parametrize("forms", [("NFC", "NFD"), ("NFD", "NFC")])
def test_names_that_read_the_same_are_one(forms):
    names = [unicodedata.normalize(form, "Küche") for form in forms]
    first, second = check_names([Entry(name, "a", "b") for name in names], out=Path("out"), inputs=())
    assert first.error == ""
    assert "names must differ" in second.error


def test_no_picture_is_written_over(tmp_path):
    before, after = str(tmp_path / "x.before.png"), str(tmp_path / "x.after.png")
    (entry,) = check_names([Entry("x", before, after)], out=tmp_path, inputs=(before, after))
    assert "written over" in entry.error
    assert not entry.placed
    (entry,) = check_names([Entry("x", before, after)], out=tmp_path / "out", inputs=(before, after))
    assert entry.error == ""


def test_an_error_of_its_own_stays():
    (entry,) = check_names([Entry("x", "", "b", "no before")], out=Path("out"), inputs=())
    assert (entry.error, entry.placed) == ("no before", True)


def test_places():
    places = OutputPaths(Path("out"), "roof/1.2")
    assert [str(path) for path in places.all()] == [
        "out/roof/1.2.json",
        "out/roof/1.2.before.png",
        "out/roof/1.2.after.png",
        "out/thumbs/roof/1.2.before.jpg",
        "out/thumbs/roof/1.2.after.jpg",
        "out/pages/roof/1.2.html",
    ]
