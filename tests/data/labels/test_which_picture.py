"""A label is put on the picture it was drawn on, or one line says why nobody knows which that is."""

from __future__ import annotations

import base64
import unicodedata

import pytest

from data.labels import drawings as draw
from spotdiff.data import open_dataset
from spotdiff.data.annotations.pairs import read_pairs
from spotdiff.data.annotations.to_dataset import write_dataset
from spotdiff.data.dataset import read_truth
from spotdiff.data.labels import get_format

SQUARE = [[10, 5], [30, 5], [30, 20], [10, 20]]
ADDED = {"name": "added", "bbox": [10, 5, 20, 15]}
NFC, NFD = (unicodedata.normalize(form, "Küche") for form in ("NFC", "NFD"))


def pictures(root, *names):
    for seed, name in enumerate(names, start=1):
        draw.picture(root / name, seed=seed)
    return root


def brought(form, source, out, **asked):
    pairs, troubles = read_pairs(get_format(form), source, **asked)
    assert troubles == ()
    list(write_dataset(pairs, out))
    return {sample.name: sample for sample in open_dataset(out)}


def the_one(form, source, **asked):
    (trouble,) = read_pairs(get_format(form), source, **asked)[1]
    return trouble


def shows(file, original):
    return file.read_bytes() == original.read_bytes()


def named(form, root, names):
    """A label file at `root` that names pictures and draws nothing."""
    if form == "coco":
        return draw.coco(root / "labels.json", {name: [] for name in names})
    if form == "cvat":
        return draw.cvat(root / "labels.xml", dict.fromkeys(names, ""))
    if form == "via":
        return draw.via(root / "labels.json", {name: [] for name in names})
    heads = "filename,file_size,file_attributes,region_count,region_id,region_shape_attributes,region_attributes"
    return draw.written(root / "labels.csv", "\n".join([heads, *(f"{name},1,{{}},0,0,{{}},{{}}" for name in names)]))


NAMING = ["coco", "cvat", "via", "via-csv"]  # the formats of one file for all pictures


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_bare_name_is_one_beside_its_own_file(tmp_path, elsewhere):
    root = tmp_path / "drawn"
    held = pictures(tmp_path / "pictures" if elsewhere else root, "1.png", "before/1.png", "after/1.png")
    draw.labelme(root / "before/1.json")
    draw.labelme(root / "after/1.json", draw.shape("added", SQUARE))
    sample = brought("labelme", root, tmp_path / "out", pictures=held if elsewhere else None)["1"]
    assert shows(sample.before, held / "before/1.png")
    assert shows(sample.after, held / "after/1.png")


def test_a_bare_name_in_a_file_called_by_its_side(tmp_path):
    root = pictures(tmp_path / "drawn", "1.png", "before/1.png", "after/1.png")
    for side in ("before", "after"):
        draw.coco(root / f"{side}.json", {"1.png": []})
    sample = brought("coco", root, tmp_path / "out")["1"]
    assert shows(sample.before, root / "before/1.png")
    assert shows(sample.after, root / "after/1.png")


def test_one_picture_is_not_both_of_a_pair(tmp_path):
    root = pictures(tmp_path, "1.png")
    for side in ("before", "after"):
        draw.labelme(root / f"{side}/1.json")
    assert "is of the same picture '1'" in read_pairs(get_format("labelme"), root)[1][0]


@pytest.mark.parametrize(
    ("file", "declared", "said"),
    [
        ("after/2", "1.png", "says that its picture is 1.png, but {root}/after/2.png has its own name"),
        ("after/2", "9.png", "says that its picture is 9.png, but {root}/after/2.png has its own name"),
        ("after/3", "../before/1.png", "it is of after, but says that its picture is ../before/1.png"),
        ("after/2", "../after/../before/2.png", "claim one name and differ"),
    ],
)
def test_a_file_that_says_another_picture_than_its_own(tmp_path, file, declared, said):
    root = pictures(tmp_path, "before/1.png", "after/1.png", "before/2.png", "after/2.png")
    draw.labelme(root / f"{file}.json", imagePath=declared)
    assert said.format(root=root) in the_one("labelme", root)


def test_a_renamed_label_file_alone_has_the_picture_that_it_says(tmp_path):
    root = pictures(tmp_path / "drawn", "before/old.png", "after/yard.png")
    draw.labelme(root / "before/1.json", imagePath="old.png")
    draw.labelme(root / "after/1.json", imagePath="yard.png")
    assert shows(brought("labelme", root, tmp_path / "out")["1"].before, root / "before/old.png")
    draw.labelme(root / "after/2.json", imagePath="yard.png")
    assert "is of the same picture" in read_pairs(get_format("labelme"), root)[1][0]


def test_what_was_drawn_on_is_the_picture_inside_of_the_file(tmp_path):
    root = pictures(tmp_path / "drawn", "before/1.png", "after/1.png")
    inside = draw.picture(tmp_path / "inside.png", seed=9)
    draw.labelme(root / "after/1.json", imageData=base64.b64encode(inside.read_bytes()).decode())
    assert shows(brought("labelme", root, tmp_path / "out")["1"].after, inside)


def test_pictures_of_one_name_in_two_folders_that_differ(tmp_path):
    root = pictures(tmp_path / "drawn", "after/1.png", "before/1.png")
    held = pictures(tmp_path / "pictures", "before/1.png", "after/1.png")
    draw.labelme(root / "after/1.json")
    assert "claim one name and differ: keep one of them" in the_one("labelme", root, pictures=held)
    (held / "after/1.png").write_bytes((root / "after/1.png").read_bytes())
    (held / "before/1.png").write_bytes((root / "before/1.png").read_bytes())
    assert read_pairs(get_format("labelme"), root, pictures=held)[1] == ()


@pytest.mark.parametrize("form", NAMING)
@pytest.mark.parametrize("name", ["{outside}/after/2.png", "../outside/after/2.png", "x/../../outside/after/2.png"])
def test_nothing_outside_of_the_named_folders_is_read(tmp_path, form, name):
    root = pictures(tmp_path / "drawn", "before/1.png", "after/1.png")
    outside = pictures(tmp_path / "outside", "after/2.png", "before/2.png")
    file = named(form, root, [name.format(outside=outside)])
    trouble = the_one(form, file)
    assert f"lies outside of {root}: --pictures says where pictures are" in trouble
    assert set(brought(form, file, tmp_path / "out", pictures=outside)) == {"2"}


def test_labelme_reads_nothing_outside_either(tmp_path):
    root, outside = tmp_path / "drawn", pictures(tmp_path / "outside", "2.png", "before/1.png")
    for declared in ("../../outside/2.png", str(outside / "2.png")):
        draw.labelme(root / "after/1.json", imagePath=declared)
        assert "lies outside of" in the_one("labelme", root)
        assert read_pairs(get_format("labelme"), root, pictures=outside)[1] == ()


SITES = [f"{site}/{side}/1.png" for site in ("north", "south") for side in ("before", "after")]


@pytest.mark.parametrize("form", NAMING)
@pytest.mark.parametrize("moved", ["", "images/"])
def test_two_sites_with_equal_names_are_two_pairs(tmp_path, form, moved):
    root = pictures(tmp_path / "drawn", *(moved + name for name in SITES))
    samples = brought(form, named(form, root, SITES), tmp_path / "out")
    assert set(samples) == {"north/1", "south/1"}
    for name in SITES:
        site, side, _ = name.split("/")
        assert shows(getattr(samples[f"{site}/1"], side), root / moved / name)


@pytest.mark.parametrize("form", NAMING)
def test_two_sites_with_a_file_each(tmp_path, form):
    root = pictures(tmp_path / "drawn", *SITES)
    for site in ("north", "south"):
        named(form, root / site, ["after/1.png"])
    samples = brought(form, root, tmp_path / "out")
    assert {name: shows(sample.before, root / name[:5] / "before/1.png") for name, sample in samples.items()} == {
        "north/1": True,
        "south/1": True,
    }


def test_the_folders_of_label_files_alone_make_no_sites(tmp_path):
    held = pictures(tmp_path / "pictures", "before/1.png", "after/1.png")
    for job, name in (("job_1", "before/1.png"), ("job_2", "after/1.png")):
        named("cvat", tmp_path / "drawn" / job, [name])
    assert set(brought("cvat", tmp_path / "drawn", tmp_path / "out", pictures=held)) == {"1"}


def test_two_sites_of_labelme(tmp_path):
    root = pictures(tmp_path / "drawn", *SITES)
    draw.labelme(root / "north/after/1.json", draw.shape("added", SQUARE))
    draw.labelme(root / "south/before/1.json", draw.shape("removed", SQUARE))
    samples = brought("labelme", root, tmp_path / "out")
    assert [read_truth(samples[name]).kinds for name in ("north/1", "south/1")] == [("added",), ("removed",)]
    assert shows(samples["south/1"].after, root / "south/after/1.png")


def test_subsets_of_a_project_of_cvat_are_sites(tmp_path):
    root = pictures(tmp_path / "drawn", *(f"images/{name}" for name in SITES))
    images = "".join(
        f'<image id="{at}" name="{side}/1.png" subset="{site}" task_id="{at}" width="64" height="48"/>'
        for at, (site, side, _) in enumerate(name.split("/") for name in SITES)
    )
    file = draw.written(root / "annotations.xml", f"<annotations>{images}</annotations>")
    assert set(brought("cvat", file, tmp_path / "out")) == {"north/1", "south/1"}


def test_the_pictures_of_two_sites_are_no_pair(tmp_path):
    root = pictures(tmp_path, "north/before/1.png", "south/after/1.png")
    troubles = read_pairs(get_format("coco"), named("coco", root, ["north/before/1.png", "south/after/1.png"]))[1]
    assert len(troubles) == 2
    assert "north/after/1: the picture is missing" in troubles[0]


def test_a_site_and_a_folder_of_one_name(tmp_path):
    names = ["north/before/1.png", "north/after/1.png", "before/north/1.png", "after/north/1.png"]
    file = named("coco", pictures(tmp_path, *names), names)
    assert "two pairs would be called north/1" in the_one("coco", file)


def test_one_site_needs_no_name(tmp_path):
    root = pictures(tmp_path / "drawn", "site/before/a/1.png", "site/after/a/1.png")
    assert set(brought("coco", named("coco", root, ["site/after/a/1.png"]), tmp_path / "out")) == {"a/1"}


def test_a_folder_called_as_a_weaker_word_for_a_side(tmp_path):
    names = [f"{side}/{site}/1.png" for side in ("before", "after") for site in ("A", "B")]
    root = pictures(tmp_path / "drawn", *names)
    samples = brought("coco", named("coco", root, names), tmp_path / "out")
    assert shows(samples["A/1"].after, root / "after/A/1.png")
    assert shows(samples["B/1"].before, root / "before/B/1.png")


def test_the_counterpart_stands_in_the_counterpart_of_the_folder(tmp_path):
    root = pictures(tmp_path / "drawn", "before/1.png", "after/1.png", "t0/1.png", "t1/1.png")
    sample = brought("coco", named("coco", root, ["t1/1.png"]), tmp_path / "out")["1"]
    assert shows(sample.before, root / "t0/1.png")
    assert shows(sample.after, root / "t1/1.png")


def test_a_version_in_a_name_is_no_suffix(tmp_path):
    root = pictures(
        tmp_path / "drawn", *(f"{side}/{name}.png" for side in ("before", "after") for name in ("v1", "v1.2"))
    )
    sample = brought("coco", named("coco", root, ["before/v1.2", "after/v1.2"]), tmp_path / "out")["v1.2"]
    assert shows(sample.after, root / "after/v1.2.png")


def test_pairs_that_nobody_marked_are_of_the_sites_that_labels_speak_of(tmp_path):
    root = pictures(tmp_path / "drawn", *SITES, "north/before/2.png", "north/after/2.png")
    pictures(root, "old/before/9.png", "old/after/9.png", ".hidden/before/1.png", ".hidden/after/1.png")
    file = named("coco", root, [name for name in SITES if "north" in name])
    assert set(brought("coco", file, tmp_path / "out", unmarked=True)) == {"1", "2"}


@pytest.mark.parametrize("form", NAMING)
@pytest.mark.parametrize(("before", "after", "said"), [(NFD, NFC, NFC), (NFC, NFD, NFD), (NFD, NFD, NFC)])
def test_names_match_however_their_letters_are_composed(tmp_path, form, before, after, said):
    root = pictures(tmp_path / "drawn", f"before/{before}.png", f"after/{after}.png")
    samples = brought(form, named(form, root, [f"before/{said}.png", f"after/{said}.png"]), tmp_path / "out")
    assert set(samples) == {NFC}


def test_labelme_files_match_however_their_letters_are_composed(tmp_path):
    root = pictures(tmp_path / "drawn", f"before/{NFC}.png", f"after/{NFD}.png")
    draw.labelme(root / f"before/{NFD}.json", imagePath=f"{NFD}.png")
    draw.labelme(root / f"after/{NFC}.json", draw.shape("added", SQUARE), imagePath=f"{NFC}.png")
    assert read_truth(brought("labelme", root, tmp_path / "out")[NFC]).kinds == ("added",)


def test_two_pictures_whose_names_read_the_same(tmp_path):
    root = pictures(tmp_path, f"before/{NFC}.png", f"before/{NFD}.png", f"after/{NFC}.png")
    draw.labelme(root / f"after/{NFC}.json")
    assert "2 files read Küche.png and differ only in how the letters are composed" in the_one("labelme", root)


def test_two_pictures_of_one_name_in_csv_are_told_apart_by_their_size(tmp_path):
    file = named("via-csv", pictures(tmp_path, "before/1.png", "after/1.png"), ["after/1.png"])
    file.write_text(file.read_text() + "\nafter/1.png,2,{},0,0,{},{}")
    assert "is of the same picture '1'" in the_one("via-csv", file)
