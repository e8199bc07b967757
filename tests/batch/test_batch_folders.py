import unicodedata

import pytest

from spotdiff.batching import pairs_of_folders
from spotdiff.errors import DataError


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")


def test_matched_by_relative_name_without_extension(tmp_path):
    touch(tmp_path, "a/1.png", "a/sub/2.JPG", "b/1.jpeg", "b/sub/2.webp", "a/notes.txt", "b/list.csv", "a/.DS_Store")
    found = pairs_of_folders(tmp_path / "a", tmp_path / "b")
    assert [(e.name, e.before, e.after, e.error) for e in found] == [
        ("1", str(tmp_path / "a/1.png"), str(tmp_path / "b/1.jpeg"), ""),
        ("sub/2", str(tmp_path / "a/sub/2.JPG"), str(tmp_path / "b/sub/2.webp"), ""),
    ]


def test_odd_files_are_new_or_missing_and_ambiguous_ones_have_an_error(tmp_path):
    touch(tmp_path, "a/gone.png", "b/new.png", "a/two.png", "a/two.jpg", "b/two.png")
    gone, new, two = pairs_of_folders(tmp_path / "a", tmp_path / "b")
    assert (gone.name, gone.after, gone.only, gone.error) == ("gone", "", "missing", "")
    assert (new.name, new.before, new.only, new.error) == ("new", "", "new", "")
    assert two.error.startswith("two.jpg and two.png")


def test_hidden_pictures_are_passed_over_and_told_of(tmp_path):
    touch(tmp_path, "a/1.png", "b/1.png", "a/._1.png", "b/.old/1.png", "b/.old/2.png", "a/.DS_Store", "b/.out/1.png")
    lines = []
    found = pairs_of_folders(tmp_path / "a", tmp_path / "b", besides=tmp_path / "b" / ".out", tell=lines.append)
    assert [entry.name for entry in found] == ["1"]
    assert lines == [
        f"{tmp_path / 'a'}: one picture passed over as hidden, such as ._1.png",
        f"{tmp_path / 'b'}: 2 pictures passed over as hidden, such as .old/1.png",
    ]


def test_names_with_dots_keep_them(tmp_path):
    touch(tmp_path, "a/v1.2.png", "b/v1.2.png", "a/v1.3.png", "b/v1.3.png")
    assert [entry.name for entry in pairs_of_folders(tmp_path / "a", tmp_path / "b")] == ["v1.2", "v1.3"]


def test_answers_inside_of_a_folder_are_not_pictures_of_it(tmp_path):
    touch(tmp_path, "a/1.png", "b/1.png", "b/out/1.before.png")
    found = pairs_of_folders(tmp_path / "a", tmp_path / "b", besides=tmp_path / "b" / "out")
    assert [entry.name for entry in found] == ["1"]


def test_no_folders(tmp_path):
    touch(tmp_path, "a/notes.txt", "b/notes.txt")
    with pytest.raises(DataError, match="neither"):
        pairs_of_folders(tmp_path / "a", tmp_path / "b")
    with pytest.raises(DataError, match="no such file or folder"):
        pairs_of_folders(tmp_path / "a", tmp_path / "c")


NFC, NFD = (unicodedata.normalize(form, "Küche") for form in ("NFC", "NFD"))


@pytest.mark.parametrize(("before", "after"), [(NFC, NFD), (NFD, NFC), (NFD, NFD)])
def test_names_match_however_their_letters_are_composed(tmp_path, before, after):
    touch(tmp_path, f"a/{before}/1.png", f"b/{after}/1.png")
    (entry,) = pairs_of_folders(tmp_path / "a", tmp_path / "b")
    assert (entry.name, entry.error) == (f"{before}/1", "")
    assert (entry.before, entry.after) == (str(tmp_path / f"a/{before}/1.png"), str(tmp_path / f"b/{after}/1.png"))


def test_two_files_whose_names_read_the_same(tmp_path):
    touch(tmp_path, f"a/{NFC}.png", f"a/{NFD}.png", f"b/{NFC}.png")
    (entry,) = pairs_of_folders(tmp_path / "a", tmp_path / "b")
    assert entry.error.startswith(f"2 files read {NFC}.png and differ only in how the letters are composed")


def test_two_sites_with_equal_names_are_two_pairs(tmp_path):
    touch(tmp_path, *(f"{side}/{site}/1.png" for side in "ab" for site in ("north", "south")))
    found = pairs_of_folders(tmp_path / "a", tmp_path / "b")
    assert [(entry.name, entry.error) for entry in found] == [("north/1", ""), ("south/1", "")]
