"""Datasets in folders: what is paired, what is odd, what is refused."""

from __future__ import annotations

import unicodedata

import pytest

from spotdiff.data import find_datasets, open_dataset
from spotdiff.errors import DataError


def make(root, *files):
    for file in files:
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return root


@pytest.mark.parametrize(
    ("before", "after", "mask"), [("before", "after", "mask"), ("t0", "t1", "mask"), ("A", "B", "label")]
)
def test_pairs_belong_together_by_name(tmp_path, before, after, mask):
    files = f"{before}/y.jpg", f"{after}/y.png", f"{before}/deep/x.png", f"{after}/deep/x.png", f"{mask}/deep/x.png"
    dataset = open_dataset(make(tmp_path / "yard", *files, "boxes/y.json"))
    assert dataset.name == "yard"
    assert [s.name for s in dataset] == ["deep/x", "y"]
    deep, plain = dataset.samples
    assert (deep.mask, deep.boxes) == (tmp_path / "yard" / mask / "deep/x.png", None)
    assert (plain.before.name, plain.after.name, plain.mask) == ("y.jpg", "y.png", None)
    assert plain.boxes == tmp_path / "yard/boxes/y.json"
    assert dataset.odd == ()


def test_a_name_with_dots_keeps_them(tmp_path):
    dataset = open_dataset(make(tmp_path, "before/v1.2.png", "after/v1.2.png", "before/v1.3.png", "after/v1.3.png"))
    assert [s.name for s in dataset] == ["v1.2", "v1.3"]


NFC, NFD = (unicodedata.normalize(form, "Küche") for form in ("NFC", "NFD"))


def test_names_match_however_their_letters_are_composed(tmp_path):
    files = f"before/{NFC}/1.png", f"after/{NFD}/1.jpg", f"mask/{NFD}/1.png", f"boxes/{NFC}/1.json"
    root = make(tmp_path / "yard", *files)
    (root / "val.txt").write_text(f"{NFD}/1.png\n", encoding="utf-8")
    (sample,) = open_dataset(root, split="val")
    assert sample.name == f"{NFC}/1"
    assert [sample.before, sample.after, sample.mask, sample.boxes] == [root / file for file in files]


def test_two_files_whose_names_read_the_same(tmp_path):
    make(tmp_path, f"before/{NFC}.png", f"before/{NFD}.png", f"after/{NFC}.png")
    with pytest.raises(DataError, match=f"2 files read {NFC}.png and differ only in how the letters are composed"):
        open_dataset(tmp_path)


def test_two_sites_with_equal_names_are_two_pairs(tmp_path):
    files = [f"{side}/{site}/1.png" for side in ("before", "after") for site in ("north", "south")]
    north, south = open_dataset(make(tmp_path, *files))
    assert (north.name, north.after) == ("north/1", tmp_path / "after/north/1.png")
    assert (south.name, south.after) == ("south/1", tmp_path / "after/south/1.png")


def test_odd_files_are_told(tmp_path):
    files = "before/a.png", "after/a.png", "before/alone.png", "after/late.png", "mask/lost.png", "boxes/lost.json"
    dataset = open_dataset(make(tmp_path, *files, "before/notes.txt", "before/.hidden.png"))
    assert [s.name for s in dataset] == ["a"]
    assert dataset.odd == (
        "after/late.png belongs to no pair",
        "before/alone.png belongs to no pair",
        "before/notes.txt belongs to no pair",
        "boxes/lost.json belongs to no pair",
        "mask/lost.png belongs to no pair",
    )


def test_pairs_without_truth_are_samples(tmp_path):
    (sample,) = open_dataset(make(tmp_path, "before/a.png", "after/a.png"))
    assert (sample.mask, sample.boxes) == (None, None)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        pytest.param([], "holds no dataset: it needs the folders before and after", id="empty"),
        pytest.param(["before/a.png"], "holds no dataset", id="half"),
        pytest.param(["before/a.png", "after/b.png"], "no name is both in before and in after", id="no namesake"),
        pytest.param(["before/a.png", "before/a.jpg", "after/a.png"], "claim one name", id="two of one name"),
        pytest.param(
            ["x/t0/a.png", "x/t1/a.png", "y/t0/a.png", "y/t1/a.png"], "2 datasets: x, y; open one", id="several"
        ),
    ],
)
def test_what_is_no_dataset(tmp_path, files, message):
    with pytest.raises(DataError, match=message):
        open_dataset(make(tmp_path, *files))


def test_what_is_no_folder(tmp_path):
    with pytest.raises(DataError, match="no such file or folder"):
        open_dataset(tmp_path / "missing")


def test_a_folder_of_datasets_gives_each(tmp_path):
    make(tmp_path, "y/t0/a.png", "y/t1/a.png", "x/before/a.png", "x/after/a.png", "film/input/1.png")
    assert find_datasets(tmp_path) == (tmp_path / "x", tmp_path / "y")
    assert find_datasets(tmp_path / "x") == (tmp_path / "x",)
    with pytest.raises(DataError, match="holds no dataset"):
        find_datasets(tmp_path / "film")


PAIRS = [f"{side}/{name}.png" for side in ("A", "B", "label") for name in "abc"]


@pytest.mark.parametrize("folder", ["", "list/"])
def test_a_split_lists_names(tmp_path, folder):
    root = make(tmp_path / "city", *PAIRS, f"{folder}val.txt")
    (root / f"{folder}val.txt").write_text("# held out\nc.png\n\na\na\n", encoding="utf-8")
    dataset = open_dataset(root, split="val")
    assert (dataset.name, [s.name for s in dataset]) == ("city/val", ["a", "c"])


def test_a_split_may_be_a_folder(tmp_path):
    root = make(tmp_path / "city", *(f"val/{file}" for file in PAIRS))
    dataset = open_dataset(root, split="val")
    assert (dataset.name, len(dataset)) == ("city/val", 3)


@pytest.mark.parametrize(
    ("split", "message"),
    [
        ("vall", "has no split 'vall': it has empty, val"),
        ("val", "lists names without a pair: x, y.png"),
        ("empty", "lists no name"),
    ],
)
def test_splits_that_cannot_be(tmp_path, split, message):
    root = make(tmp_path, *PAIRS, "empty.txt")
    (root / "val.txt").write_text("a\nx\ny.png\n", encoding="utf-8")
    with pytest.raises(DataError, match=message):
        open_dataset(root, split=split)


def test_no_split_at_all(tmp_path):
    with pytest.raises(DataError, match=r"put names into val\.txt"):
        open_dataset(make(tmp_path, *PAIRS), split="val")
