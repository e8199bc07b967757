from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from spotdiff.data.synth import Materials
from spotdiff.errors import DataError


def test_folders_are_searched_whole_and_classes_are_their_names(materials):
    assert len(materials.photos) == 4
    assert len(materials.cutouts) == 6
    assert {materials.cutout(number, longest=64).name for number in range(6)} == {"ball", "crate", "tea cup"}


def test_a_list_names_files_beside_itself(folders, tmp_path):
    photos, _ = folders
    listed = photos / "some.txt"
    listed.write_text("# two\none.jpg\n\ninside/three.jpg\n")
    try:
        assert [file.name.rsplit("/", 1)[-1] for file in Materials.open(listed).photos] == ["one.jpg", "three.jpg"]
    finally:
        listed.unlink()


def test_a_photograph_is_red_first(tmp_path):
    Image.new("RGB", (40, 30), (250, 10, 20)).save(tmp_path / "red.png")
    photo = Materials.open(tmp_path).photo(0)
    assert photo.shape == (30, 40, 3)
    assert photo[0, 0].tolist() == [250, 10, 20]


def test_a_cutout_is_red_first_multiplied_and_made_smaller(tmp_path):
    rgba = np.zeros((80, 160, 4), np.uint8)
    rgba[:, :, 0], rgba[20:60, 40:120, 3] = 200, 128
    (tmp_path / "mug").mkdir()
    Image.fromarray(rgba).save(tmp_path / "mug" / "one.png")
    cutout = Materials.open(None, tmp_path).cutout(0, longest=80)
    assert cutout.size == (80, 40)
    assert cutout.name == "mug"
    middle = cutout.pixels[20, 40]
    assert middle[0] == pytest.approx(100, abs=2)
    assert middle[1:].tolist() == [0, 0]
    assert cutout.area[20, 40] == 255
    assert cutout.area[2, 2] == 0


def test_large_files_are_kept_smaller(tmp_path):
    Image.new("RGB", (4000, 100), (10, 200, 30)).save(tmp_path / "wide.jpg")
    assert Materials.open(tmp_path).photo(0).shape == (32, 1280, 3)


def test_all_unreadable_files_are_named(tmp_path):
    Image.new("RGB", (20, 20)).save(tmp_path / "fine.png")
    for name in ("one.jpg", "two.png"):
        (tmp_path / name).write_text("no picture")
    with pytest.raises(DataError, match=r"one\.jpg \(no picture\).*two\.png") as told:
        Materials.open(tmp_path)
    assert "fine" not in str(told.value)


def test_a_cutout_needs_transparency(tmp_path):
    Image.new("RGB", (20, 20)).save(tmp_path / "solid.png")
    with pytest.raises(DataError, match=r"solid\.png \(no transparency\)"):
        Materials.open(None, tmp_path)


def test_a_cutout_that_shows_nothing_is_named(tmp_path):
    Image.new("RGBA", (20, 20)).save(tmp_path / "empty.png")
    with pytest.raises(DataError, match=r"empty\.png shows nothing"):
        Materials.open(None, tmp_path).cutout(0, longest=64)


@pytest.mark.parametrize(("make", "said"), [(False, "no such file or folder"), (True, "holds no picture")])
def test_a_folder_must_be_there_and_hold_pictures(tmp_path, make, said):
    folder = tmp_path / "photos"
    if make:
        folder.mkdir()
    with pytest.raises(DataError, match=said):
        Materials.open(folder)


def test_lists_must_name_what_is_there(tmp_path):
    listed = tmp_path / "list.txt"
    listed.write_text("missing.jpg\n")
    with pytest.raises(DataError, match=r"missing\.jpg cannot be read: No such file"):
        Materials.open(listed)
    listed.write_text("\n")
    with pytest.raises(DataError, match="lists no picture"):
        Materials.open(listed)


def test_what_is_held_out_is_shared_with_nobody(materials):
    learn, held = materials.held_out(0.5)
    for kind in ("photos", "cutouts"):
        ours, theirs = getattr(learn, kind), getattr(held, kind)
        assert not {file.name for file in ours} & {file.name for file in theirs}
        assert len(ours) + len(theirs) == len(getattr(materials, kind))


def test_too_few_files_to_hold_out_are_told(materials):
    with pytest.raises(DataError, match="too few"):
        materials.held_out(0.0001)
